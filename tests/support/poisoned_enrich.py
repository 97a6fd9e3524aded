"""An enrich worker whose process dies of any page with /poison/ in its URL."""

import os
import signal
from datetime import datetime

from newsmill_enrich.settings import EnrichSettings
from newsmill_enrich.tasks import Enricher, enrich_page
from newsmill_enrich.worker import run
from newsmill_shared.messages import ArticleEnriched, JobFinished, PageFetched
from newsmill_shared.queue.notes import MissingNote


def enrich_or_die(
    message: PageFetched, enricher: Enricher, *, now: datetime
) -> ArticleEnriched | JobFinished | MissingNote:
    """Enrich as the product does, or die as a parser that crashes does."""
    if "/poison/" in message.page.url:
        os.kill(os.getpid(), signal.SIGKILL)
    return enrich_page(message, enricher, now=now)


if __name__ == "__main__":
    run(EnrichSettings(), enrich=enrich_or_die)
