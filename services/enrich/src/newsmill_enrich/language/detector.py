"""The language of a document: at once where CLD2 and py3langid agree, else passage by passage."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from pydantic import JsonValue

from newsmill_enrich.language.codes import UNDETERMINED
from newsmill_enrich.language.glance import Glance
from newsmill_enrich.language.hints import favours
from newsmill_enrich.language.judge import Judge, Judgement
from newsmill_enrich.language.scripts import count_scripts, tag_with_script
from newsmill_enrich.language.text import Passage, clean, cut, sample, split_passages
from newsmill_enrich.language.values import Detected, Hints
from newsmill_shared.messages import Language

__all__ = ["Detector"]

_MAX_PASSAGES: Final = 14
_FEW_PASSAGES: Final = 4
"""Enough where CLD2 sees one language in all of the text."""
_TITLE_CHARACTERS: Final = 400
_MAX_LISTED: Final = 64
_TAGGED_CHARACTERS: Final = 1_000
"""Of a plain text, enough to see its script."""
_NO_HINTS: Final = Hints()
_MOSTLY: Final = 0.6
"""A document of which this share cannot be told cannot be told."""


class Detector:
    """Tells the language of titles and texts.

    Loads its models once (under a second, no network); forked children share them. Stateless
    afterwards, so threads may share it too.
    """

    def __init__(self) -> None:
        self._judge = Judge()
        self._glance = Glance(self._judge.reader)

    def detect(self, title: str, text: str, hints: Hints = _NO_HINTS) -> Detected:
        """The language of a document of any size, in well under half a second.

        Never raises for what the document contains.

        Args:
            title: its title, may be empty.
            text: its paragraphs, one a line, may be empty.
            hints: what the page declares; decides only what title and text leave open.
        """
        leanings = favours(hints)
        heading = clean(title[:_TITLE_CHARACTERS]).strip()
        body = clean(cut(text))
        language, alike = self._glance.look(body)
        if language:
            own = self._title_beside(heading, language, leanings)
            return _plain(language, body, own, leanings)
        own = self._judge.judge(heading, leanings) if heading else None
        passages = split_passages(body)
        limit = _FEW_PASSAGES if alike else _MAX_PASSAGES
        judged = [
            (passage, self._passage(passage.text, leanings, alone=len(passages) == 1))
            for passage in sample(passages, limit)
        ]
        return _weighed(judged, (heading, own), leanings)

    def _passage(self, text: str, leanings: Mapping[str, float], *, alone: bool) -> Judgement:
        """One passage; among others a plain one is not asked about in full."""
        language = None if alone else self._glance.passage(text)
        if language is None:
            return self._judge.judge(text, leanings)
        letters = count_scripts(text).total
        said = {"cld2": language, "langid": language}
        return Judgement(language, Glance.CONFIDENCE, letters, {language: 1.0}, said=said)

    def _title_beside(
        self, heading: str, language: str, leanings: Mapping[str, float]
    ) -> Judgement | None:
        """A title's own language, asked in full only if it is not plainly the text's."""
        if not heading:
            return None
        if self._glance.fits(heading, language):
            return Judgement(language, Glance.CONFIDENCE, count_scripts(heading).total)
        return self._judge.judge(heading, leanings)


def _plain(
    language: str, body: str, title: Judgement | None, leanings: Mapping[str, float]
) -> Detected:
    start = body[:_TAGGED_CHARACTERS]
    tag = tag_with_script(language, start, count_scripts(start))
    lines = min(sum(1 for line in body.split("\n") if line.strip()), _MAX_LISTED)
    evidence: dict[str, JsonValue] = {
        "shares": {tag: 1.0},
        "paragraphs": [{"line": line, "language": tag} for line in range(lines)],
        "title": _own(title),
        "detectors": {"cld2": {language: 1}, "langid": {language: 1}},
        "hints": _rounded(leanings),
        "rule": "detectors agree on the whole text",
    }
    return Detected(Language(tag=tag, confidence=Glance.CONFIDENCE), evidence)


def _weighed(
    judged: Sequence[tuple[Passage, Judgement]],
    heading: tuple[str, Judgement | None],
    leanings: Mapping[str, float],
) -> Detected:
    title_text, title = heading
    pieces = list(judged)
    if title is not None:
        pieces.append((Passage(-1, -1, title_text, 1.0), title))
    votes = _votes(pieces)
    evidence: dict[str, JsonValue] = {
        "paragraphs": _by_line(judged),
        "title": _own(title),
        "detectors": _said(judgement for _, judgement in pieces),
        "hints": _rounded(leanings),
    }
    total = sum(votes.values())
    known = {language: vote for language, vote in votes.items() if language != UNDETERMINED}
    if not known or votes.get(UNDETERMINED, 0.0) > _MOSTLY * total:
        grounds = [judgement.ground for _, judgement in pieces if judgement.ground]
        evidence["ground"] = grounds[0] if grounds else "no text"
        evidence["likely"] = _likely(judgement for _, judgement in pieces)
        return Detected(Language(tag=UNDETERMINED, confidence=0.0), evidence)
    language = max(known, key=known.__getitem__)
    own_text = "\n".join(p.text for p, judgement in pieces if judgement.language == language)
    tag = tag_with_script(language, own_text, count_scripts(own_text))
    evidence["shares"] = {
        tag if name == language else name: round(vote / total, 3)
        for name, vote in sorted(votes.items(), key=lambda item: -item[1])
        if vote >= 0.02 * total
    }
    evidence["likely"] = _likely(judgement for _, judgement in pieces)
    evidence["rule"] = "passages weighed by letters"
    confidence = _confidence(pieces, language, known[language] / total)
    return Detected(Language(tag=tag, confidence=confidence), evidence)


def _votes(pieces: Iterable[tuple[Passage, Judgement]]) -> dict[str, float]:
    """Letters by language; those of short lines count less."""
    votes: dict[str, float] = {}
    for passage, judgement in pieces:
        weight = judgement.letters * passage.weight
        if judgement.language != UNDETERMINED:
            weight *= 0.3 + 0.7 * judgement.confidence
        if weight:
            votes[judgement.language] = votes.get(judgement.language, 0.0) + weight
    return votes


def _confidence(pieces: Sequence[tuple[Passage, Judgement]], language: str, share: float) -> float:
    """Of the whole: the passages' mean, surer with each passage more that agrees."""
    agreeing = [
        (judgement.letters * passage.weight, judgement.confidence)
        for passage, judgement in pieces
        if judgement.language == language
    ]
    letters = sum(weight for weight, _ in agreeing)
    mean = sum(weight * confidence for weight, confidence in agreeing) / letters
    sure = 1.0 - (1.0 - mean) * 0.6 ** min(6, len(agreeing) - 1)
    return round(min(sure, 0.7 + 0.5 * share), 4)


def _by_line(judged: Iterable[tuple[Passage, Judgement]]) -> list[JsonValue]:
    """The language of each line that was read, from its passages."""
    lines: dict[int, dict[str, float]] = {}
    for passage, judgement in judged:
        for line in range(passage.first, passage.last + 1):
            votes = lines.setdefault(line, {})
            votes[judgement.language] = votes.get(judgement.language, 0.0) + judgement.letters
    listed = sorted(lines.items())[:_MAX_LISTED]
    return [{"line": line, "language": max(votes, key=votes.__getitem__)} for line, votes in listed]


def _own(title: Judgement | None) -> JsonValue:
    if title is None:
        return None
    return {"language": title.language, "confidence": round(title.confidence, 4)}


def _said(judgements: Iterable[Judgement]) -> dict[str, JsonValue]:
    """For each detector, how many passages it gave to which language."""
    counts: dict[str, dict[str, int]] = {}
    for judgement in judgements:
        for name, language in judgement.said.items():
            tally = counts.setdefault(name, {})
            tally[language] = tally.get(language, 0) + 1
    return {name: {**tally} for name, tally in counts.items()}


def _likely(judgements: Iterable[Judgement]) -> dict[str, JsonValue]:
    """The likeliest languages of the longest passage."""
    longest = max(judgements, key=lambda judgement: judgement.letters, default=None)
    if longest is None:
        return {}
    ranked = sorted(longest.probabilities.items(), key=lambda item: -item[1])
    return dict(ranked[:4])


def _rounded(leanings: Mapping[str, float]) -> dict[str, JsonValue]:
    return {language: round(weight, 2) for language, weight in leanings.items()}
