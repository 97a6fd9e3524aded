"""What every attempt at every stage did, and counts per stage and minute."""

from alembic import op

revision = "0003"
down_revision = "0002"

_STATEMENTS = ""


def upgrade() -> None:
    """Make what this version adds."""
    if _STATEMENTS:
        op.execute(_STATEMENTS)
