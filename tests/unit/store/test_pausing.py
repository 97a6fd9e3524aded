"""Which pauses close the pick."""

import pytest

from newsmill_shared.database.pauses import Pause, Scope
from newsmill_store.dispatcher.pausing import stops_fetches, stops_pages
from tests.support.builders import NOON


@pytest.mark.parametrize(
    ("scope", "value", "fetches", "pages"),
    [
        (Scope.ALL, "", True, True),
        (Scope.STAGE, "ingest", True, False),
        (Scope.STAGE, "enrich", True, True),
        (Scope.STAGE, "store", True, True),
        (Scope.HOST, "a.example", False, False),
        (Scope.LABEL, "ingest", False, False),
    ],
)
def test_a_paused_stage_gets_nothing_from_the_stages_before_it_either(
    scope: Scope, value: str, *, fetches: bool, pages: bool
) -> None:
    pauses = [Pause(scope, value, "ana", "", NOON, None)]

    assert bool(stops_fetches(pauses)) is fetches
    assert bool(stops_pages(pauses)) is pages


def test_what_closes_the_pick_is_told_apart_from_what_does_not() -> None:
    everything = Pause(Scope.ALL, "", "ana", "", NOON, None)
    host = Pause(Scope.HOST, "a.example", "ana", "", NOON, None)

    assert stops_fetches([host, everything]) == [everything]
