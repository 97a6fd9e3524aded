"""Lists that stay fast however much there is: articles in the order of events, jobs, totals."""

from alembic import op

revision = "0002"
down_revision = "0001"

_STATEMENTS = """
-- Each article at the position of the event that brought the version it shows. The dispatcher
-- alone writes this, where it numbers events: so readers of positions skip and repeat nothing.
create table listing (
  article_id uuid primary key,
  position bigint not null unique,
  version integer not null,
  host text not null,
  language text not null,
  label text,
  categories text[] not null,
  listed_at timestamptz not null default now()
);
create index listing_host on listing (host, position);
create index listing_language on listing (language, position);
create index listing_label on listing (label, position) where label is not null;
create index listing_time on listing (listed_at, position);

create table listing_category (
  category text not null,
  position bigint not null,
  primary key (category, position)
);

-- What was accepted (kind 'accepted', reason ''), and how many ended with which outcome and reason,
-- as far as receipts are counted and events are numbered.
create table total (
  kind text not null,
  reason text not null,
  count bigint not null,
  primary key (kind, reason)
) with (fillfactor = 50);
alter table receipt add column counted boolean not null default false;

create index outcome_ended on outcome (outcome, job_id);
create index outcome_reason on outcome (reason, job_id);
create index outcome_host on outcome (host_id, job_id);
create index outcome_label on outcome (label, job_id) where label is not null;
create index job_label on job (label, id) where label is not null;

with shown as (
  select distinct on (article_id) article_id, position, version, job_id, at
  from event where position is not null and kind in ('stored', 'updated', 'duplicate')
  order by article_id, position desc)
insert into listing
select s.article_id, s.position, s.version,
       coalesce(substring(a.url from '^https?://(\\[[^]]*\\]|[^/:?#]+)'), ''), v.language, o.label,
       array(select distinct entry ->> 'id' from jsonb_array_elements(v.categories) as entry), s.at
from shown s
join article a on a.id = s.article_id
join version v on v.article_id = s.article_id and v.number = s.version
left join outcome o on o.job_id = s.job_id;
insert into listing_category select unnest(categories), position from listing;

insert into total select kind, reason, count(*) from event where position is not null group by 1, 2;
insert into total select 'accepted', '', coalesce(sum(accepted), 0) from receipt;
update receipt set counted = true;
create index receipt_uncounted on receipt (key) where not counted;
"""


def upgrade() -> None:
    """Make the lists and totals, and fill them from what is there."""
    for statement in _STATEMENTS.split(";\n"):
        if statement.strip():
            op.execute(statement)
