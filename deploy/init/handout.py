"""Hands to each service the secrets that are its own, in a folder that only it sees."""

from importlib.resources import files
from pathlib import Path

from deploy.init.redis_users import BROKER, INDEX, User, access_list
from deploy.init.vault import Vault, write

__all__ = ["API_KEY", "hand_out"]

API_KEY = "api_key"
"""The name of the first API key in the vault."""

_DATABASE = ("migrate", "gateway", "bridge", "dispatcher", "store")
"""Services that know the ledger."""
_BROKER = ("gateway", "bridge", "dispatcher", "ingest", "enrich", "store")
_INDEX = ("enrich", "store")
# Engines run as users that only their own images know. Nobody else sees their folders.
_ENGINE_MODE = 0o444
_SERVICE_MODE = 0o400


def hand_out(vault: Vault, folder: Path) -> None:
    """Write every service's secrets below ``folder``, one folder a service.

    A service finds a setting in a file that is named like the setting's variable, in lower case.
    """
    password = vault.secret("postgres")
    write(folder / "postgres/password", password, mode=_ENGINE_MODE)
    _hand_to_redis(vault, folder / "redis", "redis", BROKER)
    _hand_to_redis(vault, folder / "index", "index", INDEX)
    for service in _DATABASE:
        url = f"postgresql://newsmill:{password}@postgres/newsmill"
        _hand(folder, service, "database_url", url)
    for service in _BROKER:
        _hand(folder, service, "redis_url", _redis_url(vault, "redis", service))
    for service in _INDEX:
        _hand(folder, service, "index_url", _redis_url(vault, "index", service))
    _hand(folder, "gateway", "api_key", vault.secret(API_KEY))


def _hand(folder: Path, service: str, setting: str, value: str) -> None:
    write(folder / service / f"newsmill_{setting}", value, mode=_SERVICE_MODE)


def _hand_to_redis(vault: Vault, folder: Path, server: str, users: tuple[User, ...]) -> None:
    passwords = {user.name: _redis_password(vault, server, user.name) for user in users}
    write(folder / "users.acl", access_list(users, passwords), mode=_ENGINE_MODE)
    write(folder / "health", passwords["health"], mode=_ENGINE_MODE)
    configuration = files(__package__).joinpath("redis.conf").read_text()
    write(folder / "redis.conf", configuration, mode=_ENGINE_MODE)


def _redis_url(vault: Vault, server: str, user: str) -> str:
    return f"redis://{user}:{_redis_password(vault, server, user)}@{server}:6379/0"


def _redis_password(vault: Vault, server: str, user: str) -> str:
    return vault.secret(f"{server}_{user}")
