"""An enrich worker with pages that kill it, fill its memory or hold it for ever."""

import os
import signal
import time
from datetime import datetime

from newsmill_enrich.settings import EnrichSettings
from newsmill_enrich.tasks import Enricher, enrich_page
from newsmill_enrich.worker import run
from newsmill_shared.messages import ArticleEnriched, JobFinished, PageFetched
from newsmill_shared.queue.notes import MissingNote


def enrich_or_die(
    message: PageFetched, enricher: Enricher, *, now: datetime
) -> ArticleEnriched | JobFinished | MissingNote:
    """Enrich as the product does, or fail as a parser does that crashes, fills memory or hangs."""
    if "/poison/" in message.page.url:
        os.kill(os.getpid(), signal.SIGKILL)
    if "/huge/" in message.page.url:
        bytearray(1 << 40)
    while "/endless/" in message.page.url:
        time.sleep(1)
    return enrich_page(message, enricher, now=now)


if __name__ == "__main__":
    run(EnrichSettings(), enrich=enrich_or_die)
