"""Fits the block model on all pages, writes it with its card, and prints out-of-fold figures.

Also writes one forest per fold, fitted without the publishers of that fold, for
``benchmarks/quality/extract.py``. Needs lightgbm, readability-lxml and newspaper4k.
"""

import argparse
import hashlib
import io
import json
import statistics
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from benchmarks.training.extraction.forest import fit
from benchmarks.training.extraction.labels import Labels, assemble, from_gold, from_votes
from benchmarks.training.extraction.pages import (
    FOLDS,
    GOLD,
    SILVER,
    LearningPage,
    fold_of,
    load,
    tokens,
)
from benchmarks.training.extraction.voters import VOTERS, texts_of
from newsmill_enrich.extraction.features import VERSION, menu_like
from newsmill_enrich.extraction.model import Forest

ROOT = Path(__file__).resolve().parents[3]
FOLD_FILES = Path(__file__).parent / "folds"
PRODUCT = ROOT / "services/enrich/src/newsmill_enrich/extraction"
WEIGHTS = {"fundus_a": 1.0, "readability_js": 0.3, "newspaper4k": 0.5}
"""The last two sets' gold texts are the output of other extractors."""

Example = tuple[LearningPage, Labels]


def learn(examples: Iterable[Example]) -> Forest:
    """Fit a forest on labelled pages."""
    matrices, targets, shares = [], [], []
    for page, (labels, weights) in examples:
        asked = ~menu_like(page.matrix)
        matrices.append(page.matrix[asked])
        targets.append(labels[asked])
        shares.append(weights[asked])
    return fit(np.vstack(matrices), np.concatenate(targets), np.concatenate(shares))


def gather(cache: Path) -> list[Example]:
    """All labelled pages: gold first, then those that extractors agree on."""
    examples = [(page, from_gold(page, WEIGHTS[name])) for name in GOLD for page in load(name)]
    print(f"{len(examples)} pages with gold texts")
    for name in SILVER:
        votes = [texts_of(voter, name, cache) for voter in VOTERS]
        for page in load(name):
            labels = from_votes(page, [texts.get(page.key, "") for texts in votes])
            if labels is not None:
                examples.append((page, labels))
    print(f"{len(examples)} labelled pages, {sum(len(p.blocks) for p, _ in examples)} blocks")
    return examples


def page_f1(gold: str, text: str) -> float:
    """F1 over 4-token shingles, counted with multiplicity."""
    a, b = (
        Counter(zip(*(words[i:] for i in range(4)), strict=False))
        for words in (tokens(gold), tokens(text))
    )
    total = a.total() + b.total()
    return 2 * (a & b).total() / total if total else 1.0


def report(pages: Sequence[LearningPage], kept: Sequence[float], name: str) -> None:
    """Print the mean F1 of a set and its share of bad pages."""
    print(
        f"{name:<16} n={len(pages)} page F1 {statistics.fmean(kept):.4f} "
        f"bad {sum(x < 0.8 for x in kept) / len(kept):.3f}"
    )


def write(forest: Forest, path: Path) -> str:
    """Write a forest as ``.npz``; return its sha256."""
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer,
        feature=forest.feature,
        threshold=forest.threshold,
        mask=forest.mask,
        value=forest.value,
        version=np.int64(forest.version),
    )
    path.write_bytes(buffer.getvalue())
    return hashlib.sha256(buffer.getvalue()).hexdigest()


def main() -> None:
    """Train, measure out of fold, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, default=ROOT / "build/training/extraction")
    parser.add_argument("--threshold", type=float, default=0.55)
    parser.add_argument("--dry-run", action="store_true", help="measure, write nothing")
    arguments = parser.parse_args()
    examples = gather(arguments.cache)
    scores: dict[str, list[tuple[LearningPage, float]]] = {name: [] for name in GOLD}
    for fold in range(FOLDS):
        forest = learn(x for x in examples if fold_of(x[0].publisher) != fold)
        if not arguments.dry_run:
            write(forest, FOLD_FILES / f"{fold}.npz")
        for page, _ in examples:
            name = page.key.split("/")[0]
            if name in GOLD and fold_of(page.publisher) == fold:
                kept = forest.probabilities(page.matrix) > arguments.threshold
                kept &= ~menu_like(page.matrix)
                scores[name].append((page, page_f1(str(page.gold["text"]), assemble(page, kept))))
    for name, rows in scores.items():
        report([page for page, _ in rows], [score for _, score in rows], name)
    if arguments.dry_run:
        return
    forest = learn(examples)
    digest = write(forest, PRODUCT / "blocks.npz")
    card = {
        "version": VERSION,
        "sha256": digest,
        "what": "gradient-boosted trees that tell blocks of an article from the rest of its page",
        "trees": len(forest.feature),
        "pages": len(examples),
        "sources": [
            "flairNLP/fundus, MIT: gold texts of publisher-specific parsers",
            "mozilla/readability, Apache-2.0: expected output, at a third of the weight",
            "AndyTheFactory/newspaper4k, MIT: accepted output, at half of the weight",
            (
                "adbar/trafilatura and adbar/htmldate, Apache-2.0: pages labelled where "
                "trafilatura, readability-lxml and newspaper4k agree, and by human snippets"
            ),
        ],
        "licence": "MIT",
        "page_f1_out_of_fold": {
            name: round(statistics.fmean(score for _, score in rows), 4)
            for name, rows in scores.items()
        },
    }
    text = json.dumps(card, indent=2, ensure_ascii=False) + "\n"
    (PRODUCT / "blocks.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
