"""`newsmill pause`: stops everything, a stage, a host or a label."""

import getpass
import re
from typing import Annotated

import typer

from newsmill_cli.connection import connect
from newsmill_cli.errors import UsageError
from newsmill_cli.options import DataOption, JSONOption
from newsmill_cli.output import console, print_json
from newsmill_cli.pausing import HostOption, LabelOption, WhatArgument, pause_line, target

__all__ = ["pause"]

_UNITS = {"s": 1, "min": 60, "m": 60, "h": 3600, "d": 86_400}


def pause(
    *,
    what: WhatArgument = None,
    host: HostOption = None,
    label: LabelOption = None,
    reason: Annotated[str, typer.Option("--reason", help="Why, for whoever wonders.")] = "",
    lasting: Annotated[
        str | None,
        typer.Option("--for", metavar="90s|30m|2h|1d", help="Goes on by itself after this long."),
    ] = None,
    data: DataOption,
    as_json: JSONOption = False,
) -> None:
    """Stop sending everything, or what is for a stage, a host or a label.

    What waits goes on waiting, at no cost; what was sent already goes on to its end. Handing in
    is not affected.
    """
    wanted = target(what, host, label)
    ending = {} if lasting is None else {"seconds": _seconds(lasting)}
    with connect(data) as api:
        paused = api.pause({**wanted, "by": getpass.getuser(), "reason": reason, **ending})
    if as_json:
        print_json(paused)
    else:
        console().print(pause_line(paused), markup=False)


def _seconds(text: str) -> float:
    """Return how long ``90s``, ``30m``, ``2h`` or ``1d`` is, in seconds."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?) ?(s|m|min|h|d)", text.strip())
    if found is None or not float(found[1]):
        raise UsageError(f"--for {text}: this is no length of time", "Write 90s, 30m, 2h or 1d.")
    return float(found[1]) * _UNITS[found[2]]
