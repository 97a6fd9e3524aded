"""Writes what extraction found, and where, as plain JSON."""

from collections.abc import Mapping, Sequence

from pydantic import JsonValue

from newsmill_enrich.extraction.dates import Moment
from newsmill_enrich.extraction.headline import Headline
from newsmill_enrich.extraction.publication import Candidate, Publication
from newsmill_shared.robots_tags import Directives

__all__ = ["candidate", "counts", "dates", "headline", "moment", "robots"]


def moment(value: Moment | None, found_in: str) -> JsonValue:
    """A date with its zone and precision, and where it was found; None stays None."""
    if value is None:
        return None
    return {
        "at": value.at.isoformat(),
        "local": value.local,
        "precision": value.precision,
        "zone": value.zone,
        "zone_from": value.zone_from,
        "found_in": found_in,
    }


def candidate(value: Candidate | None) -> JsonValue:
    """A candidate as its date, place and worth."""
    if value is None:
        return None
    plain = moment(value.moment, value.found_in)
    return {**plain, "confidence": value.confidence} if isinstance(plain, dict) else None


def dates(publication: Publication) -> dict[str, JsonValue]:
    """The dates of publication and change, and every candidate."""
    return {
        "published_at": candidate(publication.published),
        "modified_at": candidate(publication.modified),
        "date_candidates": [
            {
                "local": item.moment.local,
                "found_in": item.found_in,
                "confidence": round(item.confidence, 2),
                "is_update": item.is_update,
            }
            for item in publication.candidates
        ],
    }


def headline(value: Headline) -> JsonValue:
    """Where the headline was found, and what else it could have been."""
    return {
        "found_in": value.found_in,
        "candidates": [{"text": text[:200], "found_in": place} for place, text in value.candidates],
    }


def counts(values: Mapping[str, int] | Sequence[tuple[int, str]]) -> dict[str, JsonValue]:
    """How often each rule was applied."""
    if isinstance(values, Mapping):
        return dict(values)
    found: dict[str, int] = {}
    for _, rule in values:
        found[rule] = found.get(rule, 0) + 1
    return dict(found)


def robots(asked: Directives, *, in_headers: bool) -> dict[str, JsonValue]:
    """What the page asks of crawlers; ``in_headers`` says that its headers want no copy kept."""
    after = asked.unavailable_after
    return {
        "noindex": asked.noindex,
        "noarchive": asked.noarchive or in_headers,
        "unavailable_after": after.isoformat() if after else None,
    }
