"""The audit page: what operators have done, the newest first."""

import json
from collections.abc import Mapping
from urllib.parse import urlencode

from pydantic import JsonValue

from newsmill_gateway.hosts import ActAnswer, Audit, AuditQuery

__all__ = ["acts_page"]

_NOTHING: tuple[JsonValue, ...] = (None, "", [], {})


def acts_page(audit: Audit, query: AuditQuery) -> dict[str, object]:
    """Return what the page shows.

    Args:
        audit: A page of acts.
        query: What was asked for.
    """
    older = None
    if audit.next is not None:
        kept = {"subject": query.subject} if query.subject else {}
        older = "/audit?" + urlencode({**kept, "before": audit.next})
    return {"acts": [_row(act) for act in audit.acts], "subject": query.subject, "older": older}


def _row(act: ActAnswer) -> dict[str, object]:
    reason = act.detail.get("reason")
    return {
        "at": act.at,
        "by": act.by,
        "act": act.act,
        "subject": act.subject,
        "detail": _words({name: act.detail[name] for name in act.detail if name != "reason"}),
        "reason": reason if isinstance(reason, str) else "",
    }


def _words(detail: Mapping[str, JsonValue]) -> str:
    """Return an act's details as a line: ``count 2, changed delay_seconds 1 -> 10``."""
    return ", ".join(
        f"{name} {_value(value)}" for name, value in detail.items() if value not in _NOTHING
    )


def _value(value: JsonValue) -> str:
    match value:
        case dict():
            return ", ".join(f"{name} {_value(inner)}" for name, inner in value.items())
        case [was, now] if not isinstance(was, str) or not isinstance(now, str):
            return f"{_value(was)} -> {_value(now)}"
        case list():
            return " ".join(map(_value, value))
        case str():
            return value
        case _:
            return json.dumps(value)
