"""`newsmill resume`: lets go on what was paused."""

import typer

from newsmill_cli.connection import connect
from newsmill_cli.errors import ExitCode
from newsmill_cli.options import DataOption, JSONOption
from newsmill_cli.output import console, print_json
from newsmill_cli.pausing import HostOption, LabelOption, WhatArgument, name_of, pause_line, target
from newsmill_cli.user import user_name

__all__ = ["resume"]


def resume(
    *,
    what: WhatArgument = None,
    host: HostOption = None,
    label: LabelOption = None,
    data: DataOption,
    as_json: JSONOption = False,
) -> None:
    """Let go on what was paused, whoever paused it.

    Exit code 1 says that it was not paused.
    """
    wanted = target(what, host, label)
    with connect(data) as api:
        lifted = api.resume({**wanted, "by": user_name()})["lifted"]
        left = api.pauses()
    if as_json:
        print_json({"lifted": lifted, "pauses": left})
    else:
        printer = console()
        name = name_of(wanted)
        printer.print(f"{name} goes on" if lifted else f"{name} was not paused", markup=False)
        for pause in left:
            printer.print(f"still {pause_line(pause)}", markup=False)
    raise typer.Exit(ExitCode.OK if lifted else ExitCode.NO)
