"""The index as enrich sees it, as store sees it, and its server."""

from collections.abc import Iterator

import pytest
from redis import Redis

from newsmill_enrich.adapters.redis_index import RedisIndex
from newsmill_enrich.duplicates import SKETCH_VERSION, Fingerprint
from newsmill_shared.identity import article_id
from newsmill_shared.index.keeper import IndexKeeper
from newsmill_shared.index.layout import IndexedDocument, key_bytes
from tests.unit.duplicates.builders import NOW


def indexed(document: Fingerprint, sequence: int) -> IndexedDocument:
    """A document as the database keeps it."""
    return IndexedDocument(
        document=document.document,
        article_id=article_id(document.page_key),
        sequence=sequence,
        registered_at=NOW,
        keys=key_bytes(document.keys),
        sketch=document.sketch,
    )


@pytest.fixture
def server(index_url: str) -> Iterator["Redis"]:
    with Redis.from_url(index_url) as client:
        yield client


@pytest.fixture
def index(server: "Redis") -> RedisIndex:
    return RedisIndex(server)


@pytest.fixture
def guarded(server: "Redis") -> RedisIndex:
    return RedisIndex(server, needs_marker=True)


@pytest.fixture
def keeper(server: "Redis") -> IndexKeeper:
    return IndexKeeper(server, sketch_version=SKETCH_VERSION)
