"""How the index is, as the dispatcher reads it in the broker."""

import pytest

from newsmill_shared.index.status import STATUS_KEY, IndexStatus, write_status
from newsmill_shared.queue.broker import make_redis
from newsmill_shared.queue.window import read_depths


@pytest.mark.parametrize(
    ("state", "waits"), [("ready", False), ("rebuilding", True), ("away", True)]
)
def test_the_dispatcher_sees_whether_enrichment_waits(
    redis_url: str, state: str, waits: bool
) -> None:
    with make_redis(redis_url) as redis:
        write_status(redis, IndexStatus.model_validate({"state": state}))

        depths = read_depths(redis)

    assert depths.index_waits is waits


def test_what_nobody_said_lately_or_nobody_can_read_holds_nothing_up(redis_url: str) -> None:
    with make_redis(redis_url) as redis:
        silent = read_depths(redis)
        redis.set(STATUS_KEY, "no JSON")

        garbled = read_depths(redis)

    assert not silent.index_waits
    assert not garbled.index_waits
