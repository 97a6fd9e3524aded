"""Hints: what a page declares about its language, as log-odds that only break near-ties."""

from typing import Final

from newsmill_enrich.language.codes import UNDETERMINED, declared_code, key_of
from newsmill_enrich.language.resources import read_mapping
from newsmill_enrich.language.values import Hints

__all__ = ["favours"]

_DECLARED: Final = 1.5
_ENGLISH: Final = 0.7
"""Templates declare English by default: it says less than another language."""
_COUNTRY: Final = 1.0
_USUAL: Final = 2.0
_MOST: Final = 3.0

_COUNTRY_LANGUAGE: Final = read_mapping("country_languages.json")
"""The language that most news under a country's domain is written in."""


def favours(hints: Hints) -> dict[str, float]:
    """Log-odds by language that a document's hints add, at most 3 each."""
    total: dict[str, float] = {}

    def add(language: str, weight: float) -> None:
        if language != UNDETERMINED:
            total[language] = total.get(language, 0.0) + weight

    for language in {declared_code(value) for value in hints.declared.values()}:
        add(language, _ENGLISH if language == "en" else _DECLARED)
    if hints.host:
        add(_COUNTRY_LANGUAGE.get(hints.host.rsplit(".", 1)[-1].lower(), UNDETERMINED), _COUNTRY)
    for code, share in hints.usual.items():
        add(key_of(code), _USUAL * min(max(share, 0.0), 1.0))
    return {language: min(weight, _MOST) for language, weight in total.items()}
