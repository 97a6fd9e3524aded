"""Run a service as a Celery worker: its queue, its pool, its heartbeat."""

from collections.abc import Callable, Sequence
from functools import partial

import structlog
from billiard.exceptions import TimeLimitExceeded, WorkerLostError
from celery import Celery, signals
from redis import Redis

from newsmill_shared.messages import Span, Work
from newsmill_shared.queue.consumer import SteadyConsumer
from newsmill_shared.queue.heartbeat import Heartbeat
from newsmill_shared.queue.later import Later
from newsmill_shared.queue.notes import LostNote, send_note
from newsmill_shared.reasons import Reason

__all__ = ["report_losses", "run_worker"]

_log = structlog.get_logger()


def run_worker(
    app: Celery,
    *,
    queue: str,
    pool: str,
    concurrency: int,
    heartbeat: Heartbeat,
    on_shutdown: Callable[[], None] = lambda: None,
    options: Sequence[str] = (),
) -> None:
    """Consume a queue until SIGTERM; unstarted messages go back into their list then.

    Args:
        app: The service's application, its tasks registered.
        queue: The one queue it consumes.
        pool: ``threads`` for waiting, ``prefork`` for computing.
        concurrency: Messages worked on at the same time.
        heartbeat: Beats while the worker runs; ticked by the worker's event loop.
        on_shutdown: Called when a warm shutdown begins.
        options: Further options of ``celery worker``.
    """

    def ready(sender: object, **_: object) -> None:
        sender.timer.call_repeatedly(1.0, heartbeat.tick)  # type: ignore[attr-defined]
        _log.info("worker ready", queue=queue, concurrency=concurrency)

    def shutting_down(**_: object) -> None:
        on_shutdown()

    signals.worker_ready.connect(ready, weak=False)
    signals.worker_shutting_down.connect(shutting_down, weak=False)
    # With a receiver here Celery leaves logging to us.
    signals.setup_logging.connect(_keep_logging, weak=False)
    app.conf.worker_consumer = partial(SteadyConsumer, waiting=heartbeat.tick)
    heartbeat.start()
    try:
        app.worker_main(
            [
                "--quiet",
                "worker",
                f"--queues={queue}",
                f"--pool={pool}",
                f"--concurrency={concurrency}",
                f"--hostname={queue}@%h-{id(app):x}",
                "--without-gossip",
                "--without-mingle",
                "--without-heartbeat",
                *options,
            ]
        )
    finally:
        heartbeat.stop()


def report_losses(redis: "Redis", *, incarnation: str) -> None:
    """Note each attempt whose pool child died or ran out of time; call it in the parent.

    Args:
        redis: Where notes go.
        incarnation: The name of this worker.
    """
    later = Later()

    def lost(
        exception: BaseException | None = None, args: Sequence[object] = (), **_: object
    ) -> None:
        if isinstance(exception, TimeLimitExceeded):
            reason = Reason.TIME_LIMIT
        elif isinstance(exception, WorkerLostError):
            reason = Reason.WORKER_LOST
        else:
            return
        work = Work.model_validate(args[0])
        _log.warning("an attempt ended with its process", job_id=str(work.job_id), reason=reason)
        note = LostNote(
            job_id=work.job_id,
            attempt=work.attempt,
            reason=reason,
            span=Span(worker=incarnation),
        )
        # The claim stays with this worker, which lives: nobody else would find out.
        later.do(lambda: send_note(redis, note))

    signals.task_failure.connect(lost, weak=False)


def _keep_logging(**_: object) -> None:
    """Do nothing: logging is set up by ``set_up_logs``."""
