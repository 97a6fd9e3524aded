"""Run the dispatcher: ``python -m newsmill_store.dispatcher``."""

import signal
import threading

import structlog

from newsmill_shared.database.engine import make_engine
from newsmill_shared.errors import TransientError
from newsmill_shared.queue.app import Publisher, make_app
from newsmill_shared.queue.broker import make_redis
from newsmill_shared.queue.heartbeat import Heartbeat, new_incarnation
from newsmill_shared.starting import starting
from newsmill_store.adapters.redis_carrier import RedisCarrier
from newsmill_store.adapters.retention_thread import RetentionThread
from newsmill_store.dispatcher.loop import Dispatcher, NotActiveError
from newsmill_store.retention import Keep
from newsmill_store.settings import DispatcherSettings

_log = structlog.get_logger()

SESSION = {
    # A dispatcher that was stopped as a whole loses its session, and with it the lock.
    "idle_session_timeout": "8s",
    # A generic plan guesses the limits, and takes ten times as long on a long backlog.
    "plan_cache_mode": "force_custom_plan",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "enable_seqscan": "off",
    "jit": "off",
}

_RETRY_SECONDS = 0.5
_REST_SECONDS = 0.04
_LISTENED_SECONDS = 0.1
"""Redis looks at the time ten times a second: a shorter wait for a note would last as long."""


def main() -> None:
    """Run until SIGTERM or SIGINT."""
    with starting(DispatcherSettings, service="dispatcher") as settings:
        redis = make_redis(settings.redis_url)
        publisher = Publisher(make_app("dispatcher", settings.redis_url), patience_seconds=2)
        engine = make_engine(
            settings.database_url, name="dispatcher", pool_size=0, settings=SESSION
        )
        dispatcher = Dispatcher(engine, RedisCarrier(redis, publisher), settings)
        heartbeat = Heartbeat(redis, new_incarnation("dispatcher"))
        retention = RetentionThread(
            make_engine(settings.database_url, name="retention", pool_size=0),
            settings.page_store_url,
            Keep(
                pages=settings.retention_raw_pages_days,
                current_pages=settings.retention_current_pages,
                outcomes=settings.retention_outcomes_days,
                attempts=settings.retention_attempts_days,
                events=settings.retention_events_days,
            ),
        )
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        heartbeat.start()
        retention.start()
        run(dispatcher, heartbeat, stop)
        dispatcher.disconnect()
        retention.stop()
        heartbeat.stop()


def run(dispatcher: Dispatcher, heartbeat: Heartbeat, stop: threading.Event) -> None:
    """Tick until told to stop; whatever is away comes back, and then the loop goes on."""
    complaint = ""
    while not stop.is_set():
        heartbeat.tick()
        try:
            seconds = dispatcher.tick()
            # A tick costs nearly the same for one note as for many.
            stop.wait(_REST_SECONDS)
            left = seconds - _REST_SECONDS
            if left > _LISTENED_SECONDS:
                dispatcher.wait(left)
            elif left > 0:
                stop.wait(left)
            complaint = ""
            heartbeat.waits_for("")
        except NotActiveError:
            heartbeat.waits_for("")
            stop.wait(_RETRY_SECONDS)
        except TransientError as error:
            if str(error) != complaint:
                _log.warning("waiting", cause=str(error))
                complaint = str(error)
            heartbeat.waits_for(str(error))
            dispatcher.disconnect()
            stop.wait(_RETRY_SECONDS)


if __name__ == "__main__":
    main()
