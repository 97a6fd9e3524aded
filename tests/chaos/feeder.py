"""Hands in URLs while things break, as a patient client does: again with the same key."""

import queue
import threading
import time
from collections.abc import Sequence

from redis import Redis
from redis.exceptions import RedisError

from newsmill_cli.api import Api
from newsmill_cli.errors import CommandError
from newsmill_shared.identity import new_id
from tests.chaos.pages import Portion

__all__ = ["Feeder"]

_AT_ONCE = 25
_STREAM = "newsmill:inbox"


class Feeder:
    """A thread that hands in portions, a part of each every ``pause`` seconds.

    Args:
        api_url: Of the gateway.
        api_key: Its key, if it wants one.
        redis_url: Where the inbox is.
        stop: Set when the run ends.
        pause: Seconds between two requests.
    """

    def __init__(
        self,
        api_url: str,
        api_key: str | None,
        redis_url: str,
        stop: threading.Event,
        *,
        pause: float = 0.1,
    ) -> None:
        self.accepted: dict[str, str] = {}
        """Jobs that the API acknowledged, with their URLs."""
        self.left: set[str] = set()
        """URLs that Redis took into the inbox."""
        self.doubtful: set[str] = set()
        """URLs that Redis may have taken: it did not say."""
        self.refusals = 0
        """Requests that were refused or not answered, and sent again."""
        self.longest_wait = 0.0
        """Seconds between the first try of a request and its receipt."""
        self._api = Api(api_url, api_key)
        self._redis = Redis.from_url(redis_url, socket_timeout=5)
        self._stop = stop
        self._pause = pause
        self._work: queue.Queue[list[str]] = queue.Queue()
        self._thread = threading.Thread(target=self._run, name="feeder", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def feed(self, portion: Portion) -> None:
        """Hand in a portion in the background."""
        self.leave(portion.inbox)
        for first in range(0, len(portion.http), _AT_ONCE):
            self._work.put(list(portion.http[first : first + _AT_ONCE]))

    def hand_in(self, url: str) -> None:
        """Hand in one URL in the background."""
        self._work.put([url])

    def leave(self, urls: Sequence[str]) -> None:
        """Leave URLs in the inbox, once each: a second time would be a second job."""
        for url in urls:
            try:
                self._redis.xadd(_STREAM, {"url": url})
            except (RedisError, OSError):
                self.doubtful.add(url)
            else:
                self.left.add(url)

    @property
    def done(self) -> bool:
        """Whether everything was handed in."""
        return self._work.unfinished_tasks == 0

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                urls = self._work.get(timeout=0.2)
            except queue.Empty:
                continue
            self._submit(urls)
            self._work.task_done()
            self._stop.wait(self._pause)

    def _submit(self, urls: list[str]) -> None:
        key, begin = str(new_id()), time.monotonic()
        while not self._stop.is_set():
            try:
                said = self._api.submit_urls([{"url": url} for url in urls], key=key)
            except CommandError:
                self.refusals += 1
                self._stop.wait(0.3)
                continue
            for url, item in zip(urls, said["items"], strict=True):
                self.accepted[item["job_id"]] = url
            self.longest_wait = max(self.longest_wait, time.monotonic() - begin)
            return
