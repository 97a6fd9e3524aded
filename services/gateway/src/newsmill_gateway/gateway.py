"""What the gateway does, apart from HTTP: hand in, look up, count."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from uuid import UUID

import structlog

from newsmill_gateway.answers import (
    AcceptedItem,
    ArticleAnswer,
    Articles,
    ArticleSummary,
    Changes,
    Cluster,
    ConservationAnswer,
    ItemError,
    JobInFull,
    Jobs,
    Lifted,
    PauseAnswer,
    Pauses,
    Receipt,
    RejectedItem,
)
from newsmill_gateway.bodies import Format, read_lines, read_object
from newsmill_gateway.intake import Document, read_document, read_url
from newsmill_gateway.ports import Bodies, Ledger, StoredArticle, Tally, Waker
from newsmill_gateway.problems import Code, ProblemError, Refusal
from newsmill_gateway.queries import (
    ArticleQuery,
    ChangeQuery,
    ClusterQuery,
    JobQuery,
    PauseRequest,
    ResumeTarget,
    read_id,
)
from newsmill_shared.addresses import AddressPolicy
from newsmill_shared.database.accept import (
    DEFAULT_SUBMITTER,
    Accepted,
    IdempotencyConflictError,
    Order,
    QuotaExceededError,
    Submission,
)
from newsmill_shared.database.engine import DatabaseAwayError
from newsmill_shared.errors import TransientError
from newsmill_shared.identity import new_id
from newsmill_shared.messages import Page
from newsmill_shared.pages import PageMissingError
from newsmill_shared.urls import URLRefusedError, canonicalize

__all__ = ["RETRY_AFTER_SECONDS", "Gateway", "HandedIn"]

RETRY_AFTER_SECONDS = 5
"""When to come back while something is away."""

_QUOTA_RETRY_AFTER_SECONDS = 60
"""When to come back once there are too many open jobs: many end in a minute."""
_WAKE_MAX_JOBS = 1000
"""A larger batch wakes nobody: the dispatcher finds its receipt, and the notes stay short."""
_PAGE_TEXTS = 32
"""A page of whole articles ends with so many texts from the page store, of up to 1 MiB each."""

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class HandedIn:
    """The answer to a batch, and what follows once it has been given.

    Args:
        receipt: The answer.
        door: Where it was handed in.
        wake: The hosts with new work.
        replayed: Whether this answer was given before.
    """

    receipt: Receipt
    door: str
    wake: tuple[int, ...] = ()
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class _Sound:
    """A line that can be accepted."""

    line: int
    submission: Submission


@dataclass(frozen=True, slots=True)
class _Unsound:
    """A line that is refused."""

    line: int
    refusal: Refusal


class Gateway:
    """The uses of the ledger that other systems have. All methods block.

    Args:
        ledger: Where work is accepted and looked up.
        bodies: Where supplied documents and long texts lie.
        waker: The way to the dispatcher.
        tally: Counts what comes through doors.
        policy: Which addresses may be fetched.
        now: Tells the time.
    """

    def __init__(
        self,
        *,
        ledger: Ledger,
        bodies: Bodies,
        waker: Waker,
        tally: Tally,
        policy: AddressPolicy,
        now: Callable[[], datetime],
    ) -> None:
        self._ledger = ledger
        self._bodies = bodies
        self._waker = waker
        self._tally = tally
        self._policy = policy
        self._now = now

    def hand_in_urls(
        self, body: bytes, written: Format, *, key: str, submitter: str = DEFAULT_SUBMITTER
    ) -> HandedIn:
        """Accept the good lines of a batch and say what is wrong with the others.

        Args:
            body: What was sent.
            written: As JSON or as lines.
            key: The idempotency key of this request.
            submitter: Who sends it.

        Raises:
            ProblemError: The body cannot be read at all, the key was used before, or the
                submitter has too many open jobs.
            DatabaseAwayError: Perhaps it was accepted, perhaps not: the same call tells.
        """
        lines: list[_Sound | _Unsound] = []
        for line in read_lines(body, written):
            verdict = read_url(line.value, self._policy)
            lines.append(
                _Unsound(line.number, verdict)
                if isinstance(verdict, Refusal)
                else _Sound(line.number, verdict)
            )
        return self._hand_in(lines, "http", b"urls\n" + body, key, submitter)

    def hand_in_document(
        self, body: bytes, *, key: str, submitter: str = DEFAULT_SUBMITTER
    ) -> HandedIn:
        """Accept a page with its content.

        Args:
            body: What was sent.
            key: The idempotency key of this request.
            submitter: Who sends it.

        Raises:
            ProblemError: As in ``hand_in_urls``, or the page store is away.
            DatabaseAwayError: As in ``hand_in_urls``.
        """
        document = read_document(read_object(body), now=self._now())
        line = (
            _Unsound(1, document)
            if isinstance(document, Refusal)
            else _Sound(1, self._keep(document))
        )
        return self._hand_in([line], "documents", b"document\n" + body, key, submitter)

    def follow_up(self, handed_in: HandedIn) -> None:
        """Count what was handed in, and tell the dispatcher about new work."""
        if handed_in.wake:
            self._waker.wake(handed_in.wake)
        if not handed_in.replayed:
            receipt = handed_in.receipt
            self._tally.count(handed_in.door, accepted=receipt.accepted, rejected=receipt.rejected)

    def job(self, job_id: str) -> JobInFull:
        """Return a job; raises ProblemError 404 or 422."""
        job = self._ledger.job(read_id(job_id))
        if job is None:
            raise _not_found("there is no job with this id")
        return job

    def job_at(self, url: str) -> JobInFull:
        """Return the newest job of a page, or that led to it; raises ProblemError 404 or 422."""
        job = self._ledger.job_at(_url_key(url))
        if job is None:
            raise _not_found("this URL was never handed in")
        return job

    def article(self, article_id: str) -> ArticleAnswer:
        """Return an article; raises ProblemError 404, 410 (it was deleted) or 422."""
        known = read_id(article_id)
        stored = self._ledger.article(known)
        if stored is None:
            self._refuse_deleted(article=known)
        return self._whole(stored)

    def article_at(self, url: str) -> ArticleAnswer:
        """Return the article at a URL, or where it led; raises ProblemError 404, 410 or 422."""
        key = _url_key(url)
        stored = self._ledger.article_at(key)
        if stored is None:
            self._refuse_deleted(key=key)
        return self._whole(stored)

    def jobs(self, query: JobQuery) -> Jobs:
        """Return a page of submissions, newest first."""
        page = self._ledger.jobs(query)
        return Jobs(jobs=tuple(job for _, job in page.entries), next=page.next)

    def articles(self, query: ArticleQuery) -> Articles:
        """Return a page of articles; raises ProblemError 503 when a text cannot be read now."""
        page = self._ledger.articles(query)
        entries = page.entries
        if query.full:
            entries = entries[: _readable([stored for _, stored in entries])]
        shown = tuple(
            self._whole(stored)
            if query.full
            else ArticleSummary.model_validate(dict(stored.answer))
            for _, stored in entries
        )
        last = entries[-1][0] if entries else query.cursor or 0
        reached = last if len(entries) < len(page.entries) else page.next
        more = reached is not None
        if query.order == "oldest" and not more:
            reached = last
        return Articles(articles=shown, next=reached, more=more)

    def cluster(self, cluster_id: str, query: ClusterQuery) -> Cluster:
        """Return a page of a cluster; raises ProblemError 404 or 422."""
        cluster = self._ledger.cluster(read_id(cluster_id), query)
        if cluster is None:
            raise _not_found("there is no such cluster")
        return cluster

    def changes(self, query: ChangeQuery) -> Changes:
        """Return the numbered events after a position; 0 is before the first that is kept.

        Raises:
            ProblemError: 410; events after that position are not kept any more.
        """
        found = self._ledger.changes(query.after, limit=query.limit)
        if 0 < query.after < found.first - 1:
            raise ProblemError(
                HTTPStatus.GONE,
                Code.POSITION_GONE,
                f"events are kept from position {found.first} on: take all articles anew, "
                f"then go on with after={found.first - 1}",
                extra={"first": found.first},
            )
        following = found.changes[-1].position if found.changes else query.after
        return Changes(changes=found.changes, next=following, last=found.last)

    def conservation(self) -> ConservationAnswer:
        """Count what was accepted and what became of it."""
        counts = self._ledger.conservation()
        return ConservationAnswer(
            accepted=counts.accepted,
            outcomes=counts.outcomes,
            open=counts.open,
            unaccounted=counts.unaccounted,
        )

    def pauses(self) -> Pauses:
        """Return what is stopped now."""
        return Pauses(pauses=tuple(map(PauseAnswer.model_validate, self._ledger.pauses())))

    def pause(self, request: PauseRequest) -> PauseAnswer:
        """Stop something: what waits is not sent, what was sent goes on to its end."""
        return PauseAnswer.model_validate(self._ledger.pause(request))

    def resume(self, target: ResumeTarget) -> Lifted:
        """Let something go on, whoever stopped it, or only what one hand stopped."""
        return Lifted(lifted=self._ledger.resume(target))

    def check_ledger(self) -> None:
        """See whether work can be accepted.

        Raises:
            ProblemError: 503 ``database_schema``.
            DatabaseAwayError: PostgreSQL cannot be used.
        """
        if not self._ledger.has_schema():
            raise ProblemError(
                HTTPStatus.SERVICE_UNAVAILABLE,
                Code.DATABASE_SCHEMA,
                "the database is not at this version: run newsmill migrate",
                headers={"Retry-After": str(RETRY_AFTER_SECONDS)},
            )

    def _hand_in(
        self,
        lines: Sequence[_Sound | _Unsound],
        door: str,
        request: bytes,
        key: str,
        submitter: str,
    ) -> HandedIn:
        submissions = tuple(line.submission for line in lines if isinstance(line, _Sound))
        accepted = Accepted("", (), ())
        if submissions:
            digest = hashlib.sha256(request).digest()
            accepted = self._accept(Order(key, digest, submissions, submitter))
        job_ids = iter(accepted.job_ids)
        items = tuple(
            _accepted(line, next(job_ids)) if isinstance(line, _Sound) else _rejected(line)
            for line in lines
        )
        receipt = Receipt(
            receipt=accepted.key or None,
            accepted=len(submissions),
            rejected=len(lines) - len(submissions),
            items=items,
        )
        wake = accepted.hosts if len(submissions) <= _WAKE_MAX_JOBS else ()
        return HandedIn(receipt, door, wake, accepted.replayed)

    def _accept(self, order: Order) -> Accepted:
        try:
            try:
                accepted = self._ledger.accept(order)
            except DatabaseAwayError:
                # Perhaps a COMMIT without an answer; the key makes the repetition harmless.
                accepted = self._ledger.accept(order)
        except IdempotencyConflictError as error:
            raise ProblemError(
                HTTPStatus.CONFLICT, Code.IDEMPOTENCY_CONFLICT, str(error)
            ) from error
        except QuotaExceededError as error:
            raise ProblemError(
                HTTPStatus.TOO_MANY_REQUESTS,
                Code.QUOTA_EXCEEDED,
                str(error),
                headers={"Retry-After": str(_QUOTA_RETRY_AFTER_SECONDS)},
            ) from error
        if len(accepted.job_ids) != len(order.submissions):
            raise ProblemError(
                HTTPStatus.CONFLICT,
                Code.IDEMPOTENCY_CONFLICT,
                "this request was judged under other settings before: use a new key",
            )
        return accepted

    def _keep(self, document: Document) -> Submission:
        """Put a document's body into the page store and return what is handed in for it."""
        options, url = document.options, document.url
        fetched_at = options.fetched_at or self._now()
        try:
            stored = self._bodies.put_raw(url.key, document.body, at=fetched_at)
        except TransientError as error:
            raise _store_away(error) from error
        page = Page(
            fetch_id=new_id(),
            url=url.url,
            url_key=url.key,
            final_url=url.url,
            final_key=url.key,
            headers={"content-type": document.content_type},
            fetched_at=fetched_at,
            sha256=stored.sha256,
            object=stored.object,
            size=stored.size,
            media_type=document.media_type,
            supplied=True,
            timezone=options.timezone,
        )
        return Submission(
            url=url.url,
            url_key=url.key,
            host=url.host,
            label=options.label,
            priority=options.priority,
            timezone=options.timezone,
            meta=options.meta,
            page=page,
        )

    def _refuse_deleted(self, *, article: UUID | None = None, key: str | None = None) -> None:
        """Raise ProblemError 410 if a page was deleted."""
        stone = self._ledger.tombstone(article=article, key=key)
        if stone is not None:
            raise ProblemError(
                HTTPStatus.GONE,
                Code.DELETED,
                f"it was deleted at {stone.deleted_at.isoformat(timespec='seconds')}",
            )

    def _whole(self, stored: StoredArticle | None) -> ArticleAnswer:
        if stored is None:
            raise _not_found("there is no such article")
        if stored.text_object is None:
            return stored.answer
        try:
            text = self._bodies.get(stored.text_object).decode()
        except PageMissingError:
            _log.error("text missing", article_id=str(stored.answer.article_id))
            return stored.answer
        except TransientError as error:
            raise _store_away(error) from error
        return stored.answer.model_copy(update={"text": text})


def _readable(articles: Sequence[StoredArticle]) -> int:
    """Return how many of these articles one answer can hold, with their texts."""
    objects = 0
    for number, article in enumerate(articles):
        objects += article.text_object is not None
        if objects > _PAGE_TEXTS:
            return number
    return len(articles)


def _accepted(line: _Sound, job_id: UUID) -> AcceptedItem:
    return AcceptedItem(
        line=line.line,
        url=line.submission.url,
        job_id=job_id,
        status_url=f"/v1/jobs/{job_id}",
    )


def _rejected(line: _Unsound) -> RejectedItem:
    return RejectedItem(
        line=line.line,
        url=line.refusal.url,
        error=ItemError(code=line.refusal.code, detail=line.refusal.detail),
    )


def _url_key(url: str) -> str:
    try:
        return canonicalize(url).key
    except URLRefusedError as error:
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, error.code, error.detail) from None


def _not_found(detail: str) -> ProblemError:
    return ProblemError(HTTPStatus.NOT_FOUND, Code.NOT_FOUND, detail)


def _store_away(error: TransientError) -> ProblemError:
    return ProblemError(
        HTTPStatus.SERVICE_UNAVAILABLE,
        Code.PAGE_STORE_AWAY,
        str(error),
        headers={"Retry-After": str(RETRY_AFTER_SECONDS)},
    )
