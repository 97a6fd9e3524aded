"""Finds copies and updates of a story among earlier documents, and merges nothing else.

:func:`fingerprint` says what the index keeps of a document, an :class:`Index` registers it and
returns earlier candidates in one step, and :func:`judge` decides which of them tell its story.
"""

from newsmill_enrich.duplicates.comparison import Comparison, Rule, Thresholds, compare
from newsmill_enrich.duplicates.fingerprints import Fingerprint, document_key, fingerprint
from newsmill_enrich.duplicates.index import Candidate, Index, Registered
from newsmill_enrich.duplicates.memory import MemoryIndex
from newsmill_enrich.duplicates.sketch import SKETCH_VERSION, Sketch, SketchVersionError
from newsmill_enrich.duplicates.verdicts import Match, Verdict, judge

__all__ = [
    "SKETCH_VERSION",
    "Candidate",
    "Comparison",
    "Fingerprint",
    "Index",
    "Match",
    "MemoryIndex",
    "Registered",
    "Rule",
    "Sketch",
    "SketchVersionError",
    "Thresholds",
    "Verdict",
    "compare",
    "document_key",
    "fingerprint",
    "judge",
]
