"""API keys: whose they are, what they may do, until when."""

from alembic import op

revision = "0007"
down_revision = "0006"

_STATEMENTS = ""


def upgrade() -> None:
    """Make what this version adds."""
    for statement in _STATEMENTS.split(";\n"):
        if statement.strip():
            op.execute(statement)
