"""Runs that enrich stored pages again, and what is left of each."""

from alembic import op

revision = "0008"
down_revision = "0007"

_STATEMENTS = ""


def upgrade() -> None:
    """Make what this version adds."""
    for statement in _STATEMENTS.split(";\n"):
        if statement.strip():
            op.execute(statement)
