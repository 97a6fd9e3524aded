"""The one gate for text that is stored: what passes can be stored, logged and shown anywhere."""

import re

__all__ = ["MAX_LINE_CHARACTERS", "clean", "clean_line"]

MAX_LINE_CHARACTERS = 500

_LINE_BREAKS = re.compile("\r\n|[\r\v\f\x85\u2028\u2029]")
_DROPPED = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f"  # controls: PostgreSQL refuses NUL, terminals obey the others
    "\u202a-\u202e\u2066-\u2069"  # bidi embeddings, overrides and isolates: they hide the order
    "\ufeff\ufdd0-\ufdef\ufffe\uffff]"  # byte order mark and noncharacters
)


def clean(text: str) -> str:
    """Return ``text`` without what must not be stored; every line break is LF.

    Dropped are controls but for tab and line break, bidi overrides, noncharacters; halves of
    surrogate pairs are joined, or replaced by U+FFFD if alone. Letters stay as they are.
    """
    if not text.isascii():
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return _DROPPED.sub("", _LINE_BREAKS.sub("\n", text))


def clean_line(text: str, limit: int = MAX_LINE_CHARACTERS) -> str:
    """Return ``text`` as one clean line of at most ``limit`` characters, e.g. a title."""
    return " ".join(clean(text).split())[:limit].rstrip()
