"""Remembers every secret of a deployment, each in a file; makes those that are missing."""

import os
import secrets
from pathlib import Path

__all__ = ["Vault", "write"]

_BYTES = 32


class Vault:
    """A folder of secrets. A secret that is deleted is made anew: that is how it is changed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def secret(self, name: str) -> str:
        """Return a secret of 256 bits, in letters, digits, ``-`` and ``_``."""
        file = self._folder / name
        if not file.exists():
            write(file, secrets.token_urlsafe(_BYTES), mode=0o600)
        return file.read_text()


def write(file: Path, text: str, *, mode: int) -> None:
    """Write a file at once or not at all; who reads it sees the old text or the new."""
    draft = file.with_name(f".{file.name}.new")
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600)
    with draft.open("w") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    draft.chmod(mode)
    draft.replace(file)
