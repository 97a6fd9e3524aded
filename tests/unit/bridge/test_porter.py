"""The porter: what it takes it keeps until it is accepted and settled."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import pytest

from newsmill_gateway.bridge import items
from newsmill_gateway.bridge.batches import Batch, Door, Item, Request
from newsmill_gateway.bridge.porter import Porter, backoff_seconds
from newsmill_gateway.bridge.ports import UnstorableError
from newsmill_gateway.problems import Refusal
from newsmill_shared.addresses import AddressPolicy
from newsmill_shared.database.accept import Accepted, Order, Submission
from newsmill_shared.database.engine import DatabaseAwayError
from newsmill_shared.errors import NewsmillError
from newsmill_shared.identity import new_id
from newsmill_shared.queue.broker import BrokerAwayError
from tests.support.builders import NOON

STORY = "https://paper.example/story"


@dataclass
class FakeSource:
    """Items in memory; fails as often as it is told to when it is to settle."""

    batches: list[Batch]
    failures: list[NewsmillError] = field(default_factory=list)
    name: str = "fake"
    takes: int = 0
    waits: int = 0
    settled: dict[str, list[bytes]] = field(default_factory=dict)

    def take(self) -> Batch | None:
        self.takes += 1
        return self.batches[0] if self.batches else None

    def wait(self) -> None:
        self.waits += 1

    def settle(self, batch: Batch, rejected: Mapping[str, Sequence[bytes]]) -> None:
        if self.failures:
            raise self.failures.pop()
        self.batches.remove(batch)
        self.settled |= {name: list(records) for name, records in rejected.items()}


@dataclass
class FakeLedger:
    """Receipts in memory, by key; some URLs cannot be stored."""

    failures: list[NewsmillError] = field(default_factory=list)
    unstorable: frozenset[str] = frozenset()
    receipts: dict[str, tuple[bytes, tuple[UUID, ...]]] = field(default_factory=dict)
    urls: list[str] = field(default_factory=list)

    def accept(self, orders: Sequence[Order]) -> list[Accepted | None]:
        if self.failures:
            raise self.failures.pop()
        for order in orders:
            if order.key not in self.receipts:
                for submission in order.submissions:
                    self.try_out(submission)
        return [self._accept(order) for order in orders]

    def try_out(self, submission: Submission) -> None:
        if submission.url in self.unstorable:
            raise UnstorableError("no")

    def _accept(self, order: Order) -> Accepted | None:
        if order.key in self.receipts:
            sha256, ids = self.receipts[order.key]
            return Accepted(order.key, ids, (), replayed=True) if sha256 == order.sha256 else None
        ids = tuple(new_id() for _ in order.submissions)
        self.receipts[order.key] = (order.sha256, ids)
        self.urls += [submission.url for submission in order.submissions]
        return Accepted(order.key, ids, (1,))


@dataclass
class FakeWaker:
    """Remembers whom it woke."""

    woken: list[tuple[int, ...]] = field(default_factory=list)

    def wake(self, hosts: tuple[int, ...]) -> None:
        self.woken.append(hosts)


def a_batch(*items: str, name: str = "a-list") -> Batch:
    """Items of a list."""
    found = tuple(Item.of(item.encode()) for item in items)
    return Batch(Door.LIST, (Request(name, name, found),))


def a_porter(source: FakeSource, ledger: FakeLedger, waker: FakeWaker | None = None) -> Porter:
    """A porter between fakes."""
    return Porter(
        source,
        ledger,
        waker or FakeWaker(),
        policy=AddressPolicy.parse(""),
        now=lambda: NOON,
        clock=lambda: 0.0,
    )


def turns(porter: Porter, source: FakeSource) -> None:
    """Have it come round until nothing is left."""
    rounds = iter(range(20))
    porter.run(
        stopped=lambda: not source.batches or next(rounds, None) is None, sleep=lambda _: None
    )


def test_sound_items_are_accepted_and_junk_is_recorded() -> None:
    source, ledger, waker = FakeSource([a_batch(STORY, "junk")]), FakeLedger(), FakeWaker()

    turns(a_porter(source, ledger, waker), source)

    assert ledger.urls == [STORY]
    assert list(ledger.receipts) == ["a-list"]
    assert len(source.settled["a-list"]) == 1
    assert waker.woken == [(1,)]


def test_junk_alone_needs_no_receipt() -> None:
    source, ledger, waker = FakeSource([a_batch("junk")]), FakeLedger(), FakeWaker()

    turns(a_porter(source, ledger, waker), source)

    assert ledger.receipts == {}
    assert len(source.settled["a-list"]) == 1
    assert waker.woken == []


def test_while_the_database_is_away_nothing_else_is_taken() -> None:
    source = FakeSource([a_batch(STORY)])
    ledger = FakeLedger([DatabaseAwayError("away")] * 5)

    turns(a_porter(source, ledger), source)

    assert source.takes == 1
    assert ledger.urls == [STORY]


def test_what_redis_did_not_settle_is_settled_later_and_accepted_once() -> None:
    source = FakeSource([a_batch(STORY, "junk")], [BrokerAwayError("away")] * 3)
    ledger, waker = FakeLedger(), FakeWaker()

    turns(a_porter(source, ledger, waker), source)

    assert ledger.urls == [STORY]
    assert len(source.settled["a-list"]) == 1
    assert waker.woken == [(1,)]


def test_with_nothing_to_take_it_waits() -> None:
    source = FakeSource([])

    a_porter(source, FakeLedger()).turn()

    assert (source.takes, source.waits) == (1, 1)


def test_what_the_database_does_not_take_spoils_nothing_else() -> None:
    source = FakeSource([a_batch(f"{STORY}/1", f"{STORY}/2", f"{STORY}/3")])
    ledger = FakeLedger(unstorable=frozenset({f"{STORY}/2"}))

    turns(a_porter(source, ledger), source)

    assert ledger.urls == [f"{STORY}/1", f"{STORY}/3"]
    assert [b'"internal"' in entry for entry in source.settled["a-list"]] == [True]


def test_and_after_a_death_it_is_settled_alike() -> None:
    """The receipt has fewer jobs than the request has items that look sound."""
    batch = a_batch(f"{STORY}/1", f"{STORY}/2")
    ledger = FakeLedger(unstorable=frozenset({f"{STORY}/2"}))
    first, second = FakeSource([batch]), FakeSource([batch])

    turns(a_porter(first, ledger), first)
    turns(a_porter(second, ledger), second)

    assert ledger.urls == [f"{STORY}/1"]
    assert first.settled == second.settled


def test_a_key_of_another_request_refuses_all_of_it() -> None:
    source, ledger = FakeSource([a_batch(STORY, f"{STORY}/2")]), FakeLedger()
    ledger.receipts["a-list"] = (b"other", ())

    turns(a_porter(source, ledger), source)

    assert ledger.urls == []
    assert [b"idempotency_conflict" in entry for entry in source.settled["a-list"]] == [True, True]


def test_a_defect_of_ours_rejects_the_item_that_shows_it(monkeypatch: pytest.MonkeyPatch) -> None:
    source, ledger = FakeSource([a_batch("poison", STORY)]), FakeLedger()

    def judge(item: Item, door: Door, policy: AddressPolicy) -> Submission | Refusal:
        if item.parts == (b"poison",):
            raise RecursionError
        return items.judge(item, door, policy)

    monkeypatch.setattr("newsmill_gateway.bridge.porter.judge", judge)
    turns(a_porter(source, ledger), source)

    assert ledger.urls == [STORY]
    assert b'"internal"' in source.settled["a-list"][0]


def test_a_large_batch_wakes_nobody() -> None:
    urls = [f"{STORY}/{number}" for number in range(1001)]
    source, ledger, waker = FakeSource([a_batch(*urls)]), FakeLedger(), FakeWaker()

    turns(a_porter(source, ledger, waker), source)

    assert ledger.urls == urls
    assert waker.woken == []


def test_it_comes_back_later_and_later_but_soon_enough() -> None:
    delays = [backoff_seconds(failures) for failures in range(100)]

    assert delays[:3] == [0.25, 0.5, 1.0]
    assert delays == sorted(delays)
    assert max(delays) == 5.0
