"""Runs that enrich stored pages again, and what is left of each."""

from alembic import op

revision = "0008"
down_revision = "0007"

_STATEMENTS = """
-- A run goes through the list of articles by position, up to where the list ended when it began:
-- what has changed since then was enriched since then.
create table rework_run (
  id uuid primary key,
  mode text not null check (mode in ('preview', 'write')),
  state text not null default 'running' check (state in ('running', 'stopped', 'ended')),
  filters jsonb not null,
  sample integer,
  after_position bigint not null default 0,
  until_position bigint not null,
  looked_at bigint not null default 0,
  planned bigint not null default 0,
  created_by text not null,
  reason text not null,
  created_at timestamptz not null default now(),
  ended_at timestamptz,
  check ((mode = 'preview') = (sample is not null))
) with (fillfactor = 50);
create index rework_run_running on rework_run (id) where state = 'running';

-- One page of a run, for the version that was shown when it was planned. What is written leaves no
-- row; what was compared, or failed, stays for as long as its run is shown.
create table rework (
  id uuid primary key default gen_random_uuid(),
  run_id uuid not null,
  article_id uuid not null,
  version integer not null,
  fetch_id uuid not null,
  state text not null default 'waiting'
    check (state in ('waiting', 'running', 'compared', 'failed')),
  attempt integer not null default 0,
  losses smallint not null default 0,
  suspect boolean not null default false,
  dispatched_at timestamptz,
  reason text not null default '',
  detail text not null default '',
  changes jsonb not null default '{}',
  unique (run_id, article_id)
) with (fillfactor = 70);
create index rework_waiting on rework (run_id, suspect, id) where state = 'waiting';
create index rework_running on rework (run_id, dispatched_at) where state = 'running';
create index rework_left on rework (run_id, state, id) where state in ('compared', 'failed');

-- How many pages of a run ended how (kind 'result'), and had which field changed (kind 'field').
create table rework_count (
  run_id uuid not null,
  kind text not null check (kind in ('result', 'field')),
  name text not null,
  count bigint not null,
  primary key (run_id, kind, name)
) with (fillfactor = 50);

-- An event of no job: a run wrote a version. Conservation counts the events of jobs.
alter table event alter column job_id drop not null;
"""


def upgrade() -> None:
    """Make what this version adds."""
    for statement in _STATEMENTS.split(";\n"):
        if statement.strip():
            op.execute(statement)
