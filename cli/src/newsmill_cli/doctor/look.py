"""Makes the report: asks engines and API, takes the snapshot; nothing that is away stops it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from newsmill_cli.api import Api
from newsmill_cli.data_directory import DataDirectory
from newsmill_cli.doctor.report import EngineView, Report, masked
from newsmill_cli.engines import Choice, locate_engine
from newsmill_cli.engines.inquiry import ask_database, ask_redis, ask_sizes
from newsmill_cli.errors import CommandError
from newsmill_shared.database.sizes import Sizes
from newsmill_shared.diagnosis import Snapshot
from newsmill_shared.diagnosis.snapshot import Api as ApiView
from newsmill_shared.looking import Looker

__all__ = ["look"]


@dataclass(frozen=True, slots=True)
class _Role:
    """What an engine is for."""

    role: str
    engine: str
    """Its name when it is embedded."""
    setting: str
    """Names its URL."""


_ROLES = (
    _Role("database", "postgres", "NEWSMILL_DATABASE_URL"),
    _Role("broker", "broker", "NEWSMILL_REDIS_URL"),
    _Role("index", "index", "NEWSMILL_INDEX_URL"),
)


def look(data: Path, environment: Mapping[str, str], choice: Choice = "auto") -> Report:
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
    ready, says = _ask_api(api_url, key) if api_url else (None, {})
    seen = _snapshot(settings, ApiView(api_url, answers=ready is not None) if api_url else None)
    # A ledger that cannot be read would be asked for a minute.
    countable = ready and (seen is None or seen.ledger is not None)
    own = running.own_engines if running else _not_named(inherited)
    return Report(
        data=str(directory.path),
        holder=holder,
        api_url=api_url,
        api_ready=ready,
        api_says=says,
        engines=tuple(
            _engine(role, directory, settings.get(role.setting), choice, own=role.engine in own)
            for role in _ROLES
        ),
        counts=_count(api_url, key) if api_url and countable else None,
        sizes=_sizes(settings, seen),
        settings=masked(settings),
        seen=seen,
    )


def _snapshot(settings: Mapping[str, str], api: ApiView | None) -> Snapshot | None:
    """Look as the gateway does, where the addresses are known."""
    database_url = settings.get("NEWSMILL_DATABASE_URL")
    redis_url = settings.get("NEWSMILL_REDIS_URL")
    if not database_url and not redis_url:
        return None
    looker = Looker(
        database_url=database_url,
        redis_url=redis_url,
        page_store_url=settings.get("NEWSMILL_PAGE_STORE_URL"),
    )
    return replace(looker.look(), api=api)


def _sizes(settings: Mapping[str, str], seen: Snapshot | None) -> Sizes | None:
    url = settings.get("NEWSMILL_DATABASE_URL")
    return ask_sizes(url) if url and seen is not None and seen.ledger is not None else None


def _ask_api(url: str, key: str | None) -> tuple[bool | None, Mapping[str, object]]:
    """Return whether it accepts work, None if it does not answer, and what it says."""
    with Api(url, key) as api:
        said = api.ready()
    return (None, {}) if said is None else (bool(said["ready"]), said)


def _count(url: str, key: str | None) -> Mapping[str, object] | None:
    try:
        with Api(url, key) as api:
            return api.conservation()
    except CommandError:
        # Nobody may count without the key; what is away is told by the diagnosis.
        return None


def _not_named(settings: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(role.engine for role in _ROLES if not settings.get(role.setting))


def _engine(
    role: _Role, directory: DataDirectory, url: str | None, choice: Choice, *, own: bool
) -> EngineView:
    problem = ""
    if url:
        ask = ask_redis if role.role != "database" else ask_database
        problem = ask(url)
    answers = bool(url) and not problem
    if url and not own:
        where = masked({role.setting: url})[role.setting]
        return EngineView(role.role, f"yours, from {role.setting}", where, answers, problem)
    folder = directory.path / "engines" / role.engine
    try:
        found = locate_engine(role.engine, folder, choice)
    except CommandError as error:
        return EngineView(role.role, "none", str(folder), answers, problem or error.problem)
    program = f"{found.product} {found.version}, {found.source}: {found.binary}"
    return EngineView(role.role, program, str(folder.resolve()), answers, problem)
