"""What is dropped when, and what an end at any point leaves behind."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from newsmill_shared.database.partitions import expired_partitions
from newsmill_shared.database.retention import Doomed, Place, Step
from newsmill_shared.errors import TransientError
from newsmill_shared.identity import new_id
from newsmill_store.retention import Keep, Purger


@dataclass
class FakeRows:
    """What is old, as numbers of rows for each step."""

    steps: dict[str, list[int]] = field(default_factory=dict)
    objects: list[Doomed] = field(default_factory=list)
    asked: list[tuple[str, float, Place]] = field(default_factory=list)

    def drop(self, kind: str, *, days: float, current_pages: bool, after: Place) -> Step:
        self.asked.append((kind, days, after))
        left = self.steps.get(kind, [])
        dropped = left.pop(0) if left else 0
        return Step(dropped, more=bool(left), next=new_id() if left else None)

    def doomed(self, limit: int) -> list[Doomed]:
        return self.objects[:limit]

    def dropped(self, objects: Sequence[str]) -> None:
        self.objects = [one for one in self.objects if one.object not in objects]


@dataclass
class FakeObjects:
    """A page store that goes away after so many deletions."""

    deleted: list[str] = field(default_factory=list)
    lasts_for: int = 1_000

    def delete(self, key: str) -> None:
        if self.lasts_for == 0:
            raise TransientError("page store: away")
        self.lasts_for -= 1
        self.deleted.append(key)


@dataclass
class Rig:
    keep: Keep = field(default_factory=Keep)
    rows: FakeRows = field(default_factory=FakeRows)
    objects: FakeObjects = field(default_factory=FakeObjects)
    now: float = 0.0

    def purger(self) -> Purger:
        return Purger(self.keep, self.rows, self.objects, clock=lambda: self.now)


def test_nothing_is_dropped_unless_somebody_says_how_long_it_is_kept() -> None:
    rig = Rig(rows=FakeRows({"pages": [5], "outcomes": [5], "events": [5]}))

    more = rig.purger().tick()

    assert not more
    assert rig.rows.asked == []


def test_a_tick_does_one_step_of_each_kind_and_says_whether_there_is_more() -> None:
    rig = Rig(Keep(pages=30, events=7), FakeRows({"pages": [5, 5, 0], "events": [2]}))
    purger = rig.purger()

    answers = [purger.tick() for _ in range(4)]

    assert answers == [True, True, False, False]
    assert [kind for kind, _, _ in rig.rows.asked] == ["pages", "events", "pages", "pages"]


def test_a_walk_goes_on_where_its_last_step_ended() -> None:
    rig = Rig(Keep(pages=30), FakeRows({"pages": [5, 5, 0]}))
    purger = rig.purger()

    for _ in range(3):
        purger.tick()
    rig.now = 601
    purger.tick()

    places = [after for _, _, after in rig.rows.asked]
    assert [place is None for place in places] == [True, False, False, True]


def test_a_round_begins_anew_after_a_while() -> None:
    rig = Rig(Keep(events=7))
    purger = rig.purger()
    purger.tick()
    purger.tick()

    rig.now = 601
    purger.tick()

    assert len(rig.rows.asked) == 2


@pytest.mark.parametrize(
    ("keep", "days"),
    [(Keep(outcomes=90), 90), (Keep(outcomes=90, attempts=7), 7), (Keep(attempts=7), 7)],
)
def test_attempts_are_kept_no_longer_than_the_outcome_that_they_led_to(
    keep: Keep, days: float
) -> None:
    assert keep.days("attempts") == days
    assert keep.days("receipts") == keep.outcomes


def test_an_object_that_another_row_has_stays() -> None:
    rig = Rig(rows=FakeRows(objects=[Doomed("raw/1", wanted=False), Doomed("raw/2", wanted=True)]))

    rig.purger().tick()

    assert rig.objects.deleted == ["raw/1"]
    assert rig.rows.objects == []


def test_what_could_not_be_deleted_is_found_again() -> None:
    doomed = [Doomed(f"raw/{number}", wanted=False) for number in range(3)]
    rig = Rig(rows=FakeRows(objects=doomed), objects=FakeObjects(lasts_for=1))

    with pytest.raises(TransientError):
        rig.purger().tick()
    rig.objects.lasts_for = 1_000
    rig.purger().tick()

    assert sorted(set(rig.objects.deleted)) == ["raw/0", "raw/1", "raw/2"]
    assert rig.rows.objects == []


def test_only_months_that_have_ended_before_are_expired_the_oldest_first() -> None:
    names = ["outcome_2026_03", "outcome_default", "outcome_2025_12", "outcome_2026_02"]

    expired = expired_partitions(names, datetime(2026, 3, 31, tzinfo=UTC))

    assert expired == [
        ("outcome_2025_12", datetime(2026, 1, 1, tzinfo=UTC)),
        ("outcome_2026_02", datetime(2026, 3, 1, tzinfo=UTC)),
    ]
