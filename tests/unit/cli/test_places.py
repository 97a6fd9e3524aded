"""Programs are found where the engines' user can run them."""

from pathlib import Path

import pytest

from newsmill_cli.engines import places
from newsmill_cli.engines.account import Account
from newsmill_cli.engines.locate import Located


def test_a_program_of_a_wheel_is_copied_with_the_libraries_that_it_finds_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "_SYSTEM_HOME", tmp_path / "home")
    site = tmp_path / "venv" / "site-packages"
    binary = site / "server_package" / "install18" / "bin" / "postgres"
    binary.parent.mkdir(parents=True)
    binary.write_text("#!/bin/sh\n")
    binary.chmod(0o700)
    (site / "server_package.libs").mkdir()
    (site / "server_package.libs" / "libpq.so").write_text("a library")
    located = Located("PostgreSQL", binary, "18.4", "wheel")

    program = places.runnable(located, Account(uid=60911, gid=60911))

    assert program.is_relative_to(tmp_path / "home")
    assert (program.parent / "../../../server_package.libs/libpq.so").read_text() == "a library"
    assert program.stat().st_mode & 0o005 == 0o005
