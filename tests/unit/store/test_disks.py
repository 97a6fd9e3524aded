"""Which disks have too little room, and where that is measured."""

from pathlib import Path

import pytest

from newsmill_store.dispatcher.disks import Disks, ShortDisk, folders_of, free_bytes

PAGES = Path("/data/pages")


@pytest.mark.parametrize(
    ("url", "others", "folders"),
    [
        ("file:///data/pages", "", [PAGES]),
        ("file:///data/with%20space", "", [Path("/data/with space")]),
        ("s3://bucket/pages", "", []),
        ("s3://bucket/pages", "/postgres, /other", [Path("/postgres"), Path("/other")]),
        ("file:///data/pages", "/postgres,", [PAGES, Path("/postgres")]),
    ],
)
def test_the_disks_of_the_page_store_and_of_named_folders_are_looked_at(
    url: str, others: str, folders: list[Path]
) -> None:
    assert folders_of(url, others) == tuple(folders)


def test_a_disk_is_short_below_its_reserve_and_not_at_it() -> None:
    free = {PAGES: 99, Path("/postgres"): 100}

    disks = Disks(tuple(free), reserve_bytes=100, free=free.get)

    assert disks.short(0) == (ShortDisk("/data/pages", 99),)


def test_a_disk_that_nobody_can_look_at_is_not_short() -> None:
    disks = Disks([PAGES], reserve_bytes=100, free=lambda _: None)

    assert disks.short(0) == ()


def test_disks_are_measured_once_a_second() -> None:
    left = iter([99, 100, 99])
    disks = Disks([PAGES], reserve_bytes=100, free=lambda _: next(left))

    seen = [bool(disks.short(now)) for now in (0, 0.5, 1, 1.9, 2)]

    assert seen == [True, True, False, False, True]


def test_a_folder_that_is_not_made_yet_is_measured_where_it_will_be(tmp_path: Path) -> None:
    assert free_bytes(tmp_path / "not" / "yet") is not None
