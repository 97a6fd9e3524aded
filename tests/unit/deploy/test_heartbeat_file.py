"""The file by which a health check sees that heartbeats arrive."""

from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest
from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from newsmill_shared.queue.heartbeat import Heartbeat


class FakeRedis:
    """A server that is there, or away."""

    def __init__(self) -> None:
        self.away = False

    def register_script(self, script: str) -> Callable[..., None]:
        """Take the script of a beat."""
        return self._run

    def _run(self, *, keys: list[str], args: list[object]) -> None:
        if self.away:
            raise RedisConnectionError


def test_a_beat_that_arrives_touches_the_file_and_one_that_does_not_leaves_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "heartbeat"
    monkeypatch.setenv("NEWSMILL_HEARTBEAT_FILE", str(file))
    redis = FakeRedis()
    heartbeat = Heartbeat(cast("Redis", redis), "ingest:host:1:abcd")

    heartbeat.beat()
    assert file.exists()

    file.unlink()
    redis.away = True
    heartbeat.beat()
    assert not file.exists()


def test_without_the_variable_no_file_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NEWSMILL_HEARTBEAT_FILE", raising=False)
    monkeypatch.chdir(tmp_path)

    Heartbeat(cast("Redis", FakeRedis()), "ingest:host:1:abcd").beat()

    assert list(tmp_path.iterdir()) == []
