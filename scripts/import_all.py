"""Import every module of the packages named: what they import must be declared by somebody.

Run in a venv that holds a member's own pins and nothing else.
"""

import importlib
import pkgutil
import sys
from collections.abc import Iterator

__all__ = ["import_all"]

NEEDS_A_CALLER = {
    "newsmill_shared.database.migrations.env": "Alembic runs it inside a migration",
}
"""Modules that cannot be imported by themselves, and why."""


def import_all(package: str) -> Iterator[str]:
    """Import a package and all below it, yielding each module's name; raises what they raise."""
    module = importlib.import_module(package)
    yield package
    for child in pkgutil.iter_modules(module.__path__, prefix=f"{package}."):
        leaf = child.name.rpartition(".")[2]
        if leaf == "__main__" or child.name in NEEDS_A_CALLER:
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
