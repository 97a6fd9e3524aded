"""From what was read to what is shown."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsmill_gateway.dashboard import evidence, overview
from newsmill_gateway.dashboard.caching import Kept
from newsmill_gateway.dashboard.failures import failures_panel
from newsmill_gateway.dashboard.hosts import HostQuery, drain_seconds, host_panel, hosts_panel
from newsmill_gateway.dashboard.languages import language_name
from newsmill_gateway.dashboard.ports import FailureGroup, Failures
from newsmill_gateway.dashboard.verdict import Facts
from newsmill_shared.database.hosts import HostSetting
from newsmill_shared.reasons import RULES, Outcome
from tests.unit.dashboard.builders import (
    AN_ID,
    NOW,
    a_backlog,
    a_count,
    a_host,
    a_pulse,
    a_sum,
    a_version,
    ago,
    some_facts,
    some_queues,
    some_told,
)

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
_KEYS = [
    *(
        "aliases",
        "home",
        "why",
        "published_at",
        "date_candidates",
        "title",
        "section_raw",
        "authors",
        "kept",
        "dropped",
    ),
    *("shares", "likely", "detectors", "hints", "ground", "rule"),
    *("compared", "same_page", "possible", "unclassified", "unmapped", "model"),
]
"""What the views look for."""


def test_the_bar_is_as_long_as_what_was_accepted() -> None:
    panel = overview.ledger_panel(a_sum(accepted=6))

    bars = panel["bars"]
    assert isinstance(bars, tuple)
    assert sum(bar.width for bar in bars) == panel["accepted"] == 6
    assert [bar.start for bar in bars] == [0, 3, 4, 5]


def test_held_jobs_wait_in_the_sum() -> None:
    panel = overview.ledger_panel(a_sum())

    terms = panel["sum"]
    assert isinstance(terms, tuple)
    assert {term.name: term.jobs for term in terms}["waiting"] == "1"


def test_the_parts_of_the_backlog_add_up() -> None:
    backlog = a_backlog(due=1, turn=2, held=3, fetched=4)

    panel = overview.causes_panel(backlog, NOW)

    causes = panel["causes"]
    assert isinstance(causes, tuple)
    assert sum(cause.jobs for cause in causes) == panel["waiting"] == 10


def test_the_chart_has_a_column_a_minute_as_high_as_its_outcomes() -> None:
    counts = (
        a_count(minute=NOW.replace(second=0) - timedelta(minutes=59), count=2),
        a_count(le=1.0),
        a_count(le=5.0, count=2),
        a_count(ended="failed", reason="dns"),
        a_count("ingest", "done", count=9),
    )

    panel = overview.chart_panel(counts, NOW)

    assert panel["chart_top"] == 4
    assert panel["chart_totals"] == {"stored": 5, "failed": 1}
    assert panel["chart"] == {
        "stored": "M0.1 2h.8v2h-.8zM59.1 1h.8v3h-.8z",
        "failed": "M59.1 0h.8v1h-.8z",
    }


def test_minutes_beyond_the_hour_are_left_out_of_the_chart() -> None:
    panel = overview.chart_panel((a_count(minute=ago(7200)),), NOW)

    assert panel["chart"] == {}


@pytest.mark.parametrize("missing", ["pulse", "queues", "backlog", "conservation"])
def test_the_flow_is_shown_with_what_is_known(missing: str) -> None:
    panel = overview.flow_panel(some_facts(**{missing: None}), None)

    assert (panel["stages"] == ()) == (missing == "pulse")


def test_each_stage_shows_its_own_minutes() -> None:
    before = NOW.replace(second=0) - timedelta(minutes=1)
    counts = (
        a_count("ingest", "done", minute=before, count=30),
        a_count("ingest", "ended", "http_5xx", minute=before, count=10),
        a_count("enrich", "done", minute=before, count=25, le=0.1),
        a_count("job", "stored", minute=before, count=20, le=60.0),
    )

    stages = overview.flow_panel(some_facts(), counts)["stages"]

    assert isinstance(stages, tuple)
    ledger, ingest, enrich, store = stages
    assert dict(ingest.figures) | {"p50": "", "p95": ""} == {
        "in its queue": "0",
        "under way": "3",
        "last minute": "40",
        "failed": "25 %",
        "p50": "",
        "p95": "",
    }
    assert dict(enrich.figures)["p95"] == "98 ms"
    assert dict(store.figures)["last minute"] == "0"
    assert dict(ledger.figures)["p50"] == "45 s"
    assert ingest.spark.said == "Attempts at ingest a minute, last hour: 0 to 40"


def test_nothing_is_shown_of_what_is_not_known() -> None:
    nothing = Facts(None, None, None, None, some_told())

    assert overview.ledger_panel(None) == {"sum": None}
    assert overview.flow_panel(nothing, ()) == {"stages": ()}
    assert overview.causes_panel(None, NOW) == {"causes": None}
    assert overview.workers_panel(None, NOW) == {"workers": None}


def test_workers_are_listed_by_service() -> None:
    workers = overview.workers_panel(some_queues("store", "enrich"), NOW)["workers"]

    assert isinstance(workers, tuple)
    assert [worker["service"] for worker in workers] == ["enrich", "store"]


def test_the_longer_delay_sets_the_pace_of_a_host() -> None:
    host = a_host(waiting=10, held=2, delay_seconds=1.0, crawl_delay_seconds=10.0)

    assert drain_seconds(host) == 120


@pytest.mark.parametrize(
    ("query", "names"),
    [
        (HostQuery(), ["b", "a", "c"]),
        (HostQuery(order="oldest"), ["c", "a", "b"]),
        (HostQuery(order="drain"), ["c", "b", "a"]),
        (HostQuery(name="C"), ["c"]),
        (HostQuery(state="held"), ["a"]),
        (HostQuery(state="turn"), ["c"]),
        (HostQuery(start=2), ["c"]),
    ],
)
def test_hosts_are_chosen_and_ordered(query: HostQuery, names: list[str]) -> None:
    backlog = a_backlog(
        a_host("a", waiting=4, held=1, oldest_at=ago(50)),
        a_host("b", waiting=9, oldest_at=ago(10)),
        a_host("c", waiting=1, delay_seconds=100, oldest_at=ago(90), next_at=ago(-5)),
    )

    hosts = hosts_panel(backlog, query, NOW)["hosts"]

    assert isinstance(hosts, tuple)
    assert [host.name for host in hosts] == names


def test_every_reason_to_fail_has_words_and_says_whether_a_retry_helps() -> None:
    reasons = [
        reason for reason, rule in RULES.items() if rule.outcome in (Outcome.FAILED, Outcome.DEAD)
    ]
    groups = tuple(
        FailureGroup(RULES[reason].outcome, reason, "a.example", 1, NOW, NOW, "")
        for reason in reasons
    )
    failures = Failures(NOW, 99, len(groups), 0, groups, dict.fromkeys(reasons, 1))

    rows = failures_panel(Kept(failures, 0.0), NOW)["reasons"]

    assert isinstance(rows, tuple)
    assert len(rows) == len(reasons)
    assert all(row.says and row.retry for row in rows)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            part: st.dictionaries(st.sampled_from(_KEYS), _JSON, max_size=6) | _JSON
            for part in ("extraction", "language", "duplicates", "categories")
        },
    )
)
def test_evidence_of_any_shape_is_shown(kept: dict[str, object]) -> None:
    version = a_version(evidence=kept)

    evidence.date_panel(version)
    evidence.language_panel(version)
    evidence.categories_panel(version)
    evidence.fields_panel(version)
    evidence.duplicates_panel(version, (), {})

    assert isinstance(evidence.compared_ids(version), tuple)
    assert evidence.whole(version).startswith("{")


@pytest.mark.parametrize(
    ("home", "said"),
    [
        ({"url": "https://paper.example/a", "kind": "amp"}, "this page is its amp form"),
        ({"url": "https://paper.example/", "why": "it is a home page"}, "not believed: it is"),
        (None, ""),
    ],
)
def test_what_became_of_a_page_s_own_word_is_told(home: dict[str, str] | None, said: str) -> None:
    found = {"aliases": {"home": home} if home else {}}
    version = a_version(canonical_url="https://paper.example/a", evidence={"extraction": found})

    rows = evidence.fields_panel(version)["rows"]

    assert isinstance(rows, tuple)
    assert rows[-1][2].startswith(said)
    assert bool(rows[-1][2]) is bool(said)


def test_the_date_that_was_taken_is_marked_among_its_candidates() -> None:
    taken = {"local": "2026-01-02", "found_in": "meta", "confidence": 0.9}
    other = {"local": "1999-01-01", "found_in": "footer", "confidence": 0.1}
    change = {"local": "2026-01-03", "found_in": "meta", "confidence": 0.8, "is_update": True}
    version = a_version(
        published_at=NOW,
        evidence={"extraction": {"published_at": taken, "date_candidates": [taken, other, change]}},
    )

    candidates = evidence.date_panel(version)["candidates"]

    assert isinstance(candidates, tuple)
    assert [each["verdict"] for each in candidates] == ["chosen", "not chosen", "a change"]


def test_a_copy_names_what_it_repeats_also_when_that_is_not_stored() -> None:
    compared = [{"article_id": str(AN_ID), "similarity": 0.94, "rule": "containment"}]
    version = a_version(duplicate_of=AN_ID, evidence={"duplicates": {"compared": compared}})

    panel = evidence.duplicates_panel(version, (), {})

    assert panel["is_copy"]
    rows = panel["rows"]
    assert isinstance(rows, tuple)
    assert (rows[0]["chosen"], rows[0]["id"], rows[0]["similarity"]) == (True, None, "0.94")


def test_languages_are_named_in_english_and_scripts_kept() -> None:
    assert language_name("az") == "Azerbaijani"
    assert language_name("zh-Hant") == "Chinese (Hant)"
    assert language_name("xyz") == "xyz"


def test_the_slowest_host_is_named_where_jobs_wait_their_turn() -> None:
    backlog = a_backlog(a_host("slow.example", waiting=100, delay_seconds=60), turn=100)

    stages = overview.flow_panel(some_facts(backlog=backlog, pulse=a_pulse()), ())["stages"]

    assert isinstance(stages, tuple)
    assert ("slowest host", "1 h 40 min") in stages[0].figures


@pytest.mark.parametrize(
    ("fields", "longest"),
    [
        ({"delay_seconds": 1.0}, "as for all hosts"),
        ({"setting": HostSetting(delay_seconds=2), "delay_seconds": 2.0}, "set for this host"),
        ({"crawl_delay_seconds": 5.0}, "robots.txt, Crawl-delay"),
        ({"crawl_delay_seconds": 5.0, "backoff_seconds": 8.0}, "back-off, as it had too much"),
    ],
)
def test_of_a_hosts_delays_the_longest_is_the_one_that_counts(
    fields: dict[str, Any], longest: str
) -> None:
    delays = host_panel(a_host(**fields), (), NOW)["delays"]

    assert isinstance(delays, tuple)
    assert [name for name, _, counts in delays if counts] == [longest]


def test_what_an_operator_set_for_a_host_is_shown_without_secrets() -> None:
    setting = HostSetting(
        timezone="Asia/Baku",
        ignore_robots=True,
        headers={"Authorization": "Basic eA=="},
        cookies={"pass": "x"},
    )

    assert host_panel(a_host(setting=setting), (), NOW)["settings"] == (
        ("time zone", "Asia/Baku"),
        ("robots.txt", "is ignored"),
        ("header Authorization", "***"),
        ("cookie pass", "***"),
    )
