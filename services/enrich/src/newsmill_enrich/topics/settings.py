"""Where the tagger finds its model and the operator's file."""

from pathlib import Path

from newsmill_enrich.topics.artefact import MODEL
from newsmill_shared.settings import Settings

__all__ = ["TopicsSettings"]


class TopicsSettings(Settings):
    """What the environment says about category tagging."""

    topics_model: Path = MODEL
    """The model file (``.npz``, its card beside it)."""
    topics_rules: Path | None = None
    """The operator's YAML file of rules and own topics."""
