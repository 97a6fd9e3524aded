"""Describes each block of a page by the numbers that the block model decides on.

After the features that carry the gain in published and own measurements: how much of the page's
prose lies in a block's surroundings and under its template, link density around it, its place
relative to the headline and to the best container, and its neighbours.
"""

import re
from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from newsmill_enrich.extraction.blocks import CATEGORIES, FLAGS, TAGS, Blocks

__all__ = ["COUNT", "VERSION", "Features", "describe", "menu_like"]

VERSION = 2
"""Changes whenever a feature does; a model names the version it was trained on."""

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

LONG = 80
"""Characters of a block that counts as prose if few of them are linked."""

_WORD = re.compile(r"\w+")
_WHEN = re.compile(r"\b\d{1,2}[:.h]\d\d\b|\b(?:19|20)\d\d\b|\bago\b|\bmin(?:ute)?s?\b")
_CLOSING = frozenset(".!?。！？…:;\"'”’»)]।۔؟")
_H1 = TAGS.index("h1")
_ASIDE = FLAGS.index("aside")
_COMMENTS = list(CATEGORIES).index("comments")
_CATEGORY_SHIFTS = np.arange(len(CATEGORIES))
_FLAG_SHIFTS = np.arange(len(FLAGS))
_FAR = 99
_SHORT = np.float32(np.log1p(60))
_FIRST_WIDE = "\u2e80"


@dataclass(frozen=True, slots=True)
class Features:
    """The feature matrix (blocks x features, float32) and what post rules share with it."""

    matrix: NDArray[np.float32]
    length: Floats
    """Of each block, in Latin letters."""
    link_share: Floats
    """Of each block's characters, 0 to 1."""
    long: Floats
    """1 for a block of prose, else 0."""
    container: int
    """The element that holds most prose near its surface."""
    headline: int
    """The block that shows the headline, or -1."""


def menu_like(matrix: NDArray[np.float32]) -> NDArray[np.bool_]:
    """The rows of short blocks that are links as a whole: two in three, and of no article.

    Of 2,582 blocks of articles 19 are such; the model is neither trained nor asked about them.
    """
    found: NDArray[np.bool_] = (matrix[:, 1] > 0.9) & (matrix[:, 0] < _SHORT)
    return found


def describe(page: Blocks, title: str, summary: str) -> Features | None:
    """Return the features of a page's blocks; None when it has none."""
    if not page.blocks:
        return None
    elements = np.array([block.element for block in page.blocks], dtype=np.intp)
    letters = np.array([len(block.text) for block in page.blocks], dtype=np.float64)
    link = np.minimum(np.array([block.link for block in page.blocks]) / letters, 1.0)
    length = letters * np.array([_width(block.text) for block in page.blocks])
    wording = _wording(page, link, title, summary)
    tree = _Tree(page, elements)
    prose = length * (1 - link)
    long = ((length > LONG) & (link < 0.4)).astype(np.float64)
    headline = _headline(tree.tag[elements], wording[:, _TITLE_COLUMN])
    container, score = _container(tree, prose * long)
    columns = [
        _shape(page, length, link, wording),
        _context(tree, length, link, long, prose),
        _place(tree, long, prose, headline, container, score),
        _names(tree),
        _neighbours(tree, length, link),
    ]
    matrix = np.concatenate(columns, axis=1).astype(np.float32)
    return Features(matrix, length, link, long, container, headline)


def _width(text: str) -> float:
    """How much a letter of a text says, in Latin letters: a CJK letter or syllable says 2.2."""
    sample = text[:40]
    if sample.isascii() or len(sample.encode("utf-8", "replace")) < 1.2 * len(sample):
        return 1.0
    return 1.0 + 1.2 * sum([letter >= _FIRST_WIDE for letter in sample]) / len(sample)


_TITLE_COLUMN = 5


def _wording(page: Blocks, link: Floats, title: str, summary: str) -> Floats:
    """Words, closing mark, clauses, capitals, repetition, overlap with title and summary, ..."""
    of_title = set(_WORD.findall(title.lower()))
    of_summary = set(_WORD.findall(summary.lower()))
    least = max(len(of_title) * 0.6, 1)
    rows: list[tuple[float, ...]] = []
    seen: set[str] = set()
    for block, linked in zip(page.blocks, link.tolist(), strict=True):
        text = block.text
        size = len(text)
        if linked > 0.9 and size < 60:
            rows.append((text.count(" ") + 1, 0, 0, 1, 0, 0, 0, 1, 0, 0))
            continue
        opening = text[:120]
        repeated = opening in seen
        seen.add(opening)
        first = text[0]
        words = text[:160].split(" ")
        in_title = in_summary = 0.0
        when = address = False
        if size < 300:
            tokens = _WORD.findall(text.lower()) if size > 8 else []
            if tokens:
                in_title = len(of_title.intersection(tokens)) / max(len(tokens), least)
                if len(tokens) > 3:
                    in_summary = len(of_summary.intersection(tokens)) / len(tokens)
            when = size < 60 and _WHEN.search(text) is not None
            address = size < 120 and ("http" in text or "@" in text)
        rows.append(
            (
                text.count(" ") + 1,
                text[-1] in _CLOSING,
                text.count(",") + text.count(". ") + text.count("、") + text.count("。"),
                sum([word[:1].isupper() for word in words]) / len(words),
                repeated,
                in_title,
                in_summary,
                0 if first.islower() else 1 if first.isupper() else 2,
                when,
                address,
            )
        )
    return np.array(rows, dtype=np.float64)


class _Tree:
    """A page's elements as arrays, and each block's element with three ancestors."""

    def __init__(self, page: Blocks, elements: Ints) -> None:
        self.size = len(page.parent)
        self.parents = page.parent
        self.depths = page.depth
        self.signatures = page.signature
        self.parent = np.array(page.parent, dtype=np.intp)
        self.tag = np.array(page.tag)
        self.own = np.array(page.own)
        self.around = np.array(page.around)
        self.flags = np.array(page.flags)
        self.depth = np.array(page.depth)
        self.elements = elements
        self.up1: Ints = self.parent[elements]
        self.up2: Ints = self.parent[self.up1]
        self.up3: Ints = self.parent[self.up2]

    def last(self, element: int) -> int:
        """The last element of a subtree."""
        depth, at = self.depths[element], element + 1
        while at < self.size and self.depths[at] > depth:
            at += 1
        return at - 1


def _headline(tags: NDArray[np.int_], in_title: Floats) -> int:
    heads = np.flatnonzero((tags == _H1) & (in_title > 0.3))
    if len(heads):
        return int(heads[0])
    return int(np.argmax(in_title)) if in_title.max() > 0.5 else -1


def _container(tree: _Tree, weight: Floats) -> tuple[int, Floats]:
    """The element with most prose credited to it: a third of its own, its child's, half below."""
    in_comments = (tree.around[tree.elements] >> _COMMENTS) & 1
    in_aside = (tree.flags[tree.elements] >> _ASIDE) & 1
    weight = weight * (1 - 0.7 * in_comments) * (1 - 0.5 * in_aside)
    score: Floats = np.asarray(
        np.bincount(tree.up1, weight, tree.size)
        + np.bincount(tree.up2, weight * 0.5, tree.size)
        + np.bincount(tree.elements, weight * 0.3, tree.size),
        dtype=np.float64,
    )
    return int(np.argmax(score)), score


def _shape(page: Blocks, length: Floats, link: Floats, wording: Floats) -> Floats:
    breaks = np.array([block.breaks for block in page.blocks])
    bold = np.array([block.bold / len(block.text) for block in page.blocks])
    words = wording[:, 0]
    own = np.stack([np.log1p(length), link, np.log1p(words), length / words, breaks, bold], axis=1)
    return np.concatenate([own, wording], axis=1)


def _context(tree: _Tree, length: Floats, link: Floats, long: Floats, prose: Floats) -> Floats:
    """Sums over the subtrees of a block's element and three ancestors; share of its template."""
    parts = (length, length * link, np.ones_like(length), long, prose * (length > 60))
    sums = np.stack([np.bincount(tree.elements, part, tree.size) for part in parts], axis=1)
    rows: list[list[float]] = sums.tolist()
    for i in range(tree.size - 1, 0, -1):
        row = rows[i]
        if row[2]:
            above = rows[tree.parents[i]]
            above[0] += row[0]
            above[1] += row[1]
            above[2] += row[2]
            above[3] += row[3]
            above[4] += row[4]
    totals = np.array(rows)
    around = totals[np.stack([tree.elements, tree.up1, tree.up2, tree.up3], axis=1)]
    logs = np.log1p(around[:, :, [0, 2, 3]]).reshape(len(length), -1)
    shares = np.stack(
        [
            around[:, :, 1] / (around[:, :, 0] + 1),
            around[:, :, 4] / (totals[0, 4] + 1e-6),
            around[:, :, 3] / np.maximum(around[:, :, 2], 1),
        ],
        axis=2,
    ).reshape(len(length), -1)
    template: defaultdict[tuple[str, str], float] = defaultdict(float)
    keys = []
    for element, weight in zip(tree.elements.tolist(), prose.tolist(), strict=True):
        key = (tree.signatures[element], tree.signatures[tree.parents[element]])
        keys.append(key)
        template[key] += weight
    share = np.array([template[key] for key in keys]) / (prose.sum() + 1)
    return np.concatenate([logs, shares, share[:, None]], axis=1)


def _distances(long: Floats, index: Ints) -> tuple[Floats, Floats]:
    """How many blocks ago the last prose was, and how far the next is (at most 99)."""
    places = np.flatnonzero(long)
    before = np.concatenate([[-(10**6)], places])[np.searchsorted(places, index)]
    after = np.concatenate([places, [10**6]])[np.searchsorted(places, index, "right")]
    return np.minimum(index - before, _FAR), np.minimum(after - index, _FAR)


def _place(
    tree: _Tree, long: Floats, prose: Floats, headline: int, container: int, score: Floats
) -> Floats:
    """Where a block lies: in the page, behind the headline, in and around the container."""
    count = len(long)
    index = np.arange(count)
    so_far = np.cumsum(prose)
    total = so_far[-1] + 1
    before, after = _distances(long, index)
    if headline >= 0:
        behind = np.clip(index - headline, -50, 200)
        prose_behind = (so_far - so_far[headline]) / total
    else:
        behind = np.full(count, -_FAR)
        prose_behind = so_far / total
    parent = tree.parents[container]
    grandparent = tree.parents[parent]
    within = [
        (tree.elements >= node) & (tree.elements <= tree.last(node))
        for node in (container, parent, grandparent)
    ]
    inside = np.flatnonzero(within[0] & (long > 0))
    first, last = (inside[0], inside[-1]) if len(inside) else (0, count - 1)
    second = score.copy()
    second[container : tree.last(container) + 1] = 0
    node = container
    while node > 0:
        second[node] = 0
        node = tree.parents[node]
    second[0] = 0
    page = (
        np.log1p(count),
        np.log1p(long.sum()),
        np.log1p(total),
        second.max() / (score[container] + 1),
        score[container] / (score.sum() + 1),
    )
    columns = [
        index / count, so_far / total, behind, prose_behind, np.log1p(before), np.log1p(after),
        *within, tree.up1 == container, tree.up2 == container, tree.elements < container,
        np.clip(index - first, -40, 80), np.clip(index - last, -80, 40),
        *(np.full(count, value) for value in page),
    ]  # fmt: skip
    return np.stack([np.asarray(column, dtype=np.float64) for column in columns], axis=1)


def _names(tree: _Tree) -> Floats:
    """Tags, depth, and the categories of class names: own, parent's, all ancestors'."""
    own = (tree.own[tree.elements][:, None] >> _CATEGORY_SHIFTS) & 1
    above = (tree.own[tree.up1][:, None] >> _CATEGORY_SHIFTS) & 1
    around = (tree.around[tree.elements][:, None] >> _CATEGORY_SHIFTS) & 1
    flags = (tree.flags[tree.elements][:, None] >> _FLAG_SHIFTS) & 1
    plain = [tree.depth[tree.elements], tree.tag[tree.elements], tree.tag[tree.up1]]
    return np.concatenate([np.stack(plain, axis=1), own * 2 + above, around, flags], axis=1)


def _neighbours(tree: _Tree, length: Floats, link: Floats) -> Floats:
    """The two blocks before and after: length, links, tag, whether of one element or parent."""
    count = len(length)
    padded = np.zeros((count + 4, 5))
    padded[2:-2] = np.stack(
        [np.log1p(length), link, tree.tag[tree.elements], tree.elements, tree.up1], axis=1
    )
    windows = []
    for shift in (0, 1, 3, 4):
        window = padded[shift : shift + count].copy()
        window[:, 3] = window[:, 3] == tree.elements
        window[:, 4] = window[:, 4] == tree.up1
        windows.append(window)
    return np.concatenate(windows, axis=1)


COUNT = 16 + 25 + 19 + 3 + 2 * len(CATEGORIES) + len(FLAGS) + 20
"""How many features a block has."""
