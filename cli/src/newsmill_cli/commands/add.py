"""`newsmill add`: hands in URLs, or a page that was fetched elsewhere."""

import sys
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from operator import itemgetter
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from newsmill_cli.api import BATCH_ITEMS, Api, Json
from newsmill_cli.connection import connect
from newsmill_cli.errors import ExitCode, UsageError
from newsmill_cli.following import follow
from newsmill_cli.options import DataOption, JSONOption
from newsmill_cli.output import console, diagnostics, is_terminal, print_json
from newsmill_cli.results import Result, is_bad, outcome_counts, results_table
from newsmill_cli.submissions import (
    MAX_LINE_BYTES,
    BadLine,
    Submission,
    document_of,
    lines_of,
    read_arguments,
    read_lines,
)

__all__ = ["add"]

_TABLE_ROWS = 200
_BATCH_BYTES = 2 * MAX_LINE_BYTES
"""So much goes at once, as it is written; what JSON adds to it still fits into a request."""


def add(  # noqa: PLR0913 - one argument an option
    *,
    urls: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="URL...|-",
            help="URLs; - reads standard input: a URL or a JSON object a line.",
            show_default=False,
        ),
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option(
            "--file", metavar="PAGE.html|TEXT.txt", help="Hand in this page, fetched elsewhere."
        ),
    ] = None,
    url: Annotated[str | None, typer.Option("--url", help="Where --file is from.")] = None,
    timezone: Annotated[
        str | None,
        typer.Option(
            "--timezone", metavar="Asia/Baku", help="Zone of local times on the page (IANA name)."
        ),
    ] = None,
    label: Annotated[str | None, typer.Option("--label", help="A word of your own.")] = None,
    priority: Annotated[
        int | None, typer.Option("--priority", min=0, max=9, help="0 (later) to 9 (sooner).")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Fetch even what was fetched a moment ago.")
    ] = False,
    wait: Annotated[
        bool | None,
        typer.Option(
            "--wait/--no-wait", help="Wait for the outcomes.", show_default="on a terminal"
        ),
    ] = None,
    timeout: Annotated[
        float | None, typer.Option("--timeout", help="Wait no longer than so many seconds.")
    ] = None,
    data: DataOption,
    as_json: JSONOption = False,
) -> None:
    """Hand in URLs, or a page with its content; wait for what becomes of them.

    Exit code 1 says that something was refused, failed, or was not finished in time.
    """
    options = _options(label=label, priority=priority, force=force or None)
    with connect(data) as api:
        if file is not None:
            if url is None or urls:
                raise UsageError("--file goes with --url, and with no other URL")
            document = document_of(file, url=url, timezone=timezone)
            submitted = _submit_document(api, {**document, **options})
        else:
            if url is not None:
                raise UsageError("--url says where --file is from", "Give URLs without --url.")
            options |= _options(timezone=timezone)
            submitted = _submit_urls(api, _read(urls or [], options))
        if is_terminal() if wait is None else wait:
            _wait(api, submitted, timeout, show_progress=not as_json)
        _print(api, submitted, as_json=as_json)
    raise typer.Exit(ExitCode.OK if submitted.is_good else ExitCode.NO)


@dataclass(slots=True)
class _Submitted:
    """What was handed in, and what is known of it."""

    receipts: list[str] = field(default_factory=list)
    jobs: dict[str, str] = field(default_factory=dict)
    """URL by job id, in the order of the input."""
    refused: list[Json] = field(default_factory=list)
    """``line``, ``url`` and ``error`` (``code``, ``detail``)."""
    followed: dict[str, Json] | None = None
    """The last known state by job id, if we waited."""

    @property
    def is_good(self) -> bool:
        """Whether all was accepted and, if we waited, well finished."""
        if self.refused:
            return False
        if self.followed is None:
            return True
        finished = [job for job in self.followed.values() if job.get("state") == "finished"]
        return len(finished) == len(self.jobs) and not any(map(is_bad, finished))


def _options(**given: Any) -> dict[str, Any]:  # JSON values
    return {name: value for name, value in given.items() if value is not None}


def _read(urls: list[str], options: dict[str, Any]) -> Iterator[Submission | BadLine]:
    if not urls:
        raise UsageError("nothing to add", "Name URLs, - for standard input, or --file and --url.")
    if urls == ["-"]:
        yield from read_lines(lines_of(sys.stdin.buffer), options)
    else:
        yield from read_arguments(urls, options)


def _submit_document(api: Api, document: dict[str, Any]) -> _Submitted:
    submitted = _Submitted()
    answer = api.submit_document(document, key=str(uuid.uuid4()))
    _note_answer(submitted, answer, [Submission(1, document, 0)])
    return submitted


def _submit_urls(api: Api, items: Iterator[Submission | BadLine]) -> _Submitted:
    submitted = _Submitted()

    def good_lines() -> Iterator[Submission]:
        for item in items:
            if isinstance(item, BadLine):
                error = {"code": item.code, "detail": item.problem}
                submitted.refused.append({"line": item.line, "url": item.text, "error": error})
            else:
                yield item

    for batch in _batches(good_lines()):
        # One key a request: sent again after a broken line, it is accepted once.
        answer = api.submit_urls([item.fields for item in batch], key=str(uuid.uuid4()))
        _note_answer(submitted, answer, batch)
    return submitted


def _note_answer(submitted: _Submitted, answer: Json, batch: list[Submission]) -> None:
    submitted.receipts.append(str(answer.get("receipt", "")))
    for item in answer.get("items", ()):
        sent = batch[item["line"] - 1]
        if "job_id" in item:
            submitted.jobs[item["job_id"]] = item.get("url") or sent.fields["url"]
        else:
            error = item.get("error", {})
            submitted.refused.append({"line": sent.line, "url": sent.fields["url"], "error": error})


def _batches(items: Iterable[Submission]) -> Iterator[list[Submission]]:
    """Give items in requests that the API takes, whatever their sizes."""
    batch: list[Submission] = []
    size = 0
    for item in items:
        if batch and (len(batch) == BATCH_ITEMS or size + item.size > _BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(item)
        size += item.size
    if batch:
        yield batch


def _wait(api: Api, submitted: _Submitted, timeout: float | None, *, show_progress: bool) -> None:
    known: dict[str, Json] = {}
    with _progress(len(submitted.jobs), visible=show_progress) as show:

        def on_change(now: dict[str, Json]) -> None:
            known.update(now)
            show(now)

        try:
            known = follow(api, list(submitted.jobs), on_change, seconds=timeout)
        except KeyboardInterrupt:
            diagnostics().print("The jobs go on; `newsmill status URL` tells how far they are.")
    submitted.followed = known


@contextmanager
def _progress(total: int, *, visible: bool) -> Iterator[Callable[[dict[str, Json]], None]]:
    """Show a bar with the outcomes so far on standard error, if that is a terminal."""
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[counts]}"),
        console=diagnostics(),
        transient=True,
        disable=not (visible and sys.stderr.isatty()),
    )
    with bar:
        task = bar.add_task("pages", total=total, counts="")

        def show(jobs: dict[str, Json]) -> None:
            finished = sum(job.get("state") == "finished" for job in jobs.values())
            counts = outcome_counts(list(jobs.values()))
            words = "  ".join(f"{name} {number}" for name, number in counts.items())
            bar.update(task, completed=finished, counts=words)

        yield show


def _print(api: Api, submitted: _Submitted, *, as_json: bool) -> None:
    if as_json:
        accepted = [{"job_id": job_id, "url": url} for job_id, url in submitted.jobs.items()]
        said: Json = {
            "receipts": submitted.receipts,
            "accepted": len(submitted.jobs),
            "rejected": len(submitted.refused),
            "items": [*accepted, *sorted(submitted.refused, key=itemgetter("line"))],
        }
        if submitted.followed is not None:
            said["jobs"] = list(submitted.followed.values())
        print_json(said)
        return
    printer = console()
    for item in sorted(submitted.refused, key=itemgetter("line")):
        error = item["error"]
        detail = error.get("detail") or error.get("code", "")
        where = Text(f"line {item['line']}: {item['url']}: ")
        printer.print(Text.assemble(where, (f"refused, {detail}", "red")))
    if submitted.followed is None:
        printer.print(f"accepted {len(submitted.jobs)}, refused {len(submitted.refused)}")
        for job_id, url in islice(submitted.jobs.items(), _TABLE_ROWS):
            printer.print(f"{job_id}  {url}", markup=False)
        return
    jobs = list(submitted.followed.values())
    if jobs:
        shown = [Result(job, _article(api, job)) for job in jobs[:_TABLE_ROWS]]
        printer.print(results_table(shown))
    if len(jobs) > _TABLE_ROWS:
        printer.print(f"and {len(jobs) - _TABLE_ROWS} more")
    missing = len(submitted.jobs) - len(jobs)
    counts = {**outcome_counts(jobs), "not known": missing, "refused": len(submitted.refused)}
    words = [f"{name} {number}" for name, number in counts.items() if number]
    printer.print(", ".join(words) or "nothing was handed in")


def _article(api: Api, job: Json) -> Json | None:
    article_id = job.get("article_id")
    return api.article(str(article_id)) if article_id else None
