"""How often a key may be guessed: wrong ones are paid for, by their address and by all."""

import threading
from collections import OrderedDict
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address

__all__ = ["ADDRESSES_MAX", "BY_ADDRESS", "BY_ALL", "Rate", "Throttle"]

ADDRESSES_MAX = 4096
"""So many addresses are remembered, those that were heard of last."""


@dataclass(frozen=True, slots=True)
class Rate:
    """How many wrong keys are let through.

    Args:
        burst: At once.
        seconds: After so long one more.
    """

    burst: int
    seconds: float


BY_ADDRESS = Rate(burst=10, seconds=6.0)
BY_ALL = Rate(burst=100, seconds=0.6)


@dataclass(slots=True)
class _Debt:
    """What was spent of a rate's burst at a moment; it shrinks by itself."""

    wrong: float = 0.0
    at: float = 0.0

    def now(self, rate: Rate, now: float) -> float:
        return max(0.0, self.wrong - (now - self.at) / rate.seconds)

    def add(self, rate: Rate, now: float) -> None:
        self.wrong, self.at = self.now(rate, now) + 1, now

    def wait_seconds(self, rate: Rate, now: float) -> float:
        return max(0.0, (self.now(rate, now) + 1 - rate.burst) * rate.seconds)


class Throttle:
    """Counts wrong keys; thread-safe, in bounded memory.

    Who has spent the burst waits, and his key is not looked at meanwhile, be it right or wrong:
    guessing gets no answer. The limit of all holds for addresses that have not shown the right key
    yet, so that a guesser with many addresses keeps out nobody who has been here before.

    Args:
        by_address: The limit of an address; of version 6, of its network of 64 bits.
        by_all: The limit of all addresses together.
    """

    def __init__(self, by_address: Rate = BY_ADDRESS, by_all: Rate = BY_ALL) -> None:
        self._by_address = by_address
        self._by_all = by_all
        self._lock = threading.Lock()
        self._all = _Debt()
        self._debts: OrderedDict[str, _Debt] = OrderedDict()
        self._known: OrderedDict[str, None] = OrderedDict()

    def wait_seconds(self, address: str, now: float) -> float:
        """Return after how long a key from this address is looked at; 0 = now.

        Args:
            address: Where the request comes from.
            now: Monotonic seconds.
        """
        origin = _origin(address)
        with self._lock:
            debt = self._debts.get(origin, _Debt())
            own = debt.wait_seconds(self._by_address, now)
            if origin in self._known:
                return own
            return max(own, self._all.wait_seconds(self._by_all, now))

    def wrong(self, address: str, now: float) -> None:
        """Remember that a wrong key came from this address."""
        origin = _origin(address)
        with self._lock:
            self._all.add(self._by_all, now)
            self._debts.setdefault(origin, _Debt()).add(self._by_address, now)
            _keep(self._debts, origin)

    def right(self, address: str) -> None:
        """Remember that the right key came from this address."""
        origin = _origin(address)
        with self._lock:
            self._known[origin] = None
            _keep(self._known, origin)


def _keep(kept: OrderedDict[str, _Debt] | OrderedDict[str, None], newest: str) -> None:
    kept.move_to_end(newest)
    if len(kept) > ADDRESSES_MAX:
        kept.popitem(last=False)


def _origin(address: str) -> str:
    """Return what stands for an address: whoever has one of version 6 has its whole network."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address):
        return str(parsed.ipv4_mapped or int(parsed) >> 64)
    return address
