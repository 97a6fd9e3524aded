"""`newsmill doctor`: what runs, where it lies, what is wrong and which command helps."""

import os
from dataclasses import asdict
from typing import Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from newsmill_cli.doctor.look import look
from newsmill_cli.doctor.snapshot import Snapshot
from newsmill_cli.doctor.verdict import SERVICES_THAT_BEAT, Verdict, conclude
from newsmill_cli.engines import engine_choice
from newsmill_cli.errors import ExitCode
from newsmill_cli.options import DataOption, JSONOption
from newsmill_cli.output import console, print_json
from newsmill_cli.results import conservation_line

__all__ = ["doctor"]


def doctor(*, data: DataOption, as_json: JSONOption = False) -> None:
    """Look at everything, say what is wrong, and which command helps; works when nothing runs.

    Exit code 1 says that something is wrong, 3 that nothing runs or cannot be reached.
    """
    snapshot = look(data, os.environ, engine_choice(os.environ))
    verdict = conclude(snapshot)
    if as_json:
        said: dict[str, Any] = asdict(snapshot)
        said["verdict"] = {"cause": verdict.cause, "command": verdict.command}
        print_json(said)
    else:
        _print(console(), snapshot, verdict)
    raise typer.Exit(verdict.exit_code)


def _print(printer: Console, snapshot: Snapshot, verdict: Verdict) -> None:
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    table.add_row("data", snapshot.data)
    table.add_row("held by", str(snapshot.holder or "nobody"))
    for view in snapshot.engines:
        state = "answers" if view.answers else view.problem or "not running"
        style = "green" if view.answers else "red" if view.problem else ""
        table.add_row(view.role, Text.assemble((state, style), f"; {view.program}"))
        table.add_row("", Text(view.where, style="dim"))
    table.add_row("schema", _schema(snapshot.schema_is_current))
    table.add_row("API", _api(snapshot))
    table.add_row("queues", _counts(snapshot.queues))
    table.add_row("workers", _workers(snapshot))
    if snapshot.counts is not None:
        table.add_row("ledger", conservation_line(dict(snapshot.counts)))
    table.add_row("fetch allow", snapshot.settings.get("NEWSMILL_FETCH_ALLOW") or "public only")
    for name, value in snapshot.settings.items():
        if name != "NEWSMILL_FETCH_ALLOW":
            table.add_row(Text(name.removeprefix("NEWSMILL_").lower()), Text(value, style="dim"))
    printer.print(table)
    printer.print()
    style = "bold green" if verdict.exit_code is ExitCode.OK else "bold red"
    printer.print(Text(verdict.cause, style=style))
    if verdict.command:
        printer.print(Text.assemble("try: ", (verdict.command, "bold")))


def _schema(current: bool | None) -> str:
    return {None: "not known", True: "newest", False: "older than this newsmill"}[current]


def _api(snapshot: Snapshot) -> str:
    if snapshot.api_url is None:
        return "not running"
    state = {None: "does not answer", True: "accepts work", False: "accepts no work"}
    return f"{state[snapshot.api_ready]}; {snapshot.api_url}"


def _counts(counts: Any) -> str:  # a mapping or None
    return ", ".join(f"{name} {number}" for name, number in (counts or {}).items()) or "not known"


def _workers(snapshot: Snapshot) -> str:
    if snapshot.workers is None:
        return "not known"
    names = dict.fromkeys((*SERVICES_THAT_BEAT, *snapshot.workers))
    return ", ".join(f"{name} {snapshot.workers.get(name, 0)}" for name in names)
