"""`newsmill delete`: removes an article and all that is stored of its page."""

from typing import Annotated

import typer

from newsmill_cli.api import Api, Json
from newsmill_cli.asking import ask_first
from newsmill_cli.commands.status import is_id
from newsmill_cli.connection import connect
from newsmill_cli.errors import CommandError
from newsmill_cli.options import DataOption, JSONOption
from newsmill_cli.output import console, print_json
from newsmill_cli.user import user_name

__all__ = ["delete"]


def delete(
    *,
    which: Annotated[str, typer.Argument(metavar="ARTICLE|URL", help="An id, or a URL.")],
    reason: Annotated[str, typer.Option("--reason", help="Why; it stays in the audit.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask first.")] = False,
    data: DataOption,
    as_json: JSONOption = False,
) -> None:
    """Delete an article: text, all versions, raw pages, fingerprints and other addresses.

    How its jobs ended stays, for the counts; readers of changes are told. The page is not fetched
    again unless somebody forces it, and work that is under way does not bring it back.
    """
    said = {"by": user_name(), "why": reason}
    with connect(data) as api:
        article = _find(api, which)
        answer = api.delete_article(article, {**said, "dry_run": "true"})
        if answer["dry_run"] and not dry_run:
            if not as_json and not yes:
                _show(answer)
            ask_first("Delete all of this?", sure=yes)
            answer = api.delete_article(article, said)
    if as_json:
        print_json(answer)
    else:
        _show(answer)


def _find(api: Api, which: str) -> str:
    if is_id(which):
        return which
    article = api.article_of(which)
    if article is None:
        raise CommandError(f"there is no article at {which}", "`newsmill status URL` says more.")
    return str(article["article_id"])


def _show(answer: Json) -> None:
    printer = console()
    if answer["url"] is None:
        printer.print(f"was deleted before, at {answer['deleted_at']}", markup=False)
        return
    printer.print(str(answer["title"]), markup=False)
    printer.print(str(answer["url"]), markup=False)
    what = (
        f"versions {answer['versions']:,}, raw pages {answer['raw_pages']:,}, "
        f"other addresses {answer['aliases']:,}; open jobs that end with it {answer['open_jobs']:,}"
    )
    printer.print(f"{'would go' if answer['dry_run'] else 'deleted'}: {what}", markup=False)
    if answer["copies"]:
        printer.print(f"other pages that tell the same story, and stay: {answer['copies']:,}")
