"""The settings: `.env.example` names each of them, with its default."""

from importlib import import_module
from pathlib import Path

from pydantic import SecretStr

from newsmill_shared.settings import Settings

ROOT = Path(__file__).parents[2]
SERVICES = ("ingest", "enrich", "store", "gateway", "gateway.bridge")


def defaults() -> dict[str, str]:
    """Return every service's settings, by the names of their variables, as one would write them."""
    classes = {Settings}
    for service in SERVICES:
        module = import_module(f"newsmill_{service}.settings")
        classes.update(
            known
            for known in vars(module).values()
            if isinstance(known, type) and issubclass(known, Settings)
        )
    return {
        f"NEWSMILL_{name.upper()}": written(field.default)
        for known in classes
        for name, field in known.model_fields.items()
    }


def written(default: object) -> str:
    """Write a default as its variable's value; nothing for none."""
    if default is None or isinstance(default, SecretStr):
        return ""
    return str(default)


def test_the_example_shows_every_setting_and_its_default() -> None:
    lines = (ROOT / ".env.example").read_text().splitlines()

    shown = dict(
        line.removeprefix("#").split("=", 1) for line in lines if line.startswith("#NEWSMILL_")
    )

    assert shown == defaults()
