"""`newsmill drain`: before a deploy, sends nothing more and waits for what is under way."""

import time
from typing import Annotated

import typer

from newsmill_cli.connection import connect
from newsmill_cli.draining import wait_until_empty, window_line
from newsmill_cli.errors import ExitCode
from newsmill_cli.options import DataOption, JSONOption
from newsmill_cli.output import console, diagnostics, print_json
from newsmill_cli.times import seconds_of
from newsmill_cli.user import user_name

__all__ = ["drain"]

_HAND = "drain"
"""Whose pause it is, so that no other is lifted with it."""


def drain(
    *,
    reason: Annotated[str, typer.Option("--reason", help="Why, for whoever wonders.")] = "",
    timeout: Annotated[
        str, typer.Option("--timeout", metavar="90s|5m", help="The longest wait.")
    ] = "2m",
    resume: Annotated[
        bool, typer.Option("--resume", help="Send again what was held back by `drain`.")
    ] = False,
    data: DataOption,
    as_json: JSONOption = False,
) -> None:
    """Send nothing more, and wait until nothing is under way: before a deploy.

    What waits goes on waiting, and handing in goes on. It stays so until `newsmill drain --resume`,
    also when the wait is given up. Exit code 1 says that something was still under way, or that
    there was nothing to resume.
    """
    seconds = seconds_of(timeout, "--timeout")
    with connect(data) as api:
        if resume:
            said = api.resume({"scope": "all", "paused_by": _HAND, "by": user_name()})
            if as_json:
                print_json(said)
            else:
                lifted = said["lifted"]
                console().print("everything goes on" if lifted else "nothing was held by drain")
            raise typer.Exit(ExitCode.OK if said["lifted"] else ExitCode.NO)
        why = f"{user_name()}: {reason}" if reason else f"by {user_name()}"
        api.pause({"scope": "all", "hand": _HAND, "by": user_name(), "reason": why})
        window = wait_until_empty(
            api,
            seconds=seconds,
            report=lambda line: diagnostics().print(line, markup=False),
            clock=time.monotonic,
            sleep=time.sleep,
        )
    drained = not window["running"]
    if as_json:
        print_json({"drained": drained, **window})
    elif drained:
        console().print("drained: nothing is under way; `newsmill drain --resume` lets it go on")
    else:
        console().print(
            f"not drained within {timeout}: {window_line(window)}. Nothing more is sent until "
            "`newsmill drain --resume`",
            markup=False,
        )
    raise typer.Exit(ExitCode.OK if drained else ExitCode.NO)
