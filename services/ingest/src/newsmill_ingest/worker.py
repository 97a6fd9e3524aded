"""The ingest worker: ``python -m newsmill_ingest.worker``."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

import structlog

from newsmill_ingest.adapters.redis_robots import RedisRobotsCache
from newsmill_ingest.robots_gate import RobotsGate
from newsmill_ingest.settings import IngestSettings
from newsmill_ingest.store_gate import StoreGate
from newsmill_ingest.tasks import fetch_page
from newsmill_shared.addresses import AddressPolicy
from newsmill_shared.errors import TransientError
from newsmill_shared.http.client import GuardedClient
from newsmill_shared.http.connection import Resolve, resolve_by_system
from newsmill_shared.http.deadline import Deadline
from newsmill_shared.http.proxy import Proxy
from newsmill_shared.identity import new_id
from newsmill_shared.logs import about
from newsmill_shared.messages import FetchPage
from newsmill_shared.pages import PageStore
from newsmill_shared.queue.app import Publisher, make_app
from newsmill_shared.queue.broker import make_redis
from newsmill_shared.queue.heartbeat import Heartbeat, new_incarnation
from newsmill_shared.queue.notes import AnyNote, EndedNote, FetchedNote, LateNote
from newsmill_shared.queue.stage import Stage
from newsmill_shared.queue.worker import run_worker
from newsmill_shared.reasons import Reason
from newsmill_shared.robots_tags import AGENT
from newsmill_shared.starting import starting

__all__ = ["Worker", "main", "run"]

_log = structlog.get_logger()


class TooLateError(TransientError):
    """The time to begin ran out between the claim and the first connection."""


class Worker:
    """What a process does with a message: claim, fetch, note, pass on, let go."""

    def __init__(
        self, stage: Stage, client: GuardedClient, robots: RobotsGate, pages: StoreGate
    ) -> None:
        self._stage = stage
        self._client = client
        self._robots = robots
        self._pages = pages

    def handle(self, command: FetchPage) -> None:
        """Run one chain; it ends in exactly one note."""
        with about(command):
            self._handle(command)

    def _handle(self, command: FetchPage) -> None:
        left = self._stage.claim(command, claim_by=command.claim_by)
        if left is None:
            return
        begin_by = time.monotonic() + left / 1000
        watch = self._stage.watch()
        try:
            note = self._fetch(command, begin_by)
            span = watch.span()
            self._stage.note(note.model_copy(update={"span": span}))
            _log.info("attempt ended", ended=_ending(note), seconds=span.seconds)
            if isinstance(note, FetchedNote):
                self._stage.publish(note.message)
        except TransientError as error:
            _log.warning("not told", cause=str(error))
        finally:
            self._stage.done(command)

    def _fetch(self, command: FetchPage, begin_by: float) -> AnyNote:
        deadline = Deadline(
            command.fetch_seconds, before_connect=_not_after(begin_by, time.monotonic)
        )
        try:
            self._pages.check()
            with deadline:
                return fetch_page(
                    command,
                    fetcher=self._client,
                    robots=self._robots,
                    pages=self._pages,
                    deadline=deadline,
                    now=lambda: datetime.now(UTC),
                    new_id=new_id,
                )
        except TransientError as error:
            _log.warning("the page waits again", cause=str(error))
            return LateNote(job_id=command.job_id, attempt=command.attempt, detail=str(error)[:500])
        except Exception as error:  # noqa: BLE001 - a defect of ours ends this job alone, and loudly
            _log.exception("fetching failed", url=command.target)
            return EndedNote(
                job_id=command.job_id,
                attempt=command.attempt,
                reason=Reason.FETCH_ERROR,
                detail=f"{type(error).__name__}: {error}"[:500],
            )


def _ending(note: AnyNote) -> str:
    """Return how a chain ended, in a word: the reason, or the kind of its note."""
    return str(note.reason) if isinstance(note, EndedNote) else note.kind


def _not_after(begin_by: float, clock: Callable[[], float]) -> Callable[[], None]:
    """Return a check for the first request of a chain; later ones have the deadline."""
    begun = False

    def check() -> None:
        nonlocal begun
        if not begun and clock() > begin_by:
            raise TooLateError("the time to begin ran out")
        begun = True

    return check


def run(settings: IngestSettings, *, resolve: Resolve = resolve_by_system) -> None:
    """Consume ``ingest`` until SIGTERM.

    Args:
        settings: From the environment.
        resolve: Looks host names up; a benchmark serves real names from loopback with its own.
    """
    settings.check_contact()
    if not settings.contact:
        _log.warning("hosts cannot reach you: set NEWSMILL_CONTACT before you fetch in earnest")
    policy = AddressPolicy.parse(settings.fetch_allow, settings.fetch_ports)
    proxy = Proxy.parse(settings.proxy) if settings.proxy else None
    if proxy is not None:
        _log.info("fetching through a proxy", host=proxy.host, port=proxy.port)
    if settings.fetch_allow:
        _log.warning("internal addresses may be fetched", allow=settings.fetch_allow)
    app = make_app("ingest", settings.redis_url)
    redis = make_redis(settings.redis_url)
    incarnation = new_incarnation("ingest")
    client = GuardedClient(
        policy,
        user_agent=settings.user_agent,
        resolve=resolve,
        max_bytes=settings.max_body_bytes,
        ca_file=settings.ca_file,
        proxy=proxy,
    )
    robots = RobotsGate(
        AGENT, fetcher=client, cache=RedisRobotsCache(redis), now=lambda: datetime.now(UTC)
    )
    worker = Worker(
        Stage("ingest", redis, Publisher(app), incarnation=incarnation),
        client,
        robots,
        StoreGate(PageStore.open(settings.page_store_url)),
    )

    @app.task(name=FetchPage.TYPE)
    def fetch(payload: dict[str, object]) -> None:
        worker.handle(FetchPage.model_validate(payload))

    run_worker(
        app,
        queue=FetchPage.QUEUE,
        pool="threads",
        concurrency=settings.ingest_concurrency,
        heartbeat=Heartbeat(redis, incarnation),
    )


def main() -> None:
    """Run with the settings of the environment."""
    with starting(IngestSettings, service="ingest") as settings:
        run(settings)


if __name__ == "__main__":
    main()
