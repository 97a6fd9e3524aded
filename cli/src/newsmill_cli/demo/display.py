"""What the demo shows: how far the pages are, and how they came out."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from newsmill_cli.api import Json
from newsmill_cli.demo.expectations import Observed
from newsmill_cli.output import console, print_json
from newsmill_cli.results import OUTCOME_STYLES, conservation_line, outcome_counts

__all__ = ["Board", "Report", "print_report"]

_REASONED = frozenset({"skipped", "failed", "dead"})
"""Outcomes that say little without their reason."""


class Board:
    """Shows how far the pages are: a line for each that is done, and a bar; a context manager.

    Args:
        began: When the demo began, on the monotonic clock.
        total: How many pages there are.
        visible: Whether anything is shown.
    """

    def __init__(self, began: float, *, total: int, visible: bool) -> None:
        self.first_stored: float | None = None
        """Seconds from the start to the first article, as it was seen."""
        self._began = began
        self._done: dict[str, Json] = {}
        self._visible = visible
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[counts]}"),
            console=console(),
            transient=True,
            disable=not visible,
        )
        self._task = self._bar.add_task("pages", total=total, counts="")

    def __enter__(self) -> "Board":
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def show(self, jobs: Mapping[str, Json]) -> None:
        """Show the jobs of a round as they are now."""
        seconds = time.monotonic() - self._began
        for job_id, job in jobs.items():
            if job.get("state") != "finished" or job_id in self._done:
                continue
            self._done[job_id] = job
            if self.first_stored is None and job.get("outcome") == "stored":
                self.first_stored = seconds
            if self._visible:
                self._bar.console.print(
                    Text.assemble((f"{seconds:5.1f} s  ", "dim"), _outcome(job), " ", _short(job))
                )
        counts = outcome_counts(list(self._done.values()))
        words = "  ".join(f"{name} {count}" for name, count in counts.items())
        self._bar.update(self._task, completed=len(self._done), counts=words)


@dataclass(frozen=True, slots=True)
class Report:
    """How the demo came out."""

    api_url: str
    observed: Sequence[Observed]
    differences: Mapping[str, Sequence[str]]
    """What is not as the manifest says, by submission."""
    conservation: Json
    first_stored: float | None
    """Seconds from the start to the first article."""

    @property
    def is_good(self) -> bool:
        """Whether all came out as expected and nothing was lost."""
        return not self.differences and self.conservation["unaccounted"] == 0


def print_report(report: Report, *, as_json: bool) -> None:
    """Print a report, for people or for programs."""
    if as_json:
        print_json(
            {
                "api": report.api_url,
                "results": [
                    {"job": entry.job, "article": entry.article} for entry in report.observed
                ],
                "differences": report.differences,
                "conservation": report.conservation,
                "first_stored_seconds": report.first_stored,
            }
        )
        return
    printer = console()
    printer.print()
    printer.print(_table(report.observed))
    printer.print()
    for url, found in report.differences.items():
        printer.print(Text(url, style="red"))
        for words in found:
            printer.print(Text(f"  {words}"))
    if not report.differences:
        printer.print(Text(f"All {len(report.observed)} came out as expected.", "bold green"))
    if report.first_stored is not None:
        printer.print(f"The first article was stored {report.first_stored:.1f} s after the start.")
    printer.print(conservation_line(report.conservation))
    printer.print(f"API {report.api_url}, described by {report.api_url}/openapi.json")


def _table(observed: Sequence[Observed]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("URL", overflow="fold")
    # What remains of a line goes to the URL.
    for name, width in (("outcome", 15), ("lang", 7), ("published (UTC)", 16), ("category", 17)):
        table.add_column(name, max_width=width, overflow="fold")
    table.add_column("duplicate of", overflow="fold", max_width=17)
    pages = {entry.job.get("article_id"): _short(entry.job) for entry in reversed(observed)}
    for entry in observed:
        article = entry.article or {}
        categories = article.get("categories") or [{}]
        original = article.get("duplicate_of")
        table.add_row(
            Text(_short(entry.job)),
            _outcome(entry.job),
            Text(str(article.get("language") or "")),
            Text(_minute(article.get("published_at"))),
            Text(str(categories[0].get("name") or "")),
            Text(pages.get(original, str(original)) if original else ""),
        )
    return table


def _outcome(job: Json) -> Text:
    outcome = str(job.get("outcome") or job.get("state"))
    words = f"{outcome}: {job.get('reason')}" if outcome in _REASONED else outcome
    return Text(words, style=OUTCOME_STYLES.get(outcome, ""))


def _short(job: Json) -> str:
    """Return a URL without scheme and port: they are the same for all."""
    parts = urlsplit(str(job.get("url")))
    return f"{parts.hostname}{parts.path}"


def _minute(value: str | None) -> str:
    return f"{datetime.fromisoformat(value):%Y-%m-%d %H:%M}" if value else ""
