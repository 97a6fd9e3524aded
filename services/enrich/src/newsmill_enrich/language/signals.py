"""What is known of a passage before anything is decided: script, detectors, letter sequences."""

from collections.abc import Mapping
from dataclasses import dataclass

from newsmill_enrich.language.codes import UNDETERMINED
from newsmill_enrich.language.engines import Cld2, Cld2Answer, Langid
from newsmill_enrich.language.markers import Markers, words_of
from newsmill_enrich.language.ngrams import Ngrams, NgramScores
from newsmill_enrich.language.scripts import LANGUAGES_OF

__all__ = ["SignalReader", "Signals"]


@dataclass(frozen=True, slots=True)
class Signals:
    """What the detectors made of a passage in one script."""

    script: str
    letters: float
    size: int
    """Of the passage, in bytes of UTF-8."""
    langid: Mapping[str, float]
    """py3langid's probabilities of the languages that the script allows, above 0.0001."""
    langid_silent: float
    """py3langid's probability that this is no language."""
    cld2: Cld2Answer
    ngrams: NgramScores | None
    candidates: tuple[str, ...]
    """The languages worth weighing, in alphabetical order."""
    markers: Mapping[str, float]
    """How much marker words speak for a candidate among its neighbours."""
    marker_lists: Mapping[str, tuple[tuple[frozenset[str], int], ...]]
    """For each group of neighbours at stake, what each marker list speaks for and its hits."""

    @property
    def langid_best(self) -> str:
        """py3langid's first choice."""
        return max(self.langid, key=self.langid.__getitem__, default=UNDETERMINED)


class SignalReader:
    """Asks the detectors; made once, stateless afterwards."""

    def __init__(self) -> None:
        self.langid = Langid()
        self.cld2 = Cld2()
        self._ngrams = Ngrams.load()
        self._markers = Markers.load()

    def read(self, text: str, script: str, letters: float) -> Signals:
        """The signals of a clean passage that is written in one script."""
        allowed = LANGUAGES_OF.get(script)
        ranked = self.langid.rank(text)
        langid = {
            language: probability
            for language, probability in ranked.items()
            if _fits(language, allowed)
        }
        answer = self.cld2.detect(text)
        ngrams = self._ngrams.score(text, script)
        totals = ngrams.totals() if ngrams and ngrams.found else {}
        candidates = {*_first_three(langid), *_first_three(totals)}
        candidates |= {language for language in answer.shares if _fits(language, allowed)}
        candidates |= {
            language
            for group in self._markers.at_stake(candidates)
            for language in group.languages
            if language in totals or language in langid
        }
        words = words_of(text)
        groups = [
            (group, group.hits(words))
            for group in self._markers.at_stake(candidates)
            if sum(language in candidates for language in group.languages) > 1
        ]
        return Signals(
            script=script,
            letters=letters,
            size=len(text.encode()),
            langid=langid,
            langid_silent=ranked.get(UNDETERMINED, 0.0),
            cld2=answer,
            ngrams=ngrams if totals else None,
            candidates=tuple(sorted(candidates)),
            markers={
                language: leaning
                for group, hits in groups
                for language, leaning in group.leanings(hits).items()
            },
            marker_lists={group.name: hits for group, hits in groups},
        )


def _fits(language: str, allowed: frozenset[str] | None) -> bool:
    return language != UNDETERMINED and (allowed is None or language in allowed)


def _first_three(scores: Mapping[str, float]) -> list[str]:
    return sorted(scores, key=scores.__getitem__, reverse=True)[:3]
