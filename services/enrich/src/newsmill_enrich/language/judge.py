"""The language of one passage: what its script allows, and what the detectors make of it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from newsmill_enrich.language.codes import UNDETERMINED
from newsmill_enrich.language.fusion import Fusion
from newsmill_enrich.language.scripts import (
    LANGUAGES_OF,
    SINGLE_LANGUAGE,
    ScriptCounts,
    count_scripts,
    keep_script,
    language_of_letters,
)
from newsmill_enrich.language.signals import SignalReader, Signals

__all__ = ["Judge", "Judgement", "language_of_script", "unreadable", "without_names"]

_VOWEL = re.compile(r"[aeiouyáàâäãåāăąæéèêëēėęěəíìîïīıóòôöõōőøœúùûüūůűýÿơưạ-ỹ]")
_THREE_LETTERS = re.compile(r"[^\W\d_]{3}")
_OF_NAMES: Final = "en"
_PLAINLY: Final = 0.99
_LEAST_BESIDE_NAMES: Final = 12
_OPENING: Final = "\"'([«“‘„"
_BY_SCRIPT: Final = 0.999
_HAN_BY_SCRIPT: Final = 0.99
_KANA_SHARE: Final = 0.08
"""Japanese prose has at least this share of kana; Chinese quotes less."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What one passage is written in, and why."""

    language: str
    """Key of the language; ``und`` when it cannot be told."""
    confidence: float
    """Probability that the language is right; 0 for ``und``."""
    letters: float
    probabilities: Mapping[str, float] = field(default_factory=dict)
    """Of the languages that were weighed."""
    ground: str | None = None
    """Why the language cannot be told."""
    said: Mapping[str, str] = field(default_factory=dict)
    """Each detector's first choice."""


def unreadable(text: str, counts: ScriptCounts) -> str | None:
    """Why a clean text says nothing about its language; None if it may say something."""
    letters = counts.total
    if letters < 2:
        return "no letters"
    if counts.weights.get("Latn", 0.0) == letters:
        return _no_latin_words(text.lower(), letters)
    if counts.weights.get("Hani", 0.0) == letters and letters < 5:
        return "too few letters"
    return None


def _no_latin_words(text: str, letters: float) -> str | None:
    if letters < 3:
        return "too few letters"
    if len({character for character in text if character.isalpha()}) <= 2:
        return "one or two letters repeated"
    if not _VOWEL.search(text) or not _THREE_LETTERS.search(text):
        return "no words"
    return None


def language_of_script(counts: ScriptCounts) -> str | None:
    """The language that the main script alone tells; None where a script is shared."""
    script = counts.main
    if script == "Jpan":
        kana = counts.weights.get("Kana", 0.0) / counts.joined()["Jpan"]
        return "ja" if kana > _KANA_SHARE else "zh"
    return SINGLE_LANGUAGE.get(script)


class Judge:
    """Judges passages; made once, stateless afterwards."""

    def __init__(self) -> None:
        self.reader = SignalReader()
        self._fusion = Fusion.load()

    def judge(self, text: str, favours: Mapping[str, float]) -> Judgement:
        """What a clean passage is written in.

        Args:
            text: a passage of at most a few hundred characters.
            favours: log-odds that hints add to a language.
        """
        counts = count_scripts(text)
        if ground := unreadable(text, counts):
            return Judgement(UNDETERMINED, 0.0, counts.total, ground=ground)
        if language := language_of_letters(text, counts) or language_of_script(counts):
            confidence = _HAN_BY_SCRIPT if counts.main == "Jpan" else _BY_SCRIPT
            return Judgement(language, confidence, counts.total, {language: 1.0})
        script = counts.main
        if script != "Latn" and script not in LANGUAGES_OF:
            ground = f"no supported language is written in {script}"
            return Judgement(UNDETERMINED, 0.0, counts.total, ground=ground)
        if counts.weights[script] < counts.total:
            text = keep_script(text, script)
        return self._weigh(text, script, counts.total, favours)

    def _weigh(
        self, text: str, script: str, letters: float, favours: Mapping[str, float]
    ) -> Judgement:
        signals = self.reader.read(text, script, letters)
        probabilities = self._fusion.probabilities(signals, favours)
        if _may_be_names(probabilities, signals):
            rest = without_names(text)
            left = count_scripts(rest).total
            if left >= max(_LEAST_BESIDE_NAMES, 0.3 * letters):
                inner = self.reader.read(rest, script, left)
                beside = self._fusion.probabilities(inner, favours)
                if beside.get(_OF_NAMES, 0.0) < 0.5 <= max(beside.values(), default=0.0):
                    signals, probabilities = inner, beside
        said = {"langid": signals.langid_best, "cld2": signals.cld2.best}
        if signals.ngrams:
            totals = signals.ngrams.totals()
            said["letters"] = max(totals, key=totals.__getitem__)
        if not probabilities:
            ground = "no detector knows it"
            return Judgement(UNDETERMINED, 0.0, letters, ground=ground, said=said)
        winner = max(probabilities, key=probabilities.__getitem__)
        trust = self._fusion.reliability(signals, winner, probabilities[winner])
        likely = {name: round(share, 4) for name, share in probabilities.items() if share > 0.005}
        if trust.known < self._fusion.threshold:
            ground = f"too unlike {winner}, the likeliest language"
            return Judgement(UNDETERMINED, 0.0, letters, likely, ground, said)
        return Judgement(winner, trust.confidence, letters, likely, None, said)


def without_names(text: str) -> str:
    """The text without its capitalised words, the first included."""
    return " ".join(word for word in text.split() if not word.lstrip(_OPENING)[:1].isupper())


def _may_be_names(probabilities: Mapping[str, float], signals: Signals) -> bool:
    """Whether English wins, but not with every voice: its names stand in all languages."""
    if not probabilities or max(probabilities, key=probabilities.__getitem__) != _OF_NAMES:
        return False
    agreed = signals.langid_best == signals.cld2.best == _OF_NAMES
    return not agreed or probabilities[_OF_NAMES] < _PLAINLY
