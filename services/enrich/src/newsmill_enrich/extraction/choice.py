"""The choice among a page's blocks, as the rules that correct it see and change it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from newsmill_enrich.extraction.blocks import Block, Blocks
from newsmill_enrich.extraction.datelines import Dateline, read_dateline
from newsmill_enrich.extraction.dates import Context
from newsmill_enrich.extraction.wording import ends_sentence, weight

__all__ = ["ENOUGH", "LABEL", "Draft"]

LABEL = 40
"""Letters of a few words that name something."""

ENOUGH = 200
"""Letters of kept text that an ending may follow."""


@dataclass(slots=True)
class Draft:
    """The blocks of a page, which of them are kept, and why others are not."""

    page: Blocks
    kept: list[bool]
    title: str
    context: Context
    link_share: Sequence[float]
    reasons: dict[int, str] = field(default_factory=dict)
    teasers: range = range(0)
    """Blocks of teasers in a place apart from the article's, whether they were kept or not."""
    sizes: list[int] = field(init=False)
    """The weight of each block, kept or not."""
    _datelines: dict[int, Dateline | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.sizes = [weight(block.text) for block in self.blocks]

    @property
    def blocks(self) -> Sequence[Block]:
        """The blocks of the page."""
        return self.page.blocks

    def place(self, number: int) -> tuple[int, str]:
        """The element around a block's own, and the template of its own."""
        element = self.blocks[number].element
        return self.page.parent[element], self.page.signature[element]

    def places(self) -> list[int]:
        """The numbers of the kept blocks."""
        return [i for i, keep in enumerate(self.kept) if keep]

    def drop(self, numbers: Sequence[int], reason: str) -> None:
        """Drop kept blocks for a reason."""
        for i in numbers:
            if self.kept[i]:
                self.kept[i] = False
                self.reasons[i] = reason

    def drop_teasers(self, teasers: range, *, apart: bool = True) -> None:
        """Drop teasers and all that follows them; remember them if they are surely no article."""
        self.drop(range(teasers.start, len(self.blocks)), "teasers")
        if apart:
            self.teasers = self.teasers or teasers

    def size(self, numbers: Sequence[int]) -> int:
        """The weight of the kept ones among these blocks."""
        return sum([self.sizes[i] for i in numbers if self.kept[i]])

    def weight(self, number: int) -> int:
        """The weight of a block, kept or not."""
        return self.sizes[number]

    def dateline(self, number: int) -> Dateline | None:
        """What a block says of a date, if that is all it says."""
        if number not in self._datelines:
            text = self.blocks[number].text
            found = None
            if len(text) <= 120 and any(c.isdigit() for c in text):
                found = read_dateline(text, self.context)
            self._datelines[number] = found
        return self._datelines[number]

    def is_label(self, number: int) -> bool:
        """A few words that are no sentence."""
        return self.sizes[number] <= LABEL and not ends_sentence(self.blocks[number].text)
