"""The bridge as a process: how it starts, beats and ends."""

import os
import signal
import subprocess
import sys

import pytest

from newsmill_gateway.bridge.keys import GROUP, STREAM_KEY
from newsmill_shared.queue.heartbeat import living
from tests.integration.bridge.conftest import Inbox, start_bridge, wait_for


def test_it_beats_while_it_lives_and_ends_in_order_when_asked(inbox: Inbox) -> None:
    with start_bridge(inbox) as bridge:
        wait_for(lambda: bool(living(inbox.redis)), "it beats")
        wait_for(lambda: bool(inbox.redis.exists(STREAM_KEY)), "it reads")
        inbox.push("https://h.example/1")
        wait_for(inbox.is_settled, "it works")
        (beat,) = living(inbox.redis)

        bridge.send_signal(signal.SIGTERM)
        code = bridge.wait(20)

    assert (beat.service, beat.pid) == ("bridge", bridge.pid)
    assert code == 0
    assert living(inbox.redis) == ()
    assert inbox.urls() == ["https://h.example/1"]
    assert inbox.redis.xpending(STREAM_KEY, GROUP)["pending"] == 0


@pytest.mark.parametrize(
    "setting",
    [
        "NEWSMILL_REDIS_URL",
        "NEWSMILL_DATABASE_URL",
        "NEWSMILL_FETCH_ALLOW",
        "NEWSMILL_BRIDGE_REJECTED_MAX",
    ],
)
def test_it_refuses_a_setting_that_makes_no_sense(setting: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "newsmill_gateway.bridge"],
        env={**os.environ, setting: "nonsense"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert ended.returncode == 1
    assert ended.stderr.startswith("bridge: ")
    assert "Traceback" not in ended.stderr
