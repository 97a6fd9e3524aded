"""`newsmill up`: runs everything over one data directory until Ctrl-C."""

import os
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from newsmill_cli.engines import engine_choice
from newsmill_cli.errors import UsageError
from newsmill_cli.mill import Mill, MillOptions, running_mill
from newsmill_cli.options import DataOption, JSONOption
from newsmill_cli.output import console, print_json
from newsmill_cli.supervisor import Event

__all__ = ["Narrator", "concurrency_of", "up"]

_POOLED = ("ingest", "enrich", "store")


def up(
    *,
    workers: Annotated[
        list[str] | None,
        typer.Option(
            "--workers",
            metavar="SERVICE=NUMBER",
            help=f"Work at the same time in one of {', '.join(_POOLED)}, e.g. enrich=2.",
            show_default=False,
        ),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option("--port", min=1, max=65535, help="Port of the API.", show_default="8765"),
    ] = None,
    data: DataOption,
    as_json: JSONOption = False,
) -> None:
    """Run everything: engines (embedded unless their URLs are set), services and the API.

    Ctrl-C stops all in order; pressed again, at once. What was accepted goes on at the next
    start.
    """
    options = MillOptions(
        data=data,
        port=port,
        concurrency=concurrency_of(workers or ()),
        choice=engine_choice(os.environ),
    )
    narrator = Narrator(as_json=as_json)
    with running_mill(options, narrator.report) as mill:
        if mill.wait_until_ready():
            narrator.ready(mill)
            mill.watch()
        narrator.say("stopping")
    narrator.say("stopped")


def concurrency_of(words: list[str] | tuple[str, ...]) -> dict[str, int]:
    """Read ``SERVICE=NUMBER`` words.

    Raises:
        UsageError: A word is none.
    """
    found: dict[str, int] = {}
    for word in words:
        name, _, number = word.partition("=")
        if name not in _POOLED or not number.isdecimal() or int(number) < 1:
            raise UsageError(
                f"--workers {word} makes no sense",
                f"Say SERVICE=NUMBER with a service of {', '.join(_POOLED)}: --workers enrich=2",
            )
        found[name] = int(number)
    return found


class Narrator:
    """Says what happens to processes: in words, or as one JSON object a line."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._console = console()
        self._is_up = False

    def report(self, event: Event) -> None:
        """Say what happened; a death comes with the end of its log."""
        if self._as_json:
            said = {name: value for name, value in asdict(event).items() if value}
            print_json({key: _plain(value) for key, value in said.items()}, indent=None)
            return
        if event.kind == "died":
            words = Text.assemble((f"{event.name} died: ", "red"), event.detail)
            self._console.print(words)
            self._console.print(Text(f"its log {event.log} ends with:", style="dim"))
            self._console.print(Text(event.said, style="dim"))
        elif event.kind == "killed":
            self._console.print(Text(f"{event.name} did not stop in time and was killed", "red"))
        elif event.kind == "starting":
            self._console.print(Text(f"{event.name}: {event.detail}", style="dim"))
        elif event.kind == "started" and self._is_up:
            self._console.print(f"{event.name} runs again, process {event.pid}")

    def ready(self, mill: Mill) -> None:
        """Say that work is accepted, and what lies where."""
        self._is_up = True
        kept = _kept(mill)
        if self._as_json:
            said = {"kind": "ready", "api": mill.api_url, "keeps": kept}
            print_json({**said, "pids": mill.supervisor.pids}, indent=None)
            return
        for name, place in kept.items():
            self._console.print(Text.assemble((f"{name:<9}", "dim"), place))
        allowed = mill.settings.get("NEWSMILL_FETCH_ALLOW")
        if allowed:
            self._console.print(Text(f"besides public addresses it fetches {allowed}", "yellow"))
        self._console.print(Text.assemble(("ready", "bold green"), f": API {mill.api_url}"))
        self._console.print("Hand in URLs with `newsmill add URL`; Ctrl-C stops.")

    def say(self, words: str) -> None:
        """Say a stage of the whole."""
        if self._as_json:
            print_json({"kind": words}, indent=None)
        else:
            self._console.print(words)


def _kept(mill: Mill) -> dict[str, str]:
    """Return what is kept where."""
    home = mill.engines.places.home
    kept = {"data": str(mill.directory.path)}
    kept |= {engine.name: str(home / engine.name) for engine in mill.engines.embedded}
    kept |= {"pages": mill.settings["NEWSMILL_PAGE_STORE_URL"], "logs": str(mill.directory.logs)}
    return kept


def _plain(value: object) -> object:
    return str(value) if isinstance(value, Path) else value
