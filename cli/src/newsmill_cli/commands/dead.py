"""`newsmill dead`: jobs that died or failed: looked at, retried, discarded."""

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Literal

import typer
from rich.table import Table
from rich.text import Text

from newsmill_cli.api import Json
from newsmill_cli.asking import ask_first
from newsmill_cli.commands.status import print_job
from newsmill_cli.connection import connect
from newsmill_cli.errors import CommandError, ExitCode
from newsmill_cli.options import DataOption, JSONOption
from newsmill_cli.output import console, print_json
from newsmill_cli.times import moment_of
from newsmill_cli.user import user_name
from newsmill_shared.identity import new_id
from newsmill_shared.reasons import Reason

__all__ = ["dead"]

dead = typer.Typer(
    help="Look at jobs that died or failed, hand them in again, or set them aside.",
    no_args_is_help=True,
)

_HELPS = {
    "yes": "a retry helps: the host answers again",
    "perhaps": "a retry may help",
    "later": "not yet: the host still has too much",
    "after_a_fix": "mend the cause first",
    "no": "a retry does not help",
}

JobArgument = Annotated[
    uuid.UUID | None, typer.Argument(metavar="[JOB]", help="One job.", show_default=False)
]
OutcomeOption = Annotated[
    Literal["dead", "failed"] | None,
    typer.Option("--outcome", help="How they ended; dead, if no reason says otherwise."),
]
ReasonOption = Annotated[
    Reason | None, typer.Option("--reason", metavar="REASON", help="Why: worker_lost, timeout, …")
]
HostOption = Annotated[str | None, typer.Option("--host", metavar="NAME", help="At this host.")]
LabelOption = Annotated[
    str | None, typer.Option("--label", metavar="LABEL", help="Handed in with this label.")
]
StageOption = Annotated[
    Literal["ingest", "enrich", "store"] | None,
    typer.Option("--stage", help="Their last attempt ended there."),
]
SinceOption = Annotated[
    str | None,
    typer.Option("--since", metavar="TIME|2h", help="They ended then or later, or so long ago."),
]
WhyOption = Annotated[str, typer.Option("--why", help="For whoever wonders.")]
DryOption = Annotated[bool, typer.Option("--dry-run", help="Only say what it would do.")]
YesOption = Annotated[bool, typer.Option("--yes", help="Do not ask first.")]


@dead.command("list")
def list_(  # noqa: PLR0913 - each is an option of the command
    *,
    outcome: OutcomeOption = None,
    reason: ReasonOption = None,
    host: HostOption = None,
    label: LabelOption = None,
    stage: StageOption = None,
    since: SinceOption = None,
    settled: Annotated[
        Literal["no", "retried", "discarded", "any"],
        typer.Option("--settled", help="What was made of them; no: nothing yet."),
    ] = "no",
    limit: Annotated[int, typer.Option("--limit", min=1, max=500, help="Jobs to show.")] = 20,
    data: DataOption,
    as_json: JSONOption = False,
) -> None:
    """Show what died, by reason and host, whether a retry helps, and the newest jobs.

    Exit code 1 says that there is something to look at.
    """
    query = {**_query(outcome, reason, host, label, stage, since), "settled": settled}
    with connect(data) as api:
        groups = api.dead_groups(query)
        jobs = api.dead({**query, "limit": str(limit)})["jobs"]
    if as_json:
        print_json({**groups, "newest": jobs})
    elif jobs:
        printer = console()
        for group in groups["groups"]:
            printer.print(_group_line(group))
        printer.print(_jobs_table(jobs))
    else:
        console().print("none")
    raise typer.Exit(ExitCode.NO if jobs and settled == "no" else ExitCode.OK)


@dead.command()
def show(
    *,
    job: Annotated[uuid.UUID, typer.Argument(metavar="JOB", help="A job's id.")],
    data: DataOption,
    as_json: JSONOption = False,
) -> None:
    """Show a job that died or failed, with its attempts, its host, and what was made of it."""
    query = {"job": str(job), "settled": "any"}
    with connect(data) as api:
        found = api.dead(query)["jobs"]
        if not found:
            raise CommandError(
                f"no job {job} has died or failed", f"`newsmill status {job}` says how it is."
            )
        groups = api.dead_groups({**query, "settled": found[0]["settled"] or "no"})["groups"]
        whole = api.job(str(job)) or {}
    if as_json:
        print_json({**found[0], "attempts": whole.get("attempts"), "group": groups[0]})
        return
    print_job(whole)
    console().print()
    console().print(_group_line(groups[0]))
    if found[0]["settled"]:
        console().print(_settled_line(found[0]), markup=False)


@dead.command()
def retry(  # noqa: PLR0913 - each is an option of the command
    *,
    job: JobArgument = None,
    outcome: OutcomeOption = None,
    reason: ReasonOption = None,
    host: HostOption = None,
    label: LabelOption = None,
    stage: StageOption = None,
    since: SinceOption = None,
    limit: Annotated[
        int, typer.Option("--limit", min=1, max=10_000, help="So many at most, oldest first.")
    ] = 1_000,
    per_second: Annotated[
        float, typer.Option("--per-second", min=0.01, max=1_000, help="So many begin in a second.")
    ] = 10.0,
    again: Annotated[
        bool, typer.Option("--again", help="Also what was retried or discarded before.")
    ] = False,
    fetch: Annotated[
        bool, typer.Option("--fetch", help="Fetch again what was fetched already.")
    ] = False,
    why: WhyOption = "",
    dry_run: DryOption = False,
    yes: YesOption = False,
    data: DataOption,
    as_json: JSONOption = False,
) -> None:
    """Hand in again what died, or (--outcome failed) failed: each becomes a new job, once.

    Says first what it would take, and asks. Exit code 1 says that there was nothing.
    """
    wanted: Json = {
        **_query(outcome, reason, host, label, stage, since, job),
        "limit": limit,
        "per_second": per_second,
        "again": again,
        "fetch": fetch,
        "by": user_name(),
        "why": why,
    }
    with connect(data) as api:
        preview = api.retry({**wanted, "dry_run": True}, key=str(new_id()))
        if not _goes_on(preview, "Retry", job, dry_run=dry_run, yes=yes, as_json=as_json):
            raise typer.Exit(ExitCode.OK if preview["chosen"] else ExitCode.NO)
        done = api.retry(wanted, key=str(new_id()))
    if as_json:
        print_json(done)
    else:
        ids = "".join(f"\n  {job_id}" for job_id in done["job_ids"][:5])
        console().print(f"retried {_jobs(done['retried'])}; {done['left']:,} left{ids}")


@dead.command()
def discard(  # noqa: PLR0913 - each is an option of the command
    *,
    job: JobArgument = None,
    outcome: OutcomeOption = None,
    reason: ReasonOption = None,
    host: HostOption = None,
    label: LabelOption = None,
    stage: StageOption = None,
    since: SinceOption = None,
    limit: Annotated[
        int, typer.Option("--limit", min=1, max=10_000, help="So many at most, oldest first.")
    ] = 1_000,
    why: WhyOption = "",
    dry_run: DryOption = False,
    yes: YesOption = False,
    data: DataOption,
    as_json: JSONOption = False,
) -> None:
    """Take jobs out of the list and of the alert; they keep their outcome and stay counted.

    Says first what it would take, and asks. Exit code 1 says that there was nothing.
    """
    wanted: Json = {
        **_query(outcome, reason, host, label, stage, since, job),
        "limit": limit,
        "by": user_name(),
        "why": why,
    }
    with connect(data) as api:
        preview = api.discard({**wanted, "dry_run": True})
        if not _goes_on(preview, "Discard", job, dry_run=dry_run, yes=yes, as_json=as_json):
            raise typer.Exit(ExitCode.OK if preview["chosen"] else ExitCode.NO)
        done = api.discard(wanted)
    if as_json:
        print_json(done)
    else:
        console().print(f"discarded {_jobs(done['discarded'])}; {done['left']:,} left")


def _query(
    outcome: str | None,
    reason: Reason | None,
    host: str | None,
    label: str | None,
    stage: str | None,
    since: str | None,
    job: uuid.UUID | None = None,
) -> dict[str, str]:
    """Return the filters that were given, as the API wants them."""
    given: Mapping[str, object] = {
        "outcome": outcome,
        "reason": reason,
        "host": host,
        "label": label,
        "stage": stage,
        "since": moment_of(since, now=datetime.now(UTC)) if since else None,
        "job": job,
    }
    return {name: str(value) for name, value in given.items() if value is not None}


def _goes_on(
    preview: Json,
    act: str,
    job: uuid.UUID | None,
    *,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> bool:
    """Show what an act would do, and tell whether it is to be done."""
    if as_json and dry_run:
        print_json(preview)
    elif not as_json:
        _show_preview(preview)
    if dry_run or not preview["chosen"]:
        return False
    ask_first(f"{act} {_jobs(preview['chosen'])}?", sure=yes or job is not None)
    return True


def _show_preview(preview: Json) -> None:
    printer = console()
    more = preview["matching"] - preview["chosen"]
    lasts = f", spread over {preview['seconds']:.0f} s" if preview["seconds"] else ""
    printer.print(
        f"{_jobs(preview['chosen'])}{lasts}" + (f"; {more:,} more are not taken" if more else "")
    )
    for group in preview["groups"]:
        printer.print(_group_line(group))
    for entry in preview["sample"]:
        printer.print(f"  {entry['job_id']}  {entry['url']}", markup=False)


def _group_line(group: Json) -> Text:
    well, bad = group["host_ended_well"], group["host_failed"]
    now = f"of its last {well + bad} jobs {well} ended well"
    if group["host_backoff_seconds"]:
        now += f", backing off {group['host_backoff_seconds']:g} s"
    if group["host_paused"]:
        now += ", paused"
    return Text.assemble(
        (f"{group['jobs']:,} {group['reason']}", "bold"),
        f" at {group['host']}, last {_time(group['last_at'])}",
        (f": {group['detail']}" if group["detail"] else "", "dim"),
        f"; {_HELPS[group['retry_helps']]}; {now}",
    )


def _jobs_table(jobs: list[Json]) -> Table:
    table = Table("job", "ended", "reason", "stage", "url", box=None, pad_edge=False)
    for job in jobs:
        said = f" ({_settled_line(job)})" if job["settled"] else ""
        table.add_row(
            job["job_id"],
            _time(job["finished_at"]),
            job["reason"],
            job["stage"] or "",
            Text(f"{job['url']}{said}", overflow="fold"),
        )
    return table


def _settled_line(job: Json) -> str:
    to = f" as {job['retry_id']}, now {job['retry_state']}" if job["retry_id"] else ""
    why = f": {job['settled_reason']}" if job["settled_reason"] else ""
    return f"{job['settled']}{to}, by {job['settled_by']} at {_time(job['settled_at'])}{why}"


def _jobs(number: int) -> str:
    return "1 job" if number == 1 else f"{number:,} jobs"


def _time(moment: str) -> str:
    return f"{datetime.fromisoformat(moment):%Y-%m-%d %H:%M:%S}"
