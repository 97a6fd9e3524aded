"""`newsmill doctor`: what runs, where it lies, what is wrong and which command helps."""

import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from newsmill_cli.doctor.look import look
from newsmill_cli.doctor.report import Report
from newsmill_cli.doctor.verdict import Finding, conclude, exit_code
from newsmill_cli.engines import engine_choice
from newsmill_cli.options import DataOption, JSONOption
from newsmill_cli.output import console, print_json
from newsmill_cli.results import conservation_line
from newsmill_shared.database.sizes import Sizes
from newsmill_shared.diagnosis import SERVICES
from newsmill_shared.diagnosis.snapshot import Broker, Database

__all__ = ["doctor"]

_STYLES = {"bad": "bold red", "wait": "bold magenta", "ok": "bold green"}


def doctor(*, data: DataOption, as_json: JSONOption = False) -> None:
    """Look at everything, say what is wrong, and which command helps; works when nothing runs.

    Exit code 1 says that something is wrong, 3 that nothing runs or cannot be reached.
    """
    report = look(data, os.environ, engine_choice(os.environ))
    findings = conclude(report)
    if as_json:
        print_json(_as_json(report, findings))
    else:
        _print(console(), report, findings)
    raise typer.Exit(exit_code(findings))


def _as_json(report: Report, findings: tuple[Finding, ...]) -> dict[str, object]:
    return {
        "data": report.data,
        "holder": asdict(report.holder) if report.holder else None,
        "api_url": report.api_url,
        "api_ready": report.api_ready,
        "engines": [asdict(view) for view in report.engines],
        "schema_is_current": _schema_is_current(report),
        "queues": _queues(report),
        "workers": _workers(report),
        "counts": report.counts,
        "bytes": asdict(report.sizes) if report.sizes else None,
        "settings": report.settings,
        "diagnosis": [
            {**asdict(finding), "since": finding.since.isoformat() if finding.since else None}
            for finding in findings
        ],
    }


def _print(printer: Console, report: Report, findings: tuple[Finding, ...]) -> None:
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    table.add_row("data", report.data)
    table.add_row("held by", str(report.holder or "nobody"))
    for view in report.engines:
        state = "answers" if view.answers else view.problem or "not running"
        style = "green" if view.answers else "red" if view.problem else ""
        table.add_row(view.role, Text.assemble((state, style), f"; {view.program}"))
        table.add_row("", Text(view.where, style="dim"))
    table.add_row("schema", _schema(_schema_is_current(report)))
    table.add_row("API", _api(report))
    table.add_row("queues", _counts(_queues(report)))
    table.add_row("workers", _counts(_workers(report)))
    if report.counts is not None:
        table.add_row("ledger", conservation_line(dict(report.counts)))
    if report.sizes is not None:
        table.add_row("disk", _sizes(report.sizes))
    table.add_row("fetch allow", report.settings.get("NEWSMILL_FETCH_ALLOW") or "public only")
    for name, value in report.settings.items():
        if name != "NEWSMILL_FETCH_ALLOW":
            table.add_row(Text(name.removeprefix("NEWSMILL_").lower()), Text(value, style="dim"))
    printer.print(table)
    for finding in findings:
        printer.print()
        printer.print(Text(finding.said, style=_STYLES[finding.state]))
        if finding.meaning:
            printer.print(Text(finding.meaning))
        if finding.since is not None:
            printer.print(Text(f"since {finding.since:%Y-%m-%d %H:%M:%S} UTC", style="dim"))
        if finding.command:
            printer.print(Text.assemble("try: ", (finding.command, "bold")))


def _schema_is_current(report: Report) -> bool | None:
    database = report.seen.database if report.seen else None
    return database.schema_is_current if isinstance(database, Database) else None


def _queues(report: Report) -> Mapping[str, int] | None:
    broker = report.seen.broker if report.seen else None
    return {**broker.depths, "notes": broker.notes} if isinstance(broker, Broker) else None


def _workers(report: Report) -> Mapping[str, int] | None:
    broker = report.seen.broker if report.seen else None
    if not isinstance(broker, Broker):
        return None
    alive = Counter(beat.service for beat in broker.beats)
    return {name: alive[name] for name in dict.fromkeys(("bridge", *SERVICES, *alive))}


def _schema(current: bool | None) -> str:
    return {None: "not known", True: "newest", False: "older than this newsmill"}[current]


def _api(report: Report) -> str:
    if report.api_url is None:
        return "not running"
    state = {None: "does not answer", True: "accepts work", False: "accepts no work"}
    return f"{state[report.api_ready]}; {report.api_url}"


def _counts(counts: Mapping[str, int] | None) -> str:
    return ", ".join(f"{name} {number}" for name, number in (counts or {}).items()) or "not known"


def _sizes(sizes: Sizes) -> str:
    said = {"raw pages (about)": sizes.raw_pages, **sizes.tables}
    return ", ".join(f"{kind} {_megabytes(size)}" for kind, size in said.items())


def _megabytes(size: int) -> str:
    return f"{size / 1e9:,.1f} GB" if size >= 1e9 else f"{size / 1e6:,.1f} MB"
