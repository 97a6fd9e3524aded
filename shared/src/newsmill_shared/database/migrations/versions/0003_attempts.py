"""What every attempt at every stage did, and counts per stage and minute."""

from alembic import op

revision = "0003"
down_revision = "0002"

_STATEMENTS = """
-- One row for each attempt of a job at a stage, written when it ends there. By month of the job,
-- like outcome, so that what is old is dropped and not deleted.
create table attempt (
  job_id uuid not null,
  attempt integer not null,
  stage text not null,
  ended text not null,
  reason text not null default '',
  detail text not null default '',
  worker text not null default '',
  sent_at timestamptz,
  began_at timestamptz,
  seconds real,
  held_seconds real,
  ended_at timestamptz not null default now(),
  primary key (job_id, attempt, stage)
) partition by range (job_id);
create table attempt_default partition of attempt default;

-- Counts of one transaction each, until the dispatcher adds them up: so writers wait for nobody.
create table tally (
  id bigint generated always as identity primary key,
  minute timestamptz not null,
  stage text not null,
  ended text not null,
  reason text not null,
  le double precision not null,
  count bigint not null,
  seconds double precision not null
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000,
        autovacuum_vacuum_cost_delay = 0);

-- Attempts (stage ingest, enrich), results (store) and whole jobs (job) by how they ended and how
-- long they took: le is the bound of seconds they stayed below, 0 where nobody measured.
create table stage_minute (
  minute timestamptz not null,
  stage text not null,
  ended text not null,
  reason text not null,
  le double precision not null,
  count bigint not null,
  seconds double precision not null,
  primary key (minute, stage, ended, reason, le)
) with (fillfactor = 70);

-- The same since the beginning: these never go down.
create table stage_total (
  stage text not null,
  ended text not null,
  reason text not null,
  le double precision not null,
  count bigint not null,
  seconds double precision not null,
  primary key (stage, ended, reason, le)
) with (fillfactor = 50);
"""


def upgrade() -> None:
    """Make the tables."""
    for statement in _STATEMENTS.split(";\n"):
        if statement.strip():
            op.execute(statement)
