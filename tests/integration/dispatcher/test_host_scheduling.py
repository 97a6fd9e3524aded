"""Hosts are asked at their pace whatever happens: a state machine over the real SQL.

Time passes by moving everything that the ledger has scheduled into the past.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import Connection, Engine, text

from newsmill_shared.database.accept import accept
from newsmill_shared.database.engine import make_engine, transaction
from newsmill_shared.database.hosts import HostSetting, change_host
from newsmill_shared.identity import new_id
from newsmill_shared.messages import FetchPage, PageFetched
from newsmill_shared.queue.notes import AnyNote, EndedNote, FetchedNote
from newsmill_shared.reasons import Reason
from newsmill_store.dispatcher.backoff import Scope, eased, slowed
from newsmill_store.dispatcher.notes import Backoff, apply_notes
from newsmill_store.dispatcher.pace import Pace
from newsmill_store.dispatcher.pick import Timing, pick_fetches
from newsmill_store.dispatcher.sweep import release, sweep_hosts, sweep_time
from newsmill_store.dispatcher.turns import wake
from tests.support.builders import a_page, a_submission

T = TypeVar("T")

DELAY = 10.0
TIMING = Timing(claim_seconds=20, fetch_seconds=30)
PACE = Pace(Scope.HOST, 300)
SLACK = 3.0
"""Real time passes, too, while the machine runs; nothing it waits for is shorter."""

HOSTS = ("a.example", "b.example", "c.example")
TABLES = "host, host_setting, job, slot, receipt, page_fetch, outcome, event, submitter"


@dataclass
class Chain:
    """A fetch that was sent."""

    fetch: FetchPage
    host: str
    until: float
    """When its slot ends by itself."""
    note: AnyNote | None = None


@dataclass
class Model:
    """What a host may expect of us."""

    delay: float = DELAY
    crawl_delay: float = 0.0
    backoff: float = 0.0
    most: int = 1
    not_before: float = 0.0
    chains: list[Chain] = field(default_factory=list)

    @property
    def base(self) -> float:
        return max(self.delay, self.crawl_delay)

    @property
    def gap(self) -> float:
        return max(self.base, self.backoff)


class Scheduling(RuleBasedStateMachine):
    """Jobs come, chains begin and end or are lost, operators change their minds, time passes."""

    engine: Engine

    @initialize()
    def begin(self) -> None:
        """Nothing is known."""
        self.advanced = 0.0
        self.jobs = 0
        self.models = {name: Model() for name in HOSTS}
        self.notes: list[AnyNote] = []
        self.rows(f"truncate {TABLES}")

    @rule(host=st.sampled_from(HOSTS), count=st.integers(1, 4))
    def hand_in(self, host: str, count: int) -> None:
        """Somebody hands pages in."""
        self.jobs += count
        urls = [f"https://{host}/{self.jobs - n}" for n in range(count)]

        def work(connection: Connection) -> None:
            accepted = accept(
                connection,
                [a_submission(url) for url in urls],
                key=str(new_id()),
                request_sha256=b"",
                host_delay_seconds=DELAY,
            )
            wake(connection, accepted.hosts)

        self.sql(work)

    @rule(limit=st.sampled_from([1, 2, 100]))
    def pick(self, limit: int) -> None:
        """The dispatcher sends what may be sent."""

        def work(connection: Connection) -> tuple[FetchPage, ...]:
            release(connection)
            picked = pick_fetches(connection, limit, after="", timing=TIMING, epoch="e", now_ms=0)
            return picked.messages

        ready = {name for name in HOSTS if self.must_be_asked(name)}
        fetches = self.sql(work)
        for fetch in fetches:
            host = fetch.target.split("/")[2]
            model = self.models[host]
            assert len(model.chains) < model.most, f"{host} has too many chains"
            assert self.now() >= model.not_before - SLACK, f"{host} is asked too early"
            until = self.now() + TIMING.claim_seconds + TIMING.fetch_seconds + model.gap
            model.chains.append(Chain(fetch, host, until))
        asked = {fetch.target.split("/")[2] for fetch in fetches}
        if limit > len(fetches):
            assert ready <= asked, f"{ready - asked} could have been asked"

    @precondition(lambda self: self.open_chains())
    @rule(
        data=st.data(),
        how=st.sampled_from(["fetched", "404", "429", "503", "timeout", "connect"]),
        retry_after=st.sampled_from([None, 0.0, 7.0, 100.0]),
        crawl_delay=st.sampled_from([None, 0.0, 25.0]),
    )
    def end(
        self, data: st.DataObject, how: str, retry_after: float | None, crawl_delay: float | None
    ) -> None:
        """A chain ends in its note."""
        chain = data.draw(st.sampled_from(self.open_chains()))
        model = self.models[chain.host]
        model.chains.remove(chain)
        note = a_note(chain.fetch, how, retry_after, crawl_delay)
        before = model.backoff
        if crawl_delay is not None:
            model.crawl_delay = crawl_delay
        asked = (retry_after or 0.0) if how in ("404", "429", "503") else 0.0
        if how in ("429", "503", "timeout") or asked:
            model.backoff = slowed(before, base_seconds=model.base, max_seconds=PACE.max_seconds)
            assert model.backoff >= before
        elif how in ("fetched", "404"):
            model.backoff = eased(before, base_seconds=model.base)
            assert model.backoff <= before
        self.apply(note)
        model.not_before = max(model.not_before, self.now() + max(model.gap, asked))
        self.notes.append(note)

    @precondition(lambda self: self.notes)
    @rule(data=st.data())
    def end_again(self, data: st.DataObject) -> None:
        """A note comes twice."""
        self.apply(data.draw(st.sampled_from(self.notes)))

    @rule(seconds=st.sampled_from([5.0, 12.0, 30.0, 90.0, 400.0]))
    def pass_time(self, seconds: float) -> None:
        """Time passes."""
        self.advanced += seconds
        for statement in (
            "update host set next_at = next_at - make_interval(secs => :seconds)",
            "update slot set until = until - make_interval(secs => :seconds)",
            "update job set held_until = held_until - make_interval(secs => :seconds)",
        ):
            self.rows(statement, seconds=seconds)

    @rule()
    def sweep(self) -> None:
        """Slots whose time is over go, whatever became of their chains."""
        before = self.now()

        def work(connection: Connection) -> None:
            sweep_time(connection)
            sweep_hosts(connection, 0)

        self.sql(work)
        for model in self.models.values():
            # In between real time may or may not have ended it: the ledger says.
            left = {row[0] for row in self.rows("select job_id from slot")}
            for chain in list(model.chains):
                gone = chain.fetch.job_id not in left
                assert not gone or self.now() >= chain.until - SLACK, "a slot ended too early"
                assert gone or before <= chain.until + SLACK, "a slot outlived its time"
                if gone:
                    model.chains.remove(chain)

    @rule(
        host=st.sampled_from(HOSTS),
        delay=st.sampled_from([None, 0.0, 40.0]),
        most=st.sampled_from([None, 2, 3]),
    )
    def set_host(self, host: str, delay: float | None, most: int | None) -> None:
        """An operator sets a host, known or not."""
        setting = HostSetting(delay_seconds=delay, max_in_flight=most)
        self.sql(
            lambda connection: change_host(
                connection, host, lambda _: setting, usual_delay_seconds=DELAY
            )
        )
        self.models[host].delay = DELAY if delay is None else delay
        self.models[host].most = most or 1

    @invariant()
    def counts_agree(self) -> None:
        """A host counts exactly its slots, never less than none."""
        counted = {
            str(name): (in_flight, slots)
            for name, in_flight, slots in self.rows(
                "select name, in_flight, (select count(*) from slot where host_id = host.id) "
                "from host"
            )
        }
        for name, (in_flight, slots) in counted.items():
            assert in_flight == slots == len(self.models[name].chains)

    @invariant()
    def delays_agree(self) -> None:
        """The ledger's back-off is the model's, and the next turn is not before its time."""
        for name, backoff, wait in self.rows(
            "select name, backoff_seconds, extract(epoch from next_at - now()) from host "
            "where next_at > '-infinity'"
        ):
            model = self.models[str(name)]
            assert abs(float(str(backoff)) - model.backoff) < 0.01
            assert float(str(wait)) >= model.not_before - self.now() - SLACK

    def must_be_asked(self, host: str) -> bool:
        """Whether a host has work and room, and its time has come for sure."""
        model = self.models[host]
        waiting = self.rows(
            "select 1 from job join host on host.id = job.host_id where host.name = :name "
            "and (state = 'waiting' or held_until <= now()) and fetch_id is null limit 1",
            name=host,
        )
        return bool(
            waiting
            and len(model.chains) < model.most
            and self.now() > model.not_before + SLACK
            and not self.rows(
                "select 1 from host where name = :name and next_at > now()", name=host
            )
        )

    def open_chains(self) -> list[Chain]:
        """Return the chains that run, in their order."""
        return [chain for model in self.models.values() for chain in model.chains]

    def now(self) -> float:
        """Return the time, in seconds."""
        return time.monotonic() + self.advanced

    def apply(self, note: AnyNote) -> None:
        """Let the dispatcher read a note."""
        self.sql(
            lambda connection: apply_notes(
                connection,
                [note],
                backoff=Backoff(1e-6, 1e-6, Random(1)),
                pace=PACE,
                host_delay_seconds=DELAY,
            )
        )

    def rows(self, statement: str, **parameters: object) -> list[tuple[object, ...]]:
        """Ask the ledger."""

        def work(connection: Connection) -> list[tuple[object, ...]]:
            result = connection.execute(text(statement), parameters)
            return [tuple(row) for row in result] if result.returns_rows else []

        return self.sql(work)

    def sql(self, work: Callable[[Connection], T]) -> T:
        """Do something in a transaction."""
        with transaction(self.engine) as connection:
            return work(connection)


def a_note(
    fetch: FetchPage, how: str, retry_after: float | None, crawl_delay: float | None
) -> AnyNote:
    """Return the note of a chain that ended so."""
    chain = {
        "job_id": fetch.job_id,
        "attempt": fetch.attempt,
        "crawl_delay_seconds": crawl_delay,
    }
    if how == "fetched":
        message = PageFetched(
            job_id=fetch.job_id, attempt=fetch.attempt, epoch="e", page=a_page(fetch.url)
        )
        return FetchedNote.model_validate({**chain, "message": message})
    reason = {
        "404": Reason.HTTP_404,
        "429": Reason.HTTP_429,
        "503": Reason.HTTP_5XX,
        "timeout": Reason.TIMEOUT,
        "connect": Reason.CONNECT,
    }[how]
    status = int(how) if how.isdecimal() else None
    answered = {"status": status, "retry_after_seconds": retry_after if status else None}
    return EndedNote.model_validate({**chain, "reason": reason, **answered})


def test_hosts_are_asked_at_their_pace_whatever_happens(module_database_url: str) -> None:
    engine = make_engine(module_database_url, name="test", pool_size=1)
    machine = type("Machine", (Scheduling,), {"engine": engine})

    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=15,
            stateful_step_count=30,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )

    engine.dispose()
