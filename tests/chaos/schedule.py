"""Which faults a run meets: dealt by the seed, each at least once in any ten seeds."""

from collections.abc import Sequence
from random import Random

__all__ = ["EXTRA", "ROUND", "deal"]

ROUND = 10
"""So many seeds in a row meet every fault."""
EXTRA = 3
"""Further faults of a run, drawn from all."""


def deal(names: Sequence[str], seed: int) -> list[str]:
    """Return the faults of a run, in order.

    A deck that is shuffled anew every ten seeds is dealt to them; ``EXTRA`` more come by chance.

    Args:
        names: All faults.
        seed: Of the run; 1 to 10 are a round, 11 to 20 the next.
    """
    number, hand = divmod(seed - 1, ROUND)
    deck = sorted(names)
    Random(f"round {number}").shuffle(deck)
    random = Random(f"{seed} faults")
    drawn = deck[hand::ROUND] + random.choices(sorted(names), k=EXTRA)
    random.shuffle(drawn)
    return drawn
