"""Settings that every service shares: from the environment, prefix ``NEWSMILL_``."""

from typing import Literal

from pydantic_settings import BaseSettings, SettingsConfigDict

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
