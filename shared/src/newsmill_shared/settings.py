"""Settings that every service shares: from the environment, prefix ``NEWSMILL_``, or from files.

``NEWSMILL_SECRETS_DIR`` names a folder of files, one a setting, named like its variable in lower
case (``newsmill_database_url``): what is in the environment can be read by whoever lists
containers. The environment comes first.
"""

import difflib
import os
from collections.abc import Iterable
from importlib import resources
from typing import Any, Literal, TypeVar

from pydantic import ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SecretsSettingsSource,
    SettingsConfigDict,
)

from newsmill_shared.errors import SettingsError

__all__ = ["PREFIX", "Settings", "read_settings", "unknown_names"]

PREFIX = "NEWSMILL_"

_ADDRESSES = ("_url", "_key", "proxy")
"""Endings of names whose values may hold a password."""


class Settings(BaseSettings):
    """What every process needs to know. Each service adds its own in a subclass."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, extra="ignore", use_attribute_docstrings=True
    )

    database_url: str = "postgresql://newsmill@localhost/newsmill"
    """PostgreSQL, 15 or newer: the ledger."""
    redis_url: str = "redis://localhost:6379/0"
    """Redis 7 or Valkey 8, or newer: the queues."""
    index_url: str = "redis://localhost:6380/0"
    """The same for the duplicate index, which fills memory on its own account."""
    page_store_url: str = "file:///var/lib/newsmill/pages"
    """Where raw pages lie: a folder (``file://``) or a bucket (``s3://``, ``gs://``, ``az://``)."""
    fetch_allow: str = ""
    """Loopback or private networks that may be fetched, each with its port:
    ``127.77.0.0/16:8080``, comma-separated. All others are refused."""
    fetch_ports: str = "80,443,8080,8443"
    """Ports that may be asked on public addresses, comma-separated."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """The least that is logged."""
    log_format: Literal["console", "json"] = "console"
    """For people, or as JSON lines."""

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


SettingsType = TypeVar("SettingsType", bound=Settings)


def read_settings(kind: type[SettingsType]) -> SettingsType:
    """Read a service's settings.

    Raises:
        SettingsError: Some are wrong: a line each with the variable, its value, what is allowed.
    """
    try:
        return kind()
    except ValidationError as error:
        lines = [_complaint(detail) for detail in error.errors(include_url=False)]
        raise SettingsError("\n".join(lines)) from error


def _complaint(detail: Any) -> str:
    name = ".".join(map(str, detail["loc"]))
    value = "its value" if name.endswith(_ADDRESSES) else repr(detail["input"])
    said = detail["msg"][0].lower() + detail["msg"][1:]
    return f"{PREFIX}{name.upper()}: {value} cannot be used: {said}"


def unknown_names(given: Iterable[str]) -> dict[str, str]:
    """Return which names with our prefix no part of newsmill reads, and the likeliest meant."""
    known = resources.files("newsmill_shared").joinpath("setting_names.txt").read_text().split()
    unknown = {name for name in given if name.startswith(PREFIX)} - set(known)
    nearest = {name: difflib.get_close_matches(name, known, n=1) for name in sorted(unknown)}
    return {name: near[0] if near else "" for name, near in nearest.items()}
