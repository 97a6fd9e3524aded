"""`newsmill keys`: makes, lists, rotates and revokes API keys."""

from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.text import Text

from newsmill_cli.api import Json
from newsmill_cli.connection import connect
from newsmill_cli.options import DataOption, JSONOption
from newsmill_cli.output import console, print_json
from newsmill_cli.user import user_name
from newsmill_shared.key_scopes import KeyScope

__all__ = ["keys"]

keys = typer.Typer(
    no_args_is_help=True,
    help="Make, list, rotate and revoke API keys. This takes a key with the scope admin.",
)

NameArgument = Annotated[
    str, typer.Argument(metavar="NAME", help="Whose: the submitter, and who acts in the audit.")
]


@keys.command()
def create(
    *,
    name: NameArgument,
    scope: Annotated[
        list[KeyScope], typer.Option("--scope", help="What it opens; may be given again.")
    ],
    days: Annotated[
        float | None, typer.Option("--days", help="It ends after so many; else when revoked.")
    ] = None,
    data: DataOption,
    as_json: JSONOption = False,
) -> None:
    """Make a key for a name that has none, and show its secret, once."""
    wanted = {"name": name, "scopes": [str(one) for one in scope], "days": days, **_by()}
    with connect(data) as api:
        made = api.create_key(wanted)
    _show_new(made, as_json=as_json)


@keys.command("list")
def list_(
    *,
    every: Annotated[bool, typer.Option("--all", help="Also those that have ended.")] = False,
    data: DataOption,
    as_json: JSONOption = False,
) -> None:
    """List keys with what they open, when they end and when they were last used."""
    with connect(data) as api:
        found = api.keys()
    now = datetime.now(UTC)
    shown = [key for key in found if every or not _has_ended(key, now)]
    if as_json:
        print_json(shown)
        return
    for key in shown:
        console().print(_line(key, now))


@keys.command()
def rotate(
    *,
    name: NameArgument,
    keep_hours: Annotated[
        float,
        typer.Option("--keep-hours", min=0, help="So long the old secret is still good."),
    ] = 24,
    data: DataOption,
    as_json: JSONOption = False,
) -> None:
    """Make a second secret and show it, once; the old one ends after a day.

    The new one opens the same, and lives as long as the old one was meant to.
    """
    with connect(data) as api:
        made = api.rotate_key(name, {"keep_hours": keep_hours, **_by()})
    _show_new(made, as_json=as_json)


@keys.command()
def revoke(
    *,
    name: NameArgument,
    secret_id: Annotated[
        str | None,
        typer.Option("--id", help="One secret, as `list` names it; else all of the name."),
    ] = None,
    data: DataOption,
    as_json: JSONOption = False,
) -> None:
    """End a key at once, and the dashboard's sessions that it opened."""
    query = {**_by(), **({"id": secret_id} if secret_id else {})}
    with connect(data) as api:
        ended = api.revoke_key(name, query)
    if as_json:
        print_json(ended)
        return
    for key in ended:
        console().print(f"revoked {key['name']} {key['id']}", markup=False)


def _by() -> dict[str, str]:
    return {"by": user_name()}


def _show_new(made: Json, *, as_json: bool) -> None:
    if as_json:
        print_json(made)
        return
    printer = console()
    printer.print(f"{made['name']} {made['id']}, {_until(made)}: keep the secret, it is not shown")
    printer.print("again. Send it as Authorization: Bearer SECRET, or set NEWSMILL_API_KEY.")
    printer.print(made["secret"], markup=False, highlight=False, soft_wrap=True)
    if made["replaces"]:
        printer.print(f"The old one, {made['replaces']['id']}, is good {_until(made['replaces'])}.")


def _until(key: Json) -> str:
    return f"until {_time(key['ends_at'])} UTC" if key["ends_at"] else "until it is revoked"


def _line(key: Json, now: datetime) -> Text:
    used = f"last used {_time(key['used_at'])}" if key["used_at"] else "never used"
    until = f"ended {_time(key['ends_at'])}" if _has_ended(key, now) else _until(key)
    return Text.assemble(
        (key["name"], "bold"),
        f" {key['id']}: {', '.join(key['scopes'])}; {until}; {used}",
        (f"; made by {key['created_by']} {_time(key['created_at'])}", "dim"),
    )


def _has_ended(key: Json, now: datetime) -> bool:
    return key["ends_at"] is not None and datetime.fromisoformat(key["ends_at"]) <= now


def _time(moment: str) -> str:
    return f"{datetime.fromisoformat(moment):%Y-%m-%d %H:%M}"
