"""Signals as numbers: of each candidate language for the fusion, of the winner for confidence."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from newsmill_enrich.language.ngrams import MAX_ORDER
from newsmill_enrich.language.signals import Signals

__all__ = [
    "CANDIDATE_FEATURES",
    "CORE",
    "WINNER_FEATURES",
    "AnswerTable",
    "Typical",
    "answer_key",
    "candidate_features",
    "winner_features",
]

_CORE: Final = (
    "en az tr ru uk be bg mk sr hr bs sl cs sk pl hu ro de nl fr it es pt ca gl sv da no fi et "
    "lv lt is sq el he ar fa ur kk ky uz tt tg hy ka hi bn pa ta te mr th vi id ms tl zh ja ko "
    "sw af mn so yo"
)
CORE: Final = frozenset(_CORE.split())
"""The languages that detection is fitted and measured on."""

_CLOSE: Final[Mapping[str, tuple[str, ...]]] = {
    "sr-hr-bs": ("sr", "hr", "bs"),
    "id-ms": ("id", "ms"),
}
"""Groups so close that each signal gets a weight of its own within them."""
_LISTS: Final = {"sr-hr-bs": 7, "id-ms": 2}
_ORDERS: Final = tuple(f"letters{order}" for order in range(1, MAX_ORDER + 1))
_FLOOR: Final = 1e-6
_SHORT: Final = 25
_LONG: Final = 80


def _close_names() -> list[str]:
    names: list[str] = []
    for group in _CLOSE:
        signals = ["langid", "langid long", "cld2", "cld2 long", *_ORDERS]
        signals += [f"list{number}" for number in range(1, _LISTS[group] + 1)]
        names += [f"{group} {signal}" for signal in signals]
    for language in ("sr", "hr", "ms"):
        names += [f"is {language}", f"is {language} short"]
    return names


CANDIDATE_FEATURES: Final = (
    "langid", "langid short", "langid long", "langid bytes", *_ORDERS, "letters short",
    "letters long", "letters unknown", "cld2", "cld2 short", "cld2 long", "core", "cld2 second",
    "markers", *_close_names(),
)  # fmt: skip
"""Names of :func:`candidate_features`, in order."""

WINNER_FEATURES: Final = (
    "log-odds", "langid agrees", "cld2 agrees", "cld2 agrees reliably", "cld2 reliable",
    "letters agree", "letters know", "letters mean", "letters pairs", "letters gap",
    "letters found", "size", "size by mean", "core", "langid", "langid silent", "langid mass",
    "Latin", "Arabic", "Devanagari", "all agree", "mean off typical", "pairs off typical",
    "mean deviation", "pairs deviation",
)  # fmt: skip
"""Names of :func:`winner_features`, in order."""

AnswerTable = Mapping[str, Mapping[str, int]]
"""How often each language was meant where CLD2 gave an answer, by :func:`answer_key`."""


@dataclass(frozen=True, slots=True)
class Typical:
    """Letter-sequence scores that texts of a language usually have: means and deviations."""

    mean: float
    pairs: float
    mean_deviation: float
    pairs_deviation: float


def answer_key(signals: Signals) -> str:
    """CLD2's answer, how sure it was, and how long the text is: ``en|r|s``."""
    length = "s" if signals.letters < _SHORT else "l" if signals.letters >= _LONG else "m"
    return f"{signals.cld2.best}|{'r' if signals.cld2.reliable else 'u'}|{length}"


def _answer_log_probability(signals: Signals, language: str, answers: AnswerTable) -> float:
    counts = answers.get(answer_key(signals), {})
    prior = 0.9 if language == signals.cld2.best else 0.004
    return math.log((counts.get(language, 0) + 6 * prior) / (sum(counts.values()) + 6))


def candidate_features(signals: Signals, answers: AnswerTable) -> list[list[float]]:
    """One row for each of the signals' candidates, columns as :data:`CANDIDATE_FEATURES`."""
    short = float(signals.letters < _SHORT)
    long = float(signals.letters >= _LONG)
    letters = _letters_by_order(signals)
    rows = []
    for language in signals.candidates:
        langid = math.log(max(signals.langid.get(language, 0.0), _FLOOR))
        orders = letters.get(language)
        known = orders or [0.0] * MAX_ORDER
        cld2 = _answer_log_probability(signals, language, answers)
        group = _group_of(language, signals)
        row = [langid, langid * short, langid * long, langid * math.sqrt(signals.size) / 10]
        row += [*known, sum(known) * short, sum(known) * long, float(orders is None)]
        row += [cld2, cld2 * short, cld2 * long, float(language in CORE)]
        row.append(float(language in signals.cld2.shares and language != signals.cld2.best))
        row.append(0.0 if group else signals.markers.get(language, 0.0))
        for name in _CLOSE:
            own = [langid, langid * long, cld2, cld2 * long, *known]
            own += _list_votes(signals, name, language)
            row += own if name == group else [0.0] * len(own)
        for special in ("sr", "hr", "ms"):
            is_it = float(group is not None and language == special)
            row += [is_it, is_it * short]
        rows.append(row)
    return rows


def _letters_by_order(signals: Signals) -> dict[str, list[float]]:
    """Letter-sequence scores by length, as differences to the best language's."""
    scores = signals.ngrams
    if scores is None:
        return {}
    best = int(scores.by_order.sum(axis=0).argmax())
    scale = math.sqrt(max(signals.letters, 1.0))
    differences = (scores.by_order - scores.by_order[:, best : best + 1]) / scale
    columns = differences.clip(min=-6.0).T.tolist()
    return dict(zip(scores.languages, columns, strict=True))


def _group_of(language: str, signals: Signals) -> str | None:
    if signals.script != "Latn":
        return None
    return next((name for name, members in _CLOSE.items() if language in members), None)


def _list_votes(signals: Signals, group: str, language: str) -> list[float]:
    hits = signals.marker_lists.get(group, ())
    votes = [float(count if language in speaks_for else -count) for speaks_for, count in hits]
    return votes + [0.0] * (_LISTS[group] - len(votes))


def winner_features(
    signals: Signals, winner: str, probability: float, typical: Mapping[str, Typical]
) -> Sequence[float]:
    """What speaks for trusting the fusion's winner, as :data:`WINNER_FEATURES`."""
    bounded = min(max(probability, 1e-4), 1 - 1e-4)
    scores = signals.ngrams
    totals = scores.totals() if scores else {}
    letters_know = winner in totals
    mean, pairs, gap = -4.0, -0.6, -1.0
    letters_best = max(totals, key=totals.__getitem__, default="")
    if scores and letters_know:
        column = scores.by_order[:, scores.languages.index(winner)].tolist()
        mean = sum(column[2:]) / scores.found
        pairs = column[1] / scores.found
        gap = (totals[winner] - totals[letters_best]) / scores.found
    langid_agrees = signals.langid_best == winner
    cld2_agrees = signals.cld2.best == winner
    letters_agree = letters_best == winner
    size = math.log1p(signals.letters)
    return [
        math.log(bounded / (1 - bounded)),
        float(langid_agrees),
        float(cld2_agrees),
        float(cld2_agrees and signals.cld2.reliable),
        float(signals.cld2.reliable),
        float(letters_agree),
        float(letters_know),
        mean,
        pairs,
        gap,
        scores.found / max(scores.total, 1) if scores else 0.0,
        size,
        mean * size,
        float(winner in CORE),
        math.log(max(signals.langid.get(winner, 0.0), 1e-4)),
        signals.langid_silent,
        sum(signals.langid.values()),
        float(signals.script == "Latn"),
        float(signals.script == "Arab"),
        float(signals.script == "Deva"),
        float(langid_agrees and cld2_agrees and letters_agree),
        *_off_typical(mean, pairs, signals.letters, typical.get(winner) if letters_know else None),
    ]


def _off_typical(
    mean: float, pairs: float, letters: float, usual: Typical | None
) -> tuple[float, float, float, float]:
    if usual is None:
        return (0.0, 0.0, 0.0, 0.0)
    scale = math.sqrt(letters)
    off_mean, off_pairs = mean - usual.mean, pairs - usual.pairs
    return (
        off_mean,
        off_pairs,
        max(-8.0, off_mean * scale / usual.mean_deviation),
        max(-8.0, off_pairs * scale / usual.pairs_deviation),
    )
