"""The enrich worker: ``python -m newsmill_enrich.worker``.

The parent loads the models once and opens nothing; each child opens its own connections.
"""

import os
import resource
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

import structlog
from celery import signals

from newsmill_enrich.adapters.redis_index import RedisIndex
from newsmill_enrich.duplicates import Thresholds
from newsmill_enrich.extraction import warm_up
from newsmill_enrich.language import Detector
from newsmill_enrich.settings import EnrichSettings
from newsmill_enrich.tasks import Enricher, drop_page, enrich_page
from newsmill_enrich.topics import Tagger
from newsmill_shared.errors import TransientError
from newsmill_shared.logs import about
from newsmill_shared.messages import ArticleEnriched, JobFinished, PageFetched
from newsmill_shared.pages import PageStore
from newsmill_shared.process import die_with_parent
from newsmill_shared.queue.app import Publisher, make_app
from newsmill_shared.queue.broker import make_redis
from newsmill_shared.queue.heartbeat import Heartbeat, new_incarnation
from newsmill_shared.queue.notes import LostNote, MissingNote
from newsmill_shared.queue.stage import Stage
from newsmill_shared.queue.worker import report_losses, run_worker
from newsmill_shared.reasons import Reason
from newsmill_shared.starting import starting

__all__ = ["Child", "Enrich", "main", "run"]

_log = structlog.get_logger()

_OUT_OF_MEMORY_EXIT = 71
_BROKER_PATIENCE = 0.2
"""Share of a page's time that a claim, or its answer, is tried while the broker is away: the page
must not be taken for one that hangs."""
_INDEX_PATIENCE = 0.2
"""Share of a page's time that it waits for the index, before it waits again in the ledger. While
it waits here its list stands still, and costs no attempts."""


class Enrich(Protocol):
    """What is done with a message; ``enrich_page`` is one."""

    def __call__(
        self, message: PageFetched, enricher: Enricher, *, now: datetime
    ) -> ArticleEnriched | JobFinished | MissingNote:
        """Return the one answer."""


class Child:
    """One process of the pool: its connections, and what it does with a message."""

    def __init__(
        self,
        stage: Stage,
        enricher: Enricher,
        enrich: Enrich,
        *,
        wait: Callable[[], None] = lambda: None,
    ) -> None:
        self._stage = stage
        self._enricher = enricher
        self._enrich = enrich
        self._wait = wait

    def handle(self, message: PageFetched) -> None:
        """Claim, enrich, pass on, let go."""
        with about(message):
            self._handle(message)

    def _handle(self, message: PageFetched) -> None:
        if self._stage.claim(message) is None:
            return
        watch = self._stage.watch()
        try:
            # Before the work, so that none is done for nothing.
            self._wait()
            answer = self._enrich(message, self._enricher, now=datetime.now(UTC))
            span = watch.span()
            if isinstance(answer, MissingNote):
                self._stage.note(answer.model_copy(update={"span": span}))
            else:
                self._stage.publish(answer.model_copy(update={"span": span}))
                self._drop(answer)
            _log.info("attempt ended", ended=_ending(answer), seconds=span.seconds)
        except TransientError as error:
            _log.warning("the page waits again", cause=str(error))
        except MemoryError:
            # Nothing in this process can be trusted any more, and a MemoryError that leaves a
            # task would end the whole worker.
            self._stage.note(
                LostNote(
                    job_id=message.job_id,
                    attempt=message.attempt,
                    reason=Reason.MEMORY,
                    span=watch.span(),
                )
            )
            sys.stderr.flush()
            os._exit(_OUT_OF_MEMORY_EXIT)
        self._stage.done(message)

    def _drop(self, answer: ArticleEnriched | JobFinished) -> None:
        try:
            drop_page(answer, self._enricher.pages)
        except TransientError as error:
            _log.warning("a page stays against its wish", cause=str(error))


def _ending(answer: ArticleEnriched | JobFinished | MissingNote) -> str:
    """Return how an attempt ended, in a word."""
    match answer:
        case JobFinished():
            return str(answer.reason)
        case MissingNote():
            return answer.kind
        case _:
            return "enriched"


def run(settings: EnrichSettings, *, enrich: Enrich = enrich_page) -> None:
    """Consume ``enrich`` until SIGTERM.

    Args:
        settings: From the environment.
        enrich: What is done with a message; a fault test brings a page that kills its worker.
    """
    app = make_app("enrich", settings.redis_url)
    # A child takes a message only when it is free, so none waits behind a slow page.
    app.conf.worker_disable_prefetch = True
    warm_up()
    detector, tagger = Detector(), Tagger()
    incarnation = new_incarnation("enrich")
    children: list[Child] = []

    def begin(**_: object) -> None:
        die_with_parent()
        limit = settings.enrich_memory_mb * 1024 * 1024
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        broker_patience = _BROKER_PATIENCE * settings.enrich_seconds
        stage = Stage(
            "enrich",
            make_redis(settings.redis_url),
            Publisher(app, patience_seconds=broker_patience),
            incarnation=incarnation,
            patience_seconds=broker_patience,
        )
        index = RedisIndex(
            make_redis(settings.index_url),
            generations_back=settings.index_weeks,
            needs_marker=True,
        )
        enricher = Enricher(
            PageStore.open(settings.page_store_url),
            index,
            detector,
            tagger,
            Thresholds.of(settings.duplicate_thresholds),
            remembers=timedelta(weeks=settings.index_weeks),
        )
        patience = _INDEX_PATIENCE * settings.enrich_seconds
        children.append(
            Child(stage, enricher, enrich, wait=lambda: index.wait_until_ready(patience))
        )

    signals.worker_process_init.connect(begin, weak=False)

    @app.task(name=PageFetched.TYPE)
    def page_fetched(payload: dict[str, object]) -> None:
        children[0].handle(PageFetched.model_validate(payload))

    report_losses(make_redis(settings.redis_url), incarnation=incarnation)
    run_worker(
        app,
        queue=PageFetched.QUEUE,
        pool="prefork",
        concurrency=settings.enrich_concurrency,
        heartbeat=Heartbeat(make_redis(settings.redis_url), incarnation),
        options=[f"--time-limit={settings.enrich_seconds}"],
    )


def main() -> None:
    """Run with the settings of the environment."""
    with starting(EnrichSettings, service="enrich") as settings:
        run(settings)


if __name__ == "__main__":
    main()
