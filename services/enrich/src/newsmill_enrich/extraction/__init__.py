"""Main text and metadata of a page, from its bytes, with evidence: see :func:`extract`."""

from newsmill_enrich.extraction.links import Links
from newsmill_enrich.extraction.page import extract, warm_up
from newsmill_enrich.extraction.record import Extracted, UnarchivedError

__all__ = ["Extracted", "Links", "UnarchivedError", "extract", "warm_up"]
