"""Answers language-detection rows (JSON lines) with the product's detector.

Reads ``{id, text[, title, hints]}`` on standard input and writes ``{id, lang, confidence, langs,
paras, us}``, the protocol of the harness in the data folder.
"""

import json
import sys
import time

from newsmill_enrich.language import Detected, Detector, Hints


def main() -> None:
    """Answer each row of standard input on standard output."""
    detector = Detector()
    for line in sys.stdin:
        row = json.loads(line)
        started = time.perf_counter()
        detected = detector.detect(row.get("title") or "", row["text"], Hints())
        micros = round((time.perf_counter() - started) * 1e6)
        sys.stdout.write(json.dumps(answer(row["id"], detected) | {"us": micros}) + "\n")


def answer(key: str, detected: Detected) -> dict[str, object]:
    """One row of the harness's protocol."""
    return {
        "id": key,
        "lang": detected.language.tag,
        "confidence": detected.language.confidence,
    }


if __name__ == "__main__":
    main()
