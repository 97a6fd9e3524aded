"""Makes the secrets of a deployment, or shows one: ``python -m deploy.init [key | inbox]``."""

import sys
from pathlib import Path

from deploy.init.handout import API_KEY, hand_out
from deploy.init.vault import Vault

_USAGE = "usage: init [key | inbox]"


def main(arguments: list[str], root: Path = Path("/")) -> None:
    """Do what is asked; without an argument, make what is missing and hand it out.

    Raises:
        SystemExit: There is no such command.
    """
    vault = Vault(root / "vault")
    match arguments:
        case []:
            hand_out(vault, root / "secrets")
            _open_to_engines(root / "data")
        case ["key"]:
            sys.stdout.write(f"{vault.secret(API_KEY)}\n")
        case ["inbox"]:
            sys.stdout.write(f"redis://inbox:{vault.secret('redis_inbox')}@redis:6379/0\n")
        case _:
            sys.exit(_USAGE)


def _open_to_engines(folder: Path) -> None:
    """Let an engine write into its volume, whatever its user's number; nobody else mounts it."""
    for volume in folder.iterdir():
        volume.chmod(0o1777)


if __name__ == "__main__":
    main(sys.argv[1:])
