"""Tells why: the terms, signals and parts behind each score, as plain JSON."""

from collections.abc import Mapping

from pydantic import JsonValue

from newsmill_enrich.topics.artefact import Model
from newsmill_enrich.topics.scoring import Join
from newsmill_enrich.topics.weighing import Weighed

__all__ = ["ground", "recomputed", "why"]

_SHOWN_TERMS = 12
_SHOWN_FEATURES = 5
_DIGITS = 6


def why(model: Model, weighed: Weighed, topic: int, gap: float) -> dict[str, JsonValue]:
    """Return what speaks for a topic.

    ``terms`` are the strongest list words with their weights, ``features`` the strongest words
    of the linear model, ``signals`` what the publisher says, ``parts`` the numbers that the
    score is computed from (see ``recomputed``).
    """
    terms = sorted(weighed.findings.terms[topic].items(), key=lambda item: -item[1])
    shown: dict[str, JsonValue] = {term: round(weight, 2) for term, weight in terms[:_SHOWN_TERMS]}
    return {
        "terms": shown,
        "features": dict(model.linear.strongest(weighed.reading, topic, _SHOWN_FEATURES)),
        "signals": dict(weighed.mapped.words[topic]),
        "parts": {
            "model": round(float(weighed.parts.model[topic]), _DIGITS),
            "lexicon": round(float(weighed.parts.lexicon[topic]), _DIGITS),
            "signals": round(float(weighed.parts.signals[topic]), _DIGITS),
            "gap": round(gap, _DIGITS),
        },
    }


def recomputed(join: Join, reasons: Mapping[str, JsonValue]) -> float:
    """Return the score that follows from a stored ``why``.

    Raises:
        TypeError: It holds no parts.
    """
    parts = reasons.get("parts")
    if not isinstance(parts, dict):
        raise TypeError("no parts to compute a score from")
    return join.score({name: float(str(value)) for name, value in parts.items()})


def ground(weighed: Weighed) -> str:
    """Return in one word why an article without categories has none.

    ``no_words``: no list and no model knows a word of it; ``ambiguous``: its words speak for
    several topics or weakly.
    """
    known = bool(weighed.reading.words) or float(weighed.findings.totals.sum()) > 0
    return "ambiguous" if known or float(weighed.mapped.shares.sum()) > 0 else "no_words"
