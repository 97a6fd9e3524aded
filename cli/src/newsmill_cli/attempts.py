"""The story of a job's attempts, as a table."""

from collections.abc import Sequence
from datetime import datetime

from rich.table import Table
from rich.text import Text

from newsmill_cli.api import Json
from newsmill_shared.figures import age, lasting

__all__ = ["attempts_of", "attempts_table"]

_STYLES = {"done": "green", "ended": "yellow", "lost": "red"}


def attempts_of(job: Json) -> list[Json]:
    """Return the attempts that an answer about a job tells of."""
    attempts = job.get("attempts")
    return [entry for entry in attempts if isinstance(entry, dict)] if attempts else []


def attempts_table(attempts: Sequence[Json]) -> Table:
    """Return one row for each attempt at each stage: when, how long, how it ended, with whom."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("attempt", "stage", "began", "took", "ended"):
        table.add_column(name, overflow="fold")
    table.add_column("because", overflow="fold", ratio=2)
    table.add_column("worker", overflow="fold", ratio=1)
    for entry in attempts:
        ended = str(entry.get("ended") or "")
        table.add_row(
            str(entry.get("attempt", "")),
            str(entry.get("stage") or ""),
            _moment(entry.get("began_at") or entry.get("sent_at") or entry.get("ended_at")),
            lasting(entry.get("seconds"), missing="unknown"),
            Text(ended, style=_STYLES.get(ended, "")),
            Text(_because(entry)),
            Text(str(entry.get("worker") or "unknown"), style="dim"),
        )
    return table


def _because(entry: Json) -> str:
    said = ": ".join(str(part) for part in (entry.get("reason"), entry.get("detail")) if part)
    held = entry.get("held_seconds")
    waited = f"tried again after {age(held)}" if held else ""
    return "; ".join(part for part in (said, waited) if part)


def _moment(value: object) -> str:
    if not isinstance(value, str):
        return ""
    return datetime.fromisoformat(value).strftime("%Y-%m-%d %H:%M:%S")
