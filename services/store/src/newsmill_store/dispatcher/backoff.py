"""How long a job waits before it is tried again."""

from random import Random

__all__ = ["RETRY_AFTER_MAX_SECONDS", "backoff_seconds"]

RETRY_AFTER_MAX_SECONDS = 24 * 3600.0
"""A host that asks for more silence than a day gets a day."""


def backoff_seconds(
    tries: int, *, base_seconds: float, max_seconds: float, random: Random
) -> float:
    """Return a wait with full jitter: between half and all of ``base * 2 ** tries``, capped.

    Args:
        tries: Tries that failed before this one, from 0.
        base_seconds: Upper bound of the first wait.
        max_seconds: Upper bound of any wait.
        random: Where the jitter comes from.

    Source: M. Brooker, "Exponential Backoff and Jitter" (AWS, 2015), the "equal jitter" form,
    which never comes back at once.
    """
    ceiling = min(max_seconds, base_seconds * 2.0**tries)
    return ceiling * random.uniform(0.5, 1)
