"""`newsmill export`: writes articles as lines of JSON."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress, TextColumn, TimeElapsedColumn

from newsmill_cli.connection import connect
from newsmill_cli.errors import CommandError, UsageError
from newsmill_cli.options import DataOption
from newsmill_cli.output import diagnostics, print_json
from newsmill_cli.reading import article_pages

__all__ = ["export"]


def export(
    *,
    since: Annotated[
        str | None,
        typer.Option(
            "--since",
            metavar="2025-06-17T18:17:00Z",
            help="Those that are new, or have changed, since this time.",
        ),
    ] = None,
    language: Annotated[str | None, typer.Option("--language", help="Such as az.")] = None,
    category: Annotated[
        str | None, typer.Option("--category", help="A category's id, such as medtop:11000000.")
    ] = None,
    host: Annotated[str | None, typer.Option("--host", help="Where they were found.")] = None,
    label: Annotated[
        str | None, typer.Option("--label", help="Of the submission that brought them.")
    ] = None,
    cursor: Annotated[
        int | None,
        typer.Option("--cursor", min=0, help="Go on where an export ended that said this number."),
    ] = None,
    state: Annotated[
        Path | None,
        typer.Option(
            "--state",
            dir_okay=False,
            help="A file that remembers how far the export is: the next one goes on from there.",
        ),
    ] = None,
    data: DataOption,
) -> None:
    """Write articles to standard output, one JSON object a line, with text and evidence.

    They come in the order in which they were stored or changed last. It ends with the last one,
    and says on standard error where a later export goes on.
    """
    if cursor is not None and state is not None:
        raise UsageError("--cursor and --state both say where to begin", "Give one of them.")
    given = {
        "since": since,
        "language": language,
        "category": category,
        "host": host,
        "label": label,
    }
    filters = {name: value for name, value in given.items() if value is not None}
    reached = cursor if state is None else _remembered(state)
    count, complete = 0, False
    try:
        with connect(data) as api, _progress() as show:
            for page in article_pages(api, filters, cursor=reached):
                for article in page.articles:
                    print_json(article, indent=None)
                # Only what has left this process counts: a line may come twice, none is left out.
                sys.stdout.flush()
                reached = page.next
                count += len(page.articles)
                if state is not None:
                    _remember(state, reached)
                show(count)
        complete = True
    finally:
        ended = "exported" if complete else "stopped after"
        where = "" if reached is None else f"; to go on: --cursor {reached}"
        articles = "article" if count == 1 else "articles"
        diagnostics().print(f"{ended} {count} {articles}{where}")


def _remembered(state: Path) -> int | None:
    try:
        words = state.read_text(encoding="ascii", errors="replace").strip()
    except FileNotFoundError:
        return None
    if not words.isdecimal():
        raise CommandError(
            f"{state} does not hold what an export remembers", "Name another file with --state."
        )
    return int(words)


def _remember(state: Path, reached: int) -> None:
    """Write it in one step: a file that is half written would be read by the next export."""
    new = state.with_name(f".{state.name}.new")
    new.write_text(f"{reached}\n", encoding="ascii")
    new.replace(state)


@contextmanager
def _progress() -> Iterator[Callable[[int], None]]:
    """Show the count on standard error, if that is a terminal."""
    bar = Progress(
        TextColumn("{task.completed} articles"),
        TimeElapsedColumn(),
        console=diagnostics(),
        transient=True,
        disable=not sys.stderr.isatty(),
    )
    with bar:
        task = bar.add_task("", total=None)

        def show(count: int) -> None:
            bar.update(task, completed=count)

        yield show
