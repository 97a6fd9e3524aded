"""Pauses, and who handed a job in, so that one submitter cannot delay another."""

from alembic import op

revision = "0005"
down_revision = "0004"

_STATEMENTS = ""


def upgrade() -> None:
    """Make what this version adds."""
    if _STATEMENTS:
        op.execute(_STATEMENTS)
