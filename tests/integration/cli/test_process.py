"""A process that is tied to its parent ends with it."""

import os
import signal
import subprocess
import sys

import psutil

from tests.integration.cli.processes import all_ended, eventually

TIED = "from newsmill_shared.process import die_with_parent; die_with_parent(parent={parent}); "


def test_it_is_killed_when_its_parent_is() -> None:
    """The parent has no time to do anything about it."""
    child = TIED.format(parent="os.getppid()") + "print(os.getpid(), flush=True); signal.pause()"
    parent = (
        "import subprocess, sys, signal\n"
        "with subprocess.Popen([sys.executable, '-c', sys.argv[1]]): signal.pause()"
    )
    command = [sys.executable, "-c", parent, "import os, signal; " + child]

    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        tied = psutil.Process(int(process.stdout.readline()))
        process.kill()

    eventually(lambda: all_ended([tied]), seconds=5)


def test_it_ends_at_once_when_its_parent_is_gone_already() -> None:
    """Between fork and the wish there is time to lose a parent."""
    ran = subprocess.run(
        [sys.executable, "-c", TIED.format(parent=os.getppid()) + "print('lives')"],
        capture_output=True,
        check=False,
    )

    assert ran.returncode == -signal.SIGKILL
    assert ran.stdout == b""
