"""Answers tagging rows with the product's tagger, and measures what it costs.

    python -m benchmarks.quality.topics < rows.jsonl > answers.jsonl
    python -m benchmarks.quality.topics cost < rows.jsonl

Without arguments it speaks the protocol of the harness in the data folder: rows ``{id, title,
text, lang[, url, html]}`` on standard input, ``{id, categories: [{id, score}]}`` on standard
output, every topic with its score, since the harness cuts at the product's own threshold. Where a
row has ``html``, title, text, language and signals are what the product extracts from it; a page
that extraction refuses is judged by its row's text. ``cost`` prints CPU time and memory.
"""

import json
import resource
import sys
import time
import uuid
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote, urlsplit

from newsmill_enrich.extraction import extract
from newsmill_enrich.language import Detector, Hints
from newsmill_enrich.topics import Story, Tagger
from newsmill_shared.errors import EndedError
from newsmill_shared.messages import Page

Row = Mapping[str, Any]
NOWHERE = "https://localhost/page"
SURE_OF_LANGUAGE = 0.8
"""Below this the row's own language holds: the detector does not know every listed language."""


def main() -> None:
    """Answer each row of standard input on standard output, or measure the cost."""
    before = peak_mb()
    tagger = Tagger()
    loaded = peak_mb() - before
    detector = Detector()
    stories = ((row["id"], story_of(row, detector)) for row in map(json.loads, sys.stdin))
    if sys.argv[1:] == ["cost"]:
        measure_cost(tagger, [story for _, story in stories], loaded)
        return
    for name, story in stories:
        categories = [
            {"id": topic, "score": round(score, 4)} for topic, score in tagger.scores(story).items()
        ]
        print(json.dumps({"id": name, "categories": categories}))


def story_of(row: Row, detector: Detector) -> Story:
    """What the product knows of a row when it tags it."""
    if row.get("html"):
        try:
            return extracted_story(row, detector)
        except EndedError as error:
            print(f"{row['id']}: {error}", file=sys.stderr)
    title, text = row.get("title") or "", row.get("text") or ""
    declared = row.get("lang") or ""
    found = detector.detect(
        title, text, Hints(declared={"row": declared} if declared else {})
    ).language
    language = declared if declared and found.confidence < SURE_OF_LANGUAGE else found.tag
    folders = url_folders(row.get("url") or "")
    return Story(title, text, language, None, {"url_path": folders} if folders else {})


def extracted_story(row: Row, detector: Detector) -> Story:
    """What the product makes of a row's page.

    Raises:
        EndedError: Extraction refuses the page.
    """
    body = row["html"].encode()
    url = row.get("url") or NOWHERE
    now = datetime.now(UTC)
    page = Page(
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
        headers={"content-type": "text/html; charset=utf-8"},
    )
    made = extract(body, page, now=now)
    language = detector.detect(made.title, made.text).language.tag
    return Story(made.title, made.text, language, made.section_raw, made.signals)


def url_folders(url: str) -> tuple[str, ...]:
    """The folders of a URL's path, without the last part, which names the article."""
    return tuple(unquote(part) for part in urlsplit(url).path.split("/") if part)[:-1]


def peak_mb() -> int:
    """Peak memory of this process so far, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def measure_cost(tagger: Tagger, stories: Iterable[Story], loaded_mb: int) -> None:
    """Print CPU milliseconds a document, evidence included, and what loading the tagger took."""
    known = list(stories)
    started = time.process_time()
    for story in known:
        tagger.categorize(
            story.title,
            story.text,
            language=story.language,
            section_raw=story.section,
            signals=story.signals,
        )
    spent = time.process_time() - started
    print(
        json.dumps(
            {
                "documents": len(known),
                "cpu_ms_a_document": round(1000 * spent / len(known), 3),
                "tagger_mb": loaded_mb,
            }
        )
    )


if __name__ == "__main__":
    main()
