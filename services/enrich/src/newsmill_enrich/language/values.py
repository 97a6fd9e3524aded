"""What goes into language detection and what comes out."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import JsonValue

from newsmill_shared.messages import Language

__all__ = ["Detected", "Hints"]


@dataclass(frozen=True, slots=True)
class Hints:
    """Declarations around a text; they decide only what the text leaves open."""

    declared: Mapping[str, str] = field(default_factory=dict)
    """Declarations by where they stand: ``{"html": "en", "og": "en_US", "header": "en"}``."""
    host: str | None = None
    """The page's host, for its country-code top-level domain."""
    usual: Mapping[str, float] = field(default_factory=dict)
    """The site's usual languages with their shares (0-1), where known."""


@dataclass(frozen=True, slots=True)
class Detected:
    """The language of a document and why."""

    language: Language
    """Of title and text: BCP 47 tag (``und`` when it cannot be told), calibrated confidence 0-1."""
    evidence: dict[str, JsonValue]
    """``shares`` per language, ``paragraphs`` (bounded), ``title``, ``detectors``, ``hints``, and
    ``ground`` where the answer is ``und``."""
