"""Which ended jobs operators have dealt with, and the zone that a retry of one needs."""

from alembic import op

revision = "0010"
down_revision = "0009"

_STATEMENTS = """
-- An outcome never changes. What an operator made of one stands beside it: at most one row a job.
-- By month of the job, like outcome, so that both are dropped together.
create table settled (
  job_id uuid primary key,
  how text not null check (how in ('retried', 'discarded')),
  settled_by text not null,
  reason text not null,
  retry_id uuid,
  settled_at timestamptz not null default now(),
  check ((how = 'retried') = (retry_id is not null))
) partition by range (job_id);
create table settled_default partition of settled default;

-- What was handed in with a job and is wanted again when it is retried.
alter table outcome add column timezone text;
"""


def upgrade() -> None:
    """Make what this version adds."""
    for statement in _STATEMENTS.split(";\n"):
        if statement.strip():
            op.execute(statement)
