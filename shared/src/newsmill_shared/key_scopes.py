"""What API keys can open."""

from enum import StrEnum

__all__ = ["KeyScope"]


class KeyScope(StrEnum):
    """What a key opens; none includes another."""

    ENQUEUE = "enqueue"
    """Handing in."""
    READ = "read"
    """Jobs, articles, changes, figures, the dashboard."""
    OPERATE = "operate"
    """Acts of operators, and the audit of them."""
    ADMIN = "admin"
    """Keys themselves."""
