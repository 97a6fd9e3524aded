"""`newsmill audit`: who changed what, and when."""

from collections.abc import Mapping
from typing import Annotated

import typer
from rich.text import Text

from newsmill_cli.api import Json
from newsmill_cli.connection import connect
from newsmill_cli.options import DataOption, JSONOption
from newsmill_cli.output import console, print_json

__all__ = ["audit"]


def audit(
    *,
    subject: Annotated[
        str | None,
        typer.Argument(metavar="[SUBJECT]", help="What was changed, such as a host."),
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=500, help="So many at most.")] = 50,
    data: DataOption,
    as_json: JSONOption = False,
) -> None:
    """Show what operators have changed, the newest first."""
    with connect(data) as api:
        acts = api.audit(subject, limit=limit)
    if as_json:
        print_json(acts)
        return
    for act in acts:
        console().print(_line(act))


def _line(act: Json) -> Text:
    detail = act["detail"]
    reason = detail.get("reason")
    told = {name: value for name, value in detail.items() if name not in ("changed", "reason")}
    changes = ", ".join(filter(None, (_changes(detail.get("changed") or {}), _details(told))))
    return Text.assemble(
        (f"{act['at'][:19].replace('T', ' ')}  ", "dim"),
        f"{act['by']}  {act['act']}  {act['subject']}",
        (f"  {changes}" if changes else "", "bold"),
        (f": {reason}" if reason else "", "dim"),
    )


def _changes(changed: Mapping[str, list[object]]) -> str:
    return ", ".join(f"{name} {_word(was)} -> {_word(now)}" for name, (was, now) in changed.items())


def _details(told: Mapping[str, object]) -> str:
    """Return what an act says besides, such as how many it concerned."""
    return ", ".join(
        f"{name} {_word(value)}" for name, value in told.items() if value not in (None, "", [], {})
    )


def _word(value: object) -> str:
    match value:
        case None:
            return "none"
        case list():
            return " ".join(map(_word, value))
        case dict():
            return ", ".join(f"{name} {_word(inner)}" for name, inner in value.items())
        case _:
            return str(value)
