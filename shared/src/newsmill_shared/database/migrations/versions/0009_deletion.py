"""Pages that were deleted and stay so, and what is still to be dropped of them."""

from alembic import op

revision = "0009"
down_revision = "0008"

_STATEMENTS = """
-- A deleted page, by every key that was known of it: what was accepted before brings it back never,
-- what was accepted since only by force.
create table deleted_page (
  key bytea primary key,
  article_id uuid not null,
  deleted_at timestamptz not null default now()
);
create index deleted_page_article on deleted_page (article_id);

-- What rows have let go of and is still in the page store (url_key: of a raw page; without one it
-- is a text), or in the duplicate index. It is dropped after the commit, and may be twice.
create table doomed_object (
  object text primary key,
  url_key bytea,
  doomed_at timestamptz not null default now()
);
create table doomed_document (
  document bytea not null,
  sketch_version smallint not null,
  doomed_at timestamptz not null default now(),
  primary key (sketch_version, document)
);

create index page_fetch_page on page_fetch (url_key);
create index page_fetch_article on page_fetch (article_id) where article_id is not null;
create index version_text_object on version (text_object) where text_object is not null;
create index fingerprint_article on fingerprint (article_id);
create index receipt_created on receipt (created_at);
"""


def upgrade() -> None:
    """Make what this version adds."""
    for statement in _STATEMENTS.split(";\n"):
        if statement.strip():
            op.execute(statement)
