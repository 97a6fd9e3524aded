"""Answers conformance suites with the product's own code, each in a few lines without a branch.

``python -m benchmarks.quality.conformance`` runs every suite of the evaluation data and prints
its rate; the exit status is 1 unless all strict cases pass. A suite's ``contract`` says what its
function takes and gives.
"""

import hashlib
import importlib.util
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from types import ModuleType

from markupsafe import escape

from benchmarks.data import shared_data
from newsmill_enrich.extraction import dates as written_dates
from newsmill_enrich.extraction import extract
from newsmill_ingest.robots import RobotsRules, answer_for_status
from newsmill_ingest.visit import visit
from newsmill_shared import decoding, feeds, json_text, sitemaps, text, urls
from newsmill_shared.addresses import AddressPolicy
from newsmill_shared.http.client import GuardedClient
from newsmill_shared.http.connection import resolve_by_system
from newsmill_shared.http.deadline import Deadline
from newsmill_shared.http.messages import Validators
from newsmill_shared.identity import new_id
from newsmill_shared.messages import Page
from newsmill_shared.settings import Settings

FUNCTIONS = {
    "ssrf_targets": "fetchable",
    "robots": "robots_allows",
    "robots_status": "robots_decision",
    "canonical": "canonical_url",
    "encoding_declared": "declared_encoding",
    "decode_pages": "decode_page",
    "json_bodies": "read_json",
    "feeds": "read_feed",
    "dates": "parse_date",
    "sitemaps": "read_sitemap",
    "strings_clean": "clean_text",
    "xss_render": "render_text",
}
"""Suite -> the function of this module that answers it."""

now = partial(datetime.now, UTC)


def fetchable(url: str) -> bool:
    """Whether the guard would let a connection go there."""
    target = urls.canonicalize(url)
    policy().admit(target)
    found = resolve_by_system(target.hostname.strip("[]"), target.port)
    return bool(found) and all(map(policy().permits_socket, found))


def robots_allows(robots: str | bytes, agent: str, url: str) -> bool:
    """Whether these rules let this crawler fetch a URL."""
    body = robots.encode() if isinstance(robots, str) else robots
    return RobotsRules(body, agent).allows(url)


def robots_decision(status: int | None) -> str:
    """What the status of a robots.txt means."""
    return str(answer_for_status(status))


def canonical_url(url: str) -> str:
    """The form that all spellings of a URL share."""
    return urls.canonicalize(url).canonical


def declared_encoding(data: bytes) -> str:
    """The encoding a browser would use."""
    return decoding.declared_encoding(data)


def decode_page(body: bytes, content_type: str | None) -> str:
    """The text of a page."""
    return decoding.decode(body, content_type).text


def read_json(body: bytes) -> object:
    """The value a JSON body holds."""
    return json_text.read_json(body)


def read_feed(body: bytes) -> dict[str, object]:
    """The links of a feed."""
    feed = feeds.read_feed(body)
    return {"feed": asdict(feed), "entries": list(map(_dated, feed.entries))}


def parse_date(text: str, tz: str) -> str | None:
    """The time that a text states, in UTC."""
    context = written_dates.Context(now(), zone=written_dates.to_zone(tz), zone_name=tz)
    moment = written_dates.parse_date(text, context)
    return _iso(moment.at) if moment else None


def read_sitemap(body: bytes) -> dict[str, object]:
    """The links of a sitemap."""
    sitemap = sitemaps.read_sitemap(body)
    dates = [entry.published_at or entry.modified_at for entry in sitemap.entries]
    titles = [entry.title for entry in sitemap.entries if entry.title]
    locs = [entry.url for entry in sitemap.entries]
    return {"kind": sitemap.kind, "locs": locs, "titles": titles, "dates": _isos(dates)}


def clean_text(title: str) -> str:
    """A title, safe to store and show."""
    return text.clean_line(title)


def render_text(value: str) -> str:
    """A text as the templates put it into a page: Jinja2's autoescape is this function."""
    return str(escape(value))


def fetch_page(
    url: str,
    *,
    max_bytes: int,
    deadline: float,
    etag: str | None = None,
    last_modified: str | None = None,
) -> dict[str, object]:
    """A page fetched with all guards, redirects to other hosts included."""
    client = GuardedClient(policy(), user_agent="newsmill", max_bytes=max_bytes)
    conditions = Validators(etag, last_modified)
    with Deadline(deadline) as limit:
        return asdict(visit(url, fetcher=client, deadline=limit, now=now, validators=conditions))


def extract_page(body: bytes, url: str) -> dict[str, str]:
    """What a page says."""
    record = extract(body, _supplied(body, url), now=now())
    return {"title": record.title, "text": record.text}


def policy() -> AddressPolicy:
    """The address policy of this environment (``NEWSMILL_FETCH_ALLOW``)."""
    return AddressPolicy.parse(Settings().fetch_allow)


def _supplied(body: bytes, url: str) -> Page:
    key = urls.canonicalize(url).key
    return Page(
        fetch_id=new_id(),
        url=url,
        url_key=key,
        final_url=url,
        final_key=key,
        fetched_at=now(),
        sha256=hashlib.sha256(body).hexdigest(),
        object="",
        size=len(body),
        media_type="text/html",
        supplied=True,
    )


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")


def _isos(moments: list[datetime | None]) -> list[str]:
    return [_iso(moment) for moment in moments if moment]


def _dated(entry: feeds.FeedEntry) -> dict[str, object]:
    """Name an entry's times as the suite does."""
    published, updated = entry.published_at, entry.updated_at
    return asdict(entry) | {
        "published": _iso(published) if published else None,
        "updated": _iso(updated) if updated else None,
    }


def main() -> int:
    """Run every suite and print its rate."""
    folder = shared_data("conformance")
    harness = _load(folder / "run.py")
    results = [
        harness.run(suite, f"{__name__}:{function}", fails=10)
        for suite, function in FUNCTIONS.items()
    ]
    return int(any(passed < total for passed, total in (result["strict"] for result in results)))


def _load(path: object) -> ModuleType:
    spec = importlib.util.spec_from_file_location("conformance_harness", str(path))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    sys.exit(main())
