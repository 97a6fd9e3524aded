"""Takes a backup, and brings one back: the ledger first, then the pages that it speaks of."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from newsmill_cli.api import Json
from newsmill_cli.backup import dump
from newsmill_cli.backup.target import Target
from newsmill_cli.errors import CommandError
from newsmill_cli.user import user_name
from newsmill_shared.database.audit import record
from newsmill_shared.database.conservation import conservation
from newsmill_shared.database.copying import (
    LedgerNotEmptyError,
    forget_broker,
    make_room,
    server_major,
)
from newsmill_shared.database.engine import make_engine, reading, transaction
from newsmill_shared.database.migrate import current_revision, is_current, migrate
from newsmill_shared.pages import PageStore

__all__ = ["Restored", "Summary", "bring_back", "take"]

_LEDGER = "ledger.dump"
_SUMMARY = "backup.json"
_PAGES = "pages"


@dataclass(frozen=True, slots=True)
class Summary:
    """What a backup holds."""

    taken_at: str
    """When the ledger was read, ISO 8601 in UTC."""
    revision: str
    """Of the schema."""
    pages: int
    """Objects of the page store, those of earlier backups into the same folder included."""
    copied: int
    """Of these, copied this time."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What came of a restore."""

    taken_at: str
    pages: int
    accepted: int
    ended: int
    open: int
    """Jobs that go on at the next start."""
    unaccounted: int


def take(target: Target, folder: Path, progress: Callable[[int], None]) -> Summary:
    """Copy the ledger and all pages into a folder; the system may run, and be under load.

    The ledger is read in one snapshot, and before the pages: objects are never changed, so that
    every page that this ledger speaks of is there to be copied. Into the folder of an earlier
    backup only new pages are copied.

    Args:
        target: Where the ledger and the pages are.
        folder: Made if absent.
        progress: Told how many pages were looked at, now and then.

    Raises:
        CommandError: ``pg_dump`` failed.
        TransientError: The database or a page store is away.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    making = folder / f"{_LEDGER}.new"
    engine = make_engine(target.database_url, name="backup", pool_size=0)
    taken_at = datetime.now(UTC).isoformat(timespec="seconds")
    revision = current_revision(engine)
    if revision is None:
        raise CommandError("the database holds no ledger: there is nothing to back up")
    dump.dump(target.database_url, making, major=server_major(engine))
    (folder / _PAGES).mkdir(mode=0o700, exist_ok=True)
    copied = _copy(target.page_store_url, (folder / _PAGES).as_uri(), progress)
    summary = Summary(taken_at, revision, len(copied), sum(copied))
    making.replace(folder / _LEDGER)
    (folder / _SUMMARY).write_text(json.dumps(asdict(summary), indent=1) + "\n")
    if is_current(engine):
        _write_down(target.database_url, "backup", pages=len(copied), taken_at=taken_at)
    return summary


def bring_back(target: Target, folder: Path, progress: Callable[[int], None]) -> Restored:
    """Bring a backup back into a system that has accepted nothing yet; it must not run.

    What ran when the backup was taken waits again: the new Redis knows nothing of it.

    Raises:
        CommandError: The folder holds no whole backup, or the ledger is not empty.
        TransientError: The database or a page store is away.
    """
    try:
        summary = Summary(**json.loads((folder / _SUMMARY).read_text()))
    except FileNotFoundError as error:
        raise CommandError(
            f"{folder} holds no whole backup", "Name a folder that `newsmill backup` has filled."
        ) from error
    engine = make_engine(target.database_url, name="restore", pool_size=0)
    try:
        make_room(engine)
    except LedgerNotEmptyError as error:
        raise CommandError(
            f"{error}, and a restore would replace it",
            "Restore into a new database: another --data folder, or NEWSMILL_DATABASE_URL.",
        ) from error
    dump.restore(target.database_url, folder / _LEDGER, major=server_major(engine))
    migrate(target.database_url)
    forget_broker(engine)
    pages = _copy((folder / _PAGES).as_uri(), target.page_store_url, progress)
    _write_down(target.database_url, "restore", pages=len(pages), taken_at=summary.taken_at)
    with reading(engine) as snapshot:
        counts = conservation(snapshot)
    return Restored(
        taken_at=summary.taken_at,
        pages=len(pages),
        accepted=counts.accepted,
        ended=sum(counts.reasons.values()),
        open=sum(counts.open.values()),
        unaccounted=counts.unaccounted,
    )


def _write_down(url: str, act: str, *, pages: int, taken_at: str) -> None:
    with transaction(make_engine(url, name=act, pool_size=0)) as connection:
        detail: Json = {"pages": pages, "taken_at": taken_at}
        record(connection, act, "everything", by=user_name(), detail=detail)


def _copy(source: str, target: str, progress: Callable[[int], None]) -> list[bool]:
    copied: list[bool] = []
    for one in PageStore.open(source).copy_to(PageStore.open(target)):
        copied.append(one)
        if len(copied) % 1000 == 0:
            progress(len(copied))
    return copied
