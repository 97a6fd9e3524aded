"""What a page asks of crawlers: X-Robots-Tag headers and meta elements, in one reading.

The forms are Google's and Bing's, the only ones written down
(developers.google.com/search/docs/crawling-indexing/robots-meta-tag).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from newsmill_shared.dates import read_time

__all__ = ["AGENT", "Directives", "read_robots_metas", "read_robots_tags"]

AGENT = "newsmill"
"""Our product token: the name by which robots.txt files and robots tags speak of us."""

_VALUED = frozenset({"max-snippet", "max-image-preview", "max-video-preview", "unavailable_after"})
_AGENT = re.compile(r"\s*([a-z0-9_.*-]+)\s*:")
# A date has commas and colons of its own; it ends where the next directive begins.
_EXPIRY = re.compile(r"unavailable[_-]after\s*:\s*(.*?)\s*(?=,\s*[a-z_*.-]+\s*(?:[,:]|$)|$)")
_SEPARATORS = re.compile(r"[\s;]+")


@dataclass(frozen=True, slots=True)
class Directives:
    """What is asked of us, by name or with all."""

    noindex: bool = False
    """The page is not to be kept at all."""
    noarchive: bool = False
    """No copy of the page is to be kept or shown."""
    unavailable_after: datetime | None = None
    """From then on as ``noindex``."""

    def __or__(self, other: "Directives") -> "Directives":
        """Return what either asks: the stricter always holds."""
        times = [at for at in (self.unavailable_after, other.unavailable_after) if at]
        return Directives(
            self.noindex or other.noindex,
            self.noarchive or other.noarchive,
            min(times, default=None),
        )

    def forbids(self, now: datetime) -> bool:
        """Whether the page is not to be kept, at this time."""
        return self.noindex or (self.unavailable_after is not None and self.unavailable_after < now)


def read_robots_tags(headers: Iterable[str], agent: str) -> Directives:
    """Return what X-Robots-Tag headers ask of ``agent``, each header given by itself.

    Directives are separated by commas, perhaps after the name of a crawler and a colon. A name
    holds for the directives that follow it in its header, up to the next name.
    """
    found = Directives()
    for header in headers:
        found |= _read(header, agent.lower())
    return found


def read_robots_metas(metas: Iterable[tuple[str, str]], agent: str) -> Directives:
    """Return what meta elements ask of ``agent``, given as pairs of name and content.

    The name is ``robots`` or a crawler's; ``x-robots-tag`` (of ``http-equiv``) is read as the
    header. Case does not matter, nor where in the document an element stands.
    """
    found = Directives()
    for name, content in metas:
        names = {one.strip() for one in name.lower().split(",")}
        if "x-robots-tag" in names:
            found |= _read(content, agent.lower())
        elif names & {"robots", agent.lower()}:
            found |= _read(content, agent.lower(), named=False)
    return found


def _read(text: str, agent: str, *, named: bool = True) -> Directives:
    """Read a list of directives, which may name crawlers."""
    found = Directives()
    applies = True
    dates: list[str] = []

    def set_aside(match: re.Match[str]) -> str:
        dates.append(match[1])
        return f"unavailable_after {len(dates) - 1}"

    # One space at most in a row: else a header of spaces would be searched again from each.
    plain = " ".join(text.lower().split())
    for part in _EXPIRY.sub(set_aside, plain).split(","):
        directive = part
        name = _AGENT.match(part)
        if named and name and name[1] not in _VALUED:
            applies = name[1] in (agent, "*")
            directive = part[name.end() :]
        words = _SEPARATORS.split(directive.strip())
        if applies:
            found |= Directives(
                noindex=not {"noindex", "none"}.isdisjoint(words),
                noarchive=not {"noarchive", "nocache", "none"}.isdisjoint(words),
                unavailable_after=read_time(dates[int(words[1])]) if _is_expiry(words) else None,
            )
    return found


def _is_expiry(words: list[str]) -> bool:
    return len(words) == 2 and words[0] == "unavailable_after" and words[1].isdecimal()
