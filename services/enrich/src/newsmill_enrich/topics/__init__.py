"""Category tagging: IPTC Media Topics in many languages, each decision with its reasons."""

from newsmill_enrich.topics.tagger import Tagged, Tagger
from newsmill_enrich.topics.weighing import Story

__all__ = ["Story", "Tagged", "Tagger"]
