"""What an X-Robots-Tag header asks of crawlers."""

import re
from collections.abc import Iterable

__all__ = ["is_noindex"]

_DIRECTIVES_WITH_VALUE = frozenset(
    {"max-snippet", "max-image-preview", "max-video-preview", "unavailable_after"}
)
_AGENT = re.compile(r"\s*([a-z0-9_.*-]+)\s*:")


def is_noindex(headers: Iterable[str], agent: str) -> bool:
    """Whether X-Robots-Tag headers ask ``agent``, by name or with all, not to keep the page.

    The form is Google's, the only one written down: directives separated by commas, perhaps
    after the name of a crawler and a colon. A name holds for the directives that follow it in its
    header, up to the next name.
    """
    return any(_forbids(header, agent.lower()) for header in headers)


def _forbids(header: str, agent: str) -> bool:
    applies = True
    for part in header.lower().split(","):
        directive = part
        named = _AGENT.match(part)
        if named and named[1] not in _DIRECTIVES_WITH_VALUE:
            applies = named[1] in (agent, "*")
            directive = part[named.end() :]
        if applies and directive.strip() in ("noindex", "none"):
            return True
    return False
