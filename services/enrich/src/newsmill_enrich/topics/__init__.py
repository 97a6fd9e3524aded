"""Category tagging: IPTC Media Topics in many languages, each decision with its reasons."""

from newsmill_enrich.topics.tagger import Tagged, Tagger

__all__ = ["Tagged", "Tagger"]
