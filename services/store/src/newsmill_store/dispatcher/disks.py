"""The disks that must keep room: dispatch stops before they are full."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

__all__ = ["Disks", "ShortDisk", "folders_of"]


@dataclass(frozen=True, slots=True)
class ShortDisk:
    """A disk with less room than it must keep."""

    folder: str
    free_bytes: int


def folders_of(page_store_url: str, others: str) -> tuple[Path, ...]:
    """Return the folders whose disks are to be looked at.

    Args:
        page_store_url: The page store; a bucket has no disk.
        others: Further folders, comma-separated.
    """
    pages = [unquote(urlsplit(page_store_url).path)] if page_store_url.startswith("file:") else []
    named = [entry.strip() for entry in others.split(",") if entry.strip()]
    return tuple(map(Path, pages + named))


def free_bytes(folder: Path) -> int | None:
    """Return the room on a folder's disk, or where it would be made; None if nobody can tell."""
    for place in (folder, *folder.parents):
        try:
            found = os.statvfs(place)
        except FileNotFoundError:
            continue
        except OSError:
            return None
        return found.f_bavail * found.f_frsize
    return None


class Disks:
    """Looks at disks now and then.

    Args:
        folders: A folder on each; whoever dispatches from another machine than the one that
            keeps pages or the database sees only what both have mounted.
        reserve_bytes: The room that each must keep.
        free: Measures it.
    """

    def __init__(
        self,
        folders: Sequence[Path],
        *,
        reserve_bytes: int,
        free: Callable[[Path], int | None] = free_bytes,
    ) -> None:
        self._folders = folders
        self._reserve = reserve_bytes
        self._free = free
        self._looked = -_LOOK_SECONDS
        self._short: tuple[ShortDisk, ...] = ()

    def short(self, now: float) -> tuple[ShortDisk, ...]:
        """Return those that have too little room, as of a second ago at most.

        Args:
            now: Monotonic seconds.
        """
        if now - self._looked >= _LOOK_SECONDS:
            found = [(folder, self._free(folder)) for folder in self._folders]
            self._short = tuple(
                ShortDisk(str(folder), free)
                for folder, free in found
                if free is not None and free < self._reserve
            )
            self._looked = now
        return self._short


_LOOK_SECONDS = 1.0
