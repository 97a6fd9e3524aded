"""API keys: whose they are, what they may do, until when."""

from alembic import op

revision = "0007"
down_revision = "0006"

_STATEMENTS = """
-- A secret and what it opens. Of one name there are several rows while it is rotated, and those
-- that have ended: id stays in the audit. What is kept of a secret is its SHA-256.
create table api_key (
  id text primary key,
  name text not null,
  scopes text[] not null check (
    cardinality(scopes) > 0 and scopes <@ array['enqueue', 'read', 'operate', 'admin']
  ),
  digest bytea not null unique check (length(digest) = 32),
  created_at timestamptz not null default now(),
  created_by text not null,
  ends_at timestamptz,
  used_at timestamptz
);
create index api_key_name on api_key (name);
"""


def upgrade() -> None:
    """Make what this version adds."""
    for statement in _STATEMENTS.split(";\n"):
        if statement.strip():
            op.execute(statement)
