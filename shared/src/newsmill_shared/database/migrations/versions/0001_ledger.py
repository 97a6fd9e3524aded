"""The ledger: open and finished work, hosts and slots, fetches, articles, events."""

from alembic import op

revision = "0001"
down_revision = None

_TABLES = """
create table receipt (
  key text primary key,
  request_sha256 bytea not null,
  accepted integer not null,
  job_ids uuid[] not null,
  created_at timestamptz not null default now()
);

create table host (
  id integer generated always as identity primary key,
  name text not null unique,
  delay_seconds real not null,
  crawl_delay_seconds real,
  max_in_flight integer not null default 1,
  next_at timestamptz not null default '-infinity',
  in_flight integer not null default 0,
  idle boolean not null default true
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.1, autovacuum_vacuum_cost_delay = 0);

-- Open work only. No foreign key to host: its checks would lock rows that the dispatcher moves.
create table job (
  id uuid primary key,
  receipt text not null,
  url text not null,
  url_key bytea not null,
  host_id integer not null,
  label text,
  priority smallint not null default 0 check (priority between 0 and 9),
  meta jsonb not null default '{}',
  timezone text,
  max_age_seconds double precision not null,
  force boolean not null default false,
  supplied boolean not null default false,
  retry_of uuid,
  not_before timestamptz,
  expires_at timestamptz,
  state text not null check (state in ('waiting', 'held', 'running')),
  held_until timestamptz,
  stage text check (stage in ('ingest', 'enrich')),
  attempt integer not null default 0,
  tries smallint not null default 0,
  losses smallint not null default 0,
  suspect boolean not null default false,
  target text,
  hops jsonb not null default '[]',
  cookies jsonb not null default '{}',
  fetch_id uuid,
  accepted_at timestamptz not null default now(),
  dispatched_at timestamptz
) with (fillfactor = 85, autovacuum_vacuum_scale_factor = 0,
        autovacuum_vacuum_threshold = 20000, autovacuum_vacuum_insert_threshold = 200000,
        autovacuum_analyze_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 0);
create index job_by_host on job (host_id, priority desc, id)
  where state = 'waiting' and fetch_id is null;
create index job_with_fetch on job (priority desc, id)
  where state = 'waiting' and fetch_id is not null;
create unique index job_running_page on job (url_key) where state = 'running';
create index job_running on job (dispatched_at) where state = 'running';
create index job_held on job (held_until) where state = 'held';
create index job_expiring on job (expires_at) where expires_at is not null;
create index job_page on job (url_key);

-- One row for each chain that may be talking to a host; host.in_flight counts them.
create table slot (
  job_id uuid not null,
  attempt integer not null,
  host_id integer not null,
  until timestamptz not null,
  primary key (job_id, attempt)
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000,
        autovacuum_vacuum_cost_delay = 0);
create index slot_until on slot (until);

create table page_fetch (
  id uuid primary key,
  job_id uuid not null,
  url_key bytea not null,
  fetched_at timestamptz not null,
  page jsonb not null,
  article_id uuid
);
create index page_fetch_stored on page_fetch (url_key, fetched_at) where article_id is not null;

create table article (
  id uuid primary key,
  page_key bytea not null unique,
  url text not null,
  version integer not null default 0,
  cluster_id uuid not null,
  duplicate_of uuid,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index article_cluster on article (cluster_id);

create table version (
  article_id uuid not null,
  number integer not null,
  job_id uuid not null,
  fetch_id uuid not null,
  fetched_at timestamptz not null,
  content_hash bytea not null,
  document text not null,
  title text not null,
  text text,
  text_object text,
  text_truncated boolean not null,
  published_at timestamptz,
  modified_at timestamptz,
  authors text[] not null,
  section_raw text,
  site_name text,
  canonical_url text,
  image text,
  language text not null,
  language_confidence real not null,
  categories jsonb not null,
  duplicate_of uuid,
  evidence jsonb not null,
  created_at timestamptz not null default now(),
  primary key (article_id, number)
);

create table outcome (
  job_id uuid primary key,
  receipt text not null,
  url text not null,
  url_key bytea not null,
  host_id integer not null,
  label text,
  priority smallint not null,
  meta jsonb not null,
  outcome text not null,
  reason text not null,
  detail text not null,
  evidence jsonb not null,
  article_id uuid,
  version integer,
  fetch_id uuid,
  retry_of uuid,
  attempt integer not null,
  tries smallint not null,
  losses smallint not null,
  hops jsonb not null,
  accepted_at timestamptz not null,
  finished_at timestamptz not null default now()
) partition by range (job_id);
create table outcome_default partition of outcome default;
create index outcome_page on outcome (url_key, job_id);
create index outcome_article on outcome (article_id, job_id) where article_id is not null;

-- position is given by the dispatcher after commit; readers see numbered events only.
create table event (
  id bigint generated always as identity primary key,
  position bigint unique,
  kind text not null,
  reason text not null,
  job_id uuid not null unique,
  article_id uuid,
  version integer,
  at timestamptz not null default now()
);
create index event_unnumbered on event (id) where position is null;

create table meta (
  key text primary key,
  value text not null
);
"""


def upgrade() -> None:
    """Make the first tables."""
    for statement in _TABLES.split(";\n"):
        if statement.strip():
            op.execute(statement)
