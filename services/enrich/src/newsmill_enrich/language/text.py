"""Text made ready for detection: what carries no language is dropped, the rest cut to passages."""

import html
import re
import string
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

__all__ = ["Passage", "clean", "cut", "is_prose", "sample", "split_passages"]

_MAX_CHARACTERS: Final = 24_000
_CUTS: Final = 6

_PASSAGE_CHARACTERS: Final = 600
_SHORT_LINE_WEIGHT: Final = 0.25
_SHORT_LINES_CHARACTERS: Final = 150

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
_CODE = re.compile(
    r"(?<![^\W_])(?=[A-Za-z+/=_-]*\d)[A-Za-z0-9+/=_-]{9,}(?![^\W_])|\b[A-Za-z]+[0-9]\w*"
)
_CAPITAL = re.compile(r"[A-ZÀ-ÖØ-ÞĀĂĄĆČĎĐĒĖĘĚĞĢĪĮİĶĹĻĽŁŃŅŇŐŒŔŘŚŞŠŢŤŪŮŰŲŹŻŽƏȘȚΑ-ΩЀ-ЯҐҒҚҢҮҰҺӘӨԱ-Ֆ]")
_INNER_DOT = re.compile(r"\.[A-Za-z]")
_DIGITS = re.compile(r"[0-9]+")
_LETTERS: Final = frozenset(string.ascii_letters)
_SENTENCE_END = re.compile(r"[.!?…。！？।؟۔։][\"'»”)\]]*\s*$")


def cut(text: str) -> str:
    """A text of any size as at most 24,000 characters: stretches from its start to its end."""
    if len(text) <= _MAX_CHARACTERS:
        return text
    size = _MAX_CHARACTERS // _CUTS
    step = (len(text) - size) // (_CUTS - 1)
    return "\n".join(text[start * step : start * step + size] for start in range(_CUTS))


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
    if "://" in text or _INNER_DOT.search(text):
        text = _URL.sub(" ", text)
    if "@" in text or "#" in text:
        text = _HANDLE.sub(" ", text)
    if "/" in text or "\\" in text:
        text = _PATH.sub(" ", text)
    if not text.replace("\n", "").isprintable():
        text = _CONTROL.sub(" ", text)
    if _may_hold_codes(text):
        text = _CODE.sub(" ", text)
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    return _lower_capitals(text)


def _may_hold_codes(text: str) -> bool:
    """Whether a digit follows a letter, or a letter stands between digits: ``a1``, ``0x7f``."""
    for digits in _DIGITS.finditer(text):
        start, end = digits.span()
        if text[start - 1 : start] in _LETTERS:
            return True
        if text[end : end + 1] in _LETTERS and text[end + 1 : end + 2].isdigit():
            return True
    return False


def _lower_capitals(text: str) -> str:
    start = text[:400]
    capitals = len(_CAPITAL.findall(start))
    if capitals > max(2, 0.3 * len(start)) and capitals > 0.6 * sum(map(str.isalpha, start)):
        return text.replace("İ", "i").lower()
    return text


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of a text that is judged as one: a paragraph, a part of one, or a few short lines."""

    first: int
    """Index of its first line among the non-empty lines of the text."""
    last: int
    """Index of its last line."""
    text: str
    weight: float
    """How much a letter of it counts: short lines are menus, captions and bylines."""


def is_prose(line: str) -> bool:
    """Whether a line reads like sentences rather than like a menu or a caption."""
    return len(line) >= 80 or (len(line) >= 35 and _SENTENCE_END.search(line) is not None)


def split_passages(text: str) -> list[Passage]:
    """A clean text's passages: long lines cut at spaces, runs of short ones put together."""
    passages: list[Passage] = []
    lines = [line for line in map(str.strip, text.split("\n")) if line]
    for index, line in enumerate(lines):
        if is_prose(line):
            passages += [Passage(index, index, piece, 1.0) for piece in _pieces(line)]
            continue
        before = passages[-1] if passages else None
        if before and before.weight < 1.0 and len(before.text) < _SHORT_LINES_CHARACTERS:
            joined = f"{before.text}\n{line}"
            passages[-1] = Passage(before.first, index, joined, _SHORT_LINE_WEIGHT)
        else:
            passages.append(Passage(index, index, line, _SHORT_LINE_WEIGHT))
    return passages


def _pieces(line: str) -> list[str]:
    pieces = []
    while len(line) > _PASSAGE_CHARACTERS * 1.3:
        cut_at = line.rfind(" ", _PASSAGE_CHARACTERS // 2, _PASSAGE_CHARACTERS)
        cut_at = cut_at if cut_at > 0 else _PASSAGE_CHARACTERS
        pieces.append(line[:cut_at])
        line = line[cut_at:].lstrip()
    return [*pieces, line]


def sample(passages: Sequence[Passage], limit: int) -> list[Passage]:
    """At most ``limit`` passages, prose before short lines, each spread over the text."""
    if len(passages) <= limit:
        return list(passages)
    prose = [passage for passage in passages if passage.weight == 1.0]
    others = [passage for passage in passages if passage.weight < 1.0]
    chosen = _spread(prose, limit)
    chosen += _spread(others, limit - len(chosen))
    return sorted(chosen, key=lambda passage: passage.first)


def _spread(passages: Sequence[Passage], limit: int) -> list[Passage]:
    if len(passages) <= limit:
        return list(passages)
    return [passages[index * len(passages) // limit] for index in range(limit)]
