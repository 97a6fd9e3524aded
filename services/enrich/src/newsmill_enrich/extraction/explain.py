"""Says for each block of a page why it was kept or dropped: for people who wonder."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from newsmill_enrich.extraction.flattened import read_flattened, unwrap
from newsmill_enrich.extraction.markup import draft_markup
from newsmill_enrich.extraction.page import is_markup, reading_context
from newsmill_enrich.extraction.prescan import scan_bytes
from newsmill_shared.decoding import decode
from newsmill_shared.messages import Page
from newsmill_shared.text import clean

__all__ = ["Verdict", "explain"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a block (or line) of a page, and why."""

    kept: bool
    reason: str
    text: str
    probability: float | None = None


def explain(body: bytes, page: Page, *, now: datetime) -> Iterator[Verdict]:
    """Yield a verdict for each block of a page in order, for each line of a text.

    Raises:
        EndedError: The page is refused before it is parsed.
    """
    scan_bytes(body)
    decoded = decode(body, page.headers.get("content-type") or page.media_type)
    context = reading_context(page, now)
    if not is_markup(decoded.text, page.media_type):
        found = read_flattened(unwrap(clean(decoded.text)), context, page.final_url)
        dropped = dict(found.dropped)
        for line in found.lines:
            reason = dropped.get(line.number)
            yield Verdict(reason is None, reason or "body", line.text)
        return
    draft = draft_markup(decoded.text, page, context)
    if draft.main is None:
        return
    kept = set(draft.main.kept)
    for i, block in enumerate(draft.page.blocks):
        probability = float(draft.main.probabilities[i])
        reason = draft.main.reasons.get(i, "model")
        yield Verdict(i in kept, reason, block.text, probability)
