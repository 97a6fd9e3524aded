"""What operators set for a host, and what is known of a page for conditional requests."""

from alembic import op

revision = "0004"
down_revision = "0003"

_STATEMENTS = ""


def upgrade() -> None:
    """Make what this version adds."""
    if _STATEMENTS:
        op.execute(_STATEMENTS)
