"""An enrich worker with pages that kill it, fill its memory, hold it for ever or break its code."""

import os
import signal
import time
from dataclasses import replace
from datetime import datetime

from newsmill_enrich.language import Detected, Hints
from newsmill_enrich.settings import EnrichSettings
from newsmill_enrich.tasks import Enricher, enrich_page
from newsmill_enrich.worker import run
from newsmill_shared.messages import ArticleEnriched, JobFinished, PageFetched
from newsmill_shared.queue.notes import MissingNote
from newsmill_shared.starting import starting


class BrokenDetector:
    """A part of enrichment with a defect."""

    def detect(self, title: str, text: str, hints: Hints) -> Detected:
        """Raise what nobody foresaw."""
        raise ZeroDivisionError("a defect of ours")


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
    if "/raising/" in message.page.url:
        enricher = replace(enricher, detector=BrokenDetector())
    return enrich_page(message, enricher, now=now)


if __name__ == "__main__":
    with starting(EnrichSettings, service="enrich") as settings:
        run(settings, enrich=enrich_or_die)
