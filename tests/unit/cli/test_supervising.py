"""The rules by which processes are restarted, named and configured."""

from pathlib import Path

import pytest

from newsmill_cli.commands.up import concurrency_of
from newsmill_cli.engines.launch import rotate_log
from newsmill_cli.errors import UsageError
from newsmill_cli.mill import MillOptions, given_engines, running_mill
from newsmill_cli.supervisor import SERVICES, restart_delay


def test_a_process_that_keeps_dying_is_started_ever_less_often() -> None:
    """Half a second at first, half a minute at most."""
    delays = [restart_delay(deaths) for deaths in range(100)]

    assert delays[:4] == [0.5, 1.0, 2.0, 4.0]
    assert max(delays) == 30.0
    assert delays == sorted(delays)


def test_services_stop_from_the_doors_to_the_recorder() -> None:
    """Each may hand on what it has begun to the next."""
    names = [service.name for service in SERVICES]

    assert names == ["gateway", "bridge", "dispatcher", "ingest", "enrich", "store"]


def test_a_large_log_is_set_aside_and_a_small_one_goes_on(tmp_path: Path) -> None:
    """One old file is kept."""
    large, small = tmp_path / "large.log", tmp_path / "small.log"
    large.write_text("x" * 100)
    small.write_text("x")
    (tmp_path / "large.log.1").write_text("older")

    rotate_log(large, max_bytes=50)
    rotate_log(small, max_bytes=50)
    rotate_log(tmp_path / "none.log")

    assert not large.exists()
    assert (tmp_path / "large.log.1").read_text() == "x" * 100
    assert small.exists()


def test_workers_are_given_by_service() -> None:
    """As many words as there are services to change."""
    assert concurrency_of(["enrich=2", "store=4"]) == {"enrich": 2, "store": 4}


@pytest.mark.parametrize("word", ["enrich", "enrich=", "enrich=0", "enrich=-1", "gateway=2", "=2"])
def test_workers_that_make_no_sense_are_refused_with_an_example(word: str) -> None:
    """The reader sees what was meant."""
    with pytest.raises(UsageError) as refused:
        concurrency_of([word])

    assert "--workers enrich=2" in refused.value.remedy


def test_an_engine_with_a_url_is_not_embedded() -> None:
    """An empty setting is none."""
    given = given_engines({"NEWSMILL_REDIS_URL": "redis://x", "NEWSMILL_DATABASE_URL": ""})

    assert given.redis_url == "redis://x"
    assert given.database_url is None
    assert given.index_url is None


@pytest.mark.parametrize("port", ["http", "0", "65536", "-1"])
def test_a_port_that_is_none_is_refused_by_name(
    port: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before anything starts."""
    monkeypatch.setenv("NEWSMILL_GATEWAY_PORT", port)

    refused = pytest.raises(UsageError, match=f"NEWSMILL_GATEWAY_PORT={port}")
    with refused, running_mill(MillOptions(tmp_path)):
        pass
