"""Bring the database to the newest schema: ``python -m newsmill_shared.database``."""

import sys

import structlog

from newsmill_shared.database.migrate import migrate
from newsmill_shared.errors import TransientError
from newsmill_shared.settings import Settings
from newsmill_shared.starting import starting


def main() -> None:
    """Migrate the database of ``NEWSMILL_DATABASE_URL``."""
    with starting(Settings, service="migrate") as settings:
        try:
            revision = migrate(settings.database_url)
        except TransientError as error:
            sys.exit(f"migrate: {error}")
    structlog.get_logger().info("the schema is the newest", revision=revision)


if __name__ == "__main__":
    main()
