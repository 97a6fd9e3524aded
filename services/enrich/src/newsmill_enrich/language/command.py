"""The offline command ``newsmill detect``: which language a text is written in."""

import json
import sys
from pathlib import Path

from newsmill_enrich.language.detector import Detector
from newsmill_enrich.language.values import Hints

__all__ = ["detect_command"]


def detect_command(
    source: str,
    title: str = "",
    declared: str = "",
    host: str = "",
    explain: bool = False,
) -> None:
    """Print the language of a text as JSON. SOURCE is a file in UTF-8, or - for standard input.

    --title is told apart from the text and weighed with it. --declared (a language tag that the
    page states) and --host decide only what the text leaves open. --explain adds shares,
    paragraphs, what each detector said, and why a language cannot be told.
    """
    body = sys.stdin.buffer.read() if source == "-" else Path(source).read_bytes()
    text = body.decode("utf-8-sig", "replace")
    hints = Hints(declared={"page": declared} if declared else {}, host=host or None)
    detected = Detector().detect(title, text, hints)
    answer: dict[str, object] = {
        "language": detected.language.tag,
        "confidence": detected.language.confidence,
    }
    if explain:
        answer |= detected.evidence
    sys.stdout.write(json.dumps(answer, ensure_ascii=False, indent=2 if explain else None) + "\n")
