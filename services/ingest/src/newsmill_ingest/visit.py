"""One page from start to end in one go: chain after chain, wherever redirects lead.

For commands and measurements, which wait for one page and hold no host's slot. Workers run one
chain at a time (`newsmill_ingest.tasks`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from newsmill_ingest.chain import Arrived, Chain, Fetcher, Moved
from newsmill_shared.errors import EndedError
from newsmill_shared.http.deadline import Deadline
from newsmill_shared.http.messages import Validators
from newsmill_shared.reasons import Outcome
from newsmill_shared.urls import CanonicalURL, URLRefusedError, canonicalize

__all__ = ["Visit", "visit"]


@dataclass(frozen=True, slots=True)
class Visit:
    """How it went: a body, or an error, or neither if the page is unchanged."""

    status: int | None
    """Of the last response; None if there was none."""
    url: str
    """The last URL that was asked, or was to be asked."""
    body: bytes | None = None
    error: str | None = None
    """The reason and a line for people."""
    retry_after: float | None = None
    """Seconds that the host asked us to stay away."""


def visit(
    url: str,
    *,
    fetcher: Fetcher,
    deadline: Deadline,
    now: Callable[[], datetime],
    validators: Validators | None = None,
    permit: Callable[[CanonicalURL], None] = lambda _: None,
) -> Visit:
    """Fetch a page and follow its redirects, to other hosts too.

    Args:
        url: The page.
        fetcher: Makes the requests.
        deadline: Of the whole visit.
        now: Reads the time (aware).
        validators: Sent with the first request, and to no other page.
        permit: Called with each URL before it is asked; raises EndedError to refuse it.
    """
    chain: Chain | None = None
    last = url

    def note(target: CanonicalURL) -> None:
        nonlocal last
        last = target.url
        permit(target)

    try:
        start = canonicalize(url)
        known = {start.key: validators} if validators else {}
        step: Arrived | Moved = Moved(start, {})
        while isinstance(step, Moved):
            chain = Chain(
                fetcher=fetcher,
                permit=note,
                deadline=deadline,
                now=now,
                hops=chain.hops if chain else (),
                cookies=step.cookies,
            )
            step = chain.follow(step.target, known)
    except EndedError as ended:
        unchanged = ended.outcome is Outcome.UNCHANGED
        return Visit(
            chain.status if chain else None,
            last,
            error=None if unchanged else str(ended),
            retry_after=ended.retry_after_seconds,
        )
    except URLRefusedError as refused:
        return Visit(None, url, error=str(refused))
    return Visit(step.response.status, step.url.url, step.response.body)
