"""One chain of requests on one host: a page and the redirects that stay on its host."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from newsmill_shared.errors import EndedError
from newsmill_shared.http.cookies import Cookies
from newsmill_shared.http.deadline import Deadline
from newsmill_shared.http.messages import (
    PAGE_TYPES,
    REDIRECT_STATUSES,
    Response,
    Validators,
    retry_after_seconds,
)
from newsmill_shared.messages import Hop, HostSettings
from newsmill_shared.reasons import Reason
from newsmill_shared.urls import CanonicalURL, URLRefusedError, canonicalize, resolve_reference

__all__ = ["MAX_HOPS", "Arrived", "Chain", "Fetcher", "Moved", "read_location"]

MAX_HOPS = 10
"""A chain that is redirected more often, over all its hosts, is given up."""


class Fetcher(Protocol):
    """Asks for one URL; `newsmill_shared.http.client.GuardedClient` is one."""

    def get(
        self,
        url: str,
        *,
        deadline: Deadline,
        headers: Mapping[str, str] | None = None,
        media_types: frozenset[str] | None = None,
        max_bytes: int | None = None,
        cut: bool = False,
    ) -> Response:
        """Return the response, or raise EndedError."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """The page: status 200 and a body."""

    url: CanonicalURL
    response: Response


@dataclass(frozen=True, slots=True)
class Moved:
    """A redirect leads to another host, where this chain may not go."""

    target: CanonicalURL
    cookies: dict[str, str]


class Chain:
    """A page and the redirects that stay on its host.

    Args:
        fetcher: Makes the requests.
        permit: Called with each URL before it is asked; raises EndedError to refuse it.
        deadline: Of the chain.
        now: Read when a host says until when to stay away.
        hops: Redirects followed so far, on other hosts.
        cookies: As an earlier part of the chain carried them (`Moved.cookies`).
        host: What the operator has set for the chain's host.
    """

    def __init__(
        self,
        *,
        fetcher: Fetcher,
        permit: Callable[[CanonicalURL], None],
        deadline: Deadline,
        now: Callable[[], datetime],
        hops: tuple[Hop, ...] = (),
        cookies: Mapping[str, str] | None = None,
        host: HostSettings | None = None,
    ) -> None:
        self._host = host or HostSettings()
        self._fetcher = fetcher
        self._permit = permit
        self._deadline = deadline
        self._now = now
        self._cookies = Cookies(cookies)
        self.hops = hops
        """Redirects followed so far, on all hosts."""
        self.status: int | None = None
        """Of the last response."""

    def follow(
        self, start: CanonicalURL, validators: Mapping[str, Validators] | None = None
    ) -> Arrived | Moved:
        """Ask for ``start`` and follow its redirects as long as they stay on its host.

        Args:
            start: Where to ask first.
            validators: By the key of the page that they were given for; sent to it alone.

        Raises:
            EndedError: The chain ended without a page: ``not_modified``, ``redirect``,
                ``http_404``, ``protocol``, ... and whatever the fetcher and ``permit`` raise.
        """
        url = start
        own = _OperatorsOwn(self._host, start)
        while True:
            known = validators.get(url.key) if validators else None
            conditions = known.headers() if known else {}
            response = self._ask(url, conditions, own)
            if response.status not in REDIRECT_STATUSES:
                _check_final(response, conditional=bool(conditions), now=self._now())
                return Arrived(url, response)
            self.hops = (*self.hops, Hop(url=url.url, status=response.status))
            if len(self.hops) > MAX_HOPS:
                raise EndedError(Reason.REDIRECT, f"more than {MAX_HOPS} redirects")
            target = read_location(url.url, response.location)
            if target.host != start.host:
                return Moved(target, self._cookies.dump())
            url = target

    def _ask(
        self, url: CanonicalURL, conditions: Mapping[str, str], own: "_OperatorsOwn"
    ) -> Response:
        self._permit(url)
        cookie = "; ".join(filter(None, (own.cookies(url), self._cookies.header(url))))
        response = self._fetcher.get(
            url.url,
            deadline=self._deadline,
            headers={**own.headers(url), **conditions, **({"Cookie": cookie} if cookie else {})},
            media_types=PAGE_TYPES,
        )
        self.status = response.status
        self._cookies.absorb(url, response.set_cookies)
        return response


class _OperatorsOwn:
    """What the operator has the chain's host be sent.

    Never in clear where the chain began encrypted, and not among the cookies that move on with
    the chain.
    """

    def __init__(self, host: HostSettings, start: CanonicalURL) -> None:
        self._start = start
        self._headers = host.headers
        self._cookies = "; ".join(f"{name}={value}" for name, value in host.cookies.items())

    def headers(self, url: CanonicalURL) -> Mapping[str, str]:
        return self._headers if self._may_be_sent(url) else {}

    def cookies(self, url: CanonicalURL) -> str:
        return self._cookies if self._may_be_sent(url) else ""

    def _may_be_sent(self, url: CanonicalURL) -> bool:
        return url.host == self._start.host and url.scheme in ("https", self._start.scheme)


def read_location(base: str, location: str | None) -> CanonicalURL:
    """Return where a redirect leads.

    Raises:
        EndedError: With the reason ``redirect``: nowhere, or to what is no http(s) URL.
    """
    if not (location or "").strip():
        raise EndedError(Reason.REDIRECT, "the redirect names no target")
    try:
        return canonicalize(resolve_reference(base, location or ""))
    except URLRefusedError as refused:
        raise EndedError(Reason.REDIRECT, f"the redirect's target: {refused}") from refused


def _check_final(response: Response, *, conditional: bool, now: datetime) -> None:
    """Raise EndedError unless the response brings a page."""
    status = response.status
    if status == 200:
        if not response.body:
            raise EndedError(Reason.PROTOCOL, "the page is empty")
        return
    if status == 304 and conditional:
        raise EndedError(Reason.NOT_MODIFIED, "status 304")
    retry_after = retry_after_seconds(response.headers.get("retry-after"), now=now)
    raise EndedError(_reason_for(status), f"status {status}", retry_after_seconds=retry_after)


def _reason_for(status: int) -> Reason:
    exact = {404: Reason.HTTP_404, 410: Reason.HTTP_410, 429: Reason.HTTP_429}
    if status in exact:
        return exact[status]
    if 400 <= status < 500:
        return Reason.HTTP_4XX
    if 500 <= status < 600:
        return Reason.HTTP_5XX
    return Reason.PROTOCOL
