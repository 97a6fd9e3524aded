"""Language detection: py3langid and CLD2 under one calibrated verdict, with its evidence."""

from newsmill_enrich.language.detector import Detector
from newsmill_enrich.language.values import Detected, Hints

__all__ = ["MODEL", "Detected", "Detector", "Hints"]

MODEL = "language-1"
"""The two detectors, what calibrates them and the rules around them; the number grows when any of
it changes, so that articles which an older one read can be found."""
