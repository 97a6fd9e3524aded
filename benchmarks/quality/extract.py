"""Answers pages with the product's extraction, in the protocol of the harness in the data folder.

Reads JSON lines ``{id, url, html (base64) | path}`` on standard input and writes ``{id, text,
title, date, authors, section, ms}``; ``ms`` is CPU time from bytes to record. A page that ends
without an article answers ``{id, ended, ms}``.

``--out-of-fold`` uses for each page the block model that was fitted without its publisher; they
lie beside ``benchmarks.training.extraction``, which writes them. ``--interleave`` also runs
trafilatura on each page and reports its CPU time beside the product's, on the same machine.
"""

import argparse
import base64
import json
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from newsmill_enrich.extraction import Extracted
from newsmill_enrich.extraction.model import Forest, load_model, read_forest
from newsmill_enrich.extraction.page import read_page
from newsmill_shared.errors import EndedError
from newsmill_shared.messages import Page

ROOT = Path(__file__).resolve().parents[2]


def a_page(url: str, size: int) -> Page:
    """The message about a page of the harness."""
    return Page(
        fetch_id=UUID(int=0),
        url=url,
        url_key="",
        final_url=url,
        final_key="",
        fetched_at=datetime.now(UTC),
        sha256="",
        object="",
        size=size,
        media_type="text/html",
    )


def local_day(record: Extracted) -> str | None:
    """The day of publication as the page prints it."""
    found = record.evidence["published_at"]
    return str(found["local"])[:10] if isinstance(found, dict) else None


def answer(record: Extracted) -> dict[str, object]:
    """One row of the harness's protocol."""
    return {
        "text": record.text,
        "title": record.title,
        "date": local_day(record),
        "authors": list(record.authors),
        "section": record.section_raw,
        "confidence": record.evidence.get("confidence"),
    }


def shipped(_url: str, _key: str) -> Forest | None:
    """The model of the product, for every page."""
    return None


def out_of_fold() -> Callable[[str, str], Forest | None]:
    """Return what chooses for a page (by URL and id) the forest that did not see its publisher."""
    sys.path.insert(0, str(ROOT))  # so that the adapter also runs as a file
    from benchmarks.training.extraction.pages import FOLDS, fold_of, publisher  # noqa: PLC0415

    forests = []
    for fold in range(FOLDS):
        with (ROOT / f"benchmarks/training/extraction/folds/{fold}.npz").open("rb") as file:
            forests.append(read_forest(file))
    return lambda url, key: forests[fold_of(publisher(url, key))]


def timed(work: Callable[[], object]) -> float:
    """CPU milliseconds of this process."""
    started = time.process_time()
    work()
    return (time.process_time() - started) * 1000


def trafilatura_milliseconds(body: bytes, url: str) -> float:
    """What trafilatura needs for the page, text and metadata."""
    from trafilatura import bare_extraction  # noqa: PLC0415 - only with --interleave

    return timed(lambda: bare_extraction(body, url=url, with_metadata=True, include_comments=False))


def main() -> None:
    """Answer each row of standard input on standard output."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out-of-fold", action="store_true")
    parser.add_argument("--interleave", action="store_true")
    arguments = parser.parse_args()
    forest_for = out_of_fold() if arguments.out_of_fold else shipped
    load_model()
    own: list[float] = []
    other: list[float] = []
    ended = 0
    for line in sys.stdin:
        row = json.loads(line)
        body = Path(row["path"]).read_bytes() if "path" in row else base64.b64decode(row["html"])
        url = row.get("url") or ""
        forest = forest_for(url, row["id"])
        page, now = a_page(url, len(body)), datetime.now(UTC)
        started = time.process_time()
        try:
            result = answer(read_page(body, page, now=now, forest=forest))
        except EndedError as error:
            result = {"ended": f"{error.reason}: {error.detail}"}
            ended += 1
        own.append((time.process_time() - started) * 1000)
        if arguments.interleave:
            other.append(trafilatura_milliseconds(body, url))
        sys.stdout.write(
            json.dumps({"id": row["id"], **result, "ms": own[-1]}, ensure_ascii=False) + "\n"
        )
        sys.stdout.flush()
    report("newsmill", own)
    report("trafilatura", other)
    print(f"{ended} pages ended without an article", file=sys.stderr)


def report(name: str, milliseconds: list[float]) -> None:
    """Print CPU times to standard error."""
    if len(milliseconds) > 1:
        cuts = statistics.quantiles(milliseconds, n=20)
        print(
            f"{name}: CPU ms per page mean {statistics.fmean(milliseconds):.1f} "
            f"median {statistics.median(milliseconds):.1f} p95 {cuts[-1]:.1f}",
            file=sys.stderr,
        )


if __name__ == "__main__":
    main()
