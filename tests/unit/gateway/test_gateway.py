"""The gateway's own decisions: receipts, repetition, what is away, long texts."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import pytest

from newsmill_gateway.answers import (
    AcceptedItem,
    ArticleAnswer,
    Cluster,
    JobAnswer,
    JobInFull,
    RejectedItem,
)
from newsmill_gateway.gateway import Gateway
from newsmill_gateway.ports import FoundChanges, Listed
from newsmill_gateway.problems import Code, ProblemError
from newsmill_gateway.queries import (
    ArticleQuery,
    ChangeQuery,
    ClusterQuery,
    JobQuery,
    PauseRequest,
    PauseTarget,
)
from newsmill_shared.addresses import AddressPolicy
from newsmill_shared.database.accept import (
    Accepted,
    IdempotencyConflictError,
    Order,
    QuotaExceededError,
    Submission,
)
from newsmill_shared.database.conservation import Conservation
from newsmill_shared.database.engine import DatabaseAwayError
from newsmill_shared.database.pauses import Pause
from newsmill_shared.database.tombstones import Tombstone
from newsmill_shared.errors import TransientError
from newsmill_shared.identity import new_id
from newsmill_shared.pages import PageMissingError, StoredBody
from tests.support.builders import NOON

URL = b'{"url": "https://paper.example/story"}'
DOCUMENT = (
    b'{"url": "https://paper.example/story", "content": "<p>x</p>", "media_type": "text/html"}'
)


@dataclass(frozen=True)
class FakeArticle:
    answer: ArticleAnswer
    text_object: str | None = None


class FakeLedger:
    """Receipts in memory; away for as many calls as it is told, before or after the commit."""

    def __init__(self) -> None:
        self.receipts: dict[str, tuple[bytes, Accepted]] = {}
        self.submissions: list[Submission] = []
        self.away_before = 0
        self.full = False
        self.away_after = 0
        self.has_all_migrations = True
        self.stored: FakeArticle | None = None
        self.deleted: Tombstone | None = None
        self.first = 1
        self.listed: Listed[int, FakeArticle] = Listed((), None)

    def accept(self, order: Order) -> Accepted:
        if self.full:
            raise QuotaExceededError(order.submitter, open_jobs=7, quota=7)
        key, request_sha256, submissions = order.key, order.sha256, order.submissions
        if self.away_before:
            self.away_before -= 1
            raise DatabaseAwayError("PostgreSQL: connection refused")
        known = self.receipts.get(key)
        if known is None:
            job_ids = tuple(new_id() for _ in submissions)
            known = request_sha256, Accepted(key, job_ids, (3, 4))
            self.receipts[key] = known
            self.submissions.extend(submissions)
            if self.away_after:
                self.away_after -= 1
                raise DatabaseAwayError("PostgreSQL: server closed the connection")
            return known[1]
        if known[0] != request_sha256:
            raise IdempotencyConflictError("use a new key")
        return Accepted(key, known[1].job_ids, (), replayed=True)

    def job(self, job_id: UUID) -> JobInFull | None:
        return None

    def job_at(self, url_key: str) -> JobInFull | None:
        return None

    def article(self, article_id: UUID) -> FakeArticle | None:
        return self.stored

    def article_at(self, url_key: str) -> FakeArticle | None:
        return self.stored

    def tombstone(self, *, article: UUID | None, key: str | None) -> Tombstone | None:
        return self.deleted

    def jobs(self, query: JobQuery) -> Listed[UUID, JobAnswer]:
        return Listed((), None)

    def articles(self, query: ArticleQuery) -> Listed[int, FakeArticle]:
        return self.listed

    def cluster(self, cluster_id: UUID, query: ClusterQuery) -> Cluster | None:
        return None

    def changes(self, after: int, *, limit: int) -> FoundChanges:
        return FoundChanges((), first=self.first, last=7)

    def conservation(self) -> Conservation:
        return Conservation(3, {("stored", "new"): 1}, {"waiting": 1})

    def pauses(self) -> list[Pause]:
        return []

    def pause(self, request: PauseRequest) -> Pause:
        return Pause(request.scope, request.value, request.by, request.reason, NOON, None)

    def resume(self, target: PauseTarget) -> int:
        return 0

    def has_schema(self) -> bool:
        return self.has_all_migrations


class FakeBodies:
    """A page store in memory."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.away = False

    def put_raw(self, url_key: str, body: bytes, *, at: datetime) -> StoredBody:
        if self.away:
            raise TransientError("page store: no space left")
        digest = hashlib.sha256(body).hexdigest()
        self.objects[digest] = body
        return StoredBody(digest, digest, len(body))

    def get(self, key: str) -> bytes:
        if self.away:
            raise TransientError("page store: no answer")
        if key not in self.objects:
            raise PageMissingError(key)
        return self.objects[key]


class FakeWaker:
    """Redis, or its absence."""

    def __init__(self) -> None:
        self.away = False
        self.woken: list[tuple[int, ...]] = []

    def wake(self, hosts: tuple[int, ...]) -> None:
        self.woken.append(hosts)

    def check(self) -> None:
        if self.away:
            raise TransientError("Redis: connection refused")


class FakeTally:
    """Figures of doors, in memory."""

    def __init__(self) -> None:
        self.counted: list[tuple[str, int, int]] = []

    def count(self, door: str, *, accepted: int, rejected: int) -> None:
        self.counted.append((door, accepted, rejected))


class Rig:
    """A gateway over fakes."""

    def __init__(self) -> None:
        self.ledger = FakeLedger()
        self.bodies = FakeBodies()
        self.waker = FakeWaker()
        self.tally = FakeTally()
        self.gateway = Gateway(
            ledger=self.ledger,
            bodies=self.bodies,
            waker=self.waker,
            tally=self.tally,
            policy=AddressPolicy(),
            now=lambda: NOON,
        )


@pytest.fixture(name="rig")
def a_rig() -> Rig:
    return Rig()


def an_answer() -> ArticleAnswer:
    return ArticleAnswer.model_validate(
        {
            "article_id": new_id(),
            "url": "https://paper.example/story",
            "title": "A title",
            "text": None,
            "text_truncated": False,
            "published_at": None,
            "modified_at": None,
            "language": "en",
            "language_confidence": 0.9,
            "section_raw": None,
            "categories": (),
            "authors": (),
            "duplicate_of": None,
            "cluster_id": new_id(),
            "outcome": "stored",
            "version": 1,
            "site_name": None,
            "image": None,
            "canonical_url": None,
            "fetched_at": NOON,
            "evidence": {},
        }
    )


def test_each_line_of_a_batch_has_its_own_verdict(rig: Rig) -> None:
    body = b"https://a.example/1\nftp://a.example/2\nhttps://a.example/3"

    handed_in = rig.gateway.hand_in_urls(body, "ndjson", key="a-key")

    receipt = handed_in.receipt
    assert (receipt.accepted, receipt.rejected) == (2, 1)
    assert [type(item) for item in receipt.items] == [AcceptedItem, RejectedItem, AcceptedItem]
    assert [item.line for item in receipt.items] == [1, 2, 3]
    first = receipt.items[0]
    assert isinstance(first, AcceptedItem)
    assert first.status_url == f"/v1/jobs/{first.job_id}"
    assert handed_in.wake == (3, 4)


def test_a_batch_without_a_good_line_leaves_no_receipt(rig: Rig) -> None:
    handed_in = rig.gateway.hand_in_urls(b'["nonsense", 7]', "json", key="order-7")

    assert handed_in.receipt.receipt is None
    assert (handed_in.receipt.accepted, handed_in.receipt.rejected) == (0, 2)
    assert rig.ledger.receipts == {}


def test_the_same_key_again_gives_the_same_jobs_and_wakes_nobody(rig: Rig) -> None:
    first = rig.gateway.hand_in_urls(URL, "json", key="order-7")
    second = rig.gateway.hand_in_urls(URL, "json", key="order-7")

    assert first.receipt == second.receipt
    assert second.wake == ()
    assert len(rig.ledger.submissions) == 1


def test_the_same_key_with_another_body_is_a_conflict(rig: Rig) -> None:
    rig.gateway.hand_in_urls(URL, "json", key="order-7")

    with pytest.raises(ProblemError) as refused:
        rig.gateway.hand_in_document(DOCUMENT, key="order-7")

    assert (refused.value.status, refused.value.code) == (409, Code.IDEMPOTENCY_CONFLICT)


def test_who_has_too_many_open_jobs_is_told_when_to_come_back(rig: Rig) -> None:
    rig.ledger.full = True

    with pytest.raises(ProblemError) as refused:
        rig.gateway.hand_in_urls(URL, "json", key="order-7", submitter="crawler")

    assert (refused.value.status, refused.value.code) == (429, Code.QUOTA_EXCEEDED)
    assert refused.value.headers == {"Retry-After": "60"}
    assert "crawler" in refused.value.detail


def test_a_commit_without_an_answer_is_repeated_once_and_counts_once(rig: Rig) -> None:
    rig.ledger.away_after = 1

    handed_in = rig.gateway.hand_in_urls(URL, "json", key="a-key")

    assert handed_in.receipt.accepted == 1
    assert len(rig.ledger.submissions) == 1


def test_a_database_that_stays_away_is_left_to_the_caller(rig: Rig) -> None:
    rig.ledger.away_before = 2

    with pytest.raises(DatabaseAwayError):
        rig.gateway.hand_in_urls(URL, "json", key="order-7")


def test_a_large_batch_wakes_nobody(rig: Rig) -> None:
    body = b"\n".join(b"https://a.example/%d" % number for number in range(1001))

    handed_in = rig.gateway.hand_in_urls(body, "ndjson", key="a-key")

    assert handed_in.receipt.accepted == 1001
    assert handed_in.wake == ()


def test_a_document_s_body_is_stored_before_the_ledger_knows_it(rig: Rig) -> None:
    rig.gateway.hand_in_document(DOCUMENT, key="a-key")

    page = rig.ledger.submissions[0].page
    assert page is not None
    assert rig.bodies.objects[page.object] == b"<p>x</p>"
    assert (page.supplied, page.fetched_at, page.media_type) == (True, NOON, "text/html")
    assert page.final_key == rig.ledger.submissions[0].url_key


def test_a_document_is_not_accepted_while_the_page_store_is_away(rig: Rig) -> None:
    rig.bodies.away = True

    with pytest.raises(ProblemError) as refused:
        rig.gateway.hand_in_document(DOCUMENT, key="a-key")

    assert (refused.value.status, refused.value.code) == (503, Code.PAGE_STORE_AWAY)
    assert rig.ledger.submissions == []


def test_a_long_text_comes_from_the_page_store(rig: Rig) -> None:
    rig.bodies.objects["text/long"] = b"A long text"
    rig.ledger.stored = FakeArticle(an_answer(), "text/long")

    article = rig.gateway.article(str(new_id()))

    assert article.text == "A long text"


def test_a_page_of_whole_articles_ends_before_it_is_too_much_to_read(rig: Rig) -> None:
    rig.bodies.objects["text/long"] = b"A long text"
    stored = tuple((10 + number, FakeArticle(an_answer(), "text/long")) for number in range(40))
    rig.ledger.listed = Listed(stored, None)

    page = rig.gateway.articles(ArticleQuery(full=True))
    summaries = rig.gateway.articles(ArticleQuery())

    assert (len(page.articles), page.next, page.more) == (32, 41, True)
    assert (len(summaries.articles), summaries.next, summaries.more) == (40, 49, False)


def test_the_cursor_of_an_empty_page_stays(rig: Rig) -> None:
    pages = [
        rig.gateway.articles(ArticleQuery(cursor=7)),
        rig.gateway.articles(ArticleQuery()),
        rig.gateway.articles(ArticleQuery(order="newest")),
    ]

    assert [(page.next, page.more) for page in pages] == [(7, False), (0, False), (None, False)]


def test_a_text_that_is_gone_leaves_the_rest_of_the_article(rig: Rig) -> None:
    rig.ledger.stored = FakeArticle(an_answer(), "text/gone")

    article = rig.gateway.article(str(new_id()))

    assert (article.title, article.text) == ("A title", None)


def test_a_text_that_cannot_be_read_now_is_a_503(rig: Rig) -> None:
    rig.ledger.stored = FakeArticle(an_answer(), "text/long")
    rig.bodies.away = True

    with pytest.raises(ProblemError) as refused:
        rig.gateway.article(str(new_id()))

    assert refused.value.code == Code.PAGE_STORE_AWAY


def test_what_is_unknown_is_not_found_and_what_is_no_id_is_refused(rig: Rig) -> None:
    codes = []
    for ask in (
        lambda: rig.gateway.job(str(new_id())),
        lambda: rig.gateway.article(str(new_id())),
        lambda: rig.gateway.job_at("https://paper.example/"),
        lambda: rig.gateway.article_at("https://paper.example/"),
        lambda: rig.gateway.job("7"),
        lambda: rig.gateway.article("../x"),
        lambda: rig.gateway.article_at("paper"),
    ):
        with pytest.raises(ProblemError) as refused:
            ask()
        codes.append(refused.value.code)

    assert codes == [*[Code.NOT_FOUND] * 4, Code.INVALID_ID, Code.INVALID_ID, "not_a_url"]


def test_no_work_is_accepted_before_the_migrations(rig: Rig) -> None:
    rig.ledger.has_all_migrations = False

    with pytest.raises(ProblemError) as refused:
        rig.gateway.check_ledger()

    assert (refused.value.status, refused.value.code) == (503, Code.DATABASE_SCHEMA)


def test_what_is_nowhere_is_counted(rig: Rig) -> None:
    assert rig.gateway.conservation().unaccounted == 1


@pytest.mark.parametrize("after", [0, 9, 10, 50])
def test_a_cursor_misses_nothing_if_what_follows_it_is_kept(rig: Rig, after: int) -> None:
    rig.ledger.first = 10

    assert rig.gateway.changes(ChangeQuery(after=after)).next == after


@pytest.mark.parametrize("after", [1, 8])
def test_a_cursor_that_would_miss_events_is_refused_with_the_first_that_is_kept(
    rig: Rig, after: int
) -> None:
    rig.ledger.first = 10

    with pytest.raises(ProblemError) as refused:
        rig.gateway.changes(ChangeQuery(after=after))

    assert refused.value.status == 410
    assert refused.value.extra == {"first": 10}


def test_a_deleted_article_is_told_apart_from_one_that_never_was(rig: Rig) -> None:
    known = new_id()
    rig.ledger.deleted = Tombstone(known, NOON)

    with pytest.raises(ProblemError) as by_id:
        rig.gateway.article(str(known))
    with pytest.raises(ProblemError) as by_url:
        rig.gateway.article_at("https://paper.example/story")

    assert {by_id.value.code, by_url.value.code} == {"deleted"}
