"""The language of one passage: what its script allows, and what the two detectors make of it."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from newsmill_enrich.language.codes import UNDETERMINED
from newsmill_enrich.language.engines import Cld2, Langid
from newsmill_enrich.language.scripts import (
    LANGUAGES_OF,
    SINGLE_LANGUAGE,
    count_scripts,
    keep_script,
)

__all__ = ["Judge", "Judgement"]

_VOWEL = re.compile(r"[aeiouyáàâäãåāăąæéèêëēėęěəíìîïīıóòôöõōőøœúùûüūůűýÿơưạ-ỹ]")
_FLOOR: Final = 1e-6
_CLD2_RELIABLE: Final = 3.0
_CLD2_UNRELIABLE: Final = 1.2
_OPEN: Final = 0.35


@dataclass(frozen=True, slots=True)
class Judgement:
    """Probabilities per language of one passage, or the ground for there being none."""

    letters: float
    probabilities: Mapping[str, float] = field(default_factory=dict)
    confidence: float = 0.0
    ground: str | None = None
    said: Mapping[str, str] = field(default_factory=dict)

    @property
    def language(self) -> str:
        """The likeliest language; ``und`` if there is none or it is too unlikely."""
        if not self.probabilities or self.confidence < _OPEN:
            return UNDETERMINED
        return max(self.probabilities, key=self.probabilities.__getitem__)


class Judge:
    """Judges passages; made once, stateless afterwards."""

    def __init__(self) -> None:
        self._langid = Langid()
        self._cld2 = Cld2()

    def judge(self, text: str, favours: Mapping[str, float]) -> Judgement:
        """What a clean passage is written in.

        Args:
            text: a passage of at most a few hundred characters.
            favours: log-odds that hints add to a language.
        """
        counts = count_scripts(text)
        if ground := _nothing_to_read(text, counts.weights, counts.total):
            return Judgement(counts.total, ground=ground)
        script = counts.main
        if script in SINGLE_LANGUAGE:
            return Judgement(counts.total, {SINGLE_LANGUAGE[script]: 1.0}, 0.999)
        if script == "Jpan":
            kana = counts.weights.get("Kana", 0.0) / counts.joined()["Jpan"]
            return Judgement(counts.total, {"ja" if kana > 0.08 else "zh": 1.0}, 0.99)
        if counts.weights[script] < counts.total:
            text = keep_script(text, script)
        return self._weigh(text, script, counts.total, favours)

    def _weigh(
        self, text: str, script: str, letters: float, favours: Mapping[str, float]
    ) -> Judgement:
        allowed = LANGUAGES_OF.get(script)
        ranked = {
            language: probability
            for language, probability in self._langid.rank(text).items()
            if _fits(language, allowed)
        }
        answer = self._cld2.detect(text)
        bonus = _CLD2_RELIABLE if answer.reliable else _CLD2_UNRELIABLE
        scores = {
            language: math.log(max(ranked.get(language, 0.0), _FLOOR))
            + (bonus if language == answer.best else 0.0)
            + favours.get(language, 0.0)
            for language in {*ranked, *answer.shares}
            if _fits(language, allowed)
        }
        if not scores:
            return Judgement(letters, ground="no detector knows it")
        best = max(scores.values())
        odds = {language: math.exp(score - best) for language, score in scores.items()}
        total = sum(odds.values())
        probabilities = {language: odd / total for language, odd in odds.items() if odd > 1e-4}
        said = {"langid": max(ranked, key=ranked.__getitem__, default=UNDETERMINED)}
        said["cld2"] = answer.best
        return Judgement(letters, probabilities, max(probabilities.values()), said=said)


def _fits(language: str, allowed: frozenset[str] | None) -> bool:
    if language == UNDETERMINED:
        return False
    return language in allowed if allowed else True


def _nothing_to_read(text: str, weights: Mapping[str, float], letters: float) -> str | None:
    if letters < 2:
        return "no letters"
    if weights.get("Latn", 0.0) == letters:
        lowered = text.lower()
        if letters < 3:
            return "too few letters"
        if len({character for character in lowered if character.isalpha()}) <= 2:
            return "one letter repeated"
        if not _VOWEL.search(lowered):
            return "no words"
    if weights.get("Hani", 0.0) == letters and letters < 5:
        return "too few letters"
    return None
