"""Runs that enrich stored pages again: what is sent when nothing else waits, and what is lost."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from uuid import UUID

import structlog
from sqlalchemy import Connection, Row, text

from newsmill_shared.database.rework import FAILED, Tally, count_results
from newsmill_shared.database.rows import columns, jsonb
from newsmill_shared.messages import PageFetched
from newsmill_shared.queue.notes import AnyNote, LateNote, LostNote, MissingNote
from newsmill_shared.reasons import Reason
from newsmill_store.dispatcher.judge import Attempt, RunningJob
from newsmill_store.dispatcher.losses import MAX_LOSSES
from newsmill_store.dispatcher.pick import stored_page

__all__ = [
    "Reworking",
    "lose_reworks",
    "old_reworks",
    "return_reworks",
    "take_notes",
    "void_reworks",
]

_log = structlog.get_logger()

_LOOK_SECONDS = 0.1
"""Between two looks while a run goes on: results of a run wake nobody."""
_BUSY_SECONDS = 1.0
"""Between two pages of a run while jobs run: they share the processors with it."""
_QUIET_SECONDS = 5.0
"""Jobs that come one after another with gaps are a flow, too."""
_IDLE_SECONDS = 1.0
"""Between two looks while there is none."""
_PLANNED_AT_ONCE = 200
"""Articles looked at in one step."""
_LOOKED_AT = 20
"""Articles looked at in each part of the list from which a preview takes its sample."""

# A preview is waited for; a run is not.
_CURRENT = text("""
select id, mode, filters, sample, after_position, until_position,
       (select count(*) from rework where run_id = rework_run.id and state = 'waiting') as waiting,
       (select count(*) from rework where run_id = rework_run.id and state = 'running') as running
from rework_run where state = 'running' order by mode = 'write', id limit 1
""")

_MATCHES = """
  (cast(:host as text) is null or l.host = :host)
  and (cast(:language as text) is null or l.language = :language)
  and (cast(:label as text) is null or l.label = :label)
  and (cast(:since as timestamptz) is null or l.listed_at >= :since)
"""

# A part without a number was made before its model had one.
_MADE_BY_OLDER = """
  (cast(:models as jsonb) = '{}' or exists (
    select from jsonb_each_text(cast(:models as jsonb)) as wanted
    where coalesce(
        cast(substring(v.evidence #>> array[wanted.key, 'model'] from '-([0-9]{1,9})') as integer),
        cast(v.evidence #>> array[wanted.key, 'sketch_version'] as integer),
        0) < cast(wanted.value as integer)))
"""

_ADD = """
added as (
  insert into rework (run_id, article_id, version, fetch_id)
  select :run, article_id, version, fetch_id from chosen on conflict do nothing returning id)
"""

_PLAN = text(f"""
with looked_at as materialized (
  select l.article_id, l.version, l.position from listing l
  where l.position > :after and l.position <= :until and {_MATCHES}
  order by l.position limit :limit),
chosen as (
  select v.article_id, v.number as version, v.fetch_id
  from looked_at join version v on v.article_id = looked_at.article_id
    and v.number = looked_at.version
  where {_MADE_BY_OLDER} order by looked_at.position),
{_ADD}
update rework_run set
  after_position = case when (select count(*) from looked_at) < :limit then until_position
                   else (select max(position) from looked_at) end,
  looked_at = looked_at + (select count(*) from looked_at),
  planned = planned + (select count(*) from added)
where id = :run
""")  # noqa: S608 - put together from constants

# The list is cut into as many parts as pages are wanted; each gives one while there is one.
_SAMPLE = text(f"""
with parts as (
  select part, cast(:until * part / :limit as bigint) as after,
         cast(:until * (part + 1) / :limit as bigint) as upto
  from generate_series(cast(0 as numeric), :limit - 1) as n(part)),
looked_at as materialized (
  select l.article_id, l.version, l.part from parts cross join lateral (
    select l.article_id, l.version, parts.part from listing l
    where l.position > parts.after and l.position <= parts.upto and {_MATCHES}
    order by l.position limit {_LOOKED_AT}) as l),
chosen as (
  select v.article_id, v.number as version, v.fetch_id
  from looked_at join version v on v.article_id = looked_at.article_id
    and v.number = looked_at.version
  where {_MADE_BY_OLDER}
  order by row_number() over (partition by looked_at.part order by v.article_id), looked_at.part
  limit :limit),
{_ADD}
update rework_run set after_position = until_position,
  looked_at = (select count(*) from looked_at), planned = (select count(*) from added)
where id = :run
""")  # noqa: S608 - put together from constants

# What ended its worker before comes last, one at a time, and never beside a suspect of the jobs.
_PICK = text("""
with due as (
  (select id from rework where run_id = :run and state = 'waiting' and not suspect
   order by id limit :limit)
  union all
  (select id from rework where run_id = :run and state = 'waiting' and suspect
     and not exists (select from rework r where r.state = 'running' and r.suspect)
     and not exists (select from job where job.state = 'running' and job.suspect)
   order by id limit 1)
  limit :limit),
sent as (
  update rework set state = 'running', attempt = attempt + 1, dispatched_at = now()
  from due where rework.id = due.id
  returning rework.id, rework.attempt, rework.fetch_id, rework.article_id)
select sent.id, sent.attempt, f.page, setting.timezone,
  (select jsonb_object_agg(language, articles) from host_language
   where host_language.host_id = host.id) as languages
from sent
left join page_fetch as f on f.id = sent.fetch_id
left join listing as l on l.article_id = sent.article_id
left join host on host.name = l.host
left join host_setting as setting on setting.host_id = host.id
order by sent.id
""")

_END = text("update rework_run set state = 'ended', ended_at = now() where id = :run")

_FORGET = text("""
delete from rework where id in (
  select rework.id from rework join rework_run on rework_run.id = rework.run_id
  where rework_run.state = 'ended'
    and rework_run.ended_at < now() - make_interval(days => :days)
  limit 1000)
""")
_SHOWN_DAYS = 7

_KNOWN = text("select id from rework where id = any(:ids)")

_OLD = text("""
select id, attempt, suspect from rework
where state = 'running' and dispatched_at < now() - make_interval(secs => :seconds)
order by dispatched_at
""")

_RETURN = text("""
update rework set state = 'waiting', suspect = rework.suspect or n.suspect
from unnest(cast(:job_id as uuid[]), cast(:attempt as integer[]), cast(:suspect as boolean[]))
  as n(job_id, attempt, suspect)
where rework.id = n.job_id and rework.attempt = n.attempt and rework.state = 'running'
""")

_LOSE = text("""
update rework set losses = losses + 1, suspect = true,
  state = case when losses + 1 < :most then 'waiting' else 'failed' end,
  reason = case when losses + 1 < :most then '' else n.reason end,
  detail = case when losses + 1 < :most then ''
           else format('ended its worker %s times', losses + 1) end
from unnest(cast(:job_id as uuid[]), cast(:attempt as integer[]), cast(:reason as text[]))
  as n(job_id, attempt, reason)
where rework.id = n.job_id and rework.attempt = n.attempt and rework.state = 'running'
returning rework.run_id, rework.state
""")

_FAIL = text("""
update rework set state = 'failed', reason = :reason, detail = :detail
from unnest(cast(:job_id as uuid[]), cast(:attempt as integer[])) as n(job_id, attempt)
where rework.id = n.job_id and rework.attempt = n.attempt and rework.state = 'running'
returning rework.run_id, rework.state
""")

_VOID = text("update rework set state = 'waiting' where state = 'running'")


class Reworking:
    """Sends pages of runs when nothing else waits for enrich.

    Args:
        window: Pages of runs that are on their way at the same time while no job runs; while jobs
            do, or did seconds ago, it is one, and after a rest.
    """

    def __init__(self, window: int) -> None:
        self._window = window
        self._next_look = 0.0
        self._wait: float | None = None
        self._busy_until = 0.0

    @property
    def wait_seconds(self) -> float | None:
        """When to look again: None if no run goes on."""
        return self._wait

    def see_jobs(self, running: int, now: float) -> None:
        """Take note of how many jobs run, at each tick."""
        if running:
            self._busy_until = now + _QUIET_SECONDS

    def pick(self, connection: Connection, *, epoch: str, now: float) -> list[PageFetched]:
        """Return the pages to send now, having planned the next and ended what is through.

        Call it only if no job waits for enrich, and none lies in its list.

        Args:
            connection: An open transaction on the dispatcher's session.
            epoch: The incarnation of Redis' data that the messages belong to.
            now: Monotonic seconds.
        """
        if now < self._next_look:
            return []
        run = connection.execute(_CURRENT).one_or_none()
        if run is None:
            self._wait, self._next_look = None, now + _IDLE_SECONDS
            connection.execute(_FORGET, {"days": _SHOWN_DAYS})
            return []
        busy = now < self._busy_until
        self._wait = _BUSY_SECONDS if busy else _LOOK_SECONDS
        self._next_look = now + self._wait
        if run.waiting < self._window and run.after_position < run.until_position:
            _plan(connection, run)
        elif not run.waiting and not run.running:
            connection.execute(_END, {"run": run.id})
            _log.info("run ended", run=str(run.id))
        room = (1 if busy else self._window) - run.running
        return _send(connection, run, room, epoch) if room > 0 else []


def take_notes(connection: Connection, notes: Sequence[AnyNote]) -> list[AnyNote]:
    """Apply the notes about pages of runs, and return the others."""
    about = {note.job_id for note in notes if isinstance(note, LateNote | LostNote | MissingNote)}
    if not about:
        return list(notes)
    known = set(connection.execute(_KNOWN, {"ids": list(about)}).scalars())
    if not known:
        return list(notes)
    others: list[AnyNote] = []
    lost: dict[Attempt, Reason] = {}
    late: list[Attempt] = []
    missing: list[Attempt] = []
    for note in notes:
        match note:
            case LostNote() if note.job_id in known:
                lost[note.job_id, note.attempt] = note.reason
            case LateNote() if note.job_id in known:
                late.append((note.job_id, note.attempt))
            case MissingNote() if note.job_id in known:
                missing.append((note.job_id, note.attempt))
            case _:
                others.append(note)
    lose_reworks(connection, lost)
    return_reworks(connection, late, suspect=False)
    _miss(connection, missing)
    return others


def old_reworks(connection: Connection, *, older_than_seconds: float) -> list[RunningJob]:
    """Return the pages of runs that have been on their way for longer than this."""
    rows = connection.execute(_OLD, {"seconds": older_than_seconds})
    return [RunningJob(row.id, row.attempt, "enrich", row.suspect) for row in rows]


def return_reworks(connection: Connection, attempts: Iterable[Attempt], *, suspect: bool) -> None:
    """Let pages of runs wait again, at no cost; attempts of jobs are passed over."""
    rows = [(*attempt, suspect) for attempt in attempts]
    if rows:
        connection.execute(_RETURN, columns(("job_id", "attempt", "suspect"), rows))


def lose_reworks(connection: Connection, lost: dict[Attempt, Reason]) -> None:
    """Count a loss for pages of runs; at the third they have failed. Jobs are passed over."""
    if lost:
        rows = [(*attempt, reason) for attempt, reason in lost.items()]
        values = columns(("job_id", "attempt", "reason"), rows)
        _count_failed(connection, connection.execute(_LOSE, {**values, "most": MAX_LOSSES}).all())


def void_reworks(connection: Connection) -> None:
    """Redis came back empty: let all pages of runs that were on their way wait again."""
    connection.execute(_VOID)


def _plan(connection: Connection, run: Row[tuple[object, ...]]) -> None:
    asked = run.filters
    values = {
        "run": run.id,
        "until": run.until_position,
        "host": asked.get("host"),
        "language": asked.get("language"),
        "label": asked.get("label"),
        "since": asked.get("since"),
        "models": jsonb(asked.get("models") or {}),
    }
    if run.sample is None:
        plan = {**values, "after": run.after_position, "limit": _PLANNED_AT_ONCE}
        connection.execute(_PLAN, plan)
    else:
        connection.execute(_SAMPLE, {**values, "limit": run.sample})


def _send(
    connection: Connection, run: Row[tuple[object, ...]], room: int, epoch: str
) -> list[PageFetched]:
    rows = connection.execute(_PICK, {"run": run.id, "limit": room}).all()
    _miss(connection, [(row.id, row.attempt) for row in rows if row.page is None])
    return [
        PageFetched(
            job_id=row.id,
            attempt=row.attempt,
            epoch=epoch,
            page=stored_page(row.page, row.timezone),
            languages=row.languages or {},
            rework=run.mode,
        )
        for row in rows
        if row.page is not None
    ]


def _miss(connection: Connection, attempts: Collection[Attempt]) -> None:
    if attempts:
        values = columns(("job_id", "attempt"), attempts)
        said = {"reason": Reason.PAGE_MISSING, "detail": "its stored page is gone"}
        _count_failed(connection, connection.execute(_FAIL, {**values, **said}).all())


def _count_failed(connection: Connection, rows: Iterable[Row[tuple[object, ...]]]) -> None:
    failed: Tally = Counter()
    for row in rows:
        if row.state == "failed":
            run: UUID = row.run_id
            failed[run, "result", FAILED] += 1
    count_results(connection, failed)
