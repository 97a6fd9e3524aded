"""Pauses, and who handed a job in, so that one submitter cannot delay another."""

from alembic import op

revision = "0005"
down_revision = "0004"

_STATEMENTS = """
-- What somebody has stopped. Several may stop the same thing; it moves again when all have let go.
create table pause (
  scope text not null check (scope in ('all', 'stage', 'host', 'label')),
  value text not null check ((scope = 'all') = (value = '')),
  paused_by text not null,
  reason text not null,
  since timestamptz not null default now(),
  until timestamptz,
  primary key (scope, value, paused_by),
  check (scope <> 'stage' or value in ('ingest', 'enrich', 'store'))
);
"""


def upgrade() -> None:
    """Make what this version adds."""
    for statement in _STATEMENTS.split(";\n"):
        if statement.strip():
            op.execute(statement)
