"""Celery as newsmill uses it: stock Redis transport, JSON, early acks, nothing remembered."""

import time
from collections.abc import Callable, Sequence

from celery import Celery
from kombu.exceptions import BatchPublishError, OperationalError  # type: ignore[attr-defined]
from redis.exceptions import RedisError

from newsmill_shared.messages import Message
from newsmill_shared.queue.broker import CONNECT_SECONDS, SOCKET_SECONDS, BrokerAwayError

__all__ = ["Publisher", "celery_url", "make_app", "task_id"]

_RETRY_SECONDS = 0.3
_AWAY = (BatchPublishError, OperationalError, RedisError, OSError)


def make_app(name: str, redis_url: str) -> Celery:
    """Return a Celery application for one service.

    Messages are acknowledged early: with late acks a lost one comes back only after the
    visibility timeout, and a message that kills its worker comes back for ever. What is lost
    on the way is found by the ledger instead.
    """
    app = Celery(name, broker=celery_url(redis_url))
    app.conf.update(
        accept_content=["json"],
        broker_channel_error_retry=True,
        broker_connection_max_retries=None,
        broker_connection_retry_on_startup=True,
        broker_transport_options={
            # What was taken from a list and is not acknowledged is kept in memory alone, as all
            # that a worker holds: to acknowledge it over a connection that broke ends a worker.
            "ack_emulation": False,
            "socket_timeout": SOCKET_SECONDS,
            "socket_connect_timeout": CONNECT_SECONDS,
            "socket_keepalive": True,
            "health_check_interval": 10,
            "priority_steps": [0],
        },
        task_acks_late=False,
        task_ignore_result=True,
        task_serializer="json",
        task_store_errors_even_if_ignored=False,
        worker_hijack_root_logger=False,
        worker_prefetch_multiplier=1,
        worker_redirect_stdouts=False,
        worker_send_task_events=False,
    )
    return app


def celery_url(redis_url: str) -> str:
    """Return a redis-py URL in the form that kombu wants for unix sockets."""
    return redis_url.replace("unix://", "redis+socket://", 1).replace("?db=", "?virtual_host=", 1)


def task_id(message: Message) -> str:
    """Return what identifies a message in its list: job, attempt and stage."""
    return f"{message.job_id}:{message.attempt}:{message.QUEUE}"


class Publisher:
    """Sends messages to the queues of their consumers, with a bounded retry of its own."""

    def __init__(
        self,
        app: Celery,
        *,
        patience_seconds: float = 20,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._app = app
        self._patience_seconds = patience_seconds
        self._sleep = sleep
        self._clock = clock

    def publish(self, messages: Sequence[Message]) -> None:
        """Send all of them, in order.

        Raises:
            BrokerAwayError: Redis stayed away. Some may have been sent: sending them again is
                safe, an attempt is claimed once.
        """
        end = self._clock() + self._patience_seconds
        while True:
            try:
                return self._publish(messages)
            except _AWAY as error:
                if self._clock() >= end:
                    raise BrokerAwayError(f"Redis: {error}") from error
            self._sleep(_RETRY_SECONDS)

    def _publish(self, messages: Sequence[Message]) -> None:
        with (
            self._app.producer_pool.acquire(block=True, timeout=SOCKET_SECONDS) as producer,
            producer.batch(max_size=200),  # type: ignore[attr-defined]  # newer than the stubs
        ):
            for message in messages:
                self._app.send_task(
                    message.TYPE,
                    args=(message.model_dump(mode="json"),),
                    queue=message.QUEUE,
                    task_id=task_id(message),
                    # Celery would write out the arguments for people: a third of the cost.
                    argsrepr="",
                    kwargsrepr="",
                    producer=producer,
                    retry=False,
                    ignore_result=True,
                )
