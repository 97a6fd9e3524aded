"""The language of a document: its passages judged one by one, their votes weighted by letters."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from pydantic import JsonValue

from newsmill_enrich.language.codes import UNDETERMINED
from newsmill_enrich.language.hints import favours
from newsmill_enrich.language.judge import Judge, Judgement
from newsmill_enrich.language.scripts import count_scripts, tag_with_script
from newsmill_enrich.language.text import MAX_CHARACTERS, Passage, clean, sample, split_passages
from newsmill_enrich.language.values import Detected, Hints
from newsmill_shared.messages import Language

__all__ = ["Detector"]

_MAX_PASSAGES: Final = 14
_MAX_LISTED: Final = 64
_TITLE_LINE: Final = -1
_NO_HINTS: Final = Hints()


class Detector:
    """Tells the language of titles and texts.

    Loads its models once (0.6 s, no network); forked children share them. Stateless and safe to
    use from threads afterwards.
    """

    def __init__(self) -> None:
        self._judge = Judge()

    def detect(self, title: str, text: str, hints: Hints = _NO_HINTS) -> Detected:
        """The language of a document of any size, in well under half a second.

        Never raises for what the text contains.
        """
        leanings = favours(hints)
        heading = clean(title[:MAX_CHARACTERS])
        passages = [Passage(_TITLE_LINE, heading[:600], 1.0)] if heading.strip() else []
        passages += sample(split_passages(clean(text[:MAX_CHARACTERS])), _MAX_PASSAGES)
        judged = [(passage, self._judge.judge(passage.text, leanings)) for passage in passages]
        return _verdict(judged, leanings)


def _verdict(
    judged: Sequence[tuple[Passage, Judgement]], leanings: Mapping[str, float]
) -> Detected:
    votes = _votes(judged)
    evidence: dict[str, JsonValue] = {
        "hints": {language: round(weight, 2) for language, weight in leanings.items()},
        "detectors": _said(judgement for _, judgement in judged),
        "paragraphs": [
            {"line": passage.line, "language": judgement.language}
            for passage, judgement in judged[:_MAX_LISTED]
            if passage.line != _TITLE_LINE
        ],
        "title": next((j.language for p, j in judged if p.line == _TITLE_LINE), None),
    }
    if not votes:
        grounds = [judgement.ground for _, judgement in judged if judgement.ground]
        evidence["ground"] = grounds[0] if grounds else "no text"
        return Detected(Language(tag=UNDETERMINED, confidence=0.0), evidence)
    total = sum(votes.values())
    language = max(votes, key=votes.__getitem__)
    evidence["shares"] = {
        name: round(vote / total, 3)
        for name, vote in sorted(votes.items(), key=lambda item: -item[1])
        if vote / total >= 0.02
    }
    own = "\n".join(p.text for p, j in judged if j.language == language)
    confidence = max(j.confidence for _, j in judged if j.language == language)
    tag = tag_with_script(language, own, count_scripts(own))
    return Detected(Language(tag=tag, confidence=round(confidence, 4)), evidence)


def _votes(judged: Iterable[tuple[Passage, Judgement]]) -> dict[str, float]:
    votes: dict[str, float] = {}
    for passage, judgement in judged:
        language = judgement.language
        if language == UNDETERMINED:
            continue
        weight = judgement.letters * passage.weight * judgement.confidence
        votes[language] = votes.get(language, 0.0) + weight
    return votes


def _said(judgements: Iterable[Judgement]) -> dict[str, JsonValue]:
    counts: dict[str, dict[str, JsonValue]] = {}
    for judgement in judgements:
        for name, language in judgement.said.items():
            tally = counts.setdefault(name, {})
            so_far = tally.get(language, 0)
            tally[language] = (so_far if isinstance(so_far, int) else 0) + 1
    return dict(counts.items())
