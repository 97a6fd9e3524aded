"""Duplicates: what the index is rebuilt from, clusters and their relations."""

from alembic import op

revision = "0006"
down_revision = "0005"

_STATEMENTS = ""


def upgrade() -> None:
    """Make what this version adds."""
    if _STATEMENTS:
        op.execute(_STATEMENTS)
