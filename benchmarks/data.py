"""Where the evaluation data lies: pages and texts that belong to others and are not in the repo."""

import gzip
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

__all__ = ["RealPage", "real_pages", "shared_data"]


def shared_data(*parts: str) -> Path:
    """Return a folder of the evaluation data, or end with a message that says what is missing.

    NEWSMILL_SHARED_DATA names the folder; it is ``../shared`` beside the repo if unset.
    """
    beside = Path(__file__).resolve().parents[2] / "shared"
    folder = Path(os.environ.get("NEWSMILL_SHARED_DATA", beside)).joinpath(*parts)
    if not folder.exists():
        sys.exit(f"skipped: no evaluation data at {folder}; set NEWSMILL_SHARED_DATA")
    return folder


@dataclass(frozen=True, slots=True)
class RealPage:
    """A page as its publisher served it."""

    url: str
    body: bytes


def real_pages(*sets: str) -> Iterator[RealPage]:
    """Yield the pages of these extraction sets, in turn."""
    folders = [shared_data("extraction", "dev", name) for name in sets]
    lists = [
        [json.loads(line) for line in (folder / "pages.jsonl").read_text("utf-8").splitlines()]
        for folder in folders
    ]
    for folder, entries in zip(folders, lists, strict=True):
        for entry in entries:
            yield RealPage(entry["url"], gzip.decompress((folder / entry["html"]).read_bytes()))
