"""Where the bridge's doors are in Redis."""

__all__ = [
    "CELERY_KEYS",
    "DOORS_KEY",
    "DROPPED_KEY",
    "GROUP",
    "LIST_KEY",
    "REJECTED_KEY",
    "STREAM_KEY",
    "TAKEN_KEY",
]

STREAM_KEY = "newsmill:inbox"
"""Stream of items. Settled entries are deleted: it is a queue, and the bridge's alone."""

GROUP = "newsmill"
"""The stream's consumer group."""

LIST_KEY = "newsmill:inbox:list"
"""List of items, the oldest at the left."""

CELERY_KEYS = ("submit", "submit\x06\x163", "submit\x06\x166", "submit\x06\x169")
"""Where a Celery client puts messages for the queue ``submit``, by priority 0, 3, 6 and 9."""

TAKEN_KEY = "newsmill:inbox:taken"
"""Hash: of each taken list ``newsmill:inbox:taken:<id>``, its door and its owner."""

REJECTED_KEY = "newsmill:inbox:rejected"
"""List of what was junk, the newest at the right."""

DROPPED_KEY = "newsmill:inbox:rejected:dropped"
"""How many rejected items were dropped, the oldest, because the list was full."""

DOORS_KEY = "newsmill:doors"
"""Hash: how many items each door has accepted and rejected, as ``list accepted``."""
