"""What ingest does with a message: fetch one page, politely, and say how it went."""

import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import Protocol
from uuid import UUID

from newsmill_ingest.chain import Arrived, Chain, Fetcher, Moved
from newsmill_ingest.robots import RobotsRules
from newsmill_shared.errors import EndedError
from newsmill_shared.http.deadline import Deadline
from newsmill_shared.http.messages import Validators
from newsmill_shared.messages import FetchPage, Hop, Page, PageFetched, StoredFetch
from newsmill_shared.pages import StoredBody
from newsmill_shared.queue.notes import EndedNote, FetchedNote, MovedNote
from newsmill_shared.reasons import Outcome, Reason
from newsmill_shared.robots_tags import AGENT, Directives, read_robots_tags
from newsmill_shared.text import clean_line
from newsmill_shared.urls import CanonicalURL, URLRefusedError, canonicalize

__all__ = ["KEPT_HEADERS", "Pages", "Robots", "fetch_page"]

KEPT_HEADERS = (
    "content-type",
    "content-language",
    "content-location",
    "date",
    "etag",
    "last-modified",
    "link",
    "x-robots-tag",
)
"""Response headers that later stages read, or that the next request repeats."""

_VALIDATORS = ("etag", "last-modified")
_MAX_HEADER_CHARACTERS = 4096


class Robots(Protocol):
    """Knows what hosts allow; `newsmill_ingest.robots_gate.RobotsGate` is one."""

    def rules(self, url: CanonicalURL, deadline: Deadline) -> RobotsRules:
        """Return the rules for this URL's origin, or raise EndedError."""


class Pages(Protocol):
    """Keeps bodies; `newsmill_shared.pages.PageStore` is one."""

    def put_raw(self, url_key: str, body: bytes, *, at: datetime) -> StoredBody:
        """Store a page's body."""


def fetch_page(
    command: FetchPage,
    *,
    fetcher: Fetcher,
    robots: Robots,
    pages: Pages,
    deadline: Deadline,
    now: Callable[[], datetime],
    new_id: Callable[[], UUID],
) -> FetchedNote | EndedNote | MovedNote:
    """Run one chain for ``command`` and return the one note that it ends in.

    Args:
        command: What to fetch.
        fetcher: Makes the requests.
        robots: Says what the host allows.
        pages: Takes the body.
        deadline: Of the chain; entered by the caller. What its hook raises passes through.
        now: Reads the time (aware).
        new_id: Makes the fetch's id, a UUIDv7.

    Raises:
        TransientError: The page store is away; the chain has no note yet.
    """
    delay: float | None = None

    def permit(url: CanonicalURL) -> None:
        nonlocal delay
        if command.host.ignore_robots:
            return
        rules = robots.rules(url, deadline)
        delay = rules.crawl_delay_seconds or 0.0
        if not rules.allows(url.url):
            raise EndedError(Reason.ROBOTS, f"robots.txt of {url.host} disallows it")

    chain = Chain(
        fetcher=fetcher,
        permit=permit,
        deadline=deadline,
        now=now,
        hops=command.hops,
        cookies=command.cookies,
        host=command.host,
    )
    stored = command.stored
    try:
        end = chain.follow(_start(command), _validators(stored))
        asked = _check_tags(end, now())
        _check_changed(end, stored)
    except EndedError as error:
        return EndedNote(
            job_id=command.job_id,
            attempt=command.attempt,
            crawl_delay_seconds=delay,
            reason=error.reason,
            detail=clean_line(error.detail),
            status=chain.status,
            retry_after_seconds=error.retry_after_seconds,
            hops=chain.hops,
            unchanged=stored.fetch_id if stored and error.outcome is Outcome.UNCHANGED else None,
        )
    if isinstance(end, Moved):
        return MovedNote(
            job_id=command.job_id,
            attempt=command.attempt,
            crawl_delay_seconds=delay,
            target=end.target.url,
            hops=chain.hops,
            cookies=end.cookies,
        )
    return FetchedNote(
        job_id=command.job_id,
        attempt=command.attempt,
        crawl_delay_seconds=delay,
        message=PageFetched(
            job_id=command.job_id,
            attempt=command.attempt,
            epoch=command.epoch,
            page=_page(command, chain.hops, end, asked, pages=pages, at=now(), fetch_id=new_id()),
            languages=command.languages,
        ),
    )


def _start(command: FetchPage) -> CanonicalURL:
    try:
        return canonicalize(command.target)
    except URLRefusedError as refused:
        raise EndedError(Reason.PROTOCOL, str(refused)) from refused


def _validators(stored: StoredFetch | None) -> dict[str, Validators]:
    return {stored.url_key: Validators(stored.etag, stored.last_modified)} if stored else {}


def _check_changed(end: Arrived | Moved, stored: StoredFetch | None) -> None:
    """Raise EndedError if the page's bytes are those of the stored fetch."""
    if stored is None or isinstance(end, Moved) or end.url.key != stored.url_key:
        return
    if hashlib.sha256(end.response.body).hexdigest() == stored.sha256:
        raise EndedError(Reason.SAME_CONTENT, "the page is the same as when it was stored")


def _check_tags(end: Arrived | Moved, now: datetime) -> Directives:
    """Return what the response's headers ask; raises EndedError if that is not to keep it."""
    if isinstance(end, Moved):
        return Directives()
    asked = read_robots_tags(end.response.robots_tags, AGENT)
    if asked.forbids(now):
        raise EndedError(Reason.NOINDEX, "an X-Robots-Tag header asks not to keep the page")
    return asked


def _page(
    command: FetchPage,
    hops: tuple[Hop, ...],
    end: Arrived,
    asked: Directives,
    *,
    pages: Pages,
    at: datetime,
    fetch_id: UUID,
) -> Page:
    body = end.response.body
    stored = pages.put_raw(end.url.key, body, at=at)
    return Page(
        fetch_id=fetch_id,
        url=command.url,
        url_key=command.url_key,
        final_url=end.url.url,
        final_key=end.url.key,
        hops=hops,
        status=end.response.status,
        headers=_kept(end),
        fetched_at=at,
        sha256=stored.sha256,
        object=stored.object,
        size=stored.size,
        media_type=end.response.media_type or _guessed_type(body),
        timezone=command.timezone,
        noarchive=asked.noarchive,
    )


def _kept(end: Arrived) -> dict[str, str]:
    """Return headers worth keeping, clean; a validator that is not clean is of no use."""
    given = {name: end.response.headers.get(name, "") for name in KEPT_HEADERS}
    clean = {name: clean_line(value, _MAX_HEADER_CHARACTERS) for name, value in given.items()}
    return {
        name: value
        for name, value in clean.items()
        if value and (name not in _VALIDATORS or value == given[name])
    }


def _guessed_type(body: bytes) -> str:
    """Return a type for a body that came without one."""
    return "text/html" if body.lstrip()[:1] == b"<" else "text/plain"
