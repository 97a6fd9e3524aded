"""Celery's consumer, mended where it ends the worker because a connection broke."""

import structlog
from celery.worker.consumer import Consumer

__all__ = ["SteadyConsumer"]

_log = structlog.get_logger()


class SteadyConsumer(Consumer):
    """Reconnects also when messages were taken from the list and not begun yet.

    Celery 5.7 parts the broken connection from its transport and closes it after that. Closing
    puts back what was not begun, for which the transport is needed: an AttributeError leaves
    the consumer and the whole worker ends, with all that it works on. The ledger sends again
    what was not begun.
    """

    def on_connection_error_after_connected(self, exc: Exception) -> None:
        """Give up the broken connection."""
        try:
            super().on_connection_error_after_connected(exc)
        except AttributeError as error:
            if self.connection is not None:
                raise
            # The connection is forgotten already; what is left would lower the prefetch for a time.
            _log.info("unstarted messages were not put back", cause=str(exc), error=str(error))
