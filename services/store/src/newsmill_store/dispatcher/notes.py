"""What notes change in the ledger: hosts are freed, jobs move on, wait again or end."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain
from random import Random
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Connection, text

from newsmill_shared.database.accept import add_hosts
from newsmill_shared.database.attempts import EndedAttempt, record_attempts
from newsmill_shared.database.finish import Ending, ending_deleted, finish
from newsmill_shared.database.rows import columns, document, jsonb
from newsmill_shared.database.tombstones import bar_fetched
from newsmill_shared.queue.notes import (
    AnyNote,
    EndedNote,
    FetchedNote,
    LateNote,
    LostNote,
    MissingNote,
    MovedNote,
    WakeNote,
)
from newsmill_shared.reasons import MAX_TRIES, RULES, Reason
from newsmill_shared.urls import URLRefusedError, canonicalize
from newsmill_store.dispatcher.backoff import backoff_seconds
from newsmill_store.dispatcher.history import EndingNote, attempt_of
from newsmill_store.dispatcher.losses import Loss, count_losses
from newsmill_store.dispatcher.pace import Chain, Pace, end_chains, retry_after
from newsmill_store.dispatcher.reworking import take_notes
from newsmill_store.dispatcher.turns import wake

__all__ = ["Backoff", "apply_notes"]


@dataclass(frozen=True, slots=True)
class Backoff:
    """How long failed fetches wait."""

    base_seconds: float
    max_seconds: float
    random: Random = field(default_factory=Random)

    def seconds(self, tries: int) -> float:
        """Return the wait after ``tries`` earlier failures."""
        return backoff_seconds(
            tries,
            base_seconds=self.base_seconds,
            max_seconds=self.max_seconds,
            random=self.random,
        )


# A page that was fetched did not end its fetcher: what it may do to enrich shows there.
_FETCHED = text("""
with n as (
  select * from unnest(cast(:job_id as uuid[]), cast(:attempt as integer[]),
                       cast(:fetch_id as uuid[]), cast(:url_key as bytea[]),
                       cast(:fetched_at as timestamptz[]), cast(:page as jsonb[]))
    as n(job_id, attempt, fetch_id, url_key, fetched_at, page)),
kept as (
  insert into page_fetch (id, job_id, url_key, fetched_at, page)
  select fetch_id, job_id, url_key, fetched_at, page from n on conflict (id) do nothing)
update job set fetch_id = n.fetch_id,
  stage = case when job.attempt = n.attempt and state = 'running' then 'enrich' else stage end,
  suspect = suspect and job.attempt <> n.attempt
from n where job.id = n.job_id and (job.attempt = n.attempt or job.fetch_id is null)
""")

_LATE = text("""
update job set state = 'waiting', stage = null
from unnest(cast(:job_id as uuid[]), cast(:attempt as integer[])) as n(job_id, attempt)
where job.id = n.job_id and job.attempt = n.attempt and job.state = 'running'
returning job.host_id
""")

_MOVED = text("""
update job set state = 'waiting', stage = null, host_id = n.host_id, target = n.target,
               hops = n.hops, cookies = n.cookies
from unnest(cast(:job_id as uuid[]), cast(:attempt as integer[]), cast(:host_id as integer[]),
            cast(:target as text[]), cast(:hops as jsonb[]), cast(:cookies as jsonb[]))
  as n(job_id, attempt, host_id, target, hops, cookies)
where job.id = n.job_id and job.attempt = n.attempt and job.state = 'running'
returning job.host_id
""")

_UNCHANGED = text("""
update page_fetch set checked_at = now() where id = any(:ids) returning id, article_id
""")

_TRIES = text("""
select id, url, target, tries from job where id = any(:ids) and state = 'running'
""")

# A retry begins again at the URL as handed in: a redirect may lead elsewhere next time.
_HOLD = text("""
update job set state = 'held', stage = null, tries = tries + 1, target = null,
               hops = '[]', cookies = '{}',
               host_id = coalesce(n.host_id, job.host_id),
               held_until = now() + make_interval(secs => n.seconds)
from unnest(cast(:job_id as uuid[]), cast(:attempt as integer[]), cast(:seconds as real[]),
            cast(:host_id as integer[])) as n(job_id, attempt, seconds, host_id)
where job.id = n.job_id and job.attempt = n.attempt and job.state = 'running'
""")

# Without its body a fetched page is a page that was never fetched; it costs a try.
_MISSING = text("""
update job set state = 'waiting', stage = null, fetch_id = null, tries = tries + 1
from unnest(cast(:job_id as uuid[]), cast(:attempt as integer[])) as n(job_id, attempt)
where job.id = n.job_id and job.attempt = n.attempt and job.state = 'running'
  and not job.supplied and job.tries + 1 < :most
returning job.id, job.host_id
""")


def apply_notes(
    connection: Connection,
    notes: Sequence[AnyNote],
    *,
    backoff: Backoff,
    pace: Pace,
    host_delay_seconds: float,
) -> int:
    """Apply notes in the caller's transaction; each counts once however often it comes.

    Returns:
        How many chains ended, which is the measure of the fetch rate.
    """
    batch = _sort(take_notes(connection, notes))
    chains: list[Chain] = [*batch.fetched, *batch.ended, *batch.moved]
    if chains:
        end_chains(connection, chains, pace)
    held, endings = _judge_ended(connection, batch.ended, backoff, host_delay_seconds)
    # First, while the jobs are as they were: the ledger knows when each attempt was sent.
    record_attempts(connection, _ended_attempts(batch, held))
    if batch.fetched:
        _apply_fetched(connection, batch.fetched)
    if held:
        connection.execute(_HOLD, columns(_Held._fields, held))
    if endings:
        finish(connection, endings)
    hosts = set(batch.wake)
    if batch.moved:
        hosts |= _apply_moved(connection, batch.moved, host_delay_seconds)
    if batch.late:
        rows = [(note.job_id, note.attempt) for note in batch.late]
        late = connection.execute(_LATE, columns(("job_id", "attempt"), rows))
        hosts.update(row.host_id for row in late)
    if batch.lost:
        blamed = {(note.job_id, note.attempt): Loss(note.reason, note.span) for note in batch.lost}
        hosts |= count_losses(connection, blamed)
    if batch.missing:
        hosts |= _apply_missing(connection, batch.missing)
    wake(connection, hosts)
    return len(chains)


@dataclass(slots=True)
class _Batch:
    fetched: list[FetchedNote] = field(default_factory=list)
    ended: list[EndedNote] = field(default_factory=list)
    moved: list[MovedNote] = field(default_factory=list)
    late: list[LateNote] = field(default_factory=list)
    lost: list[LostNote] = field(default_factory=list)
    missing: list[MissingNote] = field(default_factory=list)
    wake: list[int] = field(default_factory=list)


class _Held(NamedTuple):
    """A row of those that wait for their next try."""

    job_id: UUID
    attempt: int
    seconds: float
    host_id: int | None


def _sort(notes: Sequence[AnyNote]) -> _Batch:
    batch = _Batch()
    seen: set[tuple[UUID, int, str]] = set()
    for note in notes:
        if isinstance(note, WakeNote):
            batch.wake.extend(note.hosts)
            continue
        key = (note.job_id, note.attempt, note.kind)
        if key in seen:
            continue
        seen.add(key)
        match note:
            case FetchedNote():
                batch.fetched.append(note)
            case EndedNote():
                batch.ended.append(note)
            case MovedNote():
                batch.moved.append(note)
            case LateNote():
                batch.late.append(note)
            case LostNote():
                batch.lost.append(note)
            case MissingNote():
                batch.missing.append(note)
    return batch


def _ended_attempts(batch: _Batch, held: Sequence[_Held]) -> list[EndedAttempt]:
    seconds = {(row.job_id, row.attempt): row.seconds for row in held}
    notes: Iterable[EndingNote] = chain(
        batch.fetched, batch.ended, batch.moved, batch.late, batch.missing
    )
    return [attempt_of(note, seconds) for note in notes]


def _apply_fetched(connection: Connection, notes: Sequence[FetchedNote]) -> None:
    pages = [(note, note.message.page) for note in notes]
    connection.execute(
        _FETCHED,
        columns(
            ("job_id", "attempt", "fetch_id", "url_key", "fetched_at", "page"),
            [
                (
                    note.job_id,
                    note.attempt,
                    page.fetch_id,
                    bytes.fromhex(page.url_key),
                    page.fetched_at,
                    document(page),
                )
                for note, page in pages
            ],
        ),
    )
    barred = bar_fetched(connection, {note.job_id: page for note, page in pages})
    if barred:
        finish(connection, [ending_deleted(job_id) for job_id in barred])


def _judge_ended(
    connection: Connection,
    notes: Sequence[EndedNote],
    backoff: Backoff,
    host_delay_seconds: float,
) -> tuple[list[_Held], list[Ending]]:
    """Tell which of these jobs are tried again, and which end."""
    if not notes:
        return [], []
    found = connection.execute(_TRIES, {"ids": [note.job_id for note in notes]})
    running = {row.id: row for row in found}
    origins = {row.id: canonicalize(row.url).host for row in running.values() if row.target}
    hosts = add_hosts(connection, set(origins.values()), delay_seconds=host_delay_seconds)
    unchanged = [note.unchanged for note in notes if note.unchanged is not None]
    articles = _check_off(connection, unchanged) if unchanged else {}
    held: list[_Held] = []
    endings: list[Ending] = []
    for note in notes:
        job = running.get(note.job_id)
        if job is None:
            continue
        if RULES[note.reason].retried and job.tries + 1 < MAX_TRIES:
            seconds = max(backoff.seconds(job.tries), retry_after(note) or 0)
            origin = hosts[origins[job.id]] if job.id in origins else None
            held.append(_Held(note.job_id, note.attempt, seconds, origin))
        else:
            endings.append(
                Ending(
                    job_id=note.job_id,
                    attempt=note.attempt,
                    reason=note.reason,
                    detail=note.detail,
                    article_id=articles.get(note.unchanged),
                    hops=note.hops,
                )
            )
    return held, endings


def _check_off(connection: Connection, fetches: Sequence[UUID]) -> dict[UUID | None, UUID]:
    """Note that what was stored is still so, and return the articles that were made of it."""
    rows = connection.execute(_UNCHANGED, {"ids": fetches})
    return {row.id: row.article_id for row in rows}


def _apply_moved(
    connection: Connection, notes: Sequence[MovedNote], host_delay_seconds: float
) -> set[int]:
    hosts: dict[tuple[UUID, int], str] = {}
    endings: list[Ending] = []
    for note in notes:
        try:
            hosts[note.job_id, note.attempt] = canonicalize(note.target).host
        except URLRefusedError as error:
            endings.append(
                Ending(
                    job_id=note.job_id,
                    attempt=note.attempt,
                    reason=Reason.REDIRECT,
                    detail=f"redirected to a URL that cannot be fetched: {error}",
                    hops=note.hops,
                )
            )
    ids = add_hosts(connection, set(hosts.values()), delay_seconds=host_delay_seconds)
    rows = [
        (
            note.job_id,
            note.attempt,
            ids[hosts[note.job_id, note.attempt]],
            note.target,
            jsonb([hop.model_dump() for hop in note.hops]),
            jsonb(dict(note.cookies)),
        )
        for note in notes
        if (note.job_id, note.attempt) in hosts
    ]
    moved = connection.execute(
        _MOVED, columns(("job_id", "attempt", "host_id", "target", "hops", "cookies"), rows)
    )
    if endings:
        finish(connection, endings)
    return {row.host_id for row in moved}


def _apply_missing(connection: Connection, notes: Sequence[MissingNote]) -> set[int]:
    rows = columns(("job_id", "attempt"), [(note.job_id, note.attempt) for note in notes])
    again = {
        row.id: row.host_id for row in connection.execute(_MISSING, {**rows, "most": MAX_TRIES})
    }
    finish(
        connection,
        [
            Ending(
                job_id=note.job_id,
                attempt=note.attempt,
                reason=Reason.PAGE_MISSING,
                detail="the page store does not have the body any more",
            )
            for note in notes
            if note.job_id not in again
        ],
    )
    return set(again.values())
