"""Bring the database to the newest schema: ``python -m newsmill_shared.database``."""

import argparse
import sys

import structlog

from newsmill_shared.database.migrate import SchemaError, migrate
from newsmill_shared.errors import TransientError
from newsmill_shared.settings import Settings
from newsmill_shared.starting import starting


def main() -> None:
    """Migrate the database of ``NEWSMILL_DATABASE_URL``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--allow-loss", action="store_true", help="remove what holds data, too")
    arguments = parser.parse_args()
    with starting(Settings, service="migrate") as settings:
        try:
            revision = migrate(settings.database_url, allow_loss=arguments.allow_loss)
        except (TransientError, SchemaError) as error:
            sys.exit(f"migrate: {error}")
    structlog.get_logger().info("the schema is the newest", revision=revision)


if __name__ == "__main__":
    main()
