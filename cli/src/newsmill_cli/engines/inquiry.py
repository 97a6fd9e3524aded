"""Asks engines how they are, embedded or not; an engine that is away is an answer."""

from dataclasses import dataclass

from redis.exceptions import RedisError

from newsmill_shared.database.engine import make_engine
from newsmill_shared.database.migrate import is_current
from newsmill_shared.errors import NewsmillError
from newsmill_shared.queue.broker import QUEUES, make_redis
from newsmill_shared.queue.heartbeat import heartbeats
from newsmill_shared.queue.notes import NOTES_KEY
from newsmill_shared.queue.window import read_depths

__all__ = ["BrokerState", "DatabaseState", "ask_database", "ask_redis", "read_broker"]


@dataclass(frozen=True, slots=True)
class DatabaseState:
    """How a database is."""

    problem: str = ""
    """Why it does not answer; empty = it does."""
    schema_is_current: bool | None = None


@dataclass(frozen=True, slots=True)
class BrokerState:
    """What lies in the broker now."""

    queues: dict[str, int]
    notes: int
    services: tuple[str, ...]
    """The service of each living process."""


def ask_database(url: str) -> DatabaseState:
    """Tell whether a database answers, and whether its schema is the newest."""
    engine = make_engine(url, name="doctor", pool_size=0)
    try:
        return DatabaseState(schema_is_current=is_current(engine))
    except NewsmillError as error:
        return DatabaseState(problem=str(error))


def ask_redis(url: str) -> str:
    """Return why a Redis server does not answer; empty = it does."""
    try:
        with make_redis(url) as client:
            client.ping()
    except (RedisError, OSError, ValueError) as error:
        return str(error)
    return ""


def read_broker(url: str) -> BrokerState | None:
    """Return what lies in the broker, None if it does not answer."""
    try:
        with make_redis(url) as client:
            depths = read_depths(client)
            services = tuple(str(beat.get("service", "")) for beat in heartbeats(client))
            notes = client.llen(NOTES_KEY)
    except (RedisError, OSError, ValueError):
        return None
    return BrokerState({name: getattr(depths, name) for name in QUEUES}, notes, services)
