"""Celery's consumer, mended where it ends the worker because a connection broke."""

from celery.worker.consumer import Consumer

__all__ = ["SteadyConsumer"]


class SteadyConsumer(Consumer):
    """Gives up messages that were taken from the list and not begun when a connection breaks.

    Celery 5.7 parts the broken connection from its transport and closes it after that. Closing
    would put such messages back, for which the transport is needed: an AttributeError, and the
    whole worker ends with all that it works on. The ledger sends them again. A warm shutdown
    puts them back all the same.
    """

    def on_connection_error_after_connected(self, exc: Exception) -> None:
        """Give up the broken connection."""
        # Connected, and to a transport whose channels live in this process.
        for channel in self.connection.transport.channels:  # type: ignore[union-attr]
            channel.do_restore = False
        super().on_connection_error_after_connected(exc)
