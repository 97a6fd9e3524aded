"""The two trained detectors behind one vocabulary: py3langid and CLD2."""

import importlib.util
from array import array
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from py3langid.langid import MODEL_DIR, MODEL_FILE, LanguageIdentifier
from py3langid.modelio import load_model

from newsmill_enrich.language.codes import UNDETERMINED, key_of

__all__ = ["Cld2", "Cld2Answer", "Langid", "Span"]

_UNUSED: Final = frozenset(
    (
        # told by their script before py3langid is asked
        "el", "gu", "hy", "ja", "ka", "km", "kn", "ko", "lo", "ml", "my", "or", "pa", "si", "ta",
        "te", "th", "wuu", "yue", "zh",
        # hardly written in news, or old, or spoken forms of a language that stays
        "ary", "arz", "bcl", "dz", "ext", "gcf", "gcr", "gom", "grc", "guw", "hbo", "pcm", "vo",
    )
)  # fmt: skip
_LEAST: Final = 1e-4
_FEATURES: Final = 50_000


class Langid:
    """py3langid: naive Bayes over byte n-grams, for 110 of its languages.

    Reliable from a sentence on. Its confidence collapses on very long input, so it is given
    passages. Columns of languages that are never asked for, and the half of its features that
    hardly differ between languages, are dropped at load: a sixth of its memory, and no figure of
    the fused answer moves.
    """

    def __init__(self) -> None:
        features, priors, codes, moves, rows, outputs = load_model(MODEL_DIR / MODEL_FILE)
        columns = [index for index, code in enumerate(codes) if code not in _UNUSED]
        telling = _telling(features, _FEATURES)
        renumbered = np.full(len(features) + 1, -1, dtype=np.int32)  # the last stands for "none"
        renumbered[telling] = np.arange(len(telling))
        self._identifier = LanguageIdentifier(
            features[np.ix_(telling, np.array(columns))],
            priors[columns],
            [codes[index] for index in columns],
            moves,
            array("i", renumbered[outputs].tobytes()),
            norm_probs=True,
            tk_row=rows,
        )
        self._keys = {code: key_of(code) for code in codes}

    def first(self, text: str) -> tuple[str, float]:
        """The likeliest language key and its probability."""
        code, probability = self._identifier.classify(text)
        return self._keys[code], probability

    def rank(self, text: str) -> dict[str, float]:
        """Probability per language key from 0.0001 on, ``und`` for "this is no language"."""
        ranked: dict[str, float] = {}
        for code, probability in self._identifier.rank(text):
            if probability < _LEAST:
                break
            key = self._keys[code]
            ranked[key] = ranked.get(key, 0.0) + probability
        return ranked


def _telling(features: npt.NDArray[np.float16], limit: int) -> npt.NDArray[np.intp]:
    """The rows that differ most between languages, in order; block by block to save memory."""
    blocks = [features[start : start + 4096] for start in range(0, len(features), 4096)]
    spread = np.concatenate([block.std(axis=1, dtype=np.float32) for block in blocks])
    return np.sort(np.argsort(-spread, kind="stable")[:limit])


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
        """CLD2's answer on a clean text; nothing at all where the library is absent.

        An answer is reliable only if CLD2 gives it of its own accord; where it would rather not,
        it is asked for its best effort.
        """
        if not self.available:
            return Cld2Answer(reliable=False, shares={})
        strict = self._ask(text, best_effort=False, spans=spans)
        if strict.reliable and strict.shares:
            return strict
        effort = self._ask(text, best_effort=True, spans=spans)
        return Cld2Answer(reliable=False, shares=effort.shares, spans=effort.spans)

    def _ask(self, text: str, *, best_effort: bool, spans: bool) -> Cld2Answer:
        import pycld2  # noqa: PLC0415 (optional)

        try:
            answer = pycld2.detect(text, bestEffort=best_effort, returnVectors=spans)
        except pycld2.error:  # what it takes for invalid UTF-8, e.g. noncharacters
            return Cld2Answer(reliable=False, shares={})
        shares: dict[str, float] = {}
        for _, code, percent, _ in answer[2]:
            key = key_of(code)
            if percent and key != UNDETERMINED:
                shares[key] = shares.get(key, 0.0) + percent / 100
        found: tuple[Span, ...] = ()
        if spans:
            found = tuple(Span(start, size, key_of(code)) for start, size, _, code in answer[3])
        return Cld2Answer(bool(answer[0]), shares, found)
