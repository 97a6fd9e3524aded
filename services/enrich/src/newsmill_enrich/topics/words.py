"""Cuts a text into the words that lists and model know, the same way for every script.

Words are folded: compatibility forms, case, accents, vowel points and the dotless i are levelled,
since headlines in capitals, keyboards without accents and fully accented texts must meet in one
form. Scripts without spaces stay whole runs, marked as such, and are cut into n-grams.
"""

import re
import unicodedata
from functools import lru_cache

__all__ = ["MARKS", "MAX_CHARACTERS", "features", "fold", "is_run", "tokens"]

MAX_CHARACTERS = 4000
"""A text is read this far: what a story is about is said at its beginning."""

_DROPPED = re.compile(
    "[\u0300-\u036f"  # accents of Latin, Greek and Cyrillic letters
    "\u0591-\u05c7"  # Hebrew points
    "\u0610-\u061a\u0640\u064b-\u065f\u0670"  # Arabic points and the stretching stroke
    "\u02bb\u02bc\u2018\u200b-\u200f\u00ad]"  # letter-like apostrophes, invisible characters
)
_REMEMBERED = 16384

_LEVELS = {
    "ı": "i",
    "ى": "ي",
    "ی": "ي",
    "ے": "ي",
    "ک": "ك",
    "ة": "ه",
    "ۀ": "ه",
    "ہ": "ه",
    "ھ": "ه",
    "ø": "o",
    "đ": "d",
    "ł": "l",
    "ɗ": "d",
    "ɓ": "b",
    "ƙ": "k",
    "ƴ": "y",
    "ә": "ə",
    "æ": "ae",
    "œ": "oe",
}
_LEVELLED = re.compile(f"[{''.join(_LEVELS)}]")
MARKS = "".join(
    chr(code) for code in range(0x0900, 0xFE00) if unicodedata.category(chr(code)) in {"Mn", "Mc"}
)
"""Vowel signs and other marks that belong to words of Indic and South-East Asian scripts."""

_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"  # Thai, Lao, Burmese, Khmer
    "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"  # kana and Han
)
_FIRST_UNSPACED = "\u0e00"
_RUN = re.compile(f"[{_UNSPACED}]")
_TOKEN = re.compile(rf"(?P<run>[{_UNSPACED}]+)|(?:(?![{_UNSPACED}_])[\w{MARKS}])+")
_HANGUL = re.compile("[\uac00-\ud7a3]{2}")
_ARABIC_ARTICLE = re.compile("^(?:[\u0648\u0641\u0628\u0643]?\u0627\u0644|\u0644\u0644)(?=.{3})")
_TOKEN_ALONE = re.compile(rf"(?:(?!_)[\w{MARKS}])+")


def fold(text: str) -> str:
    """Return the text in the one form in which lists, model and texts meet."""
    if text.isascii():
        return text.lower()
    apart = unicodedata.normalize("NFKD", text)
    lowered = unicodedata.normalize("NFC", _DROPPED.sub("", apart)).lower()
    return _LEVELLED.sub(lambda found: _LEVELS[found.group()], lowered)


def is_run(token: str) -> bool:
    """Whether the token is a run of a script that writes no spaces between words."""
    return token[:1] >= _FIRST_UNSPACED and _RUN.match(token) is not None


def tokens(text: str, limit: int) -> list[str]:
    """Return the first words of a folded text, at most ``limit``; numbers are no words.

    A run of a script without spaces is one token, and counts as a word for each two characters.
    """
    if _RUN.search(text) is None:
        return [token for token in _TOKEN_ALONE.findall(text) if not token.isnumeric()][:limit]
    found: list[str] = []
    room = limit
    for match in _TOKEN.finditer(text):
        if room <= 0:
            break
        token = match.group()
        if match["run"]:
            token = token[: 2 * room]
            room -= (len(token) + 1) // 2
        elif not token.isnumeric():
            room -= 1
        else:
            continue
        found.append(token)
    return found


@lru_cache(_REMEMBERED)
def features(token: str) -> tuple[str, ...]:
    """Return what the linear model sees of a token.

    The word (without an Arabic article) and its first five letters, or two Korean syllables, which
    forgives inflection; of a run without spaces its two- and three-character pieces.
    """
    if is_run(token):
        return tuple(
            token[at : at + size] for size in (2, 3) for at in range(len(token) - size + 1)
        )
    if _HANGUL.match(token):
        return token, "<" + token[:2]
    token = _ARABIC_ARTICLE.sub("", token)
    if len(token) > 5:
        return token, "<" + token[:5]
    return (token,) if len(token) > 1 else ()
