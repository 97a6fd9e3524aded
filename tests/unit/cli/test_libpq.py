"""A database's address for PostgreSQL's own programs."""

import pytest

from newsmill_shared.database.copying import libpq_variables


@pytest.mark.parametrize(
    ("url", "variables"),
    [
        (
            "postgresql://ana:p%40ss@db.example:6543/news?sslmode=require",
            {
                "PGHOST": "db.example",
                "PGPORT": "6543",
                "PGUSER": "ana",
                "PGPASSWORD": "p@ss",
                "PGDATABASE": "news",
                "PGSSLMODE": "require",
            },
        ),
        (
            "postgresql://newsmill:word@/newsmill?host=/run/a%20folder&port=5433",
            {
                "PGHOST": "/run/a folder",
                "PGPORT": "5433",
                "PGUSER": "newsmill",
                "PGPASSWORD": "word",
                "PGDATABASE": "newsmill",
            },
        ),
        ("postgresql:///newsmill", {"PGDATABASE": "newsmill"}),
    ],
)
def test_a_url_becomes_the_environment_of_pg_dump(url: str, variables: dict[str, str]) -> None:
    assert libpq_variables(url) == variables
