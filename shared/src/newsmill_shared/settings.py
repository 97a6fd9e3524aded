"""Settings that every service shares: from the environment, prefix ``NEWSMILL_``, or from files.

``NEWSMILL_SECRETS_DIR`` names a folder of files, one a setting, named like its variable in lower
case (``newsmill_database_url``): what is in the environment can be read by whoever lists
containers. The environment comes first.
"""

import os
from typing import Literal

from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SecretsSettingsSource,
    SettingsConfigDict,
)

__all__ = ["Settings"]


class Settings(BaseSettings):
    """What every process needs to know. Each service adds its own in a subclass."""

    model_config = SettingsConfigDict(env_prefix="NEWSMILL_", frozen=True, extra="ignore")

    database_url: str = "postgresql://newsmill@localhost/newsmill"
    redis_url: str = "redis://localhost:6379/0"
    index_url: str = "redis://localhost:6380/0"
    page_store_url: str = "file:///var/lib/newsmill/pages"
    """Where raw pages lie, as a URL."""
    fetch_allow: str = ""
    """Loopback or private networks that may be fetched: ``127.77.0.0/16:8080``, comma-separated."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["console", "json"] = "console"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the parent's signature
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Look for the folder of secrets when settings are read, not when this is imported."""
        secrets = SecretsSettingsSource(
            settings_cls, secrets_dir=os.environ.get("NEWSMILL_SECRETS_DIR")
        )
        return init_settings, env_settings, secrets
