"""One data directory belongs to one `up`."""

import os
import stat
from pathlib import Path

import pytest

from newsmill_cli.data_directory import DataDirectory, RunningUp
from newsmill_cli.errors import CommandError


def test_a_second_holder_is_refused_and_told_who_the_first_is(tmp_path: Path) -> None:
    """Process, since when, and where its API is."""
    directory = DataDirectory(tmp_path / "data")

    with directory.hold():
        directory.announce(RunningUp("http://127.0.0.1:1"))
        with pytest.raises(CommandError) as refused, DataDirectory(directory.path).hold():
            pass

    assert f"process {os.getpid()}, since 20" in refused.value.problem
    assert "API http://127.0.0.1:1" in refused.value.problem
    assert "--data" in refused.value.remedy


def test_a_directory_is_free_after_its_holder(tmp_path: Path) -> None:
    """And what the holder told is gone with it."""
    directory = DataDirectory(tmp_path / "data")
    with directory.hold():
        directory.announce(RunningUp("http://127.0.0.1:1"))

    assert directory.holder() is None
    assert directory.running() is None
    with directory.hold():
        holder = directory.holder()
    assert holder is not None
    assert holder.pid == os.getpid()


def test_nobody_holds_a_directory_that_is_not_there(tmp_path: Path) -> None:
    """Looking makes nothing."""
    directory = DataDirectory(tmp_path / "data")

    assert directory.holder() is None
    assert directory.running() is None
    assert not directory.path.exists()


def test_what_a_running_up_tells_is_for_its_owner_alone(tmp_path: Path) -> None:
    """The key and the passwords are in it."""
    directory = DataDirectory(tmp_path / "data")
    told = RunningUp("http://127.0.0.1:1", "key", {"NEWSMILL_REDIS_URL": "unix://:s@/x"})

    with directory.hold():
        directory.announce(told)
        mode = stat.S_IMODE(directory.api_file.stat().st_mode)
        read = directory.running()

    assert mode == 0o600
    assert read == told
