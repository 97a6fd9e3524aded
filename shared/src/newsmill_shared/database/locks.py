"""Advisory locks: numbers that processes of newsmill agree upon, in one place so none is reused."""

__all__ = ["DELETION", "DISPATCHER", "MIGRATION", "RETENTION", "SETTLING"]

DELETION = 0x6E6D_6465
"""Whoever deletes a page holds it alone, whoever stores pages shares it with others."""
DISPATCHER = 0x6E6D_6470
"""Whoever's session holds it is the one active dispatcher."""
MIGRATION = 0x6E6D_6D69
"""Of several processes that migrate at once, one does, the others wait."""
RETENTION = 0x6E6D_7265
"""Whoever's session holds it drops what is old; the others do not."""
SETTLING = 0x6E6D_7365
"""Of several that retry or discard ended jobs at once, one does, the others wait."""
