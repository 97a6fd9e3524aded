"""What a stopped stage is let through: nothing, and now and then a probe."""

from datetime import UTC, datetime

from newsmill_shared.database.looking import BREAKER
from newsmill_shared.database.pauses import Pause, Scope
from newsmill_store.dispatcher.breaking import Breaking

NOW = datetime(2026, 11, 25, tzinfo=UTC)


def a_pause(stage: str = "enrich", *, by: str = BREAKER) -> Pause:
    """A stage that is stopped."""
    return Pause(Scope.STAGE, stage, by, "", NOW, None)


def test_a_stopped_stage_gets_a_probe_when_its_time_has_come() -> None:
    breaking, pauses = Breaking(), [a_pause()]

    seen = [breaking.let_through(pauses, now) for now in (0, 9, 10)]

    assert seen == [(pauses, False), (pauses, False), ([], True)]


def test_after_a_probe_it_gets_nothing_for_twice_as_long() -> None:
    breaking, pauses = Breaking(), [a_pause()]
    breaking.let_through(pauses, 0)
    breaking.let_through(pauses, 10)

    breaking.probed(10)

    assert [breaking.let_through(pauses, now)[1] for now in (29, 30)] == [False, True]


def test_what_an_operator_has_stopped_gets_no_probe() -> None:
    breaking, pauses = Breaking(), [a_pause(by="ann")]

    assert [breaking.let_through(pauses, now) for now in (0, 3600)] == [(pauses, False)] * 2


def test_a_probe_is_not_sent_past_an_operators_pause() -> None:
    breaking, ours, theirs = Breaking(), a_pause(), a_pause(by="ann")
    breaking.let_through([ours, theirs], 0)

    assert breaking.let_through([ours, theirs], 60) == ([theirs], True)


def test_a_stage_that_was_let_go_begins_anew() -> None:
    breaking, pauses = Breaking(), [a_pause()]
    breaking.let_through(pauses, 0)
    breaking.let_through(pauses, 10)
    breaking.probed(10)

    breaking.let_through([], 11)
    again = [breaking.let_through(pauses, now)[1] for now in (12, 21, 22)]

    assert again == [False, False, True]
