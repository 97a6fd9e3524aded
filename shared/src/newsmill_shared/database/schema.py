"""The tables as SQLAlchemy sees them; the migrations make them, a test compares the two."""

from typing import Any

from sqlalchemy import (
    ARRAY,
    REAL,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Double,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB

__all__ = [
    "alias",
    "api_key",
    "article",
    "attempt",
    "audit",
    "cluster_link",
    "deleted_page",
    "doomed_document",
    "doomed_object",
    "event",
    "fingerprint",
    "host",
    "host_language",
    "host_setting",
    "job",
    "listing",
    "listing_category",
    "meta",
    "metadata",
    "outcome",
    "page_fetch",
    "pause",
    "receipt",
    "rework",
    "rework_count",
    "rework_run",
    "settled",
    "slot",
    "stage_minute",
    "stage_total",
    "submitter",
    "tally",
    "total",
    "version",
]

metadata = MetaData()
_TIME = DateTime(timezone=True)


def _optional(name: str, kind: Any) -> Column[Any]:
    return Column(name, kind, nullable=True)


def _required(name: str, kind: Any, *, key: bool = False) -> Column[Any]:
    return Column(name, kind, nullable=False, primary_key=key)


receipt = Table(
    "receipt",
    metadata,
    _required("key", Text, key=True),
    _required("request_sha256", LargeBinary),
    _required("accepted", Integer),
    _required("job_ids", ARRAY(Uuid)),
    _required("created_at", _TIME),
    _required("counted", Boolean),
    _required("submitter", Text),
)

host = Table(
    "host",
    metadata,
    _required("id", Integer, key=True),
    _required("name", Text),
    _required("delay_seconds", REAL),
    _optional("crawl_delay_seconds", REAL),
    _required("max_in_flight", Integer),
    _required("next_at", _TIME),
    _required("in_flight", Integer),
    _required("idle", Boolean),
    _required("backoff_seconds", REAL),
    _required("priority", SmallInteger),
    _required("submitter", Text),
    _required("served", Text),
    _required("paused", Boolean),
)

host_setting = Table(
    "host_setting",
    metadata,
    _required("host_id", Integer, key=True),
    _optional("delay_seconds", REAL),
    _optional("max_in_flight", Integer),
    _optional("timezone", Text),
    _required("ignore_robots", Boolean),
    _required("headers", JSONB),
    _required("cookies", JSONB),
    _required("updated_at", _TIME),
)

host_language = Table(
    "host_language",
    metadata,
    _required("host_id", Integer, key=True),
    _required("language", Text, key=True),
    _required("articles", BigInteger),
)

job = Table(
    "job",
    metadata,
    _required("id", Uuid, key=True),
    _required("receipt", Text),
    _required("url", Text),
    _required("url_key", LargeBinary),
    _required("host_id", Integer),
    _optional("label", Text),
    _required("priority", SmallInteger),
    _required("meta", JSONB),
    _optional("timezone", Text),
    _required("max_age_seconds", Double),
    _required("force", Boolean),
    _required("supplied", Boolean),
    _optional("retry_of", Uuid),
    _optional("not_before", _TIME),
    _optional("expires_at", _TIME),
    _required("state", Text),
    _optional("held_until", _TIME),
    _optional("stage", Text),
    _required("attempt", Integer),
    _required("tries", SmallInteger),
    _required("losses", SmallInteger),
    _required("suspect", Boolean),
    _optional("target", Text),
    _required("hops", JSONB),
    _required("cookies", JSONB),
    _optional("fetch_id", Uuid),
    _required("accepted_at", _TIME),
    _optional("dispatched_at", _TIME),
    _required("submitter", Text),
)

slot = Table(
    "slot",
    metadata,
    _required("job_id", Uuid, key=True),
    _required("attempt", Integer, key=True),
    _required("host_id", Integer),
    _required("until", _TIME),
)

page_fetch = Table(
    "page_fetch",
    metadata,
    _required("id", Uuid, key=True),
    _required("job_id", Uuid),
    _required("url_key", LargeBinary),
    _required("fetched_at", _TIME),
    _required("page", JSONB),
    _optional("article_id", Uuid),
    _optional("checked_at", _TIME),
)

article = Table(
    "article",
    metadata,
    _required("id", Uuid, key=True),
    _required("page_key", LargeBinary),
    _required("url", Text),
    _required("version", Integer),
    _required("cluster_id", Uuid),
    _optional("duplicate_of", Uuid),
    _required("created_at", _TIME),
    _required("updated_at", _TIME),
)

alias = Table(
    "alias",
    metadata,
    _required("id", Uuid, key=True),
    _required("url", Text),
    _required("article_id", Uuid),
    _required("kind", Text),
    _required("created_at", _TIME),
)

version = Table(
    "version",
    metadata,
    _required("article_id", Uuid, key=True),
    _required("number", Integer, key=True),
    _required("job_id", Uuid),
    _required("fetch_id", Uuid),
    _required("fetched_at", _TIME),
    _required("content_hash", LargeBinary),
    _required("document", Text),
    _required("title", Text),
    _optional("text", Text),
    _optional("text_object", Text),
    _required("text_truncated", Boolean),
    _optional("published_at", _TIME),
    _optional("modified_at", _TIME),
    _required("authors", ARRAY(Text)),
    _optional("section_raw", Text),
    _optional("site_name", Text),
    _optional("canonical_url", Text),
    _optional("image", Text),
    _required("language", Text),
    _required("language_confidence", REAL),
    _required("categories", JSONB),
    _required("cluster_id", Uuid),
    _optional("duplicate_of", Uuid),
    _optional("duplicate_document", Text),
    _optional("similarity", REAL),
    _optional("rule", Text),
    _required("evidence", JSONB),
    _required("created_at", _TIME),
)

fingerprint = Table(
    "fingerprint",
    metadata,
    _required("document", LargeBinary, key=True),
    _required("sketch_version", SmallInteger, key=True),
    _required("article_id", Uuid),
    _required("sequence", BigInteger),
    _required("keys", LargeBinary),
    _required("sketch", LargeBinary),
    _required("registered_at", _TIME),
    _required("stored_at", _TIME),
)

cluster_link = Table(
    "cluster_link",
    metadata,
    _required("cluster_id", Uuid, key=True),
    _required("related_id", Uuid, key=True),
    _required("kind", Text),
    _required("similarity", REAL),
    _required("article_id", Uuid),
    _required("made_at", _TIME),
)

deleted_page = Table(
    "deleted_page",
    metadata,
    _required("key", LargeBinary, key=True),
    _required("article_id", Uuid),
    _required("deleted_at", _TIME),
)

doomed_object = Table(
    "doomed_object",
    metadata,
    _required("object", Text, key=True),
    _optional("url_key", LargeBinary),
    _required("doomed_at", _TIME),
)

doomed_document = Table(
    "doomed_document",
    metadata,
    _required("sketch_version", SmallInteger, key=True),
    _required("document", LargeBinary, key=True),
    _required("doomed_at", _TIME),
)

outcome = Table(
    "outcome",
    metadata,
    _required("job_id", Uuid, key=True),
    _required("receipt", Text),
    _required("url", Text),
    _required("url_key", LargeBinary),
    _required("host_id", Integer),
    _optional("label", Text),
    _required("priority", SmallInteger),
    _required("meta", JSONB),
    _required("outcome", Text),
    _required("reason", Text),
    _required("detail", Text),
    _required("evidence", JSONB),
    _optional("article_id", Uuid),
    _optional("version", Integer),
    _optional("fetch_id", Uuid),
    _optional("retry_of", Uuid),
    _required("attempt", Integer),
    _required("tries", SmallInteger),
    _required("losses", SmallInteger),
    _required("hops", JSONB),
    _required("accepted_at", _TIME),
    _required("finished_at", _TIME),
    _required("submitter", Text),
    _optional("timezone", Text),
)

settled = Table(
    "settled",
    metadata,
    _required("job_id", Uuid, key=True),
    _required("how", Text),
    _required("settled_by", Text),
    _required("reason", Text),
    _optional("retry_id", Uuid),
    _required("settled_at", _TIME),
)

attempt = Table(
    "attempt",
    metadata,
    _required("job_id", Uuid, key=True),
    _required("attempt", Integer, key=True),
    _required("stage", Text, key=True),
    _required("ended", Text),
    _required("reason", Text),
    _required("detail", Text),
    _required("worker", Text),
    _optional("sent_at", _TIME),
    _optional("began_at", _TIME),
    _optional("seconds", REAL),
    _optional("held_seconds", REAL),
    _required("ended_at", _TIME),
)

tally = Table(
    "tally",
    metadata,
    _required("id", BigInteger, key=True),
    _required("minute", _TIME),
    _required("stage", Text),
    _required("ended", Text),
    _required("reason", Text),
    _required("le", Double),
    _required("count", BigInteger),
    _required("seconds", Double),
)

stage_minute = Table(
    "stage_minute",
    metadata,
    _required("minute", _TIME, key=True),
    _required("stage", Text, key=True),
    _required("ended", Text, key=True),
    _required("reason", Text, key=True),
    _required("le", Double, key=True),
    _required("count", BigInteger),
    _required("seconds", Double),
)

stage_total = Table(
    "stage_total",
    metadata,
    _required("stage", Text, key=True),
    _required("ended", Text, key=True),
    _required("reason", Text, key=True),
    _required("le", Double, key=True),
    _required("count", BigInteger),
    _required("seconds", Double),
)

event = Table(
    "event",
    metadata,
    _required("id", BigInteger, key=True),
    _optional("position", BigInteger),
    _required("kind", Text),
    _required("reason", Text),
    _optional("job_id", Uuid),
    _optional("article_id", Uuid),
    _optional("version", Integer),
    _required("at", _TIME),
)

rework_run = Table(
    "rework_run",
    metadata,
    _required("id", Uuid, key=True),
    _required("mode", Text),
    _required("state", Text),
    _required("filters", JSONB),
    _optional("sample", Integer),
    _required("after_position", BigInteger),
    _required("until_position", BigInteger),
    _required("looked_at", BigInteger),
    _required("planned", BigInteger),
    _required("created_by", Text),
    _required("reason", Text),
    _required("created_at", _TIME),
    _optional("ended_at", _TIME),
)

rework = Table(
    "rework",
    metadata,
    _required("id", Uuid, key=True),
    _required("run_id", Uuid),
    _required("article_id", Uuid),
    _required("version", Integer),
    _required("fetch_id", Uuid),
    _required("state", Text),
    _required("attempt", Integer),
    _required("losses", SmallInteger),
    _required("suspect", Boolean),
    _optional("dispatched_at", _TIME),
    _required("reason", Text),
    _required("detail", Text),
    _required("changes", JSONB),
)

rework_count = Table(
    "rework_count",
    metadata,
    _required("run_id", Uuid, key=True),
    _required("kind", Text, key=True),
    _required("name", Text, key=True),
    _required("count", BigInteger),
)

listing = Table(
    "listing",
    metadata,
    _required("article_id", Uuid, key=True),
    _required("position", BigInteger),
    _required("version", Integer),
    _required("host", Text),
    _required("language", Text),
    _optional("label", Text),
    _required("categories", ARRAY(Text)),
    _required("listed_at", _TIME),
)

listing_category = Table(
    "listing_category",
    metadata,
    _required("category", Text, key=True),
    _required("position", BigInteger, key=True),
)

audit = Table(
    "audit",
    metadata,
    _required("id", BigInteger, key=True),
    _required("at", _TIME),
    _required("actor", Text),
    _required("act", Text),
    _required("subject", Text),
    _required("detail", JSONB),
)

api_key = Table(
    "api_key",
    metadata,
    _required("id", Text, key=True),
    _required("name", Text),
    _required("scopes", ARRAY(Text)),
    _required("digest", LargeBinary),
    _required("created_at", _TIME),
    _required("created_by", Text),
    _optional("ends_at", _TIME),
    _optional("used_at", _TIME),
)

total = Table(
    "total",
    metadata,
    _required("kind", Text, key=True),
    _required("reason", Text, key=True),
    _required("count", BigInteger),
)

submitter = Table(
    "submitter",
    metadata,
    _required("name", Text, key=True),
    _required("accepted", BigInteger),
    _required("ended", BigInteger),
)

pause = Table(
    "pause",
    metadata,
    _required("scope", Text, key=True),
    _required("value", Text, key=True),
    _required("paused_by", Text, key=True),
    _required("reason", Text),
    _required("since", _TIME),
    _optional("until", _TIME),
)

meta = Table(
    "meta",
    metadata,
    _required("key", Text, key=True),
    _required("value", Text),
)
