"""`newsmill reprocess`: enriches stored pages again, after showing what would change."""

import uuid
from datetime import UTC, datetime
from typing import Annotated

import typer

from newsmill_cli.api import Api, Json
from newsmill_cli.asking import ask_first
from newsmill_cli.connection import connect
from newsmill_cli.errors import CommandError, ExitCode
from newsmill_cli.options import DataOption, JSONOption
from newsmill_cli.output import console, diagnostics, print_json
from newsmill_cli.reprocessing import models_of, run_lines, wait_for_run
from newsmill_cli.times import moment_of
from newsmill_cli.user import user_name
from newsmill_shared.identity import new_id

__all__ = ["reprocess"]

reprocess = typer.Typer(invoke_without_command=True)

RunArgument = Annotated[uuid.UUID, typer.Argument(metavar="RUN", help="The run's id.")]
WhyOption = Annotated[str, typer.Option("--why", help="For whoever wonders.")]


@reprocess.callback()
def begin(  # noqa: PLR0913 - each is an option of the command
    context: typer.Context,
    *,
    host: Annotated[
        str | None, typer.Option("--host", metavar="NAME", help="Articles at this host.")
    ] = None,
    label: Annotated[
        str | None,
        typer.Option("--label", metavar="LABEL", help="Brought by a submission with this label."),
    ] = None,
    language: Annotated[
        str | None, typer.Option("--language", metavar="TAG", help="In this language.")
    ] = None,
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="TIME|2d", help="New or changed since, or so long ago."),
    ] = None,
    model_older_than: Annotated[
        list[str] | None,
        typer.Option(
            "--model-older-than",
            metavar="PART=NUMBER",
            help="Of which this part was made by an older model: extraction, language, "
            "duplicates, categories. Several: any of them.",
        ),
    ] = None,
    sample: Annotated[
        int,
        typer.Option("--sample", min=0, max=100, help="Pages to compare first; 0 = none."),
    ] = 20,
    why: WhyOption = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask first.")] = False,
    data: DataOption,
    as_json: JSONOption = False,
) -> None:
    """Enrich stored pages again, when no other page waits, with the models and rules of now.

    Nothing is fetched. First a sample of them is enriched and compared, and nothing is written.
    No job is accepted and no outcome changes; an article that gets another version meanwhile is
    left alone. Exit code 1 says that no article matches.
    """
    if context.invoked_subcommand is not None:
        return
    given = {
        "host": host,
        "label": label,
        "language": language,
        "since": moment_of(since, now=datetime.now(UTC)) if since else None,
        "model_older_than": models_of(model_older_than or ()),
    }
    wanted: Json = {name: value for name, value in given.items() if value}
    wanted |= {"by": user_name(), "why": why}
    with connect(data) as api:
        preview: Json | None = None
        if sample or dry_run:
            preview = _preview(api, wanted, sample or 20)
            if not as_json:
                _print(preview)
            if not preview["planned"] or dry_run:
                if as_json:
                    print_json(preview)
                elif not preview["planned"]:
                    console().print("no article matches")
                raise typer.Exit(ExitCode.OK if preview["planned"] else ExitCode.NO)
        ask_first(f"Enrich {_count(preview)} again, and write what changes?", sure=yes)
        run = api.begin_run({**wanted, "id": str(new_id())})
    if as_json:
        print_json(run)
    else:
        console().print(
            f"begun; `newsmill reprocess status {run['id']}` says how far it is", markup=False
        )


@reprocess.command()
def status(
    *,
    run: Annotated[
        uuid.UUID | None,
        typer.Argument(metavar="[RUN]", help="The run's id.", show_default="all"),
    ] = None,
    data: DataOption,
    as_json: JSONOption = False,
) -> None:
    """Show how far a run is, what it changed and what failed; without a run, the newest ones."""
    with connect(data) as api:
        found = api.runs() if run is None else [_known(api.run(str(run)))]
    if as_json:
        print_json(found if run is None else found[0])
        return
    for entry in found:
        _print(entry)


@reprocess.command()
def stop(
    *, run: RunArgument, why: WhyOption = "", data: DataOption, as_json: JSONOption = False
) -> None:
    """Send no more of a run; what is on its way is still written."""
    with connect(data) as api:
        _told(api.stop_run(str(run), _step(why)), as_json=as_json)


@reprocess.command("continue")
def continue_(
    *, run: RunArgument, why: WhyOption = "", data: DataOption, as_json: JSONOption = False
) -> None:
    """Go on with a run where it stopped."""
    with connect(data) as api:
        _told(api.continue_run(str(run), _step(why)), as_json=as_json)


def _preview(api: Api, wanted: Json, sample: int) -> Json:
    begun = api.begin_run({**wanted, "id": str(new_id()), "sample": sample})
    return wait_for_run(api, begun, report=lambda line: diagnostics().print(line, markup=False))


def _step(why: str) -> Json:
    return {"by": user_name(), "why": why}


def _known(run: Json | None) -> Json:
    if run is None:
        raise CommandError("there is no such run", "`newsmill reprocess status` lists them.")
    return run


def _told(run: Json, *, as_json: bool) -> None:
    if as_json:
        print_json(run)
    else:
        _print(run)


def _print(run: Json) -> None:
    for line in run_lines(run):
        console().print(line, markup=False, highlight=False)


def _count(preview: Json | None) -> str:
    """Return how many pages a run may be about, as far as it is known."""
    if preview is None:
        return "all that match"
    more = "more than " if preview["matching_at_least"] else ""
    # What made them is looked at when the run comes to them.
    up_to = "up to " if preview["filters"].get("models") and not more else ""
    return f"{up_to}{more}{preview['matching']:,} pages"
