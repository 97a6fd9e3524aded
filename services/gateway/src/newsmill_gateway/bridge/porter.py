"""Carries what lies in one source into the ledger: take, judge, commit, settle."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from newsmill_gateway.bridge.batches import Batch, Door, Item, Request
from newsmill_gateway.bridge.items import judge
from newsmill_gateway.bridge.ports import Ledger, Source, UnstorableError, Waker
from newsmill_gateway.bridge.records import record
from newsmill_gateway.problems import Code, Refusal
from newsmill_shared.addresses import AddressPolicy
from newsmill_shared.database.accept import Accepted, Order, Submission
from newsmill_shared.errors import TransientError

__all__ = ["Porter", "backoff_seconds"]

_WAKE_MAX_JOBS = 1000
"""A larger batch wakes nobody: the dispatcher finds its receipt, and the notes stay short."""

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Judged:
    """A request, and one verdict for each of its items."""

    request: Request
    door: Door
    verdicts: tuple[Submission | Refusal, ...]

    @property
    def order(self) -> Order:
        sound = tuple(entry for entry in self.verdicts if isinstance(entry, Submission))
        return Order(self.request.key, self.request.sha256, sound, submitter=self.door)


class Porter:
    """Serves one source. A batch that was taken is kept until it is accepted and settled.

    Whatever ends the process meanwhile, the batch still lies in Redis, and its receipt, if there
    is one, has a key that goes with it: whoever takes it up writes nothing twice.

    Args:
        source: Where items lie.
        ledger: Where they go.
        waker: The way to the dispatcher.
        policy: Which addresses may be fetched.
        now: Tells the time.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        source: Source,
        ledger: Ledger,
        waker: Waker,
        *,
        policy: AddressPolicy,
        now: Callable[[], datetime],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._source = source
        self._ledger = ledger
        self._waker = waker
        self._policy = policy
        self._now = now
        self._clock = clock
        self._kept: Batch | None = None
        self.seen_at = clock()
        """When it last came round, by ``clock``."""

    def run(self, *, stopped: Callable[[], bool], sleep: Callable[[float], object]) -> None:
        """Serve until stopped; while PostgreSQL or Redis is away, come back later and later.

        Args:
            stopped: Tells whether to end.
            sleep: Waits for so many seconds, or until stopped.
        """
        failures = 0
        complaint = ""
        while not stopped():
            self.seen_at = self._clock()
            try:
                self.turn()
            # What cannot be stored, although all of it could be tried out, is kept and complained
            # of: an end of this process would close the other doors, too.
            except (TransientError, UnstorableError) as error:
                if str(error) != complaint:
                    complaint = str(error)
                    _log.warning("waiting", source=self._source.name, cause=complaint)
                sleep(backoff_seconds(failures))
                failures += 1
            else:
                if failures:
                    _log.info("going on", source=self._source.name)
                failures, complaint = 0, ""

    def turn(self) -> None:
        """Carry one batch, or wait a little if there is none.

        Raises:
            TransientError: PostgreSQL or Redis is away; the next turn goes on with what was taken.
        """
        if self._kept is None:
            self._kept = self._source.take()
        if self._kept is None:
            self._source.wait()
            return
        self._carry(self._kept)
        self._kept = None

    def _carry(self, batch: Batch) -> None:
        judged = [self._judge(request, batch.door) for request in batch.requests]
        try:
            answers = self._accept(judged)
            settled = all(_fits(entry, answers) for entry in judged)
        except UnstorableError:
            settled = False
        if not settled:
            judged = [self._tried_out(entry) for entry in judged]
            answers = self._accept(judged)
        told = [entry if _fits(entry, answers) else self._conflicting(entry) for entry in judged]
        accepted = [answer for entry in told if (answer := answers.get(entry.request.name))]
        self._wake(accepted)
        rejected = self._records(told, batch.door)
        self._source.settle(batch, rejected)
        self._tell(accepted, rejected)

    def _judge(self, request: Request, door: Door) -> _Judged:
        return _Judged(request, door, tuple(self._verdict(item, door) for item in request.items))

    def _verdict(self, item: Item, door: Door) -> Submission | Refusal:
        try:
            return judge(item, door, self._policy)
        except Exception:  # noqa: BLE001 - one item must not close the door to all others
            _log.exception("item could not be judged", source=self._source.name, bytes=item.size)
            return Refusal(Code.INTERNAL, "a defect of newsmill's; the bridge's log says more")

    def _accept(self, judged: Sequence[_Judged]) -> dict[str, Accepted | None]:
        """Accept what is sound, and return the answers by request name."""
        orders = {entry.request.name: entry.order for entry in judged if entry.order.submissions}
        answers = self._ledger.accept(list(orders.values())) if orders else []
        return dict(zip(orders, answers, strict=True))

    def _conflicting(self, judged: _Judged) -> _Judged:
        """Refuse a request whose key has a receipt that does not fit it."""
        _log.error("key used otherwise", source=self._source.name, key=judged.request.key)
        refusal = Refusal(
            Code.IDEMPOTENCY_CONFLICT,
            f"perhaps accepted before, under the receipt {judged.request.key}:"
            " it was judged under other settings then",
        )
        return replace(judged, verdicts=(refusal,) * len(judged.verdicts))

    def _tried_out(self, judged: _Judged) -> _Judged:
        """Return the request with what PostgreSQL does not take refused."""
        return replace(judged, verdicts=tuple(map(self._storable, judged.verdicts)))

    def _storable(self, verdict: Submission | Refusal) -> Submission | Refusal:
        if isinstance(verdict, Refusal):
            return verdict
        try:
            self._ledger.try_out(verdict)
        except UnstorableError:
            _log.exception("item cannot be stored", source=self._source.name, url=verdict.url)
            return Refusal(Code.INTERNAL, "the database does not take it; the log says more")
        return verdict

    def _records(self, judged: Sequence[_Judged], door: Door) -> dict[str, list[bytes]]:
        at = self._now()
        return {
            entry.request.name: [
                record(item, verdict, door=door, at=at)
                for item, verdict in zip(entry.request.items, entry.verdicts, strict=True)
                if isinstance(verdict, Refusal)
            ]
            for entry in judged
        }

    def _wake(self, accepted: Sequence[Accepted]) -> None:
        fresh = [entry for entry in accepted if not entry.replayed]
        hosts = {host for entry in fresh for host in entry.hosts}
        if hosts and sum(len(entry.job_ids) for entry in fresh) <= _WAKE_MAX_JOBS:
            self._waker.wake(tuple(sorted(hosts)))

    def _tell(self, accepted: Sequence[Accepted], rejected: Mapping[str, Sequence[bytes]]) -> None:
        jobs = sum(len(entry.job_ids) for entry in accepted)
        junk = sum(map(len, rejected.values()))
        tell = _log.info if junk else _log.debug
        tell("batch carried", source=self._source.name, accepted=jobs, rejected=junk)


def _fits(judged: _Judged, answers: Mapping[str, Accepted | None]) -> bool:
    """Whether a request got the receipt that it asked for: one job for each sound item."""
    wanted = len(judged.order.submissions)
    answer = answers.get(judged.request.name)
    return wanted == (len(answer.job_ids) if answer is not None else 0)


def backoff_seconds(failures: int) -> float:
    """Return how long to wait after so many failures in a row before."""
    return min(0.25 * 2.0 ** min(failures, 10), 5.0)
