"""Reads datelines: lines that say when, perhaps under which rubric, and little else."""

import re
import unicodedata
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from newsmill_enrich.extraction.dates import WEEKDAYS, Context, Moment, find_dates, normalise
from newsmill_enrich.extraction.wording import names_update

__all__ = ["Dateline", "read_dateline", "slug", "slug_words"]

_LETTER = re.compile(r"[^\W\d_]")
_REMAINDER = re.compile(r"[\s|/·•,;:()\[\]–—\-]+")


@dataclass(frozen=True, slots=True)
class Dateline:
    """A line that says when, and perhaps under which rubric or whether it was a change."""

    moment: Moment
    rest: str
    """The words beside the date, with weekdays removed."""
    is_update: bool


def read_dateline(text: str, context: Context) -> Dateline | None:
    """Return what a line says of a date if it says little else (three words, 30 letters)."""
    if len(text) > 120:
        return None
    found = find_dates(text, context)
    if not found:
        return None
    plain = normalise(text)
    rest = text if len(plain) == len(text) else plain
    for match in reversed(found):
        rest = f"{rest[: match.start]} | {rest[match.end :]}"
    words = [
        word
        for word in _REMAINDER.split(rest)
        if word and normalise(word).strip(".") not in WEEKDAYS
    ]
    letters = sum(len(_LETTER.findall(word)) for word in words)
    if letters > 30 or len(words) > 6:
        return None
    update = names_update(" ".join(words))
    if len(found) > 1 and update:
        update = names_update(rest[: rest.index("|")])
    return Dateline(found[0].moment, " ".join(words), update)


def slug_words(url: str) -> frozenset[str]:
    """The folders of a URL's path as words: ``/en/great-east/nato`` -> ``great east``, ``en``."""
    parts = unquote(urlsplit(url).path).split("/")[:-1]
    return frozenset(re.sub(r"[-_+]+", " ", part).casefold() for part in parts if part)


def slug(text: str) -> str:
    """A label as a folder of a URL spells it, with spaces: ``Great-East`` -> ``great east``."""
    plain = unicodedata.normalize("NFKD", text.replace("ə", "e").replace("ı", "i"))
    plain = "".join(c for c in plain if not unicodedata.combining(c)).casefold()
    return re.sub(r"[\W_]+", " ", plain).strip()
