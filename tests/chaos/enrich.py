"""The enrich worker of a run: faulty pages, and a log of when each page was done."""

import os
import time
from datetime import datetime

from newsmill_enrich.settings import EnrichSettings
from newsmill_enrich.tasks import Enricher
from newsmill_enrich.worker import run
from newsmill_shared.messages import ArticleEnriched, JobFinished, PageFetched
from newsmill_shared.queue.notes import MissingNote
from newsmill_shared.starting import starting
from tests.support.poisoned_enrich import enrich_or_die

__all__ = ["LOG_VARIABLE"]

LOG_VARIABLE = "CHAOS_ENRICH_LOG"


def enrich_and_log(
    message: PageFetched, enricher: Enricher, *, now: datetime
) -> ArticleEnriched | JobFinished | MissingNote:
    """Enrich as the product does, and write down the moment."""
    answer = enrich_or_die(message, enricher, now=now)
    # One short write at the end of a file is whole, whoever else writes.
    with open(os.environ[LOG_VARIABLE], "a", encoding="ascii") as log:  # noqa: PTH123
        log.write(f"{time.monotonic()}\n")
    return answer


if __name__ == "__main__":
    with starting(EnrichSettings, service="enrich") as settings:
        run(settings, enrich=enrich_and_log)
