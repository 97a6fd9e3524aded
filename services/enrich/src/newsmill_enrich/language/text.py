"""Text made ready for detection: what carries no language is dropped, the rest cut to passages."""

import html
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

__all__ = ["MAX_CHARACTERS", "Passage", "clean", "sample", "split_passages"]

MAX_CHARACTERS: Final = 200_000
"""A text is read up to here; what a longer one is written in shows long before."""

_PASSAGE_CHARACTERS: Final = 600
_SHORT_LINE_WEIGHT: Final = 0.25

_TAG = re.compile(r"<[^<>]{1,200}>")
_MAIL = re.compile(r"[^\s@]{1,64}@[^\s@]{1,190}\.\w{2,}")
_URL = re.compile(
    r"(?:\b[a-z]{2,6}://|\bwww\.)\S+"
    r"|\b[\w-]{1,63}(?:\.[\w-]{1,63}){0,4}\.(?:com|org|net|info|io|co|gov|edu|tv|me|eu|[a-z]{2})"
    r"(?:/\S*|\b(?![.\w]))",
    re.IGNORECASE | re.ASCII,
)
_HANDLE = re.compile(r"(?<!\w)[@#]\w+")
_PATH = re.compile(r"(?<!\S)(?:[A-Za-z]:\\|/)\S+")
_CONTROL = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufffd"
    r"\ud800-\udfff\U000e0000-\U000e007f]"
)
_CODE = re.compile(r"(?<![^\W_])(?=[A-Za-z+/=_-]*\d)[A-Za-z0-9+/=_-]{9,}(?![^\W_])")
_DIGIT = re.compile(r"\d")
_SENTENCE_END = re.compile(r"[.!?…。！？।؟۔։][\"'»”)\]]*\s*$")


def clean(text: str) -> str:
    """The text without URLs, addresses, handles, markup, controls and codes, in NFC.

    Lone surrogates are dropped; a text in capitals is lowered, as the detectors learned from
    sentences. Line breaks stay.
    """
    if "<" in text:
        text = _TAG.sub(" ", text)
    if "&" in text:
        text = html.unescape(text)
    if "@" in text:
        text = _MAIL.sub(" ", text)
    if "." in text or "://" in text:
        text = _URL.sub(" ", text)
    if "@" in text or "#" in text:
        text = _HANDLE.sub(" ", text)
    if "/" in text or "\\" in text:
        text = _PATH.sub(" ", text)
    if not text.isprintable():
        text = _CONTROL.sub(" ", text)
    if _DIGIT.search(text):
        text = _CODE.sub(" ", text)
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    return _lower_capitals(text)


def _lower_capitals(text: str) -> str:
    letters = [character for character in text[:400] if character.isalpha()]
    if len(letters) > 3 and sum(map(str.isupper, letters)) > 0.6 * len(letters):
        return text.replace("İ", "i").lower()
    return text


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of a text that is judged as one: a paragraph, or a part of a long one."""

    line: int
    """Index of its line among the non-empty lines of the text."""
    text: str
    weight: float
    """How much a letter of it counts: short lines are menus, captions and bylines."""


def is_prose(line: str) -> bool:
    """Whether a line reads like sentences rather than like a menu or a caption."""
    return len(line) >= 80 or (len(line) >= 35 and _SENTENCE_END.search(line) is not None)


def split_passages(text: str) -> list[Passage]:
    """A clean text's passages: one a line, long lines cut at spaces."""
    lines = [line for line in map(str.strip, text.split("\n")) if line]
    return [
        Passage(index, piece, 1.0 if is_prose(line) else _SHORT_LINE_WEIGHT)
        for index, line in enumerate(lines)
        for piece in _pieces(line)
    ]


def _pieces(line: str) -> list[str]:
    pieces = []
    while len(line) > _PASSAGE_CHARACTERS * 1.3:
        cut = line.rfind(" ", _PASSAGE_CHARACTERS // 2, _PASSAGE_CHARACTERS)
        cut = cut if cut > 0 else _PASSAGE_CHARACTERS
        pieces.append(line[:cut])
        line = line[cut:].lstrip()
    return [*pieces, line]


def sample(passages: Sequence[Passage], limit: int) -> list[Passage]:
    """At most ``limit`` passages, spread over the text, prose first."""
    if len(passages) <= limit:
        return list(passages)
    prose = [passage for passage in passages if passage.weight == 1.0]
    chosen = prose if len(prose) >= limit else list(passages)
    return [chosen[i * len(chosen) // limit] for i in range(min(limit, len(chosen)))]
