"""The index' Lua scripts, and what Redis' errors mean for it."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from typing import Any, Protocol, TypeAlias, cast

from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import OutOfMemoryError, ReadOnlyError, ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError

from newsmill_shared.errors import TransientError
from newsmill_shared.index.layout import IndexFullError, IndexNotReadyError

__all__ = ["Argument", "Script", "load_script", "translated"]

Argument: TypeAlias = bytes | int | str


class Script(Protocol):
    """A Lua script of the index."""

    def __call__(self, keys: list[bytes], args: list[Argument]) -> Any:
        """Run it."""


def load_script(redis: "Redis", package: str, name: str) -> Script:
    """Return the script that lies as ``name.lua`` in a package."""
    source = files(package).joinpath(f"{name}.lua").read_text(encoding="utf-8")
    return cast("Script", redis.register_script(source))


@contextmanager
def translated() -> Iterator[None]:
    """Say what Redis' errors mean for the caller."""
    try:
        yield
    except (RedisConnectionError, RedisTimeoutError, ReadOnlyError) as error:
        raise TransientError(f"duplicate index: {error}") from error
    except OutOfMemoryError as error:
        raise IndexFullError("the duplicate index has no memory left") from error
    except ResponseError as error:
        if str(error).startswith("NOTREADY"):
            raise IndexNotReadyError("the duplicate index waits for its data") from error
        raise
