"""The store worker: ``python -m newsmill_store.worker``."""

import threading

from newsmill_shared.database.engine import make_engine
from newsmill_shared.logs import set_up_logs
from newsmill_shared.messages import ArticleEnriched, JobFinished
from newsmill_shared.queue.app import Publisher, make_app, make_redis
from newsmill_shared.queue.heartbeat import Heartbeat, new_incarnation
from newsmill_shared.queue.worker import run_worker
from newsmill_store.adapters.sql_ledger import SQLLedger
from newsmill_store.settings import StoreSettings
from newsmill_store.tasks import record

__all__ = ["main"]


def main() -> None:
    """Consume ``store`` until SIGTERM."""
    settings = StoreSettings()
    set_up_logs(settings, service="store")
    app = make_app("store", settings.redis_url)
    publisher = Publisher(app)
    stopping = threading.Event()
    ledger = SQLLedger(
        make_engine(settings.database_url, name="store", pool_size=settings.store_concurrency)
    )

    def handle(message: ArticleEnriched | JobFinished) -> None:
        if not record(message, ledger=ledger, stopping=stopping.wait):
            publisher.publish([message])

    @app.task(name=ArticleEnriched.TYPE)
    def article_enriched(payload: dict[str, object]) -> None:
        handle(ArticleEnriched.model_validate(payload))

    @app.task(name=JobFinished.TYPE)
    def job_finished(payload: dict[str, object]) -> None:
        handle(JobFinished.model_validate(payload))

    run_worker(
        app,
        queue=ArticleEnriched.QUEUE,
        pool="threads",
        concurrency=settings.store_concurrency,
        heartbeat=Heartbeat(make_redis(settings.redis_url), new_incarnation("store")),
        on_shutdown=stopping.set,
    )


if __name__ == "__main__":
    main()
