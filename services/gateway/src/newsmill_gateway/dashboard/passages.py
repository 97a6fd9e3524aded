"""What an article and the earlier one that it tells again have in common, side by side."""

from collections.abc import Mapping

from newsmill_gateway.dashboard.articles import shown_lang
from newsmill_gateway.dashboard.formats import count, host_of
from newsmill_gateway.dashboard.ports import Copied, Version
from newsmill_shared.passages import shared_passages

__all__ = ["passages_panel"]

_SHOWN = 12
_CHARACTERS = 400
"""Of a passage."""


def passages_panel(version: Version, copied: Copied | None) -> Mapping[str, object] | None:
    """Return the passages that both texts have, with their places; None if one has no text here.

    Args:
        version: The later article.
        copied: The earlier one, in the version that was compared.
    """
    if copied is None or not copied.text or not version.text:
        return None
    passages = shared_passages(version.text, copied.text)
    common = sum(one.end_a - one.start_a for one in passages)
    rows = [
        {
            "here": _excerpt(version.text, one.start_a, one.end_a),
            "there": _excerpt(copied.text, one.start_b, one.end_b),
            "here_at": f"{count(one.start_a)}–{count(one.end_a)}",
            "there_at": f"{count(one.start_b)}–{count(one.end_b)}",
        }
        for one in passages[:_SHOWN]
    ]
    return {
        "common": count(common),
        "of": count(len(version.text)),
        "rows": tuple(rows),
        "more": max(len(passages) - _SHOWN, 0),
        "id": str(copied.article_id),
        "host": host_of(copied.url),
        "lang": shown_lang(version.language),
        "their_lang": shown_lang(copied.language),
    }


def _excerpt(text: str, start: int, end: int) -> str:
    if end - start <= _CHARACTERS:
        return text[start:end]
    return f"{text[start : start + _CHARACTERS]} …"
