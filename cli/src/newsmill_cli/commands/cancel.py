"""`newsmill cancel`: ends work that waits, by job, label or host."""

from collections.abc import Mapping
from typing import Annotated

import typer

from newsmill_cli.api import Api, Json
from newsmill_cli.asking import ask_first
from newsmill_cli.connection import connect
from newsmill_cli.errors import ExitCode, UsageError
from newsmill_cli.options import DataOption, JSONOption
from newsmill_cli.output import console, print_json
from newsmill_cli.pausing import HostOption, LabelOption
from newsmill_cli.user import user_name

__all__ = ["cancel"]


def cancel(
    *,
    job: Annotated[str | None, typer.Argument(metavar="[JOB]", help="A job's id.")] = None,
    host: HostOption = None,
    label: LabelOption = None,
    reason: Annotated[str, typer.Option("--reason", help="Why; it stays with the jobs.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what it would do.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask first.")] = False,
    data: DataOption,
    as_json: JSONOption = False,
) -> None:
    """Cancel what waits now of a label, a host or both, or one job: it ends skipped, as cancelled.

    What runs is left to its end, and what is handed in meanwhile is left alone. It goes in small
    steps; broken off, it goes on when it is called again. Exit code 1 says that nothing waited.
    """
    given = {"job": job, "host": host, "label": label}
    named = {name: value for name, value in given.items() if value is not None}
    if not named:
        raise UsageError("name what to cancel", "A job's id, --host NAME, --label LABEL.")
    wanted: Json = {**named, "by": user_name(), "why": reason}
    with connect(data) as api:
        seen = _walk(api, {**wanted, "dry_run": True})
        if not dry_run and seen["cancelled"]:
            if not as_json and job is None:
                _show(seen, would=True)
            ask_first(f"Cancel {seen['cancelled']:,} jobs?", sure=yes or job is not None)
            seen = _walk(api, {**wanted, "accepted_before": seen["accepted_before"]})
    if as_json:
        print_json({"dry_run": dry_run, **seen})
    else:
        _show(seen, would=dry_run)
    raise typer.Exit(ExitCode.OK if seen["cancelled"] else ExitCode.NO)


def _walk(api: Api, wanted: Mapping[str, object]) -> Json:
    """Do all steps; return the sum of what they met."""
    total: Json = {"cancelled": 0, "running": 0, "sample": []}
    further: Json = {}
    while True:
        step = api.cancel({**wanted, **further})
        total["cancelled"] += step["cancelled"]
        total["running"] += step["running"]
        total["sample"] = (total["sample"] + step["sample"])[:5]
        total["accepted_before"] = step["accepted_before"]
        if step["next"] is None:
            return total
        further = {"cursor": step["next"], "accepted_before": step["accepted_before"]}


def _show(seen: Json, *, would: bool) -> None:
    printer = console()
    word = "would be cancelled" if would else "cancelled"
    running = f"; {seen['running']:,} run, and go on to their end" if seen["running"] else ""
    printer.print(f"{seen['cancelled']:,} {word}{running}", markup=False)
    if would:
        for entry in seen["sample"]:
            printer.print(f"  {entry['job_id']}  {entry['url']}", markup=False)
