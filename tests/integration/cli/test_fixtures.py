"""The engines that all other tests stand on."""

import psycopg
from redis import Redis


def test_a_test_gets_a_migrated_database_and_empty_servers(
    database_url: str, redis_url: str, index_url: str
) -> None:
    """What one test leaves behind, the next does not see."""
    with psycopg.connect(database_url) as connection:
        tables = connection.execute(
            "select count(*) from information_schema.tables where table_schema = 'public'"
        ).fetchone()

    with Redis.from_url(redis_url) as broker, Redis.from_url(index_url) as index:
        keys = broker.dbsize() + index.dbsize()

    assert tables is not None
    assert tables[0] > 5
    assert keys == 0
