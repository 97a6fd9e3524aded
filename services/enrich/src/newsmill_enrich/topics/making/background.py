"""How common listed words are in mixed news, and how the linear model scores it.

The figures come from unlabelled pages; no text is kept. A language without figures is treated as
if every listed word were rare.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import log
from pathlib import Path

from newsmill_enrich.topics.making.lists import DATA, Term

__all__ = ["Background"]

_RARE = 0.003
"""Share of texts below which words are not told apart."""


@dataclass(frozen=True, slots=True)
class Background:
    """Figures of mixed news.

    Attributes:
        rates: Per language, the share of texts that contain a listed term (``stem*``).
        mean: Mean raw score of the linear model, per topic.
        deviation: Its standard deviation, per topic.
    """

    rates: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    mean: Sequence[float] = ()
    deviation: Sequence[float] = ()

    @classmethod
    def read(cls, path: Path = DATA / "background.json") -> "Background":
        """Return the figures in a file."""
        raw = json.loads(path.read_text("utf-8"))
        return cls(raw["rates"], raw["mean"], raw["deviation"])

    def write(self, path: Path) -> None:
        """Write the figures, one language a line."""
        rates = ",\n".join(
            f"  {json.dumps(language)}: {json.dumps(terms, ensure_ascii=False, sort_keys=True)}"
            for language, terms in sorted(self.rates.items())
        )
        path.write_text(
            f'{{\n"mean": {json.dumps(list(self.mean))},\n'
            f'"deviation": {json.dumps(list(self.deviation))},\n"rates": {{\n{rates}\n}}}}\n',
            "utf-8",
        )

    def weight(self, language: str, term: Term) -> float:
        """Return how much a term's presence says: minus the logarithm of its rate."""
        shown = term.text + "*" if term.stem else term.text
        return -log(max(_RARE, self.rates.get(language, {}).get(shown, 0.0) + _RARE))
