"""Reads the log files of a data directory: records of all of them, by time."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

__all__ = ["LogFile", "Record", "merged", "records"]

_TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z"
_BEGINS = re.compile(rf'{_TIME}(?= )|\{{(?=.*"timestamp": "({_TIME})")')


@dataclass(frozen=True, slots=True, order=True)
class Record:
    """What was said at once: a line, and those of a traceback below it."""

    at: str
    """When, in UTC, as it is written."""
    source: str
    """Whose log file."""
    text: str

    def is_about(self, job: str) -> bool:
        """Tell whether it names a job."""
        return job in self.text


def records(lines: Iterable[str], source: str) -> Iterator[Record]:
    """Return the records that lines make; what comes before the first time belongs to none.

    Args:
        lines: For people or as JSON, without their ends.
        source: Whose they are.
    """
    at, held = "", list[str]()
    for line in lines:
        found = _BEGINS.match(line)
        if found is None:
            held.append(line)
            continue
        if at:
            yield Record(at, source, "\n".join(held))
        at, held = found[1] or found[0], [line]
    if at:
        yield Record(at, source, "\n".join(held))


def merged(found: Iterable[Record]) -> list[Record]:
    """Return records by time, those of one moment by their source and in their order."""
    return sorted(found, key=lambda record: (record.at, record.source))


class LogFile:
    """A log file that may grow, or be begun anew, while it is read.

    Args:
        path: The file; what was set aside as ``NAME.1`` is read before it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._source = path.stem
        self._offset = 0
        self._part = ""

    def read(self) -> list[Record]:
        """Return what was written up to now."""
        old = self._path.with_name(f"{self._path.name}.1")
        lines = _text(old, 0)[0].splitlines() if old.exists() else []
        return list(records([*lines, *self._new_lines()], self._source))

    def more(self) -> list[Record]:
        """Return what was written since, up to the last whole line."""
        return list(records(self._new_lines(), self._source))

    def _new_lines(self) -> list[str]:
        if not self._path.exists():
            return []
        if self._path.stat().st_size < self._offset:
            self._offset, self._part = 0, ""
        said, self._offset = _text(self._path, self._offset)
        *whole, self._part = (self._part + said).split("\n")
        return whole


def _text(path: Path, offset: int) -> tuple[str, int]:
    """Return a file's text from an offset on, and where it ends."""
    with path.open("rb") as file:
        file.seek(offset)
        raw = file.read()
    return raw.decode(errors="replace"), offset + len(raw)
