"""Stand-ins for what ingest asks: hosts, robots.txt and the page store."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from newsmill_ingest.robots import RobotsRules
from newsmill_shared.errors import EndedError
from newsmill_shared.http.deadline import Deadline
from newsmill_shared.http.messages import Response
from newsmill_shared.messages import FetchPage, Hop, HostSettings, StoredFetch
from newsmill_shared.pages import StoredBody
from newsmill_shared.urls import CanonicalURL, canonicalize

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
JOB = UUID("01890000-0000-7000-8000-000000000001")
FETCH = UUID("01890000-0000-7000-8000-000000000002")
HTML = {"content-type": "text/html; charset=utf-8"}


@dataclass
class FakeHosts:
    """Answers by URL; what has no answer is a 404."""

    answers: dict[str, Response | EndedError] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    sent: list[dict[str, str]] = field(default_factory=list)

    def page(
        self,
        url: str,
        body: bytes = b"<p>News</p>",
        status: int = 200,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Answer with a page."""
        self.answers[url] = Response(url, status, HTML if headers is None else headers, body)

    def redirect(self, url: str, location: str | None, *set_cookies: str) -> None:
        """Answer with a redirect."""
        self.answers[url] = Response(url, 302, {}, b"", location, set_cookies)

    def fail(self, url: str, error: EndedError) -> None:
        """Fail as the client does."""
        self.answers[url] = error

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
        """Return or raise the answer, and write down the question."""
        deadline.left()
        self.asked.append(url)
        self.sent.append(dict(headers or {}))
        answer = self.answers.get(url, Response(url, 404))
        if isinstance(answer, EndedError):
            raise answer
        return answer


@dataclass
class FakeRobots:
    """One robots.txt for all hosts."""

    text: str = ""

    def rules(self, url: CanonicalURL, deadline: Deadline) -> RobotsRules:
        """Return the rules."""
        return RobotsRules(self.text.encode(), "newsmill")


@dataclass
class FakePages:
    """Keeps bodies in memory."""

    bodies: dict[str, bytes] = field(default_factory=dict)

    def put_raw(self, url_key: str, body: bytes, *, at: datetime) -> StoredBody:
        """Keep a body."""
        digest = hashlib.sha256(body).hexdigest()
        key = f"raw/{at:%Y/%m/%d}/{url_key}-{digest}"
        self.bodies[key] = body
        return StoredBody(key, digest, len(body))


def a_command(
    url: str = "https://news.example/a",
    *,
    target: str | None = None,
    hops: tuple[Hop, ...] = (),
    cookies: dict[str, str] | None = None,
    stored: StoredFetch | None = None,
    host: HostSettings | None = None,
) -> FetchPage:
    return FetchPage(
        job_id=JOB,
        attempt=1,
        epoch="e",
        url=url,
        url_key=canonicalize(url).key,
        target=target or url,
        hops=hops,
        cookies=cookies or {},
        claim_by=0,
        fetch_seconds=15,
        stored=stored,
        host=host or HostSettings(),
    )
