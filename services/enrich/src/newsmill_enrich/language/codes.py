"""Language codes: one short key per written language, whatever a page or a detector calls it."""

import re
from types import MappingProxyType
from typing import Final

from newsmill_enrich.language.resources import read_mapping

__all__ = ["UNDETERMINED", "declared_code", "key_of"]

UNDETERMINED: Final = "und"
"""BCP 47's tag for a language that cannot be told."""

_ALIASES: Final = MappingProxyType(
    {
        # Withdrawn and legacy codes that pages still carry.
        "iw": "he", "in": "id", "ji": "yi", "jw": "jv", "mo": "ro", "sh": "hbs",
        # Norwegian is one language here: its two norms share most of a news site's words.
        "nb": "no", "nn": "no",
        # Spoken or regional forms that are written as one language.
        "arz": "ar", "ary": "ar", "azb": "az", "azj": "az", "cmn": "zh", "cnr": "sr", "fil": "tl",
        "bh": "bho", "kik": "ki", "gug": "gn", "sdh": "ku",
        "hbo": "he", "lzh": "zh", "srl": "sr", "uzs": "uz", "wuu": "zh", "yue": "zh", "zht": "zh",
        # What stands for "none".
        "": UNDETERMINED, "mul": UNDETERMINED, "un": UNDETERMINED, "unknown": UNDETERMINED,
        "xx": UNDETERMINED, "zxx": UNDETERMINED,
    }
)  # fmt: skip

_THREE_LETTERS: Final = read_mapping("iso639.json")

_TAG = re.compile(r"([A-Za-z]{2,3})(?:[-_][A-Za-z0-9]{1,8})*")


def key_of(code: str) -> str:
    """The key of a detector's or a page's code: ISO 639-1 where it exists, in lower case.

    >>> key_of("en_US"), key_of("nb"), key_of("zh-Hant"), key_of("un")
    ('en', 'no', 'zh', 'und')
    """
    primary = code.strip().lower().replace("_", "-").split("-")[0]
    primary = _THREE_LETTERS.get(primary, primary)
    return _ALIASES.get(primary, primary)


def declared_code(value: str) -> str:
    """The key of a declaration (``html lang``, ``og:locale``, ``Content-Language``).

    Declarations are written by hand: the first well-formed tag of a list counts, anything
    else is :data:`UNDETERMINED`.

    >>> declared_code("en-US, fr"), declared_code("{{ locale }}")
    ('en', 'und')
    """
    first = re.split(r"[,;\s]", value.strip()[:64], maxsplit=1)[0]
    return key_of(first) if _TAG.fullmatch(first) else UNDETERMINED
