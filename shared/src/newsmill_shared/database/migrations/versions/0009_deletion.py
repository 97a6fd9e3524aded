"""Pages that were deleted and stay so, and how far old rows are dropped."""

from alembic import op

revision = "0009"
down_revision = "0008"

_STATEMENTS = ""


def upgrade() -> None:
    """Make what this version adds."""
    for statement in _STATEMENTS.split(";\n"):
        if statement.strip():
            op.execute(statement)
