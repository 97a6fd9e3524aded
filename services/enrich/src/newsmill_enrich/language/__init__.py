"""Language detection: py3langid and CLD2 under one calibrated verdict, with its evidence."""

from newsmill_enrich.language.detector import Detector
from newsmill_enrich.language.values import Detected, Hints

__all__ = ["Detected", "Detector", "Hints"]
