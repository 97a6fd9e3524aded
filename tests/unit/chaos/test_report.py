"""Several results make one table."""

from typing import Any

from tests.chaos.report import table


def a_result(seed: int, **fields: Any) -> dict[str, Any]:
    findings = {
        "pages": 100,
        "lost": [],
        "duplicated": [],
        "unaccounted": 0,
        "impolite": [],
        "frozen": ["one"],
        "wrong": [],
        "disorder": [],
    }
    return {
        "seed": seed,
        "seconds": 9.5,
        "findings": findings,
        "faults": [],
        "skipped": [],
    } | fields


def a_fault(group: str, *, idle: float, again: int = 0) -> dict[str, Any]:
    return {
        "name": f"some {group}",
        "group": group,
        "idle": {"store": idle},
        "fetched_again": again,
        "in_flight": 16,
        "window": 40,
        "empties_broker": group == "broker empty",
    }


def test_a_group_has_its_longest_idle_time_beyond_the_calm_run_and_a_mark_when_it_misses() -> None:
    calm = {1: {"idle": {"store": 1.0}}}
    broken = [
        a_result(1, faults=[a_fault("worker killed", idle=9.0), a_fault("database", idle=27.0)]),
        a_result(2, faults=[a_fault("worker killed", idle=3.0)]),
    ]

    told = table(calm, broken).splitlines()

    killed = next(line for line in told if line.startswith("worker killed"))
    database = next(line for line in told if line.startswith("database"))
    assert killed.split()[2:5] == ["2", "8.0", "15"]
    assert killed.endswith("some worker killed, seed 1 (store)")
    assert database.split()[1:4] == ["1", "26.0", "25"]
    assert database.endswith("<")


def test_pages_fetched_again_are_held_against_the_window_where_redis_forgot_else_the_chains() -> (
    None
):
    faults = [a_fault("broker empty", idle=0, again=41), a_fault("worker killed", idle=0, again=20)]

    told = table({}, [a_result(1, faults=faults)]).splitlines()

    assert "41 (    1)" in next(line for line in told if line.startswith("broker empty"))
    assert "20 (    4)" in next(line for line in told if line.startswith("worker killed"))


def test_each_seed_has_a_line_and_what_was_skipped_is_told() -> None:
    skipped = ["clock an hour off: needs Debian's package faketime"]

    told = table({}, [a_result(1), a_result(7, skipped=skipped)])

    assert [line.split()[0] for line in told.splitlines()[1:3]] == ["1", "7"]
    assert skipped[0] in told
