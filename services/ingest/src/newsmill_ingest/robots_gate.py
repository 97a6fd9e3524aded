"""robots.txt at the gate: fetched once a day, kept while its host is away, shared by all."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from threading import Lock
from typing import Protocol

from newsmill_ingest.chain import Fetcher, read_location
from newsmill_ingest.robots import (
    MAX_ROBOTS_BYTES,
    RobotsAnswer,
    RobotsRules,
    answer_for_status,
)
from newsmill_shared.errors import EndedError
from newsmill_shared.http.deadline import Deadline
from newsmill_shared.http.messages import REDIRECT_STATUSES, Response, retry_after_seconds
from newsmill_shared.reasons import Reason
from newsmill_shared.urls import CanonicalURL

__all__ = ["NoSharedCache", "RobotsCache", "RobotsCopy", "RobotsGate"]

FRESH = timedelta(hours=24)
"""How long a copy is used unasked (RFC 9309, 2.4)."""

RETRY_STALE = timedelta(minutes=10)
"""How long an old copy is used before an unreachable host is asked again."""

MAX_REDIRECTS = 5
"""More redirects mean that there is no robots.txt (RFC 9309, 2.3.1.2)."""

MAX_REMEMBERED_BYTES = 16 * 1024 * 1024
"""Of robots.txt bodies whose rules a process keeps at hand; those used longest ago go first."""

_BYTES_EACH = 1_000
"""What an entry counts for besides its body."""


@dataclass(frozen=True, slots=True)
class RobotsCopy:
    """A robots.txt as a host answered it; an empty body allows everything."""

    body: bytes
    fetched_at: datetime


class RobotsCache(Protocol):
    """Copies that all ingest processes share, by origin (``https://example.org``)."""

    def get(self, origin: str) -> RobotsCopy | None:
        """Return the copy of this origin, however old."""

    def put(self, origin: str, copy: RobotsCopy) -> None:
        """Keep a copy of this origin."""


class NoSharedCache:
    """Shares nothing: each process fetches for itself."""

    def get(self, origin: str) -> RobotsCopy | None:  # noqa: ARG002 - a port's signature
        """Return None."""
        return None

    def put(self, origin: str, copy: RobotsCopy) -> None:
        """Forget the copy."""


@dataclass(frozen=True, slots=True)
class _Known:
    rules: RobotsRules
    until: datetime
    size: int


class _Memory:
    """Rules at hand, the most recently used of them; threads share it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._size = 0

    def get(self, origin: str) -> _Known | None:
        with self._lock:
            known = self._known.get(origin)
            if known is not None:
                self._known.move_to_end(origin)
            return known

    def put(self, origin: str, known: _Known) -> None:
        with self._lock:
            replaced = self._known.pop(origin, None)
            self._known[origin] = known
            self._size += known.size - (replaced.size if replaced else 0)
            while self._size > MAX_REMEMBERED_BYTES:
                self._size -= self._known.popitem(last=False)[1].size


class RobotsGate:
    """Says what robots.txt says, asking for it when no copy is fresh. Threads share it.

    Args:
        agent: The crawler's product token, e.g. ``newsmill``.
        fetcher: Asks for robots.txt; the same guard as for pages.
        cache: Copies shared with other processes.
        now: Reads the time.
    """

    def __init__(
        self,
        agent: str,
        *,
        fetcher: Fetcher,
        cache: RobotsCache,
        now: Callable[[], datetime],
    ) -> None:
        self._agent = agent
        self._fetcher = fetcher
        self._cache = cache
        self._now = now
        self._memory = _Memory()

    def rules(self, url: CanonicalURL, deadline: Deadline) -> RobotsRules:
        """Return the rules of the origin of ``url``.

        Raises:
            EndedError: With the reason ``robots_unreachable``: the origin does not say, and there
                is no older copy. (``blocked_address``, ``timeout``: as for a page.)
        """
        origin = f"{url.scheme}://{url.host}"
        now = self._now()
        known = self._memory.get(origin)
        if known is not None and now < known.until:
            return known.rules
        copy = self._cache.get(origin)
        if copy is not None and now < copy.fetched_at + FRESH:
            return self._remember(origin, copy, until=copy.fetched_at + FRESH)
        try:
            fresh = RobotsCopy(self._fetch(origin, deadline), now)
        except EndedError as error:
            if error.reason is not Reason.ROBOTS_UNREACHABLE:
                raise
            if copy is not None:
                return self._remember(origin, copy, until=now + RETRY_STALE)
            if known is not None:
                self._memory.put(origin, replace(known, until=now + RETRY_STALE))
                return known.rules
            raise
        self._cache.put(origin, fresh)
        return self._remember(origin, fresh, until=now + FRESH)

    def _remember(self, origin: str, copy: RobotsCopy, *, until: datetime) -> RobotsRules:
        rules = RobotsRules(copy.body, self._agent)
        self._memory.put(origin, _Known(rules, until, len(copy.body) + _BYTES_EACH))
        return rules

    def _fetch(self, origin: str, deadline: Deadline) -> bytes:
        """Return the body of an origin's robots.txt, empty if it has none."""
        url = f"{origin}/robots.txt"
        for _ in range(MAX_REDIRECTS + 1):
            response = self._ask(url, deadline)
            if response.status not in REDIRECT_STATUSES:
                return self._body(origin, response)
            url = read_location(url, response.location).url
        return b""

    def _ask(self, url: str, deadline: Deadline) -> Response:
        try:
            return self._fetcher.get(url, deadline=deadline, max_bytes=MAX_ROBOTS_BYTES, cut=True)
        except EndedError as error:
            if error.reason is Reason.BLOCKED_ADDRESS or deadline.expired:
                raise
            raise _unreachable(url, str(error)) from error

    def _body(self, origin: str, response: Response) -> bytes:
        match answer_for_status(response.status):
            case RobotsAnswer.RULES:
                return response.body
            case RobotsAnswer.ALLOW:
                return b""
            case RobotsAnswer.DENY:
                retry_after = retry_after_seconds(
                    response.headers.get("retry-after"), now=self._now()
                )
                raise _unreachable(origin, f"status {response.status}", retry_after)


def _unreachable(where: str, why: str, retry_after: float | None = None) -> EndedError:
    return EndedError(
        Reason.ROBOTS_UNREACHABLE,
        f"robots.txt of {where}: {why}",
        retry_after_seconds=retry_after,
    )
