"""Acts on pages: what a preview says, what a confirmation does, and when a page asks to go on."""

from uuid import UUID

import pytest

from newsmill_gateway.answers import Lifted, PauseAnswer, Pauses
from newsmill_gateway.cancelling import Cancel, Cancelled
from newsmill_gateway.dashboard.act_pages import address
from newsmill_gateway.dashboard.board import Links
from newsmill_gateway.dashboard.operating import Operating
from newsmill_gateway.dashboard.pages import Pages
from newsmill_gateway.dashboard.run_acts import RunActs
from newsmill_gateway.dead import (
    DeadGroup,
    Discard,
    Discarded,
    Preview,
    Retry,
    RetryReceipt,
    Sample,
)
from newsmill_gateway.deleting import Deletion, PageDeleted
from newsmill_gateway.problems import ProblemError
from newsmill_gateway.queries import PauseRequest, ResumeTarget
from newsmill_shared.reasons import Outcome
from tests.unit.dashboard.builders import AN_ID, NOW
from tests.unit.dashboard.test_run_acts import FakeRuns
from tests.unit.dashboard.test_templates import BREAKOUTS, Read

PAGES = Pages(version="1")
NAV = Links("/failures", (("/", "Overview", None, ""),), "token")


class FakeHand:
    """Remembers what it was asked; an endless backlog takes a second a step."""

    def __init__(self, *, strange: str = "so", matching: int = 3, steps: int = 1) -> None:
        self.asked: list[Retry | Discard | Cancel] = []
        self.keys: list[str] = []
        self.deletions: list[Deletion] = []
        self.now = 0.0
        self._strange = strange
        self._matching = matching
        self._steps = steps

    def preview(self, act: Retry | Discard) -> Preview:
        group = DeadGroup(
            outcome=Outcome.FAILED,
            reason=self._strange,
            host=self._strange,
            jobs=self._matching,
            first_at=NOW,
            last_at=NOW,
            detail=self._strange,
            sample=AN_ID,
            host_ended_well=18,
            host_failed=2,
            host_well_at=NOW,
            host_backoff_seconds=4,
            host_next_at=None,
            host_paused=True,
            retry_helps="later",
        )
        return Preview(
            matching=self._matching,
            chosen=min(self._matching, act.limit),
            seconds=None,
            groups=(group,),
            sample=(Sample(job_id=AN_ID, url=self._strange),),
        )

    def retry(self, retry: Retry, *, key: str) -> RetryReceipt:
        self.asked.append(retry)
        self.keys.append(key)
        return RetryReceipt(receipt=key, retried=1, job_ids=(AN_ID,), replayed=False, left=0)

    def discard(self, discard: Discard) -> Discarded:
        self.asked.append(discard)
        return Discarded(discarded=2, left=1)

    def cancel(self, cancel: Cancel) -> Cancelled:
        self.asked.append(cancel)
        self.now += 1.0
        self._steps -= 1
        return Cancelled(
            dry_run=cancel.dry_run,
            cancelled=10,
            running=1,
            sample=(),
            accepted_before=NOW,
            next=UUID(int=self._steps) if self._steps else None,
        )

    def delete(self, article_id: str, deletion: Deletion) -> PageDeleted:
        self.deletions.append(deletion)
        return PageDeleted(
            dry_run=deletion.dry_run,
            article_id=UUID(article_id),
            url=self._strange,
            title=self._strange,
            versions=3,
            deleted_at=None if deletion.dry_run else NOW,
        )


class FakeDesk:
    """Nothing is paused, whatever is asked."""

    def pauses(self) -> Pauses:
        return Pauses(pauses=())

    def pause(self, request: PauseRequest) -> PauseAnswer:
        return PauseAnswer(
            scope=request.scope,
            value=request.value,
            by=request.by,
            reason=request.reason,
            since=NOW,
            until=None,
        )

    def resume(self, target: ResumeTarget) -> Lifted:
        return Lifted(lifted=0)


def operating(hand: FakeHand) -> Operating:
    return Operating(hand, FakeDesk(), RunActs(FakeRuns()), clock=lambda: hand.now)


def test_a_confirmation_carries_what_was_previewed_and_a_key_of_its_own() -> None:
    hand = FakeHand(matching=3_000)
    acts = operating(hand)

    page = acts.preview("retry", {"outcome": "failed", "host": "paper.example", "reason": ""})
    hidden = page["hidden"]
    assert isinstance(hidden, dict)
    acts.act("retry", {**hidden, "why": "it is back"}, by="ana")
    acts.act("retry", {**hidden, "why": "it is back"}, by="ana")

    assert page["heading"] == "Retry 1,000 jobs?"
    assert "2,000 jobs more are not taken" in str(page["more"])
    first, second = hand.asked
    assert first == second
    assert isinstance(first, Retry)
    assert (first.outcome, first.host, first.limit, first.by, first.why) == (
        "failed",
        "paper.example",
        1_000,
        "ana",
        "it is back",
    )
    assert hand.keys[0] == hand.keys[1] == hidden["key"]


def test_a_long_cancelling_asks_whether_to_go_on_where_it_was() -> None:
    hand = FakeHand(steps=10)

    page = operating(hand).act("cancel", {"label": "bulk", "why": "wrong"}, by="ana")

    assert page["heading"] == "Cancelled 20 jobs: go on?"
    assert page["hidden"] == {
        "label": "bulk",
        "why": "wrong",
        "cursor": str(UUID(int=8)),
        "accepted_before": NOW.isoformat(),
    }
    assert [step.cursor for step in hand.asked if isinstance(step, Cancel)] == [
        None,
        UUID(int=9),
    ]


def test_a_short_cancelling_goes_to_its_end() -> None:
    page = operating(FakeHand(steps=2)).act("cancel", {"host": "paper.example"}, by="ana")

    assert (page["heading"], page["button"]) == ("Cancelled 20 jobs", "")


def test_what_is_left_alone_is_known_when_somebody_confirms() -> None:
    page = operating(FakeHand()).preview("cancel", {"label": "bulk"})

    assert page["hidden"] == {"label": "bulk", "accepted_before": NOW.isoformat()}


def test_a_deletion_is_only_looked_at_until_somebody_confirms_it() -> None:
    hand = FakeHand()
    acts = operating(hand)

    page = acts.preview("delete", {"article": str(AN_ID)})
    hidden = page["hidden"]
    assert isinstance(hidden, dict)
    acts.act("delete", {**hidden, "why": "they asked"}, by="ana")

    assert hidden == {"article": str(AN_ID)}
    assert ("versions", "3") in page["facts"]  # type: ignore[operator]
    assert hand.deletions == [
        Deletion(dry_run=True),
        Deletion(by="ana", why="they asked"),
    ]


def test_nothing_to_do_has_no_button() -> None:
    page = operating(FakeHand(matching=0)).preview("discard", {})

    assert (page["heading"], page["button"]) == ("Nothing to discard", "")


@pytest.mark.parametrize(
    ("act", "fields"),
    [
        ("retry", {"limit": "many"}),
        ("retry", {"limit": "0"}),
        ("retry", {"limit": "9" * 5_000}),
        ("retry", {"again": "perhaps"}),
        ("cancel", {}),
        ("pause", {"scope": "stage", "value": "x"}),
        ("delete", {"article": str(AN_ID), "everything": "1"}),
        ("resume", {"scope": "moon"}),
    ],
)
def test_what_makes_no_sense_is_refused(act: str, fields: dict[str, str]) -> None:
    with pytest.raises(ProblemError):
        operating(FakeHand()).act(act, fields, by="ana")


def test_an_address_leaves_out_what_is_not_given() -> None:
    assert address("retry", reason="timeout", host="") == "/acts/retry?reason=timeout"
    assert address("resume") == "/acts/resume"


@pytest.mark.parametrize("strange", BREAKOUTS)
@pytest.mark.parametrize(("act", "fields"), [("retry", {}), ("delete", {"article": str(AN_ID)})])
def test_what_strangers_wrote_stays_text(act: str, fields: dict[str, str], strange: str) -> None:
    context = operating(FakeHand(strange=strange)).preview(act, fields)
    plain = operating(FakeHand()).preview(act, fields)

    shown, usual = (
        Read(PAGES.render("act.html", {**page, "nav": NAV, "token": "t"}))
        for page in (context, plain)
    )

    assert [tag for tag, _ in shown.elements] == [tag for tag, _ in usual.elements]
