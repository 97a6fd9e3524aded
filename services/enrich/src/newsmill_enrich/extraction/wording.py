"""What pages say around an article, in some fifty languages: comment forms, teasers, bylines.

The words lie in ``wording.json``. They only ever end or trim a text whose shape already speaks
for it; no rule here needs its language to be known.
"""

import json
import re
import unicodedata
from functools import lru_cache
from importlib import resources

__all__ = [
    "ends_sentence",
    "fold",
    "is_comment_form",
    "is_error_heading",
    "is_related_heading",
    "is_related_line",
    "is_section_name",
    "names_update",
    "strip_byline",
    "weight",
]

_SENTENCE_END = re.compile(r"[.!?…。！？؟۔।။።։]['\"”’»）)\]]*$")
_EDGES = re.compile(r"^[\W_]+|[\W_]+$")
_WIDE = re.compile("[\u2e80-\ud7ff\uf900-\ufaff\ufe30-\ufe4f\uff01-\uff60\U00020000-\U0003ffff]+")
CACHED_LENGTH = 200
_COUNT = re.compile(r"\s*[(\[]?\s*\d[\d.,]*\s*[)\]]?\s*")
_ARABIC_MARKS = re.compile("[\u064b-\u0652\u0640\u200c\u200f\u200e]")
_APOSTROPHES = str.maketrans(dict.fromkeys("‘’‚‛ʼʻ`´", "'") | {"\u00ad": None, "\u0307": None})

_UNFOLDED = re.compile(f"[{''.join(map(chr, _APOSTROPHES))}]")


def fold(text: str) -> str:
    """Return ``text`` for comparison: case, width, quotes, edges and runs of spaces aside."""
    return _fold_short(text) if len(text) <= CACHED_LENGTH else _fold(text)


def _fold(text: str) -> str:
    if text.isascii():
        text = text.lower().replace("`", "'")
    else:
        text = unicodedata.normalize("NFKC", text).casefold()
        if _UNFOLDED.search(text):
            text = text.translate(_APOSTROPHES)
        text = _ARABIC_MARKS.sub("", text)
    text = " ".join(text.split())
    if text and not (text[0].isalnum() and text[-1].isalnum()):
        text = _EDGES.sub("", text)
    return text


_fold_short = lru_cache(maxsize=4096)(_fold)
"""Menus, labels and headlines come again and again, on a page and from page to page."""


def _load() -> dict[str, frozenset[str]]:
    path = resources.files(__package__).joinpath("wording.json")
    lists: dict[str, list[str]] = json.loads(path.read_text(encoding="utf-8"))
    return {name: frozenset(map(fold, phrases)) for name, phrases in lists.items()}


_WORDS = _load()
_BYLINE = re.compile(
    rf"^(?:{'|'.join(sorted(map(re.escape, _WORDS['byline']), key=len, reverse=True))})"
    r"(?:\s*[:：/|]\s*|\s+)",
    re.IGNORECASE,
)
_MODIFIED = re.compile(
    "|".join(rf"\b{word}\b" if word.isascii() else word for word in _WORDS["modified"])
)
_CREDIT = re.compile(r"\s*[（(]?(?:记者|記者|기자|編集部|编辑)[）)]?\s*$")


def _phrase(text: str, limit: int) -> str:
    """The heading that a short line is, without a count such as ``(12)``; else nothing."""
    return fold(_COUNT.sub(" ", text)) if len(text) <= limit else ""


def ends_sentence(text: str) -> bool:
    """Tell whether a line ends as a sentence does, in any script."""
    return _SENTENCE_END.search(text) is not None


def is_comment_form(text: str) -> bool:
    """Tell whether a line is the heading of a comment form or of readers' comments."""
    return _phrase(text, 60) in _WORDS["comment_form"]


def is_related_heading(text: str) -> bool:
    """Tell whether a line is the heading of links to other articles."""
    return _phrase(text, 60) in _WORDS["related"]


def is_related_line(text: str) -> bool:
    """Tell whether a line is ``Read more: <a headline>`` in any language."""
    head, mark, rest = _lead(text)
    return bool(mark and rest) and is_related_heading(head)


def _lead(text: str) -> tuple[str, str, str]:
    match = re.match(r"([^:：|»>–]{3,40}?)\s*([:：|»>–]+)\s*(\S.*)", text)
    return (match[1], match[2], match[3]) if match else ("", "", "")


def is_section_name(text: str) -> bool:
    """Tell whether a line is the name of a usual section of a newspaper, and nothing more."""
    return _phrase(text, 40) in _WORDS["sections"]


def is_error_heading(text: str) -> bool:
    """Tell whether a title is that of an error page or of a check for robots."""
    phrase = fold(text)
    return bool(phrase) and any(
        phrase == known or (len(known) > 8 and known in phrase) for known in _WORDS["error_page"]
    )


def names_update(text: str) -> bool:
    """Tell whether the words beside a date say that it is the date of a change."""
    return _MODIFIED.search(fold(text)) is not None


def strip_byline(text: str) -> tuple[str, bool]:
    """Return a line without its leading ``By`` in any language, and whether it had one."""
    text = text.strip()
    stripped = _CREDIT.sub("", _BYLINE.sub("", text))
    return stripped.strip(" :：,，"), stripped != text


def weight(text: str) -> int:
    """The length of a text in Latin letters: a wide letter (CJK) says as much as three."""
    size = len(text)
    if text.isascii() or len(text.encode("utf-8", "replace")) < 1.4 * size:
        return size  # few letters beyond Latin's: no script whose letters are wide
    return size + 2 * (size - len(_WIDE.sub("", text)))
