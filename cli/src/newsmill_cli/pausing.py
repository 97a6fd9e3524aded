"""What `pause` and `resume` name, and how a pause reads."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated
from urllib.parse import urlsplit

import typer

from newsmill_cli.api import Json
from newsmill_cli.errors import UsageError

__all__ = [
    "HostOption",
    "LabelOption",
    "WhatArgument",
    "name_of",
    "pause_line",
    "stops",
    "target",
]

_ALL = "all"
_STAGES = ("ingest", "enrich", "store")

WhatArgument = Annotated[
    str | None,
    typer.Argument(
        metavar="[all|ingest|enrich|store]",
        help="Everything, or what a stage would have to do.",
        show_default=False,
    ),
]
HostOption = Annotated[
    str | None, typer.Option("--host", metavar="NAME", help="What is at this host.")
]
LabelOption = Annotated[
    str | None, typer.Option("--label", metavar="LABEL", help="What was handed in with this label.")
]


def target(what: str | None, host: str | None, label: str | None) -> dict[str, str]:
    """Return what a command line names, as the API wants it.

    Raises:
        UsageError: It names nothing, several things, or a stage that there is not.
    """
    given = {"what": what, "host": host, "label": label}
    named = [(kind, value) for kind, value in given.items() if value is not None]
    if len(named) != 1:
        raise UsageError(
            "name one thing", f"One of {_ALL}, {', '.join(_STAGES)}, --host NAME, --label LABEL."
        )
    [(kind, value)] = named
    if kind != "what":
        return {"scope": kind, "value": value}
    if value == _ALL:
        return {"scope": _ALL}
    if value not in _STAGES:
        raise UsageError(
            f"there is no stage {value}", f"Name {_ALL}, {', '.join(_STAGES)}, --host or --label."
        )
    return {"scope": "stage", "value": value}


def name_of(pause: Mapping[str, object]) -> str:
    """Return what a pause stops, for people: ``everything``, ``enrich``, ``host a.example``."""
    match pause["scope"]:
        case "all":
            return "everything"
        case "stage":
            return str(pause["value"])
        case scope:
            return f"{scope} {pause['value']}"


def pause_line(pause: Json) -> str:
    """Return a pause as one line: what, since and until when, by whom and why."""
    until = f" until {_time(pause['until'])}" if pause["until"] else ""
    reason = f": {pause['reason']}" if pause["reason"] else ""
    return f"paused {name_of(pause)} since {_time(pause['since'])}{until}, by {pause['by']}{reason}"


def stops(pause: Json, job: Json) -> bool:
    """Tell whether a pause is (one of) the reasons why a job that waits is not sent."""
    match pause["scope"]:
        case "host":
            return urlsplit(str(job.get("url", ""))).hostname == str(pause["value"])
        case "label":
            return str(job.get("label", "")) == str(pause["value"])
        case _:
            return True


def _time(moment: str) -> str:
    return f"{datetime.fromisoformat(moment):%Y-%m-%d %H:%M:%S}"
