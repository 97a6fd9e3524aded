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

-- Who handed in, and what of it is counted; the difference is what is open. The dispatcher alone
-- writes this, where it numbers events, so that neither accepting nor finishing waits for a row.
create table submitter (
  name text primary key,
  accepted bigint not null default 0,
  ended bigint not null default 0
) with (fillfactor = 50);
alter table receipt add column submitter text not null default 'default';
alter table job add column submitter text not null default 'default';
alter table outcome add column submitter text not null default 'default';
insert into submitter
select 'default', coalesce((select sum(accepted) from receipt where counted), 0),
       (select count(*) from event where position is not null);
drop index receipt_uncounted;
create index receipt_uncounted on receipt (key) include (submitter, accepted) where not counted;

drop index job_by_host;
create index job_by_host on job (host_id, priority desc, submitter, id)
  where state = 'waiting' and fetch_id is null;
drop index job_with_fetch;
create index job_with_fetch on job (priority, submitter, id)
  where state = 'waiting' and fetch_id is not null;
-- Only whoever asks by time may use this one: whether a page runs is to be found by its key, which
-- the planner does not see while it believes that hardly anything runs.
drop index job_running;
create index job_running on job (dispatched_at)
  where state = 'running' and dispatched_at is not null;
create index job_running_suspect on job (id) where state = 'running' and suspect;
create index job_next_suspect on job (host_id)
  where state = 'waiting' and suspect and fetch_id is null;
drop index job_held;
create index job_held on job (held_until, label) where state = 'held';

-- In which list a host waits for its turn: by the best priority of its jobs, and in whose name.
-- served is the submitter that it served last.
alter table host add column priority smallint not null default 0;
alter table host add column submitter text not null default 'default';
alter table host add column served text not null default '';
alter table host add column paused boolean not null default false;
create index host_turn on host (priority, submitter, next_at)
  where not idle and not paused and in_flight < max_in_flight;
create index host_paused on host (id) where paused;
create index slot_host on slot (host_id);
"""


def upgrade() -> None:
    """Make what this version adds."""
    for statement in _STATEMENTS.split(";\n"):
        if statement.strip():
            op.execute(statement)
