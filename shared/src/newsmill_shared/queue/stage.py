"""A stage's side of the fences: claim an attempt, say how it went, pass the work on."""

import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Literal, TypeVar

import structlog
from redis import Redis
from redis.exceptions import RedisError

from newsmill_shared.messages import Message, Span, Work
from newsmill_shared.queue.app import Publisher
from newsmill_shared.queue.broker import BrokerAwayError
from newsmill_shared.queue.claims import Claims, Verdict
from newsmill_shared.queue.later import Later
from newsmill_shared.queue.notes import AnyNote, LateNote, send_note

__all__ = ["Stage", "Watch"]

_log = structlog.get_logger()

_CLAIM_PATIENCE_SECONDS = 5.0
_RETRY_SECONDS = 0.3

T = TypeVar("T")


class Watch:
    """Measures one attempt in the hands of one worker.

    Args:
        worker: The worker's incarnation.
        now: The time.
        clock: Monotonic seconds.
    """

    def __init__(
        self, worker: str, *, now: datetime, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._worker = worker
        self._began_at = now
        self._clock = clock
        self._began = clock()

    def span(self) -> Span:
        """Return what has been measured up to now."""
        seconds = round(self._clock() - self._began, 4)
        return Span(worker=self._worker, began_at=self._began_at, seconds=seconds)


class Stage:
    """What one worker process of a stage tells Redis.

    Args:
        name: ``ingest`` or ``enrich``.
        redis: A client of this process.
        publisher: Sends to the next stage.
        incarnation: The name that this process' heartbeat has.
        patience_seconds: How long a note, and at most 5 s a claim, is tried while Redis is away.
    """

    def __init__(
        self,
        name: Literal["ingest", "enrich"],
        redis: "Redis",
        publisher: Publisher,
        *,
        incarnation: str,
        patience_seconds: float = 20.0,
    ) -> None:
        self._name = name
        self._redis = redis
        self._publisher = publisher
        self._incarnation = incarnation
        self._claims = Claims(redis, incarnation=incarnation)
        self._patience_seconds = patience_seconds
        self._later = Later()

    def claim(self, work: Work, *, claim_by: int | None = None) -> int | None:
        """Take an attempt and return the milliseconds left to begin; None: leave it alone.

        An attempt that comes too late, or from an earlier life of Redis, is noted as late.

        Raises:
            BrokerAwayError: Redis is away; the ledger will send the work again.
        """
        token = secrets.token_hex(4)
        claim = _patiently(
            lambda: self._claims.claim(self._name, work, claim_by=claim_by, token=token),
            min(_CLAIM_PATIENCE_SECONDS, self._patience_seconds),
        )
        if claim.verdict is Verdict.REFUSED:
            _log.info("attempt refused", job_id=str(work.job_id), attempt=work.attempt)
            self.note(
                LateNote(
                    job_id=work.job_id,
                    attempt=work.attempt,
                    stage=self._name,
                    detail="claimed too late, or sent in an earlier life of Redis",
                )
            )
        return claim.milliseconds_left if claim.verdict is Verdict.CLAIMED else None

    def watch(self) -> Watch:
        """Begin to measure an attempt that was claimed."""
        return Watch(self._incarnation, now=datetime.now(UTC))

    def note(self, note: AnyNote) -> None:
        """Tell the dispatcher.

        Raises:
            BrokerAwayError: Redis stayed away; the sweep finds out by itself.
        """
        _patiently(lambda: send_note(self._redis, note), self._patience_seconds)

    def publish(self, message: Message) -> None:
        """Pass the work on; raises BrokerAwayError."""
        self._publisher.publish([message])

    def done(self, work: Work) -> None:
        """Let go of an attempt, whatever became of it: now, or when Redis is back.

        What a living worker holds is never looked for.
        """
        self._later.do(lambda: self._claims.done(self._name, work))


def _patiently(call: Callable[[], T], seconds: float) -> T:
    end = time.monotonic() + seconds
    while True:
        try:
            return call()
        except (RedisError, OSError) as error:
            if time.monotonic() >= end:
                raise BrokerAwayError(f"Redis: {error}") from error
        time.sleep(_RETRY_SECONDS)
