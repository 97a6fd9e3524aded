"""Bring the database to the newest schema: ``python -m newsmill_shared.database``."""

import sys

import structlog
from pydantic import ValidationError

from newsmill_shared.database.migrate import migrate
from newsmill_shared.errors import SettingsError, TransientError
from newsmill_shared.logs import set_up_logs
from newsmill_shared.settings import Settings


def main() -> None:
    """Migrate the database of ``NEWSMILL_DATABASE_URL``."""
    try:
        settings = Settings()
        set_up_logs(settings, service="migrate")
        revision = migrate(settings.database_url)
    except (SettingsError, TransientError, ValidationError) as error:
        sys.exit(f"migrate: {error}")
    structlog.get_logger().info("the schema is the newest", revision=revision)


if __name__ == "__main__":
    main()
