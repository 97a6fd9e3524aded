"""The offline command ``newsmill extract``: what the product makes of one page."""

import json
import mimetypes
import sys
import uuid
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urljoin

from newsmill_enrich.extraction import Extracted, extract
from newsmill_enrich.extraction.explain import explain as verdicts
from newsmill_shared.addresses import AddressPolicy
from newsmill_shared.errors import EndedError, SettingsError
from newsmill_shared.messages import Page
from newsmill_shared.settings import Settings

__all__ = ["extract_command"]

FETCH_SECONDS = 15.0
MAX_REDIRECTS = 10
USER_AGENT = "newsmill/0.1 (newsmill extract, asked by a person)"


def extract_command(
    source: str,
    url: str = "",
    timezone: str = "",
    media_type: str = "",
    explain: bool = False,
) -> None:
    """Print the record of a page as JSON. SOURCE is a file, a URL, or - for standard input.

    --url says where a file's page lies, --timezone (IANA name) whose local times it prints,
    --media-type what it is (text/html, text/plain). --explain adds each block of the page with the
    ground on which it was kept or dropped.
    """
    body, found_at, found_type = _read(source)
    place = url or found_at or "https://localhost/page"
    now = datetime.now(UTC)
    page = Page(
        fetch_id=uuid.UUID(int=0),
        url=place,
        url_key="",
        final_url=place,
        final_key="",
        fetched_at=now,
        sha256="",
        object="",
        size=len(body),
        media_type=media_type or found_type,
        timezone=timezone or None,
    )
    try:
        answer = _record(extract(body, page, now=now))
    except EndedError as error:
        answer = {"ended": str(error.reason), "outcome": str(error.outcome), "detail": error.detail}
    if explain:
        answer["blocks"] = _blocks(body, page, now)
    sys.stdout.write(json.dumps(answer, ensure_ascii=False, indent=2, default=str) + "\n")


def _record(record: Extracted) -> dict[str, object]:
    return dict(asdict(record))


def _blocks(body: bytes, page: Page, now: datetime) -> list[dict[str, object]]:
    try:
        return [asdict(verdict) for verdict in verdicts(body, page, now=now)]
    except EndedError:
        return []


def _read(source: str) -> tuple[bytes, str, str]:
    """The bytes of a source, its URL if it has one, and its media type."""
    if source == "-":
        return sys.stdin.buffer.read(), "", "text/html"
    if source.startswith(("http://", "https://")):
        return _fetch(source)
    path = Path(source)
    guessed, _ = mimetypes.guess_type(path.name)
    return path.read_bytes(), "", guessed or "text/html"


def _fetch(url: str) -> tuple[bytes, str, str]:
    """Fetch a page through the guard that the product itself fetches through."""
    # Late, so that files are read without the HTTP libraries.
    from newsmill_shared.http.client import GuardedClient  # noqa: PLC0415
    from newsmill_shared.http.deadline import Deadline  # noqa: PLC0415

    settings = Settings()
    policy = AddressPolicy.parse(settings.fetch_allow, settings.fetch_ports)
    client = GuardedClient(policy, user_agent=USER_AGENT)
    try:
        with Deadline(FETCH_SECONDS) as deadline:
            for _ in range(MAX_REDIRECTS):
                response = client.get(url, deadline=deadline)
                if response.location is None:
                    break
                url = urljoin(url, response.location)
    finally:
        client.close()
    if response.status != 200:
        raise SettingsError(f"{url} answered {response.status}")
    return response.body, url, response.media_type or "text/html"
