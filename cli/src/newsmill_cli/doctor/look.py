"""Takes the snapshot: asks engines, API and Redis, and is stopped by none that is away."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from newsmill_cli.api import Api
from newsmill_cli.data_directory import DataDirectory
from newsmill_cli.doctor.snapshot import EngineView, Snapshot, masked
from newsmill_cli.engines import Choice, Located, locate_postgres, locate_valkey
from newsmill_cli.engines.inquiry import ask_database, ask_redis, read_broker
from newsmill_cli.errors import CommandError

__all__ = ["look"]

_URLS = {
    "database": "NEWSMILL_DATABASE_URL",
    "broker": "NEWSMILL_REDIS_URL",
    "index": "NEWSMILL_INDEX_URL",
}


def look(data: Path, environment: Mapping[str, str], choice: Choice = "auto") -> Snapshot:
    """Return what can be known of the newsmill over ``data``, whether it runs or not.

    Args:
        data: The data directory.
        environment: Where settings are read that no running `up` has told.
        choice: Where engines may come from.
    """
    directory = DataDirectory(data.absolute())
    holder = directory.holder()
    running = directory.running() if holder else None
    inherited = {name: value for name, value in environment.items() if name.startswith("NEWSMILL_")}
    settings = {**inherited, **(running.settings if running else {})}
    api_url = environment.get("NEWSMILL_API_URL") or (running.api_url if running else None)
    key = environment.get("NEWSMILL_API_KEY") or (running.api_key if running else None)
    ready, says, counts = _ask_api(api_url, key) if api_url else (None, {}, None)
    queues, workers = None, None
    broker_url = settings.get("NEWSMILL_REDIS_URL")
    broker = read_broker(broker_url) if broker_url else None
    if broker is not None:
        queues = {**broker.queues, "notes": broker.notes}
        workers = dict(Counter(broker.services))
    current: bool | None = None
    database_url = settings.get("NEWSMILL_DATABASE_URL")
    if database_url:
        current = ask_database(database_url).schema_is_current
    return Snapshot(
        data=str(directory.path),
        holder=holder,
        api_url=api_url,
        api_ready=ready,
        api_says=says,
        engines=tuple(_engine(role, directory, settings, inherited, choice) for role in _URLS),
        schema_is_current=current,
        queues=queues,
        workers=workers,
        counts=counts,
        settings=masked(settings),
    )


def _ask_api(
    url: str, key: str | None
) -> tuple[bool | None, Mapping[str, object], Mapping[str, object] | None]:
    with Api(url, key) as api:
        said = api.ready()
        if said is None:
            return None, {}, None
        try:
            counts: Mapping[str, object] | None = api.conservation()
        except CommandError as error:
            return bool(said["ready"]), {**said, "detail": error.problem}, None
        return bool(said["ready"]), said, counts


def _engine(
    role: str,
    directory: DataDirectory,
    settings: Mapping[str, str],
    inherited: Mapping[str, str],
    choice: Choice,
) -> EngineView:
    url = settings.get(_URLS[role])
    if role == "database":
        problem = ask_database(url).problem if url else ""
    else:
        problem = ask_redis(url) if url else ""
    answers = bool(url) and not problem
    if inherited.get(_URLS[role]):
        where = masked({"url": inherited[_URLS[role]]})["url"]
        return EngineView(role, f"yours, from {_URLS[role]}", where, answers, problem)
    folder = directory.path / "engines" / ("postgres" if role == "database" else role)
    try:
        found = _locate(role, folder, choice)
    except CommandError as error:
        return EngineView(role, "none", str(folder), answers, problem or error.problem)
    program = f"{found.product} {found.version}, {found.source}: {found.binary}"
    return EngineView(role, program, str(folder.resolve()), answers, problem)


def _locate(role: str, folder: Path, choice: Choice) -> Located:
    if role != "database":
        return locate_valkey(choice)
    made_by = folder / "PG_VERSION"
    return locate_postgres(choice, major=int(made_by.read_text()) if made_by.exists() else None)
