"""`newsmill hosts`: shows how fast hosts are asked, and sets it."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from newsmill_cli.api import Api, Json
from newsmill_cli.connection import connect
from newsmill_cli.errors import CommandError, UsageError
from newsmill_cli.options import DataOption, JSONOption
from newsmill_cli.output import console, print_json
from newsmill_cli.user import user_name

__all__ = ["hosts"]

hosts = typer.Typer(
    no_args_is_help=True,
    help="Show how fast hosts are asked, and set headers, pace, time zone and robots.txt for one.",
)

HostArgument = Annotated[str, typer.Argument(metavar="HOST", help="As in URLs: paper.example.")]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why, for the audit.")]

_FIELDS = ("delay", "max-in-flight", "timezone", "robots", "headers", "cookies")
_NAMES = {
    "delay": "delay_seconds",
    "max-in-flight": "max_in_flight",
    "robots": "ignore_robots",
}


@hosts.command("list")
def list_(
    *,
    every: Annotated[
        bool, typer.Option("--all", help="Also those for which nothing is set.")
    ] = False,
    data: DataOption,
    as_json: JSONOption = False,
) -> None:
    """List hosts for which something is set."""
    with connect(data) as api:
        found = _all_hosts(api, only_set=not every)
        if as_json:
            print_json(list(found))
            return
        for host in found:
            console().print(_line(host), markup=False)


@hosts.command()
def show(*, host: HostArgument, data: DataOption, as_json: JSONOption = False) -> None:
    """Show how fast a host is asked, why, and what is set for it.

    Exit code 1 says that no page of it was ever handed in.
    """
    with connect(data) as api:
        found = api.host(host)
    if found is None:
        raise CommandError(
            f"no page of {host} was ever handed in",
            "`newsmill hosts list --all` names those known.",
        )
    _show(found, as_json=as_json)


@hosts.command("set")
def set_(  # noqa: PLR0913 - each is an option of the command
    *,
    host: HostArgument,
    delay: Annotated[
        float | None, typer.Option("--delay", min=0, help="Seconds between two requests.")
    ] = None,
    parallel: Annotated[
        int | None, typer.Option("--max-in-flight", min=1, help="Requests at the same time.")
    ] = None,
    timezone: Annotated[
        str | None, typer.Option("--timezone", help="Zone of its local times: Asia/Baku.")
    ] = None,
    ignore_robots: Annotated[
        bool | None,
        typer.Option("--ignore-robots/--obey-robots", help="Whatever its robots.txt says."),
    ] = None,
    header: Annotated[
        list[str] | None,
        typer.Option("--header", metavar="'NAME: VALUE'", help="Sent to it; @FILE or - for lines."),
    ] = None,
    cookie: Annotated[
        list[str] | None,
        typer.Option("--cookie", metavar="NAME=VALUE", help="Sent to it; @FILE or - for lines."),
    ] = None,
    reason: ReasonOption = "",
    data: DataOption,
    as_json: JSONOption = False,
) -> None:
    """Set something for a host, known or not; what is not named stays as it is.

    What stands on a command line can be read by others: give secrets as a file, --header @FILE,
    or on standard input, --header -. They go to this host alone and are shown masked.
    """
    change: Json = {
        "delay_seconds": delay,
        "max_in_flight": parallel,
        "timezone": timezone,
        "ignore_robots": ignore_robots,
        "headers": dict(_pair(line, ":") for line in _lines(header)) or None,
        "cookies": dict(_pair(line, "=") for line in _lines(cookie)) or None,
    }
    given = {name: value for name, value in change.items() if value is not None}
    if not given:
        raise UsageError(
            "name something to set", "`newsmill hosts set --help` lists what there is."
        )
    _change(host, given, reason=reason, data=data, as_json=as_json)


@hosts.command()
def unset(
    *,
    host: HostArgument,
    what: Annotated[
        list[str],
        typer.Argument(
            metavar="WHAT...",
            help=f"{', '.join(_FIELDS)}, header:NAME, cookie:NAME, or all.",
        ),
    ],
    reason: ReasonOption = "",
    data: DataOption,
    as_json: JSONOption = False,
) -> None:
    """Let something of a host be as for all hosts again."""
    _change(host, _unsetting(what), reason=reason, data=data, as_json=as_json)


def _all_hosts(api: Api, *, only_set: bool) -> Iterator[Json]:
    cursor: str | None = ""
    while cursor is not None:
        page = api.hosts(only_set=only_set, cursor=cursor)
        yield from page["hosts"]
        cursor = page["next"]


def _unsetting(what: Sequence[str]) -> Json:
    change: Json = {}
    for word in what:
        kind, _, name = word.partition(":")
        if kind in ("header", "cookie") and name:
            change.setdefault(f"{kind}s", {})[name] = None
        elif word == "all":
            return {_NAMES.get(field, field): None for field in _FIELDS}
        elif word in _FIELDS:
            change[_NAMES.get(word, word)] = None
        else:
            raise UsageError(
                f"there is no {word} to unset",
                f"Name {', '.join(_FIELDS)}, header:NAME, cookie:NAME, or all.",
            )
    return change


def _change(host: str, change: Json, *, reason: str, data: Path, as_json: bool) -> None:
    with connect(data) as api:
        changed = api.change_host(host, {**change, "by": user_name(), "reason": reason})
    _show(changed, as_json=as_json)


def _lines(values: Sequence[str] | None) -> Iterator[str]:
    """Yield what options say, and the lines of the files that they name."""
    for value in values or ():
        if value != "-" and not value.startswith("@"):
            yield value
            continue
        text = sys.stdin.read() if value == "-" else Path(value[1:]).read_text(encoding="utf-8")
        yield from filter(None, map(str.strip, text.splitlines()))


def _pair(line: str, separator: str) -> tuple[str, str]:
    name, found, value = line.partition(separator)
    if not found or not name.strip():
        # The line may be a secret: it is not said again.
        raise UsageError(f"one entry has no name, or no {separator!r} behind it")
    return name.strip(), value.strip()


def _show(host: Json, *, as_json: bool) -> None:
    if as_json:
        print_json(host)
    else:
        _print_host(console(), host)


def _print_host(printer: Console, host: Json) -> None:
    printer.print(Text(str(host["host"]), style="bold"))
    crawl = host["crawl_delay_seconds"]
    sources = [
        f"delay {host['delay_seconds']:g} s",
        *([f"its robots.txt asks for {crawl:g} s"] if crawl else []),
        *([f"backing off to {host['backoff_seconds']:g} s"] if host["backoff_seconds"] else []),
    ]
    printer.print(
        f"one request every {host['seconds_between']:g} s ({', '.join(sources)}), "
        f"{host['max_in_flight']} at the same time, {host['in_flight']} under way",
        markup=False,
    )
    for said in _settings(host["set"]):
        printer.print(f"set: {said}", markup=False)


def _settings(own: Json) -> list[str]:
    said = [
        f"{title} {own[name]}{unit}"
        for name, title, unit in (
            ("delay_seconds", "delay", " s"),
            ("max_in_flight", "max-in-flight", ""),
            ("timezone", "timezone", ""),
        )
        if own[name] is not None
    ]
    if own["ignore_robots"]:
        said.append("robots.txt is ignored")
    said += [f"header {name}: {value}" for name, value in own["headers"].items()]
    return said + [f"cookie {name}={value}" for name, value in own["cookies"].items()]


def _line(host: Json) -> str:
    pace = f"every {host['seconds_between']:g} s, {host['max_in_flight']} at the same time"
    return f"{host['host']}: {'; '.join([pace, *_settings(host['set'])])}"
