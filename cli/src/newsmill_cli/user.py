"""Who runs a command, as the audit shall have it where no key says so."""

import getpass
import os

__all__ = ["user_name"]


def user_name() -> str:
    """Return the user's name; in a container that has none, its number."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"
