"""Seeds deal faults and pages: the same again, and every fault in ten."""

from pathlib import Path

import pytest

from tests.chaos.faults import FAULTS
from tests.chaos.pages import EXPECTED, HOSTS, address, host_of, kind_of, portions
from tests.chaos.press import read_log
from tests.chaos.schedule import deal

NAMES = [fault.name for fault in FAULTS]


def test_every_fault_has_a_name_of_its_own() -> None:
    assert len(set(NAMES)) == len(NAMES)


@pytest.mark.parametrize("first", [1, 11])
def test_ten_seeds_meet_every_fault(first: int) -> None:
    met = {name for seed in range(first, first + 10) for name in deal(NAMES, seed)}

    assert met == set(NAMES)


def test_a_seed_deals_the_same_again_and_another_something_else() -> None:
    assert deal(NAMES, 3) == deal(NAMES, 3)
    assert deal(NAMES, 3) != deal(NAMES, 13)
    assert portions(100, 4, seed=3, port=80) == portions(100, 4, seed=3, port=80)
    assert portions(100, 4, seed=3, port=80) != portions(100, 4, seed=4, port=80)


def test_portions_hold_every_page_once_and_a_tenth_goes_through_the_inbox() -> None:
    dealt = portions(1003, 9, seed=1, port=80)

    urls = [url for portion in dealt for url in (*portion.http, *portion.inbox)]
    assert len(urls) == len(set(urls)) == sum(len(portion) for portion in dealt) == 1003
    assert 90 <= sum(len(portion.inbox) for portion in dealt) <= 100
    assert {kind_of(url) for url in urls} == {"page"} <= set(EXPECTED)
    assert {host_of(url) for url in urls} <= {address(number) for number in range(HOSTS)}


def test_hosts_have_loopback_addresses_of_their_own() -> None:
    addresses = {address(number) for number in range(HOSTS)}

    assert len(addresses) == 250
    assert all(one.startswith("127.77.") for one in addresses)


def test_a_log_tells_requests_in_order_and_which_last_still(tmp_path: Path) -> None:
    log = tmp_path / "press.log"
    log.write_text(
        '[1, "127.77.1.2", "/page/2", 4.0, 5.0]\n[0, "127.77.1.1", "/page/1", 1.0, 2.0]\n[0, 3.0]\n'
    )

    first, second = read_log(log)

    assert (first.path, first.end) == ("/page/1", 3.0)
    assert (second.path, second.end) == ("/page/2", None)
