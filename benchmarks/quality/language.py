"""Answers language-detection rows with the product's detector, and measures what it costs.

    python -m benchmarks.quality.language < rows.jsonl > answers.jsonl
    python -m benchmarks.quality.language cost

Without arguments it speaks the protocol of the harness in the data folder: rows ``{id, text[,
title, hints]}`` on standard input, ``{id, lang, confidence, langs, paras, us}`` on standard
output. ``cost`` compares CPU time and memory with py3langid's in one run.
"""

import collections
import json
import re
import resource
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from py3langid.langid import MODEL_FILE, LanguageIdentifier

from benchmarks.data import shared_data
from newsmill_enrich.language import Detected, Detector, Hints

Row = Mapping[str, Any]


def main() -> None:
    """Answer each row of standard input on standard output, or measure the cost."""
    if sys.argv[1:] == ["cost"]:
        measure_cost()
        return
    detector = Detector()
    for line in sys.stdin:
        row = json.loads(line)
        started = time.perf_counter()
        detected = detector.detect(row.get("title") or "", row["text"], hints_of(row))
        micros = round((time.perf_counter() - started) * 1e6)
        sys.stdout.write(json.dumps(answer(row, detected) | {"us": micros}) + "\n")
    sys.stderr.write(json.dumps({"memory_mb": resident_mb()}) + "\n")


def hints_of(row: Row) -> Hints:
    """The row's hints under the names that the product uses."""
    given = row.get("hints") or {}
    names = {"html_lang": "html", "og_locale": "og", "content_language": "header"}
    declared = {name: given[key] for key, name in names.items() if given.get(key)}
    return Hints(declared=declared, host=urlsplit(given.get("url") or "").hostname)


def answer(row: Row, detected: Detected) -> dict[str, object]:
    """One answer in the harness's protocol."""
    shares = detected.evidence.get("shares")
    languages = shares if isinstance(shares, dict) else {}
    return {
        "id": row["id"],
        "lang": detected.language.tag,
        "confidence": detected.language.confidence,
        "langs": [{"lang": name, "share": share} for name, share in languages.items()],
        "paras": paragraphs(row["text"], detected),
    }


def paragraphs(text: str, detected: Detected) -> list[str]:
    """The language of each paragraph that blank lines separate, from those of its lines."""
    listed = detected.evidence.get("paragraphs")
    by_line: dict[int, str] = {}
    for entry in listed if isinstance(listed, list) else []:
        if isinstance(entry, dict) and isinstance(entry["line"], int):
            by_line[entry["line"]] = str(entry["language"])
    line = 0
    found = []
    for block in re.split(r"\n\s*\n", text):
        votes: collections.Counter[str] = collections.Counter()
        for content in block.split("\n"):
            if content.strip():
                votes[by_line.get(line, detected.language.tag)] += len(content)
                line += 1
        found.append(votes.most_common(1)[0][0] if votes else detected.language.tag)
    return found


def resident_mb() -> int:
    """Memory of this process, in megabytes."""
    with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123 - not a real file
        pages = int(file.read().split()[1])
    return pages * resource.getpagesize() // 1_000_000


def measure_cost() -> None:
    """Print median CPU microseconds by size of text, ours against py3langid's, and memory."""
    detector = Detector()
    print(f"memory with both models: {resident_mb()} MB")
    alone = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    texts = articles()
    print("characters  texts   ours us  py3langid us  ratio  ours p95 us")
    for size in (60, 250, 1_700, 6_000):
        cuts = [text[:size] for text in texts if len(text) >= size]
        ours = [microseconds(partial(detector.detect, "", text)) for text in cuts]
        theirs = [microseconds(partial(alone.classify, text)) for text in cuts]
        middle, other = statistics.median(ours), statistics.median(theirs)
        slow = sorted(ours)[int(len(ours) * 0.95) - 1]
        ratio = middle / other
        print(f"{size:10} {len(cuts):6} {middle:9.0f} {other:13.0f} {ratio:6.2f} {slow:12.0f}")


def articles() -> list[str]:
    """Texts of 6,000 characters in each language, of paragraphs put together."""
    by_language: dict[str, list[str]] = collections.defaultdict(list)
    path = shared_data("language", "dev", "flores_snippet.dev.jsonl")
    for line in path.read_text("utf-8").splitlines():
        row = json.loads(line)
        by_language[row["lang"]].append(row["text"])
    return [
        "\n".join(texts[start::2])[:6_000] for texts in by_language.values() for start in (0, 1)
    ]


def microseconds(work: Callable[[], object], rounds: int = 5) -> float:
    """The least CPU time of a few rounds."""
    best = float("inf")
    for _ in range(rounds):
        started = time.process_time()
        work()
        best = min(best, time.process_time() - started)
    return best * 1e6


if __name__ == "__main__":
    main()
