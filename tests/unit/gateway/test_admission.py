"""How much may be handed in at once."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from newsmill_gateway.admission import Admission
from newsmill_gateway.problems import Code, ProblemError


def run(story: Coroutine[Any, Any, None]) -> None:
    """Let a story happen in an event loop of its own."""
    asyncio.run(story)


def test_as_many_as_there_are_places_come_in_and_one_more_is_told_to_come_back() -> None:
    async def story() -> None:
        admission = Admission(2, patience_seconds=0.01)

        async with admission.place(), admission.place():
            with pytest.raises(ProblemError) as refused:
                async with admission.place():
                    pass
        async with admission.place(), admission.place():
            pass

        assert (refused.value.status, refused.value.code) == (503, Code.BUSY)
        assert refused.value.headers == {"Retry-After": "1"}

    run(story())


def test_who_waits_gets_the_place_that_becomes_free() -> None:
    async def story() -> None:
        admission = Admission(1, patience_seconds=60)
        came: list[int] = []

        async def come(number: int) -> None:
            async with admission.place():
                came.append(number)
                await asyncio.sleep(0)

        await asyncio.gather(*map(come, range(20)))

        assert sorted(came) == list(range(20))

    run(story())


def test_all_bodies_together_are_bounded_and_each_gives_its_room_back() -> None:
    admission = Admission(1, max_buffered_bytes=10)

    with admission.buffer() as first, admission.buffer() as second:
        first.add(b"12345678")
        second.add(b"9")
        second.add(b"ab")
        second.add(b"c")
        with pytest.raises(ProblemError, match="busy"):
            second.body()
        with admission.buffer() as third:
            third.add(b"ab")
            assert third.body() == b"ab"
        assert first.body() == b"12345678"
    with admission.buffer() as fourth:
        fourth.add(b"0123456789")
        assert fourth.body() == b"0123456789"


def test_a_body_that_takes_too_long_is_refused() -> None:
    async def story() -> None:
        with pytest.raises(ProblemError) as refused:
            async with Admission(1).reading(0.01):
                await asyncio.sleep(60)

        assert (refused.value.status, refused.value.code) == (408, Code.BODY_SLOW)

    run(story())


def test_at_the_end_a_body_under_way_is_refused_and_may_be_sent_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("newsmill_gateway.admission._LAST_SECONDS", 0.01)

    async def story() -> None:
        admission = Admission(1)

        async def send() -> None:
            async with admission.reading(60):
                began.set()
                await asyncio.sleep(60)

        began = asyncio.Event()
        early = asyncio.create_task(send())
        await began.wait()
        admission.close()
        for sending in (early, asyncio.create_task(send())):
            with pytest.raises(ProblemError) as refused:
                await sending

            assert (refused.value.status, refused.value.code) == (503, Code.SHUTTING_DOWN)
            assert int(refused.value.headers["Retry-After"]) > 0

    run(story())


def test_what_has_arrived_is_accepted_to_the_end() -> None:
    async def story() -> None:
        admission = Admission(1)
        admission.close()

        async with admission.place():
            pass

    run(story())
