"""The record that extraction makes of a page."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from pydantic import JsonValue

from newsmill_enrich.extraction.links import Links
from newsmill_shared.errors import EndedError

__all__ = ["Extracted", "UnarchivedError"]


class UnarchivedError(EndedError):
    """A page ends without an article, and asks that no copy of it be kept."""


@dataclass(frozen=True, slots=True)
class Extracted:
    """What a page says: its article and metadata, and the evidence for each field."""

    title: str
    """Empty when the page states none."""
    text: str
    """Paragraphs separated by ``\\n``; headings and list items are lines of their own."""
    published_at: datetime | None
    """UTC. None when the page does not say; never the time of the fetch."""
    modified_at: datetime | None
    authors: tuple[str, ...]
    """People and agencies, in the order of the page."""
    section_raw: str | None
    """The publisher's own name of the section, as written."""
    site_name: str | None
    canonical_url: str | None
    links: Links
    noarchive: bool
    """The page asks that no copy of it be kept."""
    image: str | None
    """URL of the lead image."""
    declared_languages: Mapping[str, str]
    """Where (``html``, ``og``, ``meta``, ``header``) -> the language tag declared there."""
    signals: Mapping[str, tuple[str, ...]]
    """The publisher's signals of topic, by kind; see ``signals.read_signals``."""
    evidence: dict[str, JsonValue]
    """Plain JSON: where each field was found, candidates, what was dropped by which rule."""
