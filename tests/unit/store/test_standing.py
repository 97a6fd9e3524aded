"""What keeps work from being sent has one name each, with a line for people."""

from newsmill_shared.database.pauses import Pause, Scope
from newsmill_shared.database.standing import HoldCause
from newsmill_shared.queue.window import Depths
from newsmill_store.dispatcher.disks import ShortDisk
from newsmill_store.dispatcher.standing import holds
from tests.support.builders import NOON

EMPTY = Depths("an-epoch", 0, 0, 0, 0)


def test_when_work_flows_nothing_holds_it() -> None:
    assert holds(pauses=(), short=(), depths=EMPTY, window=1, queue_limit=1000) == []


def test_each_cause_is_named_once_with_what_belongs_to_it() -> None:
    pauses = [
        Pause(Scope.ALL, "", "ana", "an upgrade", NOON, None),
        Pause(Scope.STAGE, "enrich", "newsmill", "", NOON, None),
    ]

    found = holds(
        pauses=pauses,
        short=[ShortDisk("/pages", 512 * 2**20)],
        depths=Depths("an-epoch", 0, 0, 1000, 1000),
        window=0,
        queue_limit=1000,
    )

    assert found == [
        (HoldCause.PAUSED, "everything, by ana: an upgrade; enrich, by newsmill"),
        (HoldCause.DISK, "/pages: 512 MB left"),
        (HoldCause.WINDOW, "as many jobs are under way as there may be"),
        (HoldCause.ENRICH, "1,000 or more pages wait for enrich"),
        (HoldCause.STORE, "1,000 or more results wait for store"),
    ]
