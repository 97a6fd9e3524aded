"""The pages to learn from: their blocks' features, gold texts, publishers and folds."""

import gzip
import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray
from selectolax.lexbor import LexborHTMLParser

from benchmarks.data import shared_data
from newsmill_enrich.extraction.blocks import walk
from newsmill_enrich.extraction.declared import read_declared
from newsmill_enrich.extraction.features import describe
from newsmill_enrich.extraction.headline import read_headline
from newsmill_enrich.extraction.prescan import scan_bytes, scan_markup
from newsmill_shared.decoding import decode
from newsmill_shared.errors import EndedError

__all__ = ["FOLDS", "GOLD", "SILVER", "LearningPage", "fold_of", "load", "publisher", "tokens"]

GOLD = ("fundus_a", "readability_js", "newspaper4k")
"""Sets with gold texts."""

SILVER = ("trafilatura_eval", "htmldate_default")
"""Sets whose texts come from the agreement of extractors."""

FOLDS = 5

_SECOND_LEVEL = ("co", "com", "org", "net", "gov", "edu", "ac", "or", "ne", "go", "gob", "nom")
_TOKEN = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]"
    "|[^\\W\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]+"
)


@dataclass(slots=True)
class LearningPage:
    """A page with its blocks as tokens and features."""

    key: str
    """Set and page: ``fundus_a/de/...``."""
    publisher: str
    blocks: list[str]
    tokens: list[list[str]]
    matrix: NDArray[np.float32]
    gold: dict[str, object]


def tokens(text: str) -> list[str]:
    """Words; single letters in scripts that do not part words by spaces."""
    return _TOKEN.findall(text)


def publisher(url: str, key: str) -> str:
    """The registrable domain of a page's URL, or the page itself where the URL is made up."""
    host = (urlsplit(url).hostname or "").removeprefix("www.")
    if host in ("", "fakehost", "example.com"):
        return key
    labels = host.split(".")
    size = 3 if len(labels) > 2 and labels[-2] in _SECOND_LEVEL else 2
    return ".".join(labels[-size:])


def fold_of(name: str) -> int:
    """The fold that a publisher belongs to: none of its pages is scored by a model that saw it."""
    return int(hashlib.sha256(name.encode()).hexdigest(), 16) % FOLDS


def _rows(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]


def load(name: str) -> Iterator[LearningPage]:
    """Yield the pages of a set that the product would parse."""
    folder = shared_data("extraction", "dev", name)
    gold = {str(row["id"]): row for row in _rows(folder / "gold.jsonl")}
    for row in _rows(folder / "pages.jsonl"):
        body = gzip.decompress((folder / str(row["html"])).read_bytes())
        url, key = str(row["url"]), f"{name}/{row['id']}"
        try:
            scan_bytes(body)
            markup = decode(body).text
            scan_markup(markup)
        except EndedError:
            continue
        tree = LexborHTMLParser(markup)
        if tree.body is None:
            continue
        declared = read_declared(tree, url, {})
        page = walk(tree.body)
        title = read_headline(tree, declared).text or declared.title
        features = describe(page, title, declared.first("og:description", "description"))
        if features is None:
            continue
        texts = [block.text for block in page.blocks]
        yield LearningPage(
            key=key,
            publisher=publisher(url, key),
            blocks=texts,
            tokens=[tokens(text) for text in texts],
            matrix=features.matrix,
            gold=gold[str(row["id"])],
        )
