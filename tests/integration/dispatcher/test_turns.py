"""Whose turn it is: every pick is what a small model in Python says, whatever came before."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, text

from newsmill_shared.database.accept import accept
from newsmill_shared.database.engine import make_engine, transaction
from newsmill_shared.database.events import count_receipts
from newsmill_shared.database.pauses import Scope, lift_pause, set_pause
from newsmill_shared.identity import new_id
from newsmill_store.dispatcher.__main__ import SESSION
from newsmill_store.dispatcher.pausing import Pausing
from newsmill_store.dispatcher.pick import Timing, pick_fetches, pick_pages
from newsmill_store.dispatcher.turns import wake
from tests.integration.ledger.conftest import LedgerUnderTest
from tests.support.builders import a_page, a_submission

HOSTS = ("a", "b", "c", "d")
SUBMITTERS = ("mine", "yours", "theirs")
LABELS = (None, "bulk", "news")


@dataclass(frozen=True)
class HandIn:
    """Some URLs of one host are handed in by one submitter."""

    host: str
    submitter: str
    priority: int
    label: str | None
    count: int


@dataclass(frozen=True)
class Pick:
    """What is due is picked."""

    limit: int


@dataclass(frozen=True)
class Pass:
    """A host's chain ends, if there is one, and its delay is over."""

    host: str


@dataclass(frozen=True)
class Stop:
    """A host or a label is paused, or goes on if it is."""

    scope: Scope
    value: str


@dataclass
class Job:
    """A job of the model."""

    job_id: UUID
    host: str
    submitter: str
    priority: int
    label: str | None


@dataclass
class Model:
    """The rules, said once more and as simply as can be."""

    waiting: list[Job] = field(default_factory=list)
    accepted: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    free: list[str] = field(default_factory=lambda: list(HOSTS))
    """Hosts that may be asked, the one that has waited longest first."""
    served: dict[str, str] = field(default_factory=lambda: defaultdict(str))
    paused: set[tuple[Scope, str]] = field(default_factory=set)
    after: str = ""

    def may_run(self, host: str) -> list[Job]:
        """Return the jobs that a host may get."""
        if (Scope.HOST, f"{host}.example") in self.paused:
            return []
        return [
            job
            for job in self.waiting
            if job.host == host and (Scope.LABEL, job.label) not in self.paused
        ]

    def pick(self, limit: int) -> list[Job]:
        """Send the next jobs."""
        lists: dict[tuple[int, str], list[str]] = defaultdict(list)
        best: dict[str, list[Job]] = {}
        for host in self.free:
            jobs = self.may_run(host)
            if jobs:
                top = max(job.priority for job in jobs)
                best[host] = [job for job in jobs if job.priority == top]
                present = {job.submitter for job in best[host]}
                smallest = min(present, key=lambda name: (self.accepted[name], name))
                lists[top, smallest].append(host)
        turns = [
            (-priority, nth, submitter <= self.after, submitter, host)
            for (priority, submitter), hosts in lists.items()
            for nth, host in enumerate(hosts)
        ]
        sent: list[Job] = []
        for _, _, _, submitter, host in sorted(turns)[:limit]:
            self.after = submitter
            job = min(
                best[host],
                key=lambda job: (
                    job.submitter <= self.served[job.host],
                    job.submitter,
                    job.job_id,
                ),
            )
            self.served[host] = job.submitter
            self.free.remove(host)
            self.waiting.remove(job)
            sent.append(job)
        return sent


class System:
    """The ledger, as the dispatcher uses it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._pausing = Pausing()
        self._after = ""
        self._passed = 0
        with transaction(engine) as connection:
            connection.execute(
                text("truncate job, host, slot, receipt, submitter, pause, total restart identity")
            )

    def hand_in(self, step: HandIn) -> list[UUID]:
        """Accept, and let the dispatcher find it."""
        submissions = [
            a_submission(
                f"https://{step.host}.example/{new_id()}",
                priority=step.priority,
                label=step.label,
            )
            for _ in range(step.count)
        ]
        with transaction(self._engine) as connection:
            accepted = accept(
                connection,
                submissions,
                key=str(new_id()),
                request_sha256=b"",
                host_delay_seconds=3600,
                submitter=step.submitter,
            )
            # In the order of their names, as long as none has been asked.
            connection.execute(
                text("update host set next_at = to_timestamp(ascii(name)) where next_at < 'epoch'")
            )
        with transaction(self._engine) as connection:
            wake(connection, count_receipts(connection))
        return list(accepted.job_ids)

    def pick(self, limit: int) -> set[UUID]:
        """Pick, with every host in the list where it belongs."""
        with transaction(self._engine) as connection:
            self._pausing.apply(connection)
            wake(connection, list(connection.execute(text("select id from host")).scalars()))
            picked = pick_fetches(
                connection,
                limit,
                after=self._after,
                timing=Timing(8, 15),
                epoch="an-epoch",
                now_ms=0,
            )
            self._after = picked.last
            self._check(connection)
        return {message.job_id for message in picked.messages}

    def let_pass(self, host: str) -> None:
        """End the chain of a host and let its delay be over."""
        self._passed += 1
        with transaction(self._engine) as connection:
            connection.execute(
                text(
                    "with gone as (delete from slot using host where host.id = slot.host_id "
                    "and host.name = :name returning slot.host_id, slot.job_id), "
                    "ended as (delete from job using gone where job.id = gone.job_id) "
                    "update host set in_flight = 0, next_at = to_timestamp(1000 + :passed) "
                    "from gone where host.id = gone.host_id"
                ),
                {"name": f"{host}.example", "passed": self._passed},
            )

    def stop(self, step: Stop, *, stopped: bool) -> None:
        """Pause, or let go on."""
        with transaction(self._engine) as connection:
            if stopped:
                set_pause(connection, step.scope, step.value, by="ana", reason="")
            else:
                lift_pause(connection, step.scope, step.value)

    @staticmethod
    def _check(connection: Connection) -> None:
        """No host has two chains, and every host counts its own."""
        wrong = connection.execute(
            text(
                "select name from host where in_flight > 1 or in_flight <> "
                "(select count(*) from slot where slot.host_id = host.id)"
            )
        ).all()
        assert wrong == []


HANDED_IN = st.builds(
    HandIn,
    host=st.sampled_from(HOSTS),
    submitter=st.sampled_from(SUBMITTERS),
    priority=st.sampled_from((0, 0, 0, 1)),
    label=st.sampled_from(LABELS),
    count=st.integers(1, 3),
)
STEPS = st.one_of(
    HANDED_IN,
    st.builds(Pick, limit=st.integers(1, 3)),
    st.builds(Pick, limit=st.just(1)),
    st.builds(Pass, host=st.sampled_from(HOSTS)),
    st.sampled_from((Stop(Scope.HOST, "a.example"), Stop(Scope.LABEL, "bulk"))),
)


@pytest.fixture(scope="module")
def engine(module_database_url: str) -> Iterator[Engine]:
    """The dispatcher's kind of session, on a ledger that the examples share."""
    engine = make_engine(module_database_url, name="test", settings=SESSION)
    yield engine
    engine.dispose()


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    handed_in=st.lists(HANDED_IN, min_size=3, max_size=10),
    steps=st.lists(STEPS, min_size=5, max_size=25),
)
def test_every_pick_is_what_the_model_says(
    engine: Engine, handed_in: list[object], steps: list[object]
) -> None:
    model, system = Model(), System(engine)

    for step in handed_in + steps:
        match step:
            case HandIn():
                jobs = system.hand_in(step)
                model.accepted[step.submitter] += step.count
                model.waiting += [
                    Job(job, step.host, step.submitter, step.priority, step.label) for job in jobs
                ]
            case Pass():
                system.let_pass(step.host)
                if step.host not in model.free:
                    model.free.append(step.host)
            case Stop():
                model.paused ^= {(step.scope, step.value)}
                system.stop(step, stopped=(step.scope, step.value) in model.paused)
            case Pick():
                assert system.pick(step.limit) == {job.job_id for job in model.pick(step.limit)}


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(work=st.lists(HANDED_IN, min_size=1, max_size=8), limit=st.integers(1, 3))
def test_everything_is_sent_in_the_end(engine: Engine, work: list[HandIn], limit: int) -> None:
    system = System(engine)
    waiting = {job for step in work for job in system.hand_in(step)}

    # In each round some host with work gives a job.
    for _ in range(len(waiting)):
        waiting -= system.pick(limit)
        for host in HOSTS:
            system.let_pass(host)

    assert waiting == set()


MANY = 30


def rounds_until_sent(system: System, jobs: list[UUID], *, hosts: list[str]) -> int:
    """Fetch one page at a time; return how many it takes until these have been sent."""
    left = set(jobs)
    for number in range(1, 4 * MANY):
        left -= system.pick(1)
        if not left:
            return number
        for host in hosts:
            system.let_pass(host)
    raise AssertionError(f"{len(left)} are still waiting")


def bulk(host: str, *, submitter: str, count: int = 1, priority: int = 0) -> HandIn:
    return HandIn(host, submitter, priority, None, count)


def test_many_hosts_of_one_submitter_delay_few_of_another_by_half(engine: Engine) -> None:
    system = System(engine)
    many = [f"many-{number}" for number in range(MANY)]
    few = [f"few-{number}" for number in range(3)]
    for host in many:
        system.hand_in(bulk(host, submitter="many", count=2))

    jobs = [job for host in few for job in system.hand_in(bulk(host, submitter="few"))]

    assert rounds_until_sent(system, jobs, hosts=many + few) <= 2 * len(jobs)


def test_on_one_host_two_submitters_take_turns_however_much_one_has(engine: Engine) -> None:
    system = System(engine)
    system.hand_in(bulk("a", submitter="many", count=MANY))

    jobs = system.hand_in(bulk("a", submitter="few", count=3))

    assert rounds_until_sent(system, jobs, hosts=["a"]) <= 2 * len(jobs)


def test_few_on_one_of_the_many_hosts_of_another_do_not_wait_for_the_others(
    engine: Engine,
) -> None:
    system = System(engine)
    many = [f"many-{number}" for number in range(MANY)]
    for host in many:
        system.hand_in(bulk(host, submitter="many", count=MANY))

    jobs = system.hand_in(bulk(many[-1], submitter="few", count=3))

    # Every other time it is few's list that has its turn, and there every other time its job.
    assert rounds_until_sent(system, jobs, hosts=many) <= 4 * len(jobs)


def test_many_on_one_host_do_not_delay_few_there_of_who_has_many_elsewhere(engine: Engine) -> None:
    system = System(engine)
    others = [f"other-{number}" for number in range(5)]
    system.hand_in(bulk("shared", submitter="one host", count=MANY))
    for host in others:
        system.hand_in(bulk(host, submitter="all over", count=MANY))

    jobs = system.hand_in(bulk("shared", submitter="all over", count=3))

    assert rounds_until_sent(system, jobs, hosts=["shared", *others]) <= 4 * len(jobs)


def test_a_high_priority_goes_before_all_shares(engine: Engine) -> None:
    system = System(engine)
    many = [f"many-{number}" for number in range(MANY)]
    for host in many:
        system.hand_in(bulk(host, submitter="many", count=2))
        system.hand_in(bulk(host, submitter="others", count=1))

    jobs = system.hand_in(bulk(many[MANY // 2], submitter="many", priority=9))

    assert rounds_until_sent(system, jobs, hosts=many) == 1


def test_pages_that_need_no_host_are_shared_likewise(ledger: LedgerUnderTest) -> None:
    def hand_in(who: str, *names: str, priority: int = 0) -> None:
        pages = [a_page(f"https://{who}.example/{name}", supplied=True) for name in names]
        ledger.accept(
            *(a_submission(page.url, page=page, priority=priority) for page in pages),
            submitter=who,
        )

    hand_in("many", "1", "2", "3", "4")
    hand_in("few", "1", "2")
    hand_in("many", "urgent", priority=9)

    picked, after = [], ""
    for limit in (2, 2, 1, 1, 1, 1):
        with transaction(ledger.engine) as connection:
            pages = pick_pages(connection, limit, after=after, epoch="an-epoch")
        after = pages.last
        picked.append([message.page.url.removeprefix("https://") for message in pages.messages])

    assert picked == [
        ["many.example/urgent", "few.example/1"],
        ["many.example/1", "few.example/2"],
        ["many.example/2"],
        ["many.example/3"],
        ["many.example/4"],
        [],
    ]
