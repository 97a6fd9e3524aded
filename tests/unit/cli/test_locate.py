"""Engines are found by asking programs for their version."""

from pathlib import Path

import pytest

from newsmill_cli.engines.locate import (
    engine_choice,
    locate_engine,
    locate_postgres,
    locate_valkey,
    parse_version,
)
from newsmill_cli.errors import EngineError, UsageError


@pytest.mark.parametrize(
    ("said", "known"),
    [
        ("postgres (PostgreSQL) 18.4\n", ("PostgreSQL", "18.4")),
        ("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)", ("PostgreSQL", "15.18")),
        ("postgres (PostgreSQL) 19beta1", ("PostgreSQL", "19")),
        ("Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0", ("Redis", "7.0.15")),
        ("Valkey server v=9.1.2 sha=00000000:1 malloc=libc bits=64", ("Valkey", "9.1.2")),
        ("usage: something else", None),
        ("", None),
    ],
)
def test_a_server_tells_its_product_and_version(said: str, known: tuple[str, str] | None) -> None:
    """Each product prints them in its own way."""
    assert parse_version(said) == known


def test_a_server_below_the_floor_is_refused_with_its_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message names the program, so that its owner knows which one is meant."""
    old = a_program(tmp_path, "redis-server", "Redis server v=6.2.1 sha=0")
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(EngineError) as refused:
        locate_valkey("path")

    assert f"{old}: Redis 6.2.1, version 7 or later is needed" in refused.value.problem
    assert "NEWSMILL_REDIS_URL" in refused.value.remedy


def test_a_valkey_on_path_goes_before_one_in_a_wheel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever installed a server means it to be used."""
    own = a_program(tmp_path, "valkey-server", "Valkey server v=8.0.1 sha=0")
    monkeypatch.setenv("PATH", str(tmp_path))

    found = locate_valkey()

    assert (found.binary, found.version, found.source) == (own, "8.0.1", "path")


def test_one_below_the_floor_gives_way_to_the_wheel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An old server on PATH is no reason not to start."""
    a_program(tmp_path, "valkey-server", "Valkey server v=7.2.5 sha=0")
    monkeypatch.setenv("PATH", str(tmp_path))

    found = locate_valkey()

    assert found.source == "wheel"


def test_data_are_opened_by_the_major_version_that_made_them() -> None:
    """PostgreSQL cannot read the files of another major version."""
    with pytest.raises(EngineError, match="made by PostgreSQL 3"):
        locate_postgres("wheels", major=3)


def test_data_of_one_product_are_not_opened_by_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever installs Redis later goes on with the Valkey that wrote the data."""
    a_program(tmp_path, "redis-server", "Redis server v=7.0.15 sha=0")
    monkeypatch.setenv("PATH", str(tmp_path))
    folder = tmp_path / "broker"
    folder.mkdir()
    (folder / "written-by").write_text("Valkey 9\n")

    begun = locate_engine("broker", folder)
    fresh = locate_engine("index", tmp_path / "index")

    assert (begun.writes, begun.source) == ("Valkey 9", "wheel")
    assert (fresh.writes, fresh.source) == ("Redis 7", "path")


def test_where_engines_come_from_is_one_of_three_words() -> None:
    """A typing error must not quietly mean the default."""
    assert engine_choice({}) == "auto"
    assert engine_choice({"NEWSMILL_ENGINES": "path"}) == "path"
    with pytest.raises(UsageError, match="auto, path, wheels"):
        engine_choice({"NEWSMILL_ENGINES": "wheel"})


def a_program(folder: Path, name: str, says: str) -> Path:
    """Make a program that prints ``says``."""
    program = folder / name
    program.write_text(f"#!/bin/sh\necho '{says}'\n")
    program.chmod(0o755)
    return program
