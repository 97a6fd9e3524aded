"""Advisory locks: numbers that processes of newsmill agree upon, in one place so none is reused."""

__all__ = ["DISPATCHER", "MIGRATION", "SETTLING"]

DISPATCHER = 0x6E6D_6470
"""Whoever's session holds it is the one active dispatcher."""
MIGRATION = 0x6E6D_6D69
"""Of several processes that migrate at once, one does, the others wait."""
SETTLING = 0x6E6D_7365
"""Of several that retry or discard ended jobs at once, one does, the others wait."""
