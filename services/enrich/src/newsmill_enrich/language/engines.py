"""The two trained detectors behind one vocabulary: py3langid and CLD2."""

import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from py3langid.langid import MODEL_FILE, LanguageIdentifier

from newsmill_enrich.language.codes import UNDETERMINED, key_of

__all__ = ["Cld2", "Cld2Answer", "Langid", "Span"]

_SILENT: Final = "zxx"


class Langid:
    """py3langid: naive Bayes over byte n-grams; knows 130 languages, reliable from a sentence on.

    Its confidence collapses on very long input, so it is given passages.
    """

    def __init__(self) -> None:
        self._identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)

    def rank(self, text: str) -> dict[str, float]:
        """Probability per language key, ``und`` for "this is no language"."""
        ranked: dict[str, float] = {}
        for code, probability in self._identifier.rank(text):
            key = key_of(code)
            ranked[key] = ranked.get(key, 0.0) + probability
        return ranked


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a text in one language: byte offset and length in UTF-8."""

    start: int
    length: int
    language: str


@dataclass(frozen=True, slots=True)
class Cld2Answer:
    """What CLD2 said: up to three languages with shares of the text, and where each stands."""

    reliable: bool
    shares: Mapping[str, float]
    spans: tuple[Span, ...] = ()

    @property
    def best(self) -> str:
        """The language with the largest share; ``und`` if there is none."""
        return next(iter(self.shares), UNDETERMINED)


class Cld2:
    """CLD2: n-gram tables in C++, a tenth of py3langid's cost; optional (no wheel for 3.14)."""

    def __init__(self) -> None:
        self.available = importlib.util.find_spec("pycld2") is not None

    def detect(self, text: str, *, spans: bool = False) -> Cld2Answer:
        """CLD2's answer on a clean text; nothing at all where the library is absent."""
        if not self.available:
            return Cld2Answer(reliable=False, shares={})
        import pycld2  # noqa: PLC0415 (optional)

        try:
            answer = pycld2.detect(text, bestEffort=True, returnVectors=spans)
        except pycld2.error:  # invalid UTF-8 in its view, e.g. noncharacters
            return Cld2Answer(reliable=False, shares={})
        reliable, _, details = answer[:3]
        shares: dict[str, float] = {}
        for _, code, percent, _ in details:
            key = key_of(code)
            if percent and key != UNDETERMINED:
                shares[key] = shares.get(key, 0.0) + percent / 100
        found = (
            tuple(Span(start, length, key_of(code)) for start, length, _, code in answer[3])
            if spans
            else ()
        )
        return Cld2Answer(bool(reliable), shares, found)
