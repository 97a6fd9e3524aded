"""The engines of one data directory, together: those with a URL are used, the others started."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TypeVar

from newsmill_cli.engines.account import Account, engine_account
from newsmill_cli.engines.launch import rotate_log
from newsmill_cli.engines.locate import Choice, locate_engine
from newsmill_cli.engines.places import Places, prepare_places, secret
from newsmill_cli.engines.postgres import PostgreSQL
from newsmill_cli.engines.valkey import Valkey

__all__ = ["Engines", "Given"]

_Engine = TypeVar("_Engine", PostgreSQL, Valkey)


@dataclass(frozen=True, slots=True)
class Given:
    """URLs of engines that somebody else runs; None = embed one."""

    database_url: str | None = None
    redis_url: str | None = None
    index_url: str | None = None


class Engines:
    """PostgreSQL and two Valkeys (the broker, the duplicate index); a context manager.

    They are children of the thread that starts them, and end with it.

    Args:
        data: The data directory; made if absent.
        given: Engines that are not ours.
        choice: Where to look for programs.
        safe: False gives up safety against a crash of the machine, for tests.
        postgres_settings: PostgreSQL settings beyond the usual.

    Raises:
        EngineError: A program is not found or does not start.
    """

    def __init__(
        self,
        data: Path,
        *,
        given: Given = Given(),
        choice: Choice = "auto",
        safe: bool = True,
        postgres_settings: Mapping[str, str] | None = None,
    ) -> None:
        account = engine_account()
        self.given = given
        self.places: Places = prepare_places(data, account)
        self.postgres: PostgreSQL | None = None
        self.broker: Valkey | None = None
        self.index: Valkey | None = None
        if given.redis_url is None:
            self.broker = self._valkey("broker", choice, account)
        if given.index_url is None:
            self.index = self._valkey("index", choice, account)
        if given.database_url is None:
            self.postgres = PostgreSQL(
                locate_engine("postgres", self.places.home / "postgres", choice),
                self.places,
                secret(data, "postgres"),
                account=account,
                settings=postgres_settings,
                safe=safe,
            )

    def _valkey(self, name: str, choice: Choice, account: Account | None) -> Valkey:
        located = locate_engine(name, self.places.home / name, choice)
        password = secret(self.places.data, name)
        return Valkey(name, located, self.places, password, account=account)

    @property
    def database_url(self) -> str:
        """URL of the database, for psycopg and SQLAlchemy."""
        return self.given.database_url or _ours(self.postgres).url()

    @property
    def redis_url(self) -> str:
        """URL of the broker, for redis-py (``queue.app.celery_url`` makes it Celery's)."""
        return self.given.redis_url or _ours(self.broker).url

    @property
    def index_url(self) -> str:
        """URL of the duplicate index's server, for redis-py."""
        return self.given.index_url or _ours(self.index).url

    @property
    def embedded(self) -> tuple[PostgreSQL | Valkey, ...]:
        """The engines that are ours, in the order of their start."""
        ours = (self.broker, self.index, self.postgres)
        return tuple(engine for engine in ours if engine is not None)

    def start(self, *, before_database: Callable[[], None] = lambda: None) -> None:
        """Start what is ours and wait until all of it answers; nothing stays up on failure.

        Args:
            before_database: Called when all but PostgreSQL answers, which takes the longest.
        """
        try:
            for engine in self.embedded:
                if engine is self.postgres:
                    before_database()
                rotate_log(engine.log)
                engine.start()
            if self.postgres is None:
                before_database()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop what is ours, the database last."""
        for engine in self.embedded:
            engine.stop()

    def __enter__(self) -> "Engines":
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()


def _ours(engine: _Engine | None) -> _Engine:
    if engine is None:
        raise AssertionError("an engine has a URL or is embedded")
    return engine
