"""Accept work: nobody hears "accepted" before the ledger has it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from pydantic import JsonValue
from sqlalchemy import Connection, text

from newsmill_shared.database.rows import columns, document, jsonb
from newsmill_shared.errors import NewsmillError
from newsmill_shared.identity import new_id
from newsmill_shared.messages import Page

__all__ = [
    "DEFAULT_MAX_AGE_SECONDS",
    "DEFAULT_SUBMITTER",
    "Accepted",
    "IdempotencyConflictError",
    "Order",
    "QuotaExceededError",
    "Submission",
    "accept",
    "accept_all",
    "add_hosts",
]

DEFAULT_MAX_AGE_SECONDS = 900.0
"""A page stored less than this ago is not fetched again."""


DEFAULT_SUBMITTER = "default"
"""Who hands in where nobody needs to say who they are."""


class IdempotencyConflictError(NewsmillError):
    """This idempotency key was used for another request."""


class QuotaExceededError(NewsmillError):
    """A submitter has too many open jobs to be given more.

    Args:
        submitter: Who.
        open_jobs: How many there are, without those that were refused now.
        quota: How many there may be.
    """

    def __init__(self, submitter: str, *, open_jobs: int, quota: int) -> None:
        super().__init__(
            f"{submitter} has {open_jobs:,} open jobs of at most {quota:,}: "
            "send this again when some have ended, or fewer at once"
        )
        self.submitter = submitter
        self.open_jobs = open_jobs
        self.quota = quota


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """One URL, or one document, that somebody wants in.

    ``url``, ``url_key`` and ``host`` come from the canonical form; ``page`` is given where the body
    is already in the page store: a document that was supplied, or a page that was fetched before.
    """

    url: str
    url_key: str
    host: str
    label: str | None = None
    priority: int = 0
    not_before: datetime | None = None
    expires_at: datetime | None = None
    max_age_seconds: float = DEFAULT_MAX_AGE_SECONDS
    force: bool = False
    timezone: str | None = None
    retry_of: UUID | None = None
    meta: dict[str, JsonValue] = field(default_factory=dict)
    page: Page | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """What gets one receipt.

    Args:
        key: The submitter's idempotency key, or one made for this request.
        sha256: Of the request's body.
        submissions: What is handed in; may be empty.
        submitter: Who hands it in; within a priority all submitters have an equal share.
    """

    key: str
    sha256: bytes
    submissions: tuple[Submission, ...]
    submitter: str = DEFAULT_SUBMITTER


@dataclass(frozen=True, slots=True)
class Accepted:
    """The receipt: one job id for each submission, in their order."""

    key: str
    job_ids: tuple[UUID, ...]
    hosts: tuple[int, ...]
    """Hosts to wake; empty when this receipt was given before."""
    replayed: bool = False


# Each receipt's part of the ids is cut out of one array: arrays of several lengths make no column.
_RECEIPTS = text("""
insert into receipt (key, request_sha256, submitter, accepted, job_ids)
select n.key, n.sha256, n.submitter, n.accepted,
       (cast(:job_ids as uuid[]))[n.first : n.first + n.accepted - 1]
from unnest(cast(:key as text[]), cast(:sha256 as bytea[]), cast(:submitter as text[]),
            cast(:accepted as integer[]), cast(:first as integer[]))
  as n(key, sha256, submitter, accepted, first)
on conflict (key) do nothing returning key
""")

_RECEIPTS_BEFORE = text("select key, request_sha256, job_ids from receipt where key = any(:keys)")

# What is not counted yet is few, and this transaction's own receipts are among it.
_OPEN_JOBS = text("""
select coalesce((select accepted - ended from submitter where name = :submitter), 0)
     + (select coalesce(sum(accepted), 0) from receipt
        where not counted and submitter = :submitter)
""")

_HOSTS = text("""
insert into host (name, delay_seconds, paused)
select name, :delay, exists (select from pause where scope = 'host' and value = name
                             and (until is null or until > now()))
from unnest(cast(:names as text[])) as name order by name
on conflict (name) do nothing
""")

_HOST_IDS = text("select name, id from host where name = any(:names)")

_FETCHES = text("""
insert into page_fetch (id, job_id, url_key, fetched_at, page)
select * from unnest(cast(:id as uuid[]), cast(:job_id as uuid[]), cast(:url_key as bytea[]),
                     cast(:fetched_at as timestamptz[]), cast(:page as jsonb[]))
""")

_JOBS = text("""
insert into job (id, receipt, submitter, url, url_key, host_id, label, priority, meta, timezone,
                 max_age_seconds, force, supplied, retry_of, not_before, expires_at, fetch_id,
                 state, held_until)
select n.id, n.receipt, n.submitter, n.url, n.url_key, n.host_id, n.label, n.priority, n.meta,
       n.timezone, n.max_age_seconds, n.force, n.supplied, n.retry_of, n.not_before,
       n.expires_at, n.fetch_id,
       case when n.not_before > now() then 'held' else 'waiting' end,
       case when n.not_before > now() then n.not_before end
from unnest(cast(:id as uuid[]), cast(:receipt as text[]), cast(:submitter as text[]),
            cast(:url as text[]), cast(:url_key as bytea[]), cast(:host_id as integer[]),
            cast(:label as text[]), cast(:priority as smallint[]), cast(:meta as jsonb[]),
            cast(:timezone as text[]),
            cast(:max_age_seconds as double precision[]), cast(:force as boolean[]),
            cast(:supplied as boolean[]), cast(:retry_of as uuid[]),
            cast(:not_before as timestamptz[]), cast(:expires_at as timestamptz[]),
            cast(:fetch_id as uuid[]))
  as n(id, receipt, submitter, url, url_key, host_id, label, priority, meta, timezone,
       max_age_seconds, force, supplied, retry_of, not_before, expires_at, fetch_id)
""")


def accept(
    connection: Connection,
    submissions: Sequence[Submission],
    *,
    key: str,
    request_sha256: bytes,
    host_delay_seconds: float,
    submitter: str = DEFAULT_SUBMITTER,
    quota: int | None = None,
) -> Accepted:
    """Write a receipt and its jobs, inside the caller's transaction: one order of `accept_all`.

    Raises:
        IdempotencyConflictError: The key belongs to a request with another body.
        QuotaExceededError: The submitter would have more than ``quota`` open jobs. The transaction
            has to be rolled back.
    """
    order = Order(key, request_sha256, tuple(submissions), submitter)
    [accepted] = accept_all(connection, [order], host_delay_seconds=host_delay_seconds, quota=quota)
    if accepted is None:
        raise IdempotencyConflictError(
            "this idempotency key was used for another request: use a new key"
        )
    return accepted


def accept_all(
    connection: Connection,
    orders: Sequence[Order],
    *,
    host_delay_seconds: float,
    quota: int | None = None,
) -> list[Accepted | None]:
    """Write receipts and their jobs, inside the caller's transaction.

    The same key again gives the same receipt and writes nothing, so a caller that never saw
    the answer to its COMMIT repeats the call. However many orders, the statements are the same
    few.

    Args:
        connection: An open transaction.
        orders: One receipt each; their keys differ.
        host_delay_seconds: The delay of a host that is seen for the first time.
        quota: Open jobs that a submitter may have, these included. Two who accept for the same
            submitter at the same time may go beyond it by as much as one of them brings.

    Raises:
        QuotaExceededError: There would be more; the transaction has to be rolled back.

    Returns:
        The receipts in the orders' order; None where a key belongs to a request with another body.
    """
    jobs = {order.key: tuple(new_id() for _ in order.submissions) for order in orders}
    made = _write_receipts(connection, orders, jobs)
    fresh = [order for order in orders if order.key in made]
    if quota is not None:
        _check_quota(connection, fresh, quota)
    submitted = [
        (order, job_id, entry)
        for order in fresh
        for job_id, entry in zip(jobs[order.key], order.submissions, strict=True)
    ]
    host_ids: dict[str, int] = {}
    if submitted:
        names = {entry.host for _, _, entry in submitted}
        host_ids = add_hosts(connection, names, delay_seconds=host_delay_seconds)
        _write_jobs(connection, submitted, host_ids)
    answers = {
        order.key: Accepted(
            order.key,
            jobs[order.key],
            tuple(sorted({host_ids[entry.host] for entry in order.submissions})),
        )
        for order in fresh
    }
    before = _before(connection, [order for order in orders if order.key not in made])
    return [answers[order.key] if order.key in answers else before[order.key] for order in orders]


def _write_receipts(
    connection: Connection, orders: Sequence[Order], jobs: Mapping[str, tuple[UUID, ...]]
) -> set[str]:
    """Write the receipts that are not there yet and return their keys."""
    rows: list[tuple[str, bytes, str, int, int]] = []
    job_ids: list[UUID] = []
    # In one order everywhere: who writes the same keys at the same time waits, but in no ring.
    for order in sorted(orders, key=lambda order: order.key):
        count = len(jobs[order.key])
        rows.append((order.key, order.sha256, order.submitter, count, len(job_ids) + 1))
        job_ids += jobs[order.key]
    listed = columns(("key", "sha256", "submitter", "accepted", "first"), rows)
    return set(connection.execute(_RECEIPTS, {"job_ids": job_ids, **listed}).scalars())


def _check_quota(connection: Connection, orders: Sequence[Order], quota: int) -> None:
    for submitter in sorted({order.submitter for order in orders}):
        count = connection.execute(_OPEN_JOBS, {"submitter": submitter}).scalar_one()
        if count > quota:
            added = sum(len(order.submissions) for order in orders if order.submitter == submitter)
            raise QuotaExceededError(submitter, open_jobs=count - added, quota=quota)


def _write_jobs(
    connection: Connection,
    submitted: Sequence[tuple[Order, UUID, Submission]],
    host_ids: Mapping[str, int],
) -> None:
    paged = [(job_id, entry.page) for _, job_id, entry in submitted if entry.page is not None]
    if paged:
        connection.execute(
            _FETCHES,
            columns(
                ("id", "job_id", "url_key", "fetched_at", "page"),
                [
                    (
                        page.fetch_id,
                        job_id,
                        bytes.fromhex(page.url_key),
                        page.fetched_at,
                        document(page),
                    )
                    for job_id, page in paged
                ],
            ),
        )
    rows = [
        (
            job_id,
            order.key,
            order.submitter,
            entry.url,
            bytes.fromhex(entry.url_key),
            host_ids[entry.host],
            entry.label,
            entry.priority,
            jsonb(entry.meta),
            entry.timezone,
            entry.max_age_seconds,
            entry.force,
            entry.page is not None and entry.page.supplied,
            entry.retry_of,
            entry.not_before,
            entry.expires_at,
            entry.page.fetch_id if entry.page else None,
        )
        for order, job_id, entry in submitted
    ]
    connection.execute(_JOBS, columns(_JOB_COLUMNS, rows))


_JOB_COLUMNS = (
    "id",
    "receipt",
    "submitter",
    "url",
    "url_key",
    "host_id",
    "label",
    "priority",
    "meta",
    "timezone",
    "max_age_seconds",
    "force",
    "supplied",
    "retry_of",
    "not_before",
    "expires_at",
    "fetch_id",
)


def add_hosts(connection: Connection, names: set[str], *, delay_seconds: float) -> dict[str, int]:
    """Return the ids of hosts by name; those not known yet are added."""
    wanted = sorted(names)
    known = _host_ids(connection, wanted)
    if len(known) < len(wanted):
        missing = [name for name in wanted if name not in known]
        connection.execute(_HOSTS, {"names": missing, "delay": delay_seconds})
        known |= _host_ids(connection, missing)
    return known


def _host_ids(connection: Connection, names: list[str]) -> dict[str, int]:
    return {row.name: row.id for row in connection.execute(_HOST_IDS, {"names": names})}


def _before(connection: Connection, orders: Sequence[Order]) -> dict[str, Accepted | None]:
    """Return the receipts that were there, by key; None where they are of other requests."""
    if not orders:
        return {}
    found = connection.execute(_RECEIPTS_BEFORE, {"keys": [order.key for order in orders]})
    rows = {row.key: row for row in found}
    return {
        order.key: Accepted(order.key, tuple(rows[order.key].job_ids), (), replayed=True)
        if bytes(rows[order.key].request_sha256) == order.sha256
        else None
        for order in orders
    }
