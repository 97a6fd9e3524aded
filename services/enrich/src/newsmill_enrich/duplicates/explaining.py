"""Why two documents are, or are not, the same story: everything that the decision looks at."""

from dataclasses import dataclass

from newsmill_enrich.duplicates.comparison import Comparison, Thresholds, compare
from newsmill_enrich.duplicates.fingerprints import fingerprint
from newsmill_enrich.duplicates.sketch import Sketch
from newsmill_shared.passages import Passage, shared_passages

__all__ = ["Document", "Explanation", "explain"]


@dataclass(frozen=True, slots=True)
class Document:
    """A headline and its text."""

    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """What was found about two documents."""

    comparison: Comparison
    shared_keys: int
    """Without a key in common the index would not have found one for the other."""
    passages: tuple[Passage, ...]

    @property
    def duplicates(self) -> bool:
        """Whether the later of the two would be linked to the earlier."""
        return self.comparison.same and self.shared_keys > 0


def explain(a: Document, b: Document, *, thresholds: Thresholds | None = None) -> Explanation:
    """Compare two documents as if they had arrived one after the other from two pages."""
    first = fingerprint(a.title, a.text, page_key="a")
    second = fingerprint(b.title, b.text, page_key="b")
    return Explanation(
        comparison=compare(
            Sketch.unpack(first.sketch), Sketch.unpack(second.sketch), thresholds or Thresholds()
        ),
        shared_keys=len(set(first.keys) & set(second.keys)),
        passages=shared_passages(a.text, b.text),
    )
