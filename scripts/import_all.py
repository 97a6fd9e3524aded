"""Import every module of the packages named: what they import must be declared by somebody.

Run in a venv that holds a member's own pins and nothing else.
"""

import importlib
import pkgutil
import sys
from collections.abc import Iterator
from importlib.metadata import entry_points

__all__ = ["import_all"]

NEEDS_A_CALLER = {
    # Alembic runs it inside a migration.
    "newsmill_shared.database.migrations.env",
}
"""Modules that cannot be imported by themselves."""


def of_the_command() -> set[str]:
    """Return the modules that only the newsmill command loads, which brings typer for them."""
    return {entry.module for entry in entry_points(group="newsmill.commands")}


def import_all(package: str) -> Iterator[str]:
    """Import a package and all below it, yielding each module's name; raises what they raise."""
    module = importlib.import_module(package)
    yield package
    for child in pkgutil.iter_modules(module.__path__, prefix=f"{package}."):
        leaf = child.name.rpartition(".")[2]
        if leaf == "__main__" or child.name in NEEDS_A_CALLER | of_the_command():
            continue
        if child.ispkg:
            yield from import_all(child.name)
        else:
            importlib.import_module(child.name)
            yield child.name


def main(packages: list[str]) -> None:
    """Import each package, and say how many modules that was."""
    for package in packages:
        count = sum(1 for _ in import_all(package))
        print(f"{package}: {count} modules import")


if __name__ == "__main__":
    main(sys.argv[1:])
