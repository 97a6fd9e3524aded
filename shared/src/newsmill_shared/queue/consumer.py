"""Celery's consumer, steadier while the broker is away."""

from collections.abc import Callable
from typing import Any

import structlog
from celery.worker.consumer import Consumer
from celery.worker.state import maybe_shutdown
from kombu import Connection

__all__ = ["SteadyConsumer"]

_log = structlog.get_logger()

_FIRST_PAUSE_SECONDS = 1
_LONGEST_PAUSE_SECONDS = 2


class SteadyConsumer(Consumer):
    """Outlives broken connections and long absences of the broker, and is soon back.

    Args:
        waiting: Called while it waits for the broker: the worker's loop stands still then, but
            it does not hang.
        arguments: Celery's own.
        options: Likewise.
    """

    def __init__(self, *arguments: Any, waiting: Callable[[], None], **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._waiting = waiting

    def ensure_connected(self, conn: Connection) -> Connection:
        """Connect, however long it takes, with short pauses: Celery's grow to half a minute."""
        complaint = ""

        def failed(error: Exception, _: float) -> None:
            nonlocal complaint
            if str(error) != complaint:
                complaint = str(error)
                _log.warning("waiting for the broker", cause=complaint)

        def wait() -> None:
            self._waiting()
            maybe_shutdown()

        conn.ensure_connection(
            failed,
            interval_start=_FIRST_PAUSE_SECONDS,
            interval_step=_FIRST_PAUSE_SECONDS,
            interval_max=_LONGEST_PAUSE_SECONDS,
            callback=wait,
        )
        self.first_connection_attempt = False
        return conn

    def on_connection_error_after_connected(self, exc: Exception) -> None:
        """Give up the broken connection, and messages that were taken over it and not begun.

        Celery 5.7 parts the connection from its transport and closes it after that. Closing
        would put such messages back, for which the transport is needed: an AttributeError, and
        the whole worker ends with all that it works on. The ledger sends them again. A warm
        shutdown puts them back all the same.
        """
        # Connected, and to a transport whose channels live in this process.
        for channel in self.connection.transport.channels:  # type: ignore[union-attr]
            channel.do_restore = False
        super().on_connection_error_after_connected(exc)
