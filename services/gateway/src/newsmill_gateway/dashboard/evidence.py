"""Why this date, language, category, duplicate: the kept evidence, read with care.

Evidence is plain JSON that enrichment wrote, perhaps long ago: a part that is missing, or has
another shape, is left out, and the page still shows all of it as it is kept.
"""

import json
from collections.abc import Mapping
from uuid import UUID

from pydantic import JsonValue

from newsmill_gateway.dashboard.articles import shown_lang
from newsmill_gateway.dashboard.formats import count, host_of, stamp
from newsmill_gateway.dashboard.languages import language_name
from newsmill_gateway.dashboard.ports import Neighbour, Version

__all__ = [
    "categories_panel",
    "compared_ids",
    "date_panel",
    "duplicates_panel",
    "fields_panel",
    "language_panel",
    "whole",
]

Context = Mapping[str, object]
_SHOWN = 12
_WORDS_SHOWN = 12


def date_panel(version: Version) -> Context:
    """Return the date, the place it came from, and every candidate."""
    found = _part(version, "extraction")
    chosen = _mapping(found.get("published_at"))
    candidates = []
    for each in _list(found.get("date_candidates")):
        candidate = _mapping(each)
        local = _text(candidate.get("local"))
        same = (
            bool(chosen)
            and local == chosen.get("local")
            and (candidate.get("found_in") == chosen.get("found_in"))
        )
        if candidate.get("is_update"):
            verdict = ("off", "a change")
        else:
            verdict = ("ok", "chosen") if same else ("off", "not chosen")
        candidates.append(
            {
                "local": local,
                "found_in": _text(candidate.get("found_in")),
                "confidence": _figure(candidate.get("confidence")),
                "state": verdict[0],
                "verdict": verdict[1],
                "chosen": same,
            }
        )
    said = "none: the page does not say, and the time of the fetch never stands for it"
    if version.published_at:
        said = f"{stamp(version.published_at)} UTC"
    zone = _text(chosen.get("zone"))
    return {
        "said": said,
        "known": version.published_at is not None,
        "local": _text(chosen.get("local")),
        "zone": zone,
        "zone_from": _text(chosen.get("zone_from")),
        "precision": _text(chosen.get("precision")),
        "found_in": _text(chosen.get("found_in")),
        "confidence": _figure(chosen.get("confidence")),
        "modified": f"{stamp(version.modified_at)} UTC" if version.modified_at else None,
        "candidates": tuple(candidates[:_SHOWN]),
        "more": max(len(candidates) - _SHOWN, 0),
    }


def language_panel(version: Version) -> Context:
    """Return the language, its share of the text, and what each detector said."""
    found = _part(version, "language")
    shares = _figures(found.get("shares"))
    likely = _figures(found.get("likely"))
    tags = list(dict.fromkeys([version.language, *shares, *likely]))
    detectors = tuple(
        (name, ", ".join(f"{language_name(tag)} {_text(n)}" for tag, n in _mapping(tally).items()))
        for name, tally in _mapping(found.get("detectors")).items()
    )
    hints = _figures(found.get("hints"))
    return {
        "said": language_name(version.language),
        "confidence": f"{version.language_confidence:.3f}",
        "known": version.language != "und",
        "ground": _text(found.get("ground")),
        "rule": _text(found.get("rule")),
        "rows": tuple(
            {
                "name": language_name(tag),
                "share": f"{shares[tag]:.3f}" if tag in shares else "none",
                "width": round(100 * shares.get(tag, 0.0), 1),
                "likely": f"{likely[tag]:.3f}" if tag in likely else "none",
                "chosen": tag == version.language,
            }
            for tag in tags[:_SHOWN]
            if tag != "und"
        ),
        "has_likely": bool(likely),
        "detectors": detectors,
        "hints": ", ".join(f"{language_name(tag)} {weight:g}" for tag, weight in hints.items()),
    }


def categories_panel(version: Version) -> Context:
    """Return the categories with their parts, the words that counted, and what came near."""
    found = _part(version, "categories")
    sure = [_category(each, chosen=True) for each in version.categories]
    near = [_category(_mapping(each), chosen=False) for each in _list(found.get("possible"))]
    words: dict[str, None] = {}
    signals: list[tuple[str, str]] = []
    for category in version.categories:
        why = _mapping(category.get("why"))
        words.update(dict.fromkeys(_mapping(why.get("terms"))))
        words.update(dict.fromkeys(_mapping(why.get("features"))))
        signals += [(place, _text(said)) for place, said in _mapping(why.get("signals")).items()]
    return {
        "said": " · ".join(f"{row['name']} {row['score']}" for row in sure),
        "ground": _GROUNDS.get(_text(found.get("unclassified")), ""),
        "model": _text(found.get("model")),
        "rows": tuple([*sure, *near][:_SHOWN]),
        "words": tuple(words)[:_WORDS_SHOWN],
        "signals": tuple(dict.fromkeys(signals)),
        "unmapped": tuple(_text(each) for each in _list(found.get("unmapped")))[:_SHOWN],
    }


_GROUNDS = {
    "no_words": "no list and no model knows a word of it",
    "ambiguous": "its words speak for several topics, or weakly",
}


def compared_ids(version: Version) -> tuple[UUID, ...]:
    """Return the articles that this one was compared with."""
    found: dict[UUID, None] = {}
    for each in _compared(version):
        try:
            found[UUID(_text(each.get("article_id")))] = None
        except ValueError:
            continue
    if version.duplicate_of:
        found[version.duplicate_of] = None
    return tuple(found)[:_SHOWN]


def duplicates_panel(
    version: Version, story: tuple[Neighbour, ...], known: Mapping[UUID, Neighbour]
) -> Context:
    """Return where the article stands among others, and each comparison.

    Args:
        version: The article.
        story: The first articles of its story.
        known: Those of the compared articles that are stored.
    """
    others = [each for each in story if each.article_id != version.article_id]
    rows = []
    by_text = {str(article_id): neighbour for article_id, neighbour in known.items()}
    for each in _compared(version)[:_SHOWN]:
        other = _text(each.get("article_id"))
        rows.append(
            {
                "id": other if other in by_text else None,
                **_titled(by_text.get(other)),
                "similarity": _figure(each.get("similarity")),
                "figures": _figure(each.get("figures")),
                "lead": _figure(each.get("lead")),
                "rule": _text(each.get("rule")).replace("_", " "),
                "chosen": other == str(version.duplicate_of),
            }
        )
    if version.duplicate_of is not None:
        said = "Tells the same story as an earlier page"
    elif others:
        n = len(others)
        said = f"First of its story; {n} later {'copy links' if n == 1 else 'copies link'} here"
    else:
        said = "First of its story; no other page tells it"
    return {
        "said": said,
        "is_copy": version.duplicate_of is not None,
        "rows": tuple(rows),
        "others": tuple(
            {"id": str(each.article_id), **_titled(each)}
            for each in others
            if str(each.article_id) not in {row["id"] for row in rows}
        ),
    }


def fields_panel(version: Version) -> Context:
    """Return the other fields, each with its source, and what was left out of the text."""
    found = _part(version, "extraction")
    rows = []
    for name, value in (
        ("title", version.title or "none"),
        ("section_raw", version.section_raw or "none"),
        ("authors", ", ".join(version.authors) or "none"),
        ("site name", version.site_name or "none"),
        ("canonical URL", version.canonical_url or "none"),
    ):
        place = _text(_mapping(found.get(name)).get("found_in"))
        rows.append((name, value, _home(found) if name == "canonical URL" else place))
    kept = found.get("kept")
    dropped = _mapping(found.get("dropped"))
    text = version.text or ""
    paragraphs = text.count("\n") + 1 if text else 0
    return {
        "rows": tuple(rows),
        "paragraphs": count(kept) if isinstance(kept, int) else count(paragraphs),
        "characters": count(len(text)),
        "extractor": _text(found.get("extractor")),
        "dropped": tuple((rule.replace("_", " "), _text(n)) for rule, n in sorted(dropped.items())),
        "truncated": version.text_truncated,
    }


def _home(found: Mapping[str, JsonValue]) -> str:
    """Say whether the page's word about its own address was believed."""
    home = _mapping(_mapping(found.get("aliases")).get("home"))
    if "why" in home:
        return f"not believed: {_text(home['why'])}"
    return f"this page is its {_text(home['kind'])} form" if "kind" in home else ""


def whole(version: Version) -> str:
    """Return all of the evidence as it is kept, to be read by people."""
    return json.dumps(version.evidence, indent=2, ensure_ascii=False, sort_keys=True)


def _category(category: Mapping[str, JsonValue], *, chosen: bool) -> dict[str, object]:
    score = category.get("score")
    parts = _mapping(_mapping(category.get("why")).get("parts"))
    value = float(score) if isinstance(score, int | float) else 0.0
    return {
        "name": _text(category.get("name")),
        "id": _text(category.get("id")),
        "score": f"{value:.2f}",
        "width": round(100 * value, 1),
        "model": _signed(parts.get("model")),
        "words": _signed(parts.get("lexicon")),
        "signals": _signed(parts.get("signals")),
        "gap": _signed(parts.get("gap")),
        "chosen": chosen,
    }


def _compared(version: Version) -> list[Mapping[str, JsonValue]]:
    return [_mapping(each) for each in _list(_part(version, "duplicates").get("compared"))]


def _titled(neighbour: Neighbour | None) -> dict[str, object]:
    if neighbour is None:
        return {"title": "a page that was never stored", "lang": None, "host": ""}
    return {
        "title": neighbour.title or "without a title",
        "lang": shown_lang(neighbour.language),
        "host": host_of(neighbour.url),
    }


def _part(version: Version, name: str) -> Mapping[str, JsonValue]:
    return _mapping(version.evidence.get(name))


def _mapping(value: object) -> Mapping[str, JsonValue]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[JsonValue]:
    return value if isinstance(value, list) else []


def _text(value: object) -> str:
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return "" if value is None else str(value)


def _figures(value: object) -> dict[str, float]:
    return {
        name: float(figure)
        for name, figure in _mapping(value).items()
        if isinstance(figure, int | float)
    }


def _figure(value: object) -> str:
    return f"{value:.2f}" if isinstance(value, int | float) else "none"


def _signed(value: object) -> str:
    if not isinstance(value, int | float):
        return "none"
    return f"{value:+.2f}".replace("-", "−")
