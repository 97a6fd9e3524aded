"""`newsmill pause`: stops everything, a stage, a host or a label."""

from typing import Annotated

import typer

from newsmill_cli.connection import connect
from newsmill_cli.options import DataOption, JSONOption
from newsmill_cli.output import console, print_json
from newsmill_cli.pausing import HostOption, LabelOption, WhatArgument, pause_line, target
from newsmill_cli.times import seconds_of
from newsmill_cli.user import user_name

__all__ = ["pause"]


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
    ending = {} if lasting is None else {"seconds": seconds_of(lasting, "--for")}
    with connect(data) as api:
        paused = api.pause({**wanted, "by": user_name(), "reason": reason, **ending})
    if as_json:
        print_json(paused)
    else:
        console().print(pause_line(paused), markup=False)
