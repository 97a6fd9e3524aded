"""Measures what the tagging model rests on besides its lists, and builds it again.

    python -m benchmarks.training.topics

Writes ``background.json`` (how common listed words are where they do not belong) and
``join.json`` (the numbers that join the parts, and the figures they reach) beside the lists, then
the model. Needs the evaluation data and the extra ``train``; no text goes into the product.
"""

import json
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from benchmarks.data import real_pages, shared_data
from newsmill_enrich.extraction import extract
from newsmill_enrich.language import Detector
from newsmill_enrich.topics.artefact import Model, load, made
from newsmill_enrich.topics.command import build_command, ingredients
from newsmill_enrich.topics.lexicon import list_of
from newsmill_enrich.topics.making.background import Background
from newsmill_enrich.topics.making.build import build
from newsmill_enrich.topics.making.fitting import fit_join
from newsmill_enrich.topics.making.lists import DATA
from newsmill_enrich.topics.scoring import Join
from newsmill_enrich.topics.taxonomy import TOPICS
from newsmill_enrich.topics.weighing import Story, read_tokens, weigh
from newsmill_shared.errors import EndedError
from newsmill_shared.messages import Page

PAGES = ("fundus_a", "trafilatura_eval", "htmldate_default")
PAGE_LANGUAGES = ("en", "de")
"""Languages with enough pages to count words in; elsewhere sentences with topics are counted."""

SENTENCES_A_TEXT = 12
FEWEST_HITS = 3
LEAST_PAGE_RATE = 0.01
LEAST_SENTENCE_RATE = 0.002
STRANGER_DISCOUNT = 0.25
"""For topics the sentences are not labelled with: some of what looks false there is not."""

START = Join(model=1.4, lexicon=9.0, signals=4.5, gap=0.24, bias=-1.6)
"""Signals cannot be fitted here: few of the labelled articles come with a page."""

DATA_WEIGHTS = {"sh": 3.0, "bbc": 0.15, "mn_en": 0.15}
"""Most weight on the articles labelled with all seventeen topics by several people."""


@dataclass(frozen=True, slots=True)
class Row:
    """A labelled text; topics outside ``space`` were no choice for those who labelled it."""

    story: Story
    labels: frozenset[int]
    accepted: frozenset[int]
    space: frozenset[int]


def main() -> None:
    """Measure, fit, write, build."""
    model = load()
    rates = {**sentence_rates(model, rows("sib")), **page_rates(model)}
    Background(rates).write(DATA / "background.json")
    parts = ingredients()
    fresh = made(build(parts.lists, parts.topics, parts.background, START))
    join, figures = fitted(fresh, {name: list(rows(name)) for name in DATA_WEIGHTS})
    (DATA / "join.json").write_text(
        json.dumps({"join": join, "measured": figures}, indent=1) + "\n"
    )
    build_command(DATA / "topics.npz")


def rows(name: str) -> Iterator[Row]:
    """Yield the labelled texts of a set."""
    everything = [f"{place + 1:02d}" for place in range(len(TOPICS))]
    path = shared_data("topics", "dev") / f"{name}.jsonl"
    for raw in map(json.loads, path.read_text("utf-8").splitlines()):
        yield Row(
            Story(raw.get("title") or "", raw["text"], raw["lang"]),
            places(raw["labels"]),
            places(raw.get("accept") or []),
            places(raw.get("space") or everything),
        )


def places(codes: Iterable[str]) -> frozenset[int]:
    """Places in ``TOPICS`` of two-digit codes."""
    return frozenset(int(code) - 1 for code in codes)


def sentence_rates(model: Model, sentences: Iterable[Row]) -> dict[str, dict[str, float]]:
    """Per language, how often a text would hold a listed word without being about its topic."""
    by_language: dict[str, list[Row]] = defaultdict(list)
    for row in sentences:
        by_language[list_of(row.story.language)].append(row)
    found: dict[str, dict[str, float]] = {}
    for language, texts in by_language.items():
        if not model.lexicon.knows(language) or language in PAGE_LANGUAGES:
            continue
        hits: Counter[str] = Counter()
        topics: dict[str, frozenset[int]] = {}
        for row in texts:
            for term, meant in listed(model, row.story).items():
                topics[term] = meant
                hits[term] += not meant & row.labels
        found[language] = {}
        for term, count in hits.items():
            strangers = sum(not topics[term] & row.labels for row in texts)
            rate = count / strangers
            if not topics[term] & texts[0].space:
                rate *= STRANGER_DISCOUNT
            if count >= FEWEST_HITS and rate > LEAST_SENTENCE_RATE:
                found[language][term] = round(1 - (1 - rate) ** SENTENCES_A_TEXT, 3)
    return found


def page_rates(model: Model) -> dict[str, dict[str, float]]:
    """Per language with enough pages, the share of articles that hold a listed word."""
    stories = [*page_stories(), *(row.story for name in ("bbc", "mn_en") for row in rows(name))]
    found: dict[str, dict[str, float]] = {}
    for language in PAGE_LANGUAGES:
        own = [story for story in stories if list_of(story.language) == language]
        hits = Counter(term for story in own for term in listed(model, story))
        found[language] = {
            term: round(count / len(own), 4)
            for term, count in hits.items()
            if count / len(own) >= LEAST_PAGE_RATE
        }
    return found


def page_stories() -> Iterator[Story]:
    """Yield what the product's own extraction makes of unlabelled pages."""
    detector = Detector()
    now = datetime.now(UTC)
    for page in real_pages(*PAGES):
        try:
            article = extract(page.body, page_of(page.url, page.body, now), now=now)
        except EndedError:
            continue
        language = detector.detect(article.title, article.text).language.tag
        yield Story(article.title, article.text, language)


def page_of(url: str, body: bytes, now: datetime) -> Page:
    """A page as the product would have fetched it."""
    return Page(
        fetch_id=uuid.UUID(int=0),
        url=url,
        url_key="",
        final_url=url,
        final_key="",
        fetched_at=now,
        sha256="",
        object="",
        size=len(body),
        media_type="text/html",
    )


def listed(model: Model, story: Story) -> dict[str, frozenset[int]]:
    """The listed words of a story and the topics each speaks for."""
    title, text = read_tokens(story)
    terms: dict[str, set[int]] = defaultdict(set)
    for topic, found in enumerate(model.lexicon.read(title, text, story.language).terms):
        for term in found:
            terms[term].add(topic)
    return {term: frozenset(topics) for term, topics in terms.items()}


def fitted(
    model: Model, sets: Mapping[str, Sequence[Row]]
) -> tuple[dict[str, float], dict[str, float]]:
    """Return the join fitted to labelled sets, and how often its best topic is defensible."""
    parts = {
        name: np.array(
            [
                np.stack([found.model, found.lexicon, found.signals], axis=1)
                for found in (weigh(model, row.story).parts for row in texts)
            ]
        )
        for name, texts in sets.items()
    }
    everywhere = range(len(TOPICS))
    truth = [
        [place in row.labels for place in everywhere] for texts in sets.values() for row in texts
    ]
    judged = [
        [DATA_WEIGHTS[name] * (place in row.space - row.accepted) for place in everywhere]
        for name, texts in sets.items()
        for row in texts
    ]
    join = fit_join(np.concatenate(list(parts.values())), np.array(truth), np.array(judged), START)
    numbers = {
        "model": join.model,
        "lexicon": join.lexicon,
        "signals": join.signals,
        "gap": join.gap,
        "bias": join.bias,
    }
    figures = {}
    for name, texts in sets.items():
        strength = parts[name] @ np.array([join.model, join.lexicon, join.signals])
        right = [
            max(row.space, key=strength[at].item) in row.labels | row.accepted
            for at, row in enumerate(texts)
        ]
        figures[f"{name}: best topic defensible, of those that could be chosen"] = round(
            float(np.mean(right)), 4
        )
    return numbers, figures


if __name__ == "__main__":
    main()
