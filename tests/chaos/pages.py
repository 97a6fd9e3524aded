"""What is handed in: pages of 250 loopback hosts, and what must become of each."""

from dataclasses import dataclass
from random import Random

__all__ = ["EXPECTED", "HOSTS", "Portion", "address", "host_of", "kind_of", "portions", "special"]

HOSTS = 250
_HOSTS_A_NETWORK = 50

EXPECTED = {
    "page": ("stored:new",),
    # A child that ends right after it has taken a page may be noticed by its time limit only.
    "poison": ("dead:worker_lost", "dead:time_limit"),
    "raising": ("dead:enrich_error",),
    "refused": ("dead:store_error",),
}
"""Outcome and reason that may be, by the kind of page, which is the first word of its path."""


@dataclass(frozen=True, slots=True)
class Portion:
    """What is handed in around one fault, by door."""

    http: tuple[str, ...]
    inbox: tuple[str, ...]

    def __len__(self) -> int:
        """Count the URLs."""
        return len(self.http) + len(self.inbox)


def address(number: int) -> str:
    """Return the loopback address of host ``number``, from 0."""
    network, host = divmod(number, _HOSTS_A_NETWORK)
    return f"127.77.{network + 1}.{host + 1}"


def portions(pages: int, parts: int, *, seed: int, port: int) -> list[Portion]:
    """Deal URLs over hosts and parts as the seed says; one in ten goes through the inbox.

    Args:
        pages: URLs altogether.
        parts: Portions; their sizes differ by at most one.
        seed: Of the run.
        port: Where the hosts listen.
    """
    random = Random(f"{seed} pages")
    urls = [
        f"http://{address(random.randrange(HOSTS))}:{port}/page/{seed}-{number}"
        for number in range(pages)
    ]
    dealt = []
    for part in range(parts):
        mine = urls[part::parts]
        dealt.append(
            Portion(http=tuple(mine[len(mine) // 10 :]), inbox=tuple(mine[: len(mine) // 10]))
        )
    return dealt


def special(kind: str, *, seed: int, port: int, random: Random) -> str:
    """Return the URL of a page that ends as ``EXPECTED`` says for its kind."""
    return (
        f"http://{address(random.randrange(HOSTS))}:{port}/{kind}/{seed}-{random.getrandbits(32)}"
    )


def kind_of(url: str) -> str:
    """Return the kind of a page."""
    return url.split("/")[3]


def host_of(url: str) -> str:
    """Return a page's loopback address."""
    return url.split("/")[2].partition(":")[0]
