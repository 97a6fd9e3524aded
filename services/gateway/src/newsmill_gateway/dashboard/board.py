"""What each page shows, put together from the ledger and Redis. All methods block."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol, TypeVar
from urllib.parse import urlencode
from uuid import UUID

import structlog

from newsmill_gateway.answers import JobInFull
from newsmill_gateway.bodies import Format
from newsmill_gateway.dashboard import overview
from newsmill_gateway.dashboard.articles import articles_panel, facets_panel
from newsmill_gateway.dashboard.caching import Cached, Kept
from newsmill_gateway.dashboard.evidence import compared_ids
from newsmill_gateway.dashboard.failures import failure_rows, failures_panel, filter_panel
from newsmill_gateway.dashboard.formats import host_of
from newsmill_gateway.dashboard.hosts import HostQuery, host_panel, hosts_panel
from newsmill_gateway.dashboard.job import Found, job_page
from newsmill_gateway.dashboard.ports import (
    ArticleQuery,
    Broker,
    Copied,
    FailureQuery,
    Ledger,
    Pulse,
    Version,
)
from newsmill_gateway.dashboard.runs import run_page, runs_page
from newsmill_gateway.dashboard.verdict import Facts, is_unused
from newsmill_gateway.diagnosing import Diagnosed, Diagnosis
from newsmill_gateway.gateway import HandedIn
from newsmill_gateway.problems import ProblemError
from newsmill_gateway.reprocessing import Reprocessing
from newsmill_shared.database.tallies import Count
from newsmill_shared.diagnosis import Snapshot, diagnose
from newsmill_shared.errors import TransientError

__all__ = ["PARTS", "Board", "Desk", "Links"]

Context = Mapping[str, object]
_Value = TypeVar("_Value")
_log = structlog.get_logger()

_STALE_SECONDS = 15.0
"""What is older says nothing about whether PostgreSQL answers now."""
PARTS = ("verdict", "ledger", "flow", "waiting", "outcomes", "workers")
"""The parts of the overview that are refreshed by themselves."""


class Desk(Protocol):
    """The uses of the gateway that the dashboard shares with the API."""

    def job(self, job_id: str) -> JobInFull:
        """Return a job, open or finished."""
        ...

    def job_at(self, url: str) -> JobInFull:
        """Return the newest job of a page, or that led to it."""
        ...

    def hand_in_urls(self, body: bytes, written: Format, *, key: str, submitter: str) -> HandedIn:
        """Accept a batch."""
        ...

    def follow_up(self, handed_in: HandedIn) -> None:
        """Tell the dispatcher of new work."""
        ...


@dataclass(frozen=True, slots=True)
class Links:
    """The head of each page."""

    here: str
    links: tuple[tuple[str, str, int | None, str], ...]
    sign_out: str | None
    """The token of the form that ends the session, if there is one."""


class Board:
    """Answers for pages; what is costly is asked for now and then, however many look.

    Args:
        ledger: The ledger.
        broker: Redis.
        desk: The gateway.
        diagnosis: What is wrong, if anything.
        reprocessing: Tells of runs that enrich stored pages again.
        now: Tells the time while PostgreSQL does not.
    """

    def __init__(
        self,
        *,
        ledger: Ledger,
        broker: Broker,
        desk: Desk,
        diagnosis: Diagnosis,
        reprocessing: Reprocessing,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._ledger = ledger
        self._desk = desk
        self._diagnosis = diagnosis
        self._reprocessing = reprocessing
        self._now = now
        self._pulse = Cached(ledger.pulse, seconds=1, patience=2)
        self._queues = Cached(broker.queues, seconds=1, patience=1.5)
        self._backlog = Cached(ledger.backlog, seconds=3)
        self._conservation = Cached(ledger.conservation, seconds=5)
        self._minutes = Cached(ledger.minutes, seconds=5)
        self._failures = Cached(ledger.failures, seconds=15)
        self._facets = Cached(ledger.facets, seconds=30)

    def links(self, here: str, sign_out: str | None) -> Links:
        """Return the head of a page; numbers are shown when they are known already."""
        failures, backlog = self._failures.peek(), self._backlog.peek()
        return Links(
            here,
            (
                ("/", "Overview", None, ""),
                ("/failures", "Failures", failures.value.jobs if failures else None, "in 24 h"),
                ("/hosts", "Hosts", backlog.value.hosts if backlog else None, "with work"),
                ("/articles", "Articles", None, ""),
                ("/runs", "Runs", None, ""),
                ("/audit", "Audit", None, ""),
            ),
            sign_out,
        )

    def runs(self, run: UUID | None) -> Context:
        """Return the newest runs, or one with its pages.

        Raises:
            ProblemError: There is no such run.
        """
        if run is None:
            return runs_page(self._reprocessing.runs())
        return run_page(self._reprocessing.run(run))

    def overview(self) -> Context:
        """Return the whole overview."""
        facts = self._facts()
        context = self._common(facts)
        for part in PARTS:
            context |= self._part(part, facts)
        context |= overview.daylight_panel(_kept(self._failures, facts.told))
        return context

    def part(self, name: str) -> Context:
        """Return a part of the overview.

        Raises:
            KeyError: There is no such part.
        """
        if name not in PARTS:
            raise KeyError(name)
        facts = self._facts()
        return {**self._common(facts), **self._part(name, facts)}

    def failures(self, query: FailureQuery) -> Context:
        """Return groups of failures, or those that were asked for."""
        found = self._ledger.failure_list(query)
        now = self._clock()
        older = None
        if found.next_before is not None:
            chosen = {"reason": query.reason, "host": query.host, "kind": query.kind}
            pairs = {name: value for name, value in chosen.items() if value}
            older = "/failures?" + urlencode(pairs | {"before": str(found.next_before)})
        return {
            "now": now,
            **failures_panel(self._failures.get(), now),
            **filter_panel(query),
            "rows": failure_rows(found, now),
            "older": older,
        }

    def hosts(self, query: HostQuery, chosen: str) -> Context:
        """Return hosts with open work, and one host more closely."""
        now = self._clock()
        context: dict[str, object] = {"now": now, "query": query, "chosen": chosen, "next": None}
        context |= hosts_panel(self._backlog.get(), query, now)
        if context.get("next_start"):
            pairs = {"host": query.name, "state": query.state, "by": query.order}
            context["next"] = "/hosts?" + urlencode(pairs | {"start": str(context["next_start"])})
        if chosen:
            host = self._ledger.host(chosen)
            context |= host_panel(host, self._ledger.next_jobs(chosen) if host else (), now)
        return context

    def articles(self, query: ArticleQuery) -> Context:
        """Return articles and their facets."""
        found = self._ledger.articles(query)
        return {
            **articles_panel(found, query),
            **facets_panel(self._facets.get(), query),
            "narrowed": query != ArticleQuery(before=query.before),
        }

    def job(self, job_id: str) -> Context:
        """Return all that is known of a job.

        Raises:
            ProblemError: There is no such job, or this is no id.
        """
        job = self._desk.job(job_id)
        retrieval = self._ledger.retrieval(job.job_id)
        version = self._ledger.version(job.article_id, job.version) if job.article_id else None
        found = Found(
            job=job,
            retrieval=retrieval,
            version=version,
            story=self._ledger.story(version.cluster_id) if version else (),
            known=self._ledger.neighbours(compared_ids(version)) if version else {},
            copied=self._copied(version),
            host=self._ledger.host(host_of(job.url)) if job.outcome is None else None,
        )
        return job_page(found, self._clock())

    def _copied(self, version: Version | None) -> Copied | None:
        if version is None or version.duplicate_of is None:
            return None
        return self._ledger.copied(version.article_id, version.number)

    def explain(self, asked: str) -> UUID:
        """Return the job that answers what became of a URL, a job or an article.

        Raises:
            ProblemError: Nothing is known of it, or it is none of these.
        """
        try:
            id_ = UUID(asked)
        except ValueError:
            url = asked if "://" in asked else f"https://{asked}"
            return self._desk.job_at(url).job_id
        try:
            return self._desk.job(asked).job_id
        except ProblemError:
            led_to_it = self._ledger.job_of(id_)
            if led_to_it is None:
                raise
            return led_to_it

    def _facts(self) -> Facts:
        told = self._diagnosis.now() or _nothing_yet(self._now())
        return Facts(
            pulse=self._answered(self._pulse.get) if told.seen.ledger else None,
            queues=self._answered(self._queues.get) if told.seen.carries else None,
            backlog=_kept(self._backlog, told),
            conservation=_kept(self._conservation, told),
            told=told,
        )

    def _common(self, facts: Facts) -> dict[str, object]:
        return {
            "now": facts.pulse.now if facts.pulse else self._now(),
            "is_unused": is_unused(facts.told.seen),
        }

    def _part(self, name: str, facts: Facts) -> Context:
        now = facts.pulse.now if facts.pulse else None
        match name:
            case "verdict":
                return overview.verdict_panel(facts)
            case "ledger":
                return overview.ledger_panel(facts.conservation)
            case "flow":
                return overview.flow_panel(facts, self._counts(facts.told))
            case "waiting":
                return overview.causes_panel(facts.backlog, now)
            case "outcomes":
                return overview.chart_panel(self._counts(facts.told), now)
            case _:
                return overview.workers_panel(facts.queues, self._now())

    def _counts(self, told: Diagnosed) -> tuple[Count, ...] | None:
        kept = _kept(self._minutes, told)
        return kept.value if kept else None

    def _clock(self) -> datetime:
        pulse: Pulse | None = self._answered(self._pulse.get)
        return pulse.now if pulse else self._now()

    @staticmethod
    def _answered(ask: Callable[[], Kept[_Value] | None]) -> _Value | None:
        try:
            kept = ask()
        except TransientError as error:
            _log.warning("dashboard shows an outage", error=str(error))
            return None
        return kept.value if kept and kept.seconds_old < _STALE_SECONDS else None


def _nothing_yet(now: datetime) -> Diagnosed:
    """Return what is known before the first look has ended."""
    seen = Snapshot(now=now)
    return Diagnosed(seen, diagnose(seen))


def _kept(cached: Cached[_Value], told: Diagnosed) -> Kept[_Value] | None:
    """Return what the ledger says; or said last while it is away: waiting takes the page's time."""
    if told.seen.ledger is None:
        return cached.peek()
    try:
        return cached.get()
    except TransientError:
        return cached.peek()
