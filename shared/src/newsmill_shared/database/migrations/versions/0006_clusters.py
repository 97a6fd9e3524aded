"""Duplicates: what the index is rebuilt from, clusters and their relations."""

from alembic import op

revision = "0006"
down_revision = "0005"

_STATEMENTS = """
-- What the duplicate index keeps of a document, so that a lost index is loaded again. There is one
-- row for each version of the sketch that a document was registered with.
create table fingerprint (
  document bytea not null,
  sketch_version smallint not null,
  article_id uuid not null,
  sequence bigint not null,
  keys bytea not null,
  sketch bytea not null,
  registered_at timestamptz not null,
  stored_at timestamptz not null default clock_timestamp(),
  primary key (document, sketch_version)
);
create index fingerprint_registered on fingerprint (sketch_version, registered_at, document);
create index fingerprint_stored on fingerprint (sketch_version, stored_at);

-- A cluster is a story. Each version of a page tells one; the page's own is that of its current
-- version.
alter table version add column cluster_id uuid, add column duplicate_document text,
  add column similarity real, add column rule text;
update version v set cluster_id = a.cluster_id from article a where a.id = v.article_id;
alter table version alter column cluster_id set not null;
create index version_cluster on version (cluster_id, created_at);
create index version_document on version (document);

create table cluster_link (
  cluster_id uuid not null,
  related_id uuid not null,
  kind text not null check (kind in ('also', 'drift')),
  similarity real not null,
  article_id uuid not null,
  made_at timestamptz not null default now(),
  primary key (cluster_id, related_id)
);
create index cluster_link_related on cluster_link (related_id)
"""


def upgrade() -> None:
    """Make what this version adds."""
    for statement in _STATEMENTS.split(";\n"):
        if statement.strip():
            op.execute(statement)
