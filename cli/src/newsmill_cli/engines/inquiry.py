"""Asks engines whether they answer, embedded or not; an engine that is away is an answer."""

from redis.exceptions import RedisError

from newsmill_shared.database.engine import make_engine, reading
from newsmill_shared.database.migrate import is_current
from newsmill_shared.database.sizes import Sizes, read_sizes
from newsmill_shared.errors import NewsmillError
from newsmill_shared.queue.broker import make_redis

__all__ = ["ask_database", "ask_redis", "ask_sizes"]


def ask_database(url: str) -> str:
    """Return why a database does not answer; empty = it does."""
    engine = make_engine(url, name="doctor", pool_size=0)
    try:
        is_current(engine)
    except NewsmillError as error:
        return str(error)
    return ""


def ask_sizes(url: str) -> Sizes | None:
    """Return how much room a ledger takes; None if nobody can tell now."""
    engine = make_engine(url, name="doctor", pool_size=0, settings={"statement_timeout": "3s"})
    try:
        with reading(engine) as snapshot:
            return read_sizes(snapshot)
    except NewsmillError:
        # What is away is told by the diagnosis.
        return None


def ask_redis(url: str) -> str:
    """Return why a Redis server does not answer; empty = it does."""
    try:
        with make_redis(url) as client:
            client.ping()
    except (RedisError, OSError, NewsmillError) as error:
        return str(error)
    return ""
