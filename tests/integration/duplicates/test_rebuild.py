"""A lost index is rebuilt from what is stored, and then answers as if nothing had happened."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest
from redis import Redis

from newsmill_enrich.adapters.redis_index import RedisIndex
from newsmill_enrich.duplicates import SKETCH_VERSION, fingerprint, judge
from newsmill_enrich.tasks import as_message
from newsmill_shared.database.deletion import delete_page
from newsmill_shared.database.engine import transaction
from newsmill_shared.database.finish import Ending
from newsmill_shared.errors import TransientError
from newsmill_shared.identity import article_id
from newsmill_shared.index.keeper import IndexKeeper
from newsmill_shared.index.status import IndexStatus
from newsmill_shared.messages import ArticleEnriched, DuplicateVerdict
from newsmill_shared.reasons import Reason
from newsmill_store.adapters.sql_fingerprints import SQLFingerprints
from newsmill_store.keeping import Keeper
from tests.integration.ledger.conftest import LedgerUnderTest, ledger
from tests.support.builders import a_page, a_submission, an_article, an_article_enriched
from tests.unit.duplicates.builders import a_headline, a_story

__all__ = ["ledger"]

DAY = timedelta(days=1)


@dataclass
class Press:
    """Enriches and stores, as the services do, and keeps the index."""

    ledger: LedgerUnderTest
    server: "Redis"
    said: list[IndexStatus] = field(default_factory=list)
    stops_after: int | None = None

    def keeper(
        self, holder: str = "keeper", *, version: int = SKETCH_VERSION, batch: int = 2_000
    ) -> Keeper:
        return Keeper(
            version,
            IndexKeeper(self.server, sketch_version=version, holder=holder),
            SQLFingerprints(self.ledger.engine),
            weeks=1,
            say=self.said.append,
            stopping=lambda: self.stops_after is not None and len(self.said) >= self.stops_after,
            batch=batch,
        )

    def enrich(
        self,
        number: int,
        url: str,
        *,
        text: str | None = None,
        version: int = SKETCH_VERSION,
        ago: timedelta = timedelta(),
    ) -> ArticleEnriched:
        """Register a story, as enrich does; nothing is stored."""
        (job,) = self.ledger.running(a_submission(url))
        page = a_page(url)
        title, body = a_headline(number), a_story(number) if text is None else text
        mark = fingerprint(title, body, page_key=page.final_key)
        index = RedisIndex(self.server, needs_marker=True, sketch_version=version)
        now = datetime.now(UTC) - ago
        registered = index.register(
            mark, article_id=article_id(page.final_key), job_id=job, now=now
        )
        verdict = as_message(mark, judge(mark, registered)[0], registered_at=now)
        return an_article_enriched(
            job, page=page, article=an_article(title, body, duplicates=verdict)
        )

    def store(self, *results: ArticleEnriched) -> None:
        self.ledger.finish(*results)

    def says(self, number: int, url: str, **options: timedelta) -> DuplicateVerdict:
        """Enrich and store a story; return what enrich said of it."""
        result = self.enrich(number, url, **options)  # type: ignore[arg-type]
        self.store(result)
        return result.article.duplicates

    def documents(self) -> set[bytes]:
        """Return the documents that are in the index."""
        return {bytes(name)[6:] for name in self.server.scan_iter(b"nd1:d:*")}

    def wait_for_settling(self) -> None:
        """Let what is pending be old enough to be asked after."""
        for name in self.server.scan_iter(b"nd*:pending"):
            for member in cast("list[bytes]", self.server.zrange(name, 0, -1)):
                self.server.zincrby(name, -3600, member)


@pytest.fixture
def press(ledger: LedgerUnderTest, index_url: str) -> Iterator[Press]:
    with Redis.from_url(index_url) as server:
        yield Press(ledger, server)


def without_place(verdict: DuplicateVerdict) -> dict[str, object]:
    return verdict.model_dump(exclude={"sequence", "registered_at"})


def test_after_a_loss_half_way_the_answers_are_those_of_an_index_that_was_never_lost(
    press: Press,
) -> None:
    stories = [(number % 20, f"https://paper{number}.example/story") for number in range(80)]
    press.keeper().tick()
    expected = [press.says(*story) for story in stories]
    press.ledger.sql("truncate article, version, fingerprint, job, outcome, event")
    press.server.flushall()
    press.keeper().tick()

    answers = [press.says(*story) for story in stories[:40]]
    press.server.flushall()
    with pytest.raises(TransientError):
        press.enrich(*stories[40])
    press.ledger.sql("delete from job")
    press.keeper().tick()
    answers += [press.says(*story) for story in stories[40:]]

    assert list(map(without_place, answers)) == list(map(without_place, expected))
    assert sum(answer.duplicate_of is not None for answer in answers) == 60
    sequences = [answer.sequence for answer in answers]
    assert sequences == sorted(set(sequences))


def test_a_keeper_that_dies_half_way_leaves_the_rest_to_the_next(press: Press) -> None:
    press.keeper().tick()
    for number in range(9):
        press.says(number, f"https://paper.example/{number}")
    before = press.documents()
    press.server.flushall()

    press.stops_after = len(press.said) + 2
    press.keeper("the first", batch=2).tick()
    half, opened = press.documents(), press.server.exists("nd1:ready")
    press.server.delete("nd1:keeper")
    press.stops_after, press.said = None, []
    press.keeper("the next", batch=2).tick()

    assert 0 < len(half) < 9
    assert not opened
    assert press.documents() == before
    assert [one.loaded for one in press.said if one.total] == [2, 4, 6, 8]
    assert press.said[-1].state == "ready"


def test_enrichment_goes_on_when_the_last_two_days_are_there_and_the_rest_follows(
    press: Press,
) -> None:
    press.keeper().tick()
    for number in range(6):
        press.says(number, f"https://paper.example/{number}", ago=number * DAY)
    press.server.flushall()

    press.said.clear()
    press.keeper(batch=2).tick()

    states = [(one.state, one.loaded) for one in press.said]
    assert states == [
        ("rebuilding", 0),
        ("rebuilding", 2),
        ("ready", 4),
        ("ready", 6),
        ("ready", 0),
    ]
    assert len(press.documents()) == 6


def test_one_process_rebuilds_and_the_others_stand_by(press: Press) -> None:
    one, other = press.keeper("one"), press.keeper("other")

    kept = [one.tick(), other.tick()]

    assert kept == [True, False]


def test_what_was_on_its_way_when_the_index_was_lost_is_loaded_once_it_is_stored(
    press: Press,
) -> None:
    keeper = press.keeper()
    keeper.tick()
    late = press.enrich(1, "https://first.example/story")
    press.server.flushall()
    keeper.tick()

    press.store(late)
    keeper.tick()
    copy = press.says(1, "https://second.example/copy")

    assert copy.duplicate_of is not None
    assert copy.duplicate_of.document == late.article.duplicates.document
    assert copy.sequence > late.article.duplicates.sequence


def test_a_document_whose_job_ends_without_an_article_is_forgotten(press: Press) -> None:
    keeper = press.keeper()
    keeper.tick()
    dead = press.enrich(1, "https://dead.example/story")
    waiting = press.enrich(2, "https://slow.example/story")
    stored = press.says(3, "https://paper.example/story")
    press.ledger.finish(Ending(job_id=dead.job_id, attempt=None, reason=Reason.WORKER_LOST))

    press.wait_for_settling()
    keeper.tick()
    copy = press.says(1, "https://paper.example/copy")

    assert copy.duplicate_of is None
    known = {bytes.fromhex(one) for one in (waiting.article.duplicates.document, stored.document)}
    assert known < press.documents()
    assert bytes.fromhex(dead.article.duplicates.document) not in press.documents()
    assert press.server.zcard("nd1:pending") == 2


def test_a_job_that_ends_later_is_asked_after_again(press: Press) -> None:
    keeper = press.keeper()
    keeper.tick()
    slow = press.enrich(1, "https://slow.example/story")
    press.wait_for_settling()
    keeper.tick()
    pending = press.server.zcard("nd1:pending")

    press.store(slow)
    keeper.tick()

    assert pending == 1
    assert press.server.zcard("nd1:pending") == 0
    assert len(press.documents()) == 1


def test_an_index_that_is_too_small_opens_with_the_newest(press: Press) -> None:
    press.keeper().tick()
    for number in range(40):
        press.says(number, f"https://paper.example/{number}", ago=number * timedelta(minutes=1))
    press.server.flushall()
    press.server.config_set("maxmemory-policy", "noeviction")
    press.server.config_set("maxmemory", press.server.info("memory")["used_memory"])

    try:
        press.said.clear()
        press.keeper(batch=10).tick()
    finally:
        press.server.config_set("maxmemory", 0)
    assert press.said[-1].state == "ready"
    assert press.server.exists("nd1:ready")


def test_a_new_version_of_the_sketch_fills_beside_the_old_one(press: Press) -> None:
    press.keeper().tick()
    press.says(1, "https://paper.example/story")

    press.keeper("new", version=SKETCH_VERSION + 1).tick()
    old = press.enrich(1, "https://old.example/copy")
    new = press.enrich(1, "https://new.example/copy", version=SKETCH_VERSION + 1)

    assert old.article.duplicates.duplicate_of is not None
    assert new.article.duplicates.duplicate_of is None
    assert new.article.duplicates.sequence > old.article.duplicates.sequence


def test_the_index_forgets_a_deleted_page(press: Press) -> None:
    press.keeper().tick()
    original = press.enrich(1, "https://a.example/story")
    press.store(original)
    with transaction(press.ledger.engine) as connection:
        delete_page(connection, article_id(original.page.final_key))

    press.keeper().tick()
    copy = press.enrich(1, "https://b.example/copy")

    assert copy.article.duplicates.duplicate_of is None
    assert press.ledger.sql("select count(*) from doomed_document") == [(0,)]


def test_what_was_stored_again_since_its_deletion_is_not_forgotten(press: Press) -> None:
    press.keeper().tick()
    original = press.enrich(1, "https://a.example/story")
    press.store(original)
    with transaction(press.ledger.engine) as connection:
        delete_page(connection, article_id(original.page.final_key))
    again = press.enrich(1, "https://a.example/story")
    press.ledger.sql("update job set force = true")
    press.store(again)

    press.keeper().tick()
    copy = press.enrich(1, "https://b.example/copy")

    assert copy.article.duplicates.duplicate_of is not None
