"""What went wrong with a request, told apart by reason."""

import contextlib
import http.client
import ssl
from collections.abc import Iterator

import requests
import urllib3
from urllib3.exceptions import InvalidChunkLength, ReadTimeoutError

from newsmill_shared.errors import EndedError
from newsmill_shared.http.deadline import Deadline
from newsmill_shared.reasons import Reason

__all__ = ["is_broken_off", "translated"]


@contextlib.contextmanager
def translated(deadline: Deadline) -> Iterator[None]:
    """Raise what the HTTP libraries raise in the block as EndedError, with its reason."""
    try:
        yield
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
        if deadline.expired:
            raise deadline.error() from error
        raise _ended(error) from error


def _ended(error: Exception) -> EndedError:
    causes = list(_causes(error))
    for cause in causes:
        if isinstance(cause, ssl.SSLError):
            return EndedError(Reason.TLS, str(cause))
    if any(isinstance(cause, TimeoutError | ReadTimeoutError) for cause in causes):
        return EndedError(Reason.TIMEOUT, "the host fell silent")
    if is_broken_off(error):
        return EndedError(Reason.CONNECT, "the connection broke before the response was whole")
    return EndedError(Reason.PROTOCOL, f"the response is not valid HTTP: {causes[-1]}")


def is_broken_off(error: Exception) -> bool:
    """Whether a connection ended too early, as opposed to one that carried nonsense."""
    for cause in _causes(error):
        if isinstance(cause, InvalidChunkLength):
            return False
        if isinstance(cause, http.client.IncompleteRead | ConnectionError):
            return True
        if "ended prematurely" in str(cause):
            return True
    return False


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and what it was made from, outermost first."""
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        current = waiting.pop(0)
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        inner = [current.__cause__, current.__context__, getattr(current, "reason", None)]
        waiting += [cause for cause in (*inner, *current.args) if isinstance(cause, BaseException)]
