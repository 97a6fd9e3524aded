"""Whether two readings of a page say the same: a glance, for pages that claim to be one."""

import re

__all__ = ["shared_share"]

_SHINGLE = 8
_LETTERS_READ = 20_000
_NO_LETTERS = re.compile(r"[\W_]+")


def shared_share(text: str, other: str) -> tuple[float, float]:
    """Return which share of ``text`` is in ``other``, and of ``other`` in ``text``, 0 to 1.

    Compared are runs of eight letters or digits, in whatever order, of the first 20,000; case,
    spaces and punctuation do not count. What has no letters shares nothing.
    """
    own, others = _shingles(text), _shingles(other)
    both = len(own & others)
    return both / max(len(own), 1), both / max(len(others), 1)


def _shingles(text: str) -> set[str]:
    letters = _NO_LETTERS.sub("", text.casefold())[:_LETTERS_READ]
    if not letters:
        return set()
    return {letters[i : i + _SHINGLE] for i in range(max(1, len(letters) - _SHINGLE + 1))}
