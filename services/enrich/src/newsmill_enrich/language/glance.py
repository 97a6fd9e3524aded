"""The cheapest sure answer for an article: CLD2 on all of it, py3langid on a part."""

from typing import ClassVar, Final

from newsmill_enrich.language.codes import UNDETERMINED
from newsmill_enrich.language.judge import language_of_script
from newsmill_enrich.language.scripts import ScriptCounts, count_scripts
from newsmill_enrich.language.signals import SignalReader

__all__ = ["Glance"]

_ENOUGH: Final = 320
"""A text under this many characters is judged in full."""
_ENOUGH_OF_SEVERAL: Final = 150
"""A passage among others is judged in full if it is shorter."""
_LEAST_LETTERS: Final = 80
_PART: Final = 400
_WHOLE: Final = 0.97
_SURE: Final = 0.9
_CONFUSED: Final = frozenset({"sr", "hr", "bs", "id", "ms"})
"""Languages whose neighbours are told apart by more than two detectors' first choices."""


class Glance:
    """Answers for plain articles in one language; gives all others back to be judged."""

    CONFIDENCE: ClassVar = 0.999
    """How often such answers are right."""

    def __init__(self, reader: SignalReader) -> None:
        self._langid = reader.langid
        self._cld2 = reader.cld2

    def look(self, text: str) -> tuple[str | None, bool]:
        """A clean text's language if it is plain, and whether the text seems to be in one."""
        if len(text) < _ENOUGH:
            return None, False
        return self._look(text)

    def passage(self, text: str) -> str | None:
        """The language of one of a text's passages if it is plain."""
        return self._look(text)[0] if len(text) >= _ENOUGH_OF_SEVERAL else None

    def _look(self, text: str) -> tuple[str | None, bool]:
        counts = count_scripts(text)
        if counts.total < _LEAST_LETTERS or _share(counts) < _WHOLE:
            return None, False
        if language := language_of_script(counts):
            return language, True
        answer = self._cld2.detect(text)
        if not answer.reliable or answer.shares[answer.best] < _WHOLE:
            return None, False
        return (answer.best if self._agrees(text, answer.best) else None), True

    def _agrees(self, text: str, language: str) -> bool:
        if language in _CONFUSED:
            return False
        start = max(0, len(text) // 2 - _PART // 2)
        best, probability = self._langid.first(text[start : start + _PART])
        return best == language and probability >= _SURE

    def fits(self, title: str, language: str) -> bool:
        """Whether a title is plainly in its text's language."""
        answer = self._cld2.detect(title)
        return answer.reliable and answer.best == language != UNDETERMINED


def _share(counts: ScriptCounts) -> float:
    return counts.joined()[counts.main] / counts.total if counts.total else 0.0
