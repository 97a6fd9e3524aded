"""What operators set for a host and who set it, back-off of hosts, checks and aliases of pages."""

from alembic import op

revision = "0004"
down_revision = "0003"

_STATEMENTS = """
-- How far the delay has grown because the host had too much; 0 = not at all.
alter table host add column backoff_seconds real not null default 0;

-- When the page's host last said that this is still what it has; null = not since it was fetched.
alter table page_fetch add column checked_at timestamptz;

-- delay_seconds and max_in_flight are what the operator wants; what counts stands in host.
create table host_setting (
  host_id integer primary key,
  delay_seconds real check (delay_seconds >= 0),
  max_in_flight integer check (max_in_flight > 0),
  timezone text,
  ignore_robots boolean not null default false,
  headers jsonb not null default '{}',
  cookies jsonb not null default '{}',
  updated_at timestamptz not null default now()
);

create table audit (
  id bigint generated always as identity primary key,
  at timestamptz not null default now(),
  actor text not null,
  act text not null,
  subject text not null,
  detail jsonb not null default '{}'
);
create index audit_subject on audit (subject, id);

-- Other addresses of an article's page; id is that of the article that would stand there.
create table alias (
  id uuid primary key,
  url text not null,
  article_id uuid not null,
  kind text not null,
  created_at timestamptz not null default now()
);
create index alias_article on alias (article_id);

-- In which languages the stored articles of a host are: a hint for the next ones.
create table host_language (
  host_id integer not null,
  language text not null,
  articles bigint not null,
  primary key (host_id, language)
) with (fillfactor = 50);
"""


def upgrade() -> None:
    """Make what this version adds."""
    for statement in _STATEMENTS.split(";\n"):
        if statement.strip():
            op.execute(statement)
