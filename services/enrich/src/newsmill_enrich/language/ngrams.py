"""A table of letter sequences with their probability in each language, for short texts.

Sums of log-probabilities over all sequences of one to five letters inside words, as Lingua does
(https://github.com/pemistahl/lingua-py), but from one small table a script: a row a sequence, four
bits a language.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from newsmill_enrich.language.resources import DATA
from newsmill_enrich.language.scripts import code_points, letter_mask

__all__ = ["MAX_ORDER", "STEP", "TOP_STEP", "NgramScores", "NgramTable", "Ngrams", "sequence_keys"]

MAX_ORDER: Final = 5
"""Longest sequence, in letters."""

STEP: Final = 0.6
"""One unit of a cell: how far (in nats) a language's log-probability lies under the row's best."""

TOP_STEP: Final = 0.125
"""One unit of a row's best log-probability, which is stored negated."""

_PRIME: Final = np.uint32(16777619)

Keys = npt.NDArray[np.uint32]


def sequence_keys(text: str) -> Iterator[Keys]:
    """Hashes of a text's letter sequences, one array for each length from 1 to 5.

    The hash is FNV-1a over code points; sequences stay inside words.
    """
    points = code_points(text.lower())
    inside = letter_mask(points)
    hashes = np.full(len(points), 2166136261, dtype=np.uint32)
    valid = np.ones(len(points), dtype=np.bool_)
    for order in range(MAX_ORDER):
        size = max(len(points) - order, 0)
        hashes = (hashes[:size] ^ points[order:]) * _PRIME
        valid = valid[:size] & inside[order:]
        yield hashes[valid]


@dataclass(frozen=True, slots=True)
class NgramScores:
    """What the table makes of a text."""

    languages: tuple[str, ...]
    by_order: npt.NDArray[np.float32]
    """Sums of log-probabilities, shape (5, languages)."""
    found: int
    """How many of the text's sequences are in the table."""
    total: int
    """How many sequences the text has."""

    def totals(self) -> dict[str, float]:
        """The sums over all lengths by language."""
        return dict(zip(self.languages, self.by_order.sum(axis=0).tolist(), strict=True))


@dataclass(frozen=True, slots=True)
class NgramTable:
    """The sequences of one script."""

    languages: tuple[str, ...]
    keys: Keys
    """Sorted hashes of the sequences."""
    tops: npt.NDArray[np.uint8]
    """Best log-probability of each row, in units of -:data:`TOP_STEP`."""
    cells: npt.NDArray[np.uint8]
    """Distances under the best in units of :data:`STEP`, two languages a byte, the even first."""

    def score(self, text: str) -> NgramScores:
        """The sums of log-probabilities of a text's sequences."""
        wanted = list(sequence_keys(text))
        every = np.concatenate(wanted)
        rows = np.minimum(np.searchsorted(self.keys, every), len(self.keys) - 1)
        there = self.keys[rows] == every
        cells = self.cells[rows]
        cells[~there] = 0
        tops = np.where(there, self.tops[rows], 0)
        by_order = np.zeros((MAX_ORDER, 2 * cells.shape[1]), dtype=np.float32)
        end = 0
        for order, keys in enumerate(wanted):
            start, end = end, end + len(keys)
            best = -TOP_STEP * float(tops[start:end].sum())
            by_order[order, 0::2] = best - STEP * (cells[start:end] & 15).sum(axis=0)
            by_order[order, 1::2] = best - STEP * (cells[start:end] >> 4).sum(axis=0)
        by_order = by_order[:, : len(self.languages)]
        return NgramScores(self.languages, by_order, int(there.sum()), len(every))


class Ngrams:
    """The tables by script."""

    def __init__(self, tables: Mapping[str, NgramTable]) -> None:
        self._tables = dict(tables)

    @classmethod
    def load(cls) -> Self:
        """The tables of ``ngrams.npz``."""
        with (DATA / "ngrams.npz").open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            return cls(
                {
                    str(script): NgramTable(
                        tuple(arrays[f"{script}.languages"].tolist()),
                        arrays[f"{script}.keys"],
                        arrays[f"{script}.tops"],
                        arrays[f"{script}.cells"],
                    )
                    for script in arrays["scripts"]
                }
            )

    def score(self, text: str, script: str) -> NgramScores | None:
        """A text's scores among the languages of its script; None where there is no table."""
        table = self._tables.get(script)
        return table.score(text) if table else None
