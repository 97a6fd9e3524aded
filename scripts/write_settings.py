"""Write what is said of the settings: their page, the example file, the list of their names."""

from dataclasses import dataclass
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from textwrap import wrap
from typing import Any

from annotated_types import Ge, Gt, Le
from pydantic import SecretStr
from pydantic.fields import FieldInfo

import newsmill_shared
from newsmill_shared.settings import PREFIX, Settings

ROOT = Path(__file__).parents[1]

MODULES = {
    "every service": "newsmill_shared.settings",
    "duplicate index (enrich and store)": "newsmill_shared.index.settings",
    "gateway": "newsmill_gateway.settings",
    "bridge": "newsmill_gateway.bridge.settings",
    "ingest": "newsmill_ingest.settings",
    "enrich": "newsmill_enrich.settings",
    "categories (enrich)": "newsmill_enrich.topics.settings",
    "store and dispatcher": "newsmill_store.settings",
}
"""Where the classes of settings are, by the heading that they stand under."""

OTHERS = {
    "SECRETS_DIR": "A folder of files, one a setting, named like its variable in lower case.",
    "DATA": "The data folder of `newsmill up` and of the commands that look into it.",
    "API_URL": "Where the commands find the API.",
    "ENGINES": "`path` or `embedded`: which PostgreSQL and Redis `newsmill up` starts.",
    "TAG": "The tag of the images that compose runs.",
    "REDIS_IMAGE": "The image of Redis, or Valkey, that compose runs.",
    "REDIS_MEMORY": "What the broker of compose may fill.",
    "INDEX_MEMORY": "What the duplicate index of compose may fill.",
    "HEARTBEAT_FILE": "A file whose time of change says that a worker lives, for health checks.",
    "SHARED_DATA": "The folder of data that benchmarks and training read.",
    "CHROMIUM": "The browser of the dashboard's tests.",
    "BROWSER_TEST": "Set by `make test-browser`.",
    "COMPOSE_TEST": "Set by `make compose-test`.",
    "DOCKER_ENGINE": "The command that starts a Docker Engine for `make compose-test`.",
    "SCREENSHOTS": "Where the dashboard's tests leave pictures.",
}
"""Variables that are read elsewhere than by a service's settings."""

WIDTH = 100


@dataclass(frozen=True, slots=True)
class Described:
    """A setting as it is shown."""

    variable: str
    default: str
    allowed: str
    meaning: str


def main() -> None:
    """Write the three files."""
    for path, content in files().items():
        path.write_text(content, encoding="utf-8")
    print(f"settings: {len(names())} names")


def files() -> dict[Path, str]:
    """Return the text of every generated file, by its path."""
    sections = described()
    return {
        ROOT / "docs" / "settings.md": page(sections),
        ROOT / ".env.example": example(sections),
        Path(newsmill_shared.__file__).parent / "setting_names.txt": "\n".join(names()) + "\n",
    }


def names() -> list[str]:
    """Return every variable that any part of newsmill reads."""
    of_services = {setting.variable for section in described().values() for setting in section}
    return sorted(of_services | {PREFIX + name for name in OTHERS})


def described() -> dict[str, list[Described]]:
    """Return the settings by section, each where it is first met."""
    seen: set[str] = set()
    sections: dict[str, list[Described]] = {}
    for heading, module in MODULES.items():
        kinds = [
            value
            for value in vars(import_module(module)).values()
            if isinstance(value, type)
            and issubclass(value, Settings)
            and value.__module__ == module
        ]
        sections[heading] = []
        for kind in kinds:
            for name, field in kind.model_fields.items():
                if name not in seen:
                    seen.add(name)
                    sections[heading].append(describe(name, field))
    return sections


def describe(name: str, field: FieldInfo) -> Described:
    """Return what is shown of one setting.

    Raises:
        ValueError: Nothing says what it means.
    """
    if not field.description:
        raise ValueError(f"the setting {name} has no docstring")
    default = field.default
    # A file of the package lies elsewhere on every machine.
    hidden = default is None or isinstance(default, SecretStr | Path)
    shown = "" if hidden else str(default)
    meaning = " ".join(field.description.split()).replace("``", "`")
    return Described(f"{PREFIX}{name.upper()}", shown, allowed(field), meaning)


def allowed(field: FieldInfo) -> str:
    """Return in words what a setting may be."""
    kind: Any = field.annotation
    is_enum = isinstance(kind, type) and issubclass(kind, StrEnum)
    choices = tuple(kind) if is_enum else getattr(kind, "__args__", ())
    if choices and all(isinstance(choice, str) for choice in choices):
        return ", ".join(f"`{choice!s}`" for choice in choices)
    bounds = []
    for limit in field.metadata:
        match limit:
            case Ge():
                bounds.append(f"at least {limit.ge}")
            case Gt():
                bounds.append(f"more than {limit.gt}")
            case Le():
                bounds.append(f"at most {limit.le}")
    words = {int: "whole number", float: "number", bool: "`true` or `false`"}
    return ", ".join([words.get(kind, "text"), *bounds])


def page(sections: dict[str, list[Described]]) -> str:
    """Return the page of all settings."""
    lines = [
        "# Settings",
        "",
        "From the environment, or from files: `NEWSMILL_SECRETS_DIR` names a folder of files, one",
        "a setting, named like its variable in lower case (`newsmill_database_url`); the",
        "environment comes first. A wrong value ends the process with the variable, the value and",
        "what is allowed; a name with this prefix that is no setting is reported when a service",
        "starts.",
        "",
        "This page, `.env.example` and the list of names that services know are written by",
        "`make settings` from the typed settings of the services.",
    ]
    for heading, settings in sections.items():
        lines += ["", f"## {heading[0].upper()}{heading[1:]}", ""]
        lines += ["| variable | default | allowed | meaning |", "|---|---|---|---|"]
        lines += [
            f"| `{one.variable}` | {f'`{one.default}`' if one.default else ''} "
            f"| {one.allowed} | {one.meaning} |"
            for one in settings
        ]
    lines += ["", "## Read elsewhere", "", "| variable | meaning |", "|---|---|"]
    lines += [f"| `{PREFIX}{name}` | {meaning} |" for name, meaning in OTHERS.items()]
    return "\n".join(lines) + "\n"


def example(sections: dict[str, list[Described]]) -> str:
    """Return the example of a file of settings."""
    lines = [
        "# Settings of newsmill, read from the environment; what is commented out is the default.",
        "# `newsmill up` sets the addresses itself when it runs its own engines. All of them with",
        "# what is allowed: docs/settings.md",
    ]
    for heading, settings in sections.items():
        lines += ["", f"# --- {heading} ".ljust(WIDTH, "-")]
        for one in settings:
            lines += [f"# {line}" for line in wrap(one.meaning.replace("`", ""), WIDTH - 2)]
            lines.append(f"#{one.variable}={one.default}")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
