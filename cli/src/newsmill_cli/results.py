"""What became of submissions, as a table and as counts."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from rich.table import Table
from rich.text import Text

from newsmill_cli.api import Json

__all__ = [
    "OUTCOME_STYLES",
    "Result",
    "conservation_line",
    "is_bad",
    "outcome_counts",
    "results_table",
]

OUTCOME_STYLES = {
    "stored": "green",
    "updated": "green",
    "unchanged": "cyan",
    "duplicate": "cyan",
    "skipped": "yellow",
    "failed": "red",
    "dead": "bold red",
}
"""How each outcome is coloured."""

_BAD = frozenset({"failed", "dead"})


@dataclass(frozen=True, slots=True)
class Result:
    """A job as the API tells it, and its article, if it has one."""

    job: Json
    article: Json | None = None


def is_bad(job: Json) -> bool:
    """Tell whether a job ended without doing what was asked."""
    return job.get("outcome") in _BAD


def outcome_counts(jobs: Sequence[Json]) -> dict[str, int]:
    """Count jobs by outcome, open ones by state."""
    counts = Counter(str(job.get("outcome") or job.get("state") or "unknown") for job in jobs)
    order = [*OUTCOME_STYLES, "running", "waiting", "held"]
    known = {name: counts.pop(name) for name in order if name in counts}
    return {**known, **counts}


def results_table(results: Sequence[Result]) -> Table:
    """Return a table: URL, outcome, language, date, category, duplicate of."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("URL", overflow="fold", ratio=3)
    for name in ("outcome", "lang", "published", "category"):
        table.add_column(name, overflow="fold")
    table.add_column("duplicate of", overflow="fold", ratio=2)
    urls = {
        str(result.job.get("article_id")): str(result.job.get("url"))
        for result in reversed(results)
        if result.job.get("article_id")
    }
    for result in results:
        article = result.article or {}
        table.add_row(
            Text(str(result.job.get("url", ""))),
            _outcome(result.job),
            Text(str(article.get("language") or "")),
            Text(_date(article.get("published_at"))),
            Text(_category(article)),
            Text(_original(article.get("duplicate_of"), urls)),
        )
    return table


def conservation_line(counts: Json) -> str:
    """Say the conservation count in one line: ``accepted N = stored n + ...; unaccounted 0``."""
    parts: list[str] = []
    for group in ("outcomes", "open"):
        found = counts.get(group) or {}
        parts += [f"{name} {number}" for name, number in found.items() if number]
    total = " + ".join(parts) or "0"
    return (
        f"accepted {counts.get('accepted', 0)} = {total}; "
        f"unaccounted {counts.get('unaccounted', '?')}"
    )


def _outcome(job: Json) -> Text:
    outcome = str(job.get("outcome") or job.get("state") or "")
    words = Text(outcome, style=OUTCOME_STYLES.get(outcome, ""))
    reason = job.get("reason")
    # The ordinary reason says nothing that the outcome has not said.
    if reason and reason not in {"new", "revision", "same_content"}:
        words.append(f" ({reason})", style="dim")
    return words


def _date(value: object) -> str:
    if not isinstance(value, str):
        return ""
    try:
        return datetime.fromisoformat(value).strftime("%Y-%m-%d %H:%M")
    except ValueError:
        return value


def _category(article: Json) -> str:
    categories = article.get("categories") or []
    names = [str(item.get("name")) if isinstance(item, dict) else str(item) for item in categories]
    return ", ".join(names[:2])


def _original(duplicate_of: object, urls: Mapping[str, str]) -> str:
    if duplicate_of is None:
        return ""
    found = duplicate_of.get("article_id") if isinstance(duplicate_of, dict) else duplicate_of
    return urls.get(str(found), str(found))
