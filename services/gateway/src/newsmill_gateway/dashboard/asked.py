"""What somebody asks for in a query, made harmless: bounded, known words only, no control signs."""

from uuid import UUID

from starlette.datastructures import QueryParams

from newsmill_gateway.dashboard.articles import FLAGS, STORIES
from newsmill_gateway.dashboard.hosts import ORDERS, STATES, HostQuery
from newsmill_gateway.dashboard.ports import ArticleQuery, FailureQuery
from newsmill_gateway.hosts import AuditQuery
from newsmill_shared.reasons import Reason

__all__ = [
    "act_query",
    "article_query",
    "failure_query",
    "fields",
    "host_query",
    "local_path",
    "run_id",
    "text",
]

_MOST_CHARACTERS = 8192
_HOST_CHARACTERS = 255
_WORDS_CHARACTERS = 200
_SUBJECT_CHARACTERS = 300
_MOST_CHOICES = 30
_LARGEST = 2**62
_REASONS = frozenset(reason.value for reason in Reason)
_KINDS = frozenset({"failed", "dead"})


def text(query: QueryParams, name: str, *, most: int = _MOST_CHARACTERS) -> str:
    """Return a parameter's text, without what no database takes; empty when it is missing."""
    return _clean(query.get(name, ""), most)


def fields(query: QueryParams) -> dict[str, str]:
    """Return all parameters' texts by name, each once, without what no database takes."""
    return {name: _clean(value, _MOST_CHARACTERS) for name, value in query.items()}


def failure_query(query: QueryParams) -> FailureQuery:
    """Return which failures are asked for; unknown words count as none."""
    return FailureQuery(
        reason=_one_of(query.get("reason"), _REASONS),
        host=text(query, "host", most=_HOST_CHARACTERS).lower() or None,
        kind=_one_of(query.get("kind"), _KINDS),
        before=_number(query.get("before")),
    )


def act_query(query: QueryParams) -> AuditQuery:
    """Return which acts are asked for."""
    return AuditQuery(
        subject=text(query, "subject", most=_SUBJECT_CHARACTERS) or None,
        cursor=_number(query.get("before")),
    )


def run_id(query: QueryParams) -> UUID | None:
    """Return which run is asked for, None for what is no id."""
    try:
        return UUID(text(query, "of"))
    except ValueError:
        return None


def host_query(query: QueryParams) -> HostQuery:
    """Return which hosts are asked for."""
    return HostQuery(
        name=text(query, "host", most=_HOST_CHARACTERS),
        state=_one_of(query.get("state"), STATES) or "all",
        order=_one_of(query.get("by"), ORDERS) or "backlog",
        start=_number(query.get("start")) or 0,
    )


def article_query(query: QueryParams) -> ArticleQuery:
    """Return which articles are asked for."""
    return ArticleQuery(
        languages=_choices(query, "lang"),
        categories=_choices(query, "cat"),
        hosts=_choices(query, "host"),
        flags=tuple(flag for flag in _choices(query, "flag") if flag in FLAGS),
        story=_one_of(query.get("story"), STORIES),
        words=text(query, "words", most=_WORDS_CHARACTERS),
        before=_number(query.get("before")),
    )


def local_path(path: str) -> str:
    """Return a path of this site to go on to, or the first page: never another site's."""
    safe = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if safe and path.isascii() else "/"


def _choices(query: QueryParams, name: str) -> tuple[str, ...]:
    values = (_clean(value, _HOST_CHARACTERS) for value in query.getlist(name)[:_MOST_CHOICES])
    return tuple(dict.fromkeys(value for value in values if value))


def _clean(value: str, most: int) -> str:
    kept = "".join(sign for sign in value[:most] if sign.isprintable() or sign == " ")
    return kept.strip()


def _one_of(value: str | None, known: "frozenset[str] | dict[str, str]") -> str | None:
    return value if value in known else None


def _number(value: str | None) -> int | None:
    if value is None or not (value.isascii() and value.isdecimal()) or len(value) > 19:
        return None
    return min(int(value), _LARGEST)
