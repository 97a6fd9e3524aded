"""`newsmill cluster`: a story, and the pages that tell it."""

from collections.abc import Mapping
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from newsmill_cli.api import Api, Json
from newsmill_cli.commands.status import is_id
from newsmill_cli.connection import connect
from newsmill_cli.errors import CommandError
from newsmill_cli.options import DataOption, JSONOption
from newsmill_cli.output import console, print_json

__all__ = ["cluster"]

_KINDS = {"also": "a page matched both", "drift": "a page changed from one into the other"}


def cluster(
    *,
    which: Annotated[
        str, typer.Argument(metavar="ID|URL", help="A cluster's or article's id, or a URL.")
    ],
    data: DataOption,
    as_json: JSONOption = False,
) -> None:
    """Show the pages that tell one story, in the order in which they told it.

    Exit code 1 says that there is none.
    """
    with connect(data) as api:
        found = _whole(api, which)
    if found is None:
        raise CommandError(
            f"there is no story of {which}", f"`newsmill status {which}` says what became of it."
        )
    if as_json:
        print_json(found)
    else:
        _print(console(), found)


def _whole(api: Api, which: str) -> Json | None:
    """Return a cluster with all of its members."""
    id_ = which
    if not is_id(which):
        article = api.article_of(which)
        if article is None:
            return None
        id_ = str(article["cluster_id"])
    found = api.cluster(id_)
    if found is None:
        return None
    members, cursor = list(found["members"]), found["next"]
    while cursor is not None:
        page = api.cluster(id_, {"cursor": str(cursor), "limit": "500"})
        if page is None:
            break
        members += page["members"]
        cursor = page["next"]
    return {**found, "members": members, "next": None}


def _print(printer: Console, found: Json) -> None:
    tell = "page tells" if found["size"] == 1 else "pages tell"
    printer.print(Text(f"{found['size']} {tell} story {found['cluster_id']}", style="bold"))
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("told", no_wrap=True)
    table.add_column("page", overflow="fold", ratio=3)
    table.add_column("how it belongs", overflow="fold", ratio=1)
    for member in found["members"]:
        table.add_row(_told(member), _page(member), _how(member))
    printer.print(table)
    for related in found["related"]:
        printer.print(
            Text.assemble(
                (f"near, {_KINDS.get(related['kind'], related['kind'])}: ", "dim"),
                f"{related['title']} ",
                (str(related["cluster_id"]), "dim"),
            )
        )


def _told(member: Mapping[str, object]) -> str:
    seen, published = str(member["first_seen_at"]), member["published_at"]
    told = min(seen, str(published)) if published else seen
    return told[:16].replace("T", " ")


def _page(member: Mapping[str, object]) -> Text:
    return Text.assemble(str(member["title"]), "\n", (str(member["url"]), "dim"))


def _how(member: Mapping[str, object]) -> Text:
    if member["relation"] == "original":
        words = Text("original", style="green")
    elif isinstance(member["similarity"], int | float):
        words = Text(f"{member['similarity']:.2f} by {member['rule']}", style="cyan")
    else:
        words = Text("told it before it was found", style="cyan")
    versions = member["versions"]
    if isinstance(versions, int) and versions > 1:
        words.append(f", {versions} versions", style="dim")
    if not member["is_current"]:
        words.append(", tells another story now", style="dim")
    return words
