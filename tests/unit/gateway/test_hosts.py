"""What can be set for a host, how a change is applied, and what is never shown."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from newsmill_gateway.hosts import AuditQuery, HostChange, HostQuery, difference, masked
from newsmill_gateway.operators import Operators
from newsmill_gateway.problems import ProblemError
from newsmill_shared.database.audit import Act
from newsmill_shared.database.hosts import HostRecord, HostSetting

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


def a_change(**fields: object) -> HostChange:
    return HostChange.model_validate(fields)


def a_record(name: str = "paper.example", setting: HostSetting | None = None) -> HostRecord:
    return HostRecord(
        name=name,
        delay_seconds=1,
        crawl_delay_seconds=5,
        backoff_seconds=2,
        max_in_flight=1,
        in_flight=0,
        next_at=None,
        setting=setting or HostSetting(),
        set_at=None,
    )


class FakeRegister:
    """Hosts and acts in memory."""

    def __init__(self, *records: HostRecord) -> None:
        self.records = {record.name: record for record in records}

    def host(self, name: str) -> HostRecord | None:
        return self.records.get(name)

    def hosts(self, *, after: str, only_set: bool, limit: int) -> Sequence[HostRecord]:
        return [record for name, record in sorted(self.records.items()) if name > after][:limit]

    def change(self, name: str, change: HostChange) -> HostRecord:
        self.records[name] = a_record(name, change.applied(HostSetting()))
        return self.records[name]

    def acts(self, *, subject: str | None, before: int | None, limit: int) -> Sequence[Act]:
        acts = [Act(number, NOON, "ana", "host.set", "a.example", {}) for number in (3, 2, 1)]
        return [act for act in acts if before is None or act.id < before][:limit]


def test_what_is_left_out_stays_and_null_unsets() -> None:
    setting = HostSetting(delay_seconds=2, timezone="Asia/Baku", ignore_robots=True)

    after = a_change(delay_seconds=None, max_in_flight=3).applied(setting)

    assert after == HostSetting(max_in_flight=3, timezone="Asia/Baku", ignore_robots=True)


def test_headers_and_cookies_are_changed_one_by_one_or_taken_away_together() -> None:
    setting = HostSetting(headers={"X-Key": "1", "Accept": "a"}, cookies={"a": "1", "A": "2"})

    one_by_one = a_change(
        headers={"x-key": "2", "accept": None}, cookies={"a": None, "b": "3"}
    ).applied(setting)
    together = a_change(headers=None, cookies=None).applied(setting)

    assert one_by_one == HostSetting(headers={"x-key": "2"}, cookies={"A": "2", "b": "3"})
    assert together == HostSetting()


@pytest.mark.parametrize(
    "fields",
    [
        {"delay_seconds": -1},
        {"delay_seconds": "1"},
        {"max_in_flight": 0},
        {"timezone": "Baku"},
        {"ignore_robots": "yes"},
        {"headers": {"Host": "other.example"}},
        {"headers": {"cookie": "a=b"}},
        {"headers": {"If-None-Match": "x"}},
        {"headers": {"Content-Length": "0"}},
        {"headers": {"X Y": "1"}},
        {"headers": {"X": "a\r\nY: b"}},
        {"headers": {"X": ""}},
        {"headers": {"X": "é"}},
        {"cookies": {"a": "b; c=d"}},
        {"cookies": {"a=b": "c"}},
        {"delay": 1},
        {"by": ""},
    ],
)
def test_what_makes_no_sense_or_would_break_a_request_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        a_change(**fields)


def test_there_is_an_end_to_headers() -> None:
    setting = HostSetting(headers={f"X-{n}": "1" for n in range(20)})

    with pytest.raises(ProblemError, match="at most 20"):
        a_change(headers={"X-One-More": "1"}).applied(setting)


def test_values_that_may_be_secrets_are_masked() -> None:
    setting = HostSetting(
        headers={"User-Agent": "newsmill", "Authorization": "Basic eA=="}, cookies={"pass": "x"}
    )

    assert masked(setting) == HostSetting(
        headers={"User-Agent": "newsmill", "Authorization": "***"}, cookies={"pass": "***"}
    )


def test_the_audit_names_what_changed_and_no_secret() -> None:
    before = HostSetting(delay_seconds=1, headers={"X-Key": "old", "X-Same": "s"})
    after = HostSetting(
        delay_seconds=2, headers={"X-Key": "new", "X-Same": "s"}, cookies={"a": "b"}
    )

    assert difference(before, after) == {
        "delay_seconds": [1, 2],
        "headers.X-Key": ["***", "***"],
        "cookies.a": [None, "***"],
    }


def test_a_host_is_asked_at_the_longest_of_its_delays() -> None:
    answer = Operators(FakeRegister(a_record())).host("paper.example")

    assert answer.seconds_between == 5


def test_lists_say_where_they_go_on() -> None:
    operators = Operators(FakeRegister(a_record("a.example"), a_record("b.example")))

    first = operators.hosts(HostQuery(limit=1))
    rest = operators.hosts(HostQuery(cursor=first.next or "", limit=1))
    acts = operators.audit(AuditQuery(limit=2))

    assert [host.host for host in (*first.hosts, *rest.hosts)] == ["a.example", "b.example"]
    assert rest.next is None
    assert ([act.id for act in acts.acts], acts.next) == ([3, 2], 2)
