"""The store worker: ``python -m newsmill_store.worker``."""

import signal
import threading
from collections.abc import Sequence

import structlog

from newsmill_shared.database.engine import make_engine
from newsmill_shared.errors import TransientError
from newsmill_shared.messages import ArticleEnriched
from newsmill_shared.queue.broker import make_redis
from newsmill_shared.queue.heartbeat import Heartbeat, new_incarnation
from newsmill_shared.starting import starting
from newsmill_store.adapters.index_thread import IndexThread
from newsmill_store.adapters.redis_queue import RedisQueue
from newsmill_store.adapters.sql_ledger import SQLLedger
from newsmill_store.settings import StoreSettings
from newsmill_store.tasks import Ledger, Result, record

__all__ = ["main", "run"]

_log = structlog.get_logger()

_WAIT_SECONDS = 1.0
_GATHER_SECONDS = 0.02
"""What arrives this soon after the first goes into the same transaction, at less cost for each."""


def main() -> None:
    """Consume ``store`` until SIGTERM."""
    with starting(StoreSettings, service="store") as settings:
        engine = make_engine(settings.database_url, name="store", pool_size=1, pre_ping=False)
        redis = make_redis(settings.redis_url)
        incarnation = new_incarnation("store")
        heartbeat = Heartbeat(redis, incarnation)
        index = IndexThread(
            make_redis(settings.index_url),
            make_redis(settings.redis_url),
            make_engine(settings.database_url, name="index", pool_size=1),
            weeks=settings.index_weeks,
            holder=incarnation,
        )
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        heartbeat.start()
        index.start()
        _log.info("worker ready", queue=ArticleEnriched.QUEUE)
        run(
            RedisQueue(redis, ArticleEnriched.QUEUE),
            SQLLedger(engine),
            heartbeat,
            stop,
            batch=settings.store_batch,
        )
        index.stop()
        heartbeat.stop()


class _Telling:
    """A ledger whose heartbeat says what keeps it from recording."""

    def __init__(self, ledger: Ledger, heartbeat: Heartbeat) -> None:
        self._ledger = ledger
        self._heartbeat = heartbeat

    def record(self, results: Sequence[Result]) -> None:
        try:
            self._ledger.record(results)
        except TransientError as error:
            self._heartbeat.waits_for(str(error))
            raise
        self._heartbeat.waits_for("")


def run(
    queue: RedisQueue, ledger: Ledger, heartbeat: Heartbeat, stop: threading.Event, *, batch: int
) -> None:
    """Record what lies in the queue until told to stop, what is there at a time together."""

    def stopping(seconds: float) -> bool:
        heartbeat.tick()
        return stop.wait(seconds)

    telling = _Telling(ledger, heartbeat)
    while not stop.is_set():
        heartbeat.tick()
        try:
            taken = queue.take(batch, seconds=_WAIT_SECONDS)
            if 0 < len(taken) < batch:
                stop.wait(_GATHER_SECONDS)
                taken += queue.take(batch - len(taken), seconds=0)
            if taken and not record(
                [one.result for one in taken], ledger=telling, stopping=stopping
            ):
                queue.give_back(taken)
        except TransientError as error:
            _log.warning("waiting", cause=str(error))
            stop.wait(_WAIT_SECONDS)


if __name__ == "__main__":
    main()
