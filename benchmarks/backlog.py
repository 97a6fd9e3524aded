"""Whether a million waiting URLs cost more than ten thousand: ``python -m benchmarks.backlog``.

The gateway and the dispatcher run as processes on engines of their own; the URLs come over HTTP.
In place of ingest stands a worker that ends every chain at once, so that what is measured is what
the backlog could slow down. Twice the URLs lie on many hosts, twice on one: few first, then many.
Shown is each figure for few and for many, and their ratio; time limits keep a run bounded.
"""

import argparse
import base64
import json
import os
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx
import psutil
from redis import Redis

from newsmill_cli.engines import Engines
from newsmill_shared.messages import FetchPage
from newsmill_shared.queue.broker import as_bytes
from newsmill_shared.queue.notes import EndedNote, send_note
from newsmill_shared.queue.window import read_depths
from newsmill_shared.reasons import Reason
from tests.support.engines import emptied, fresh_database, running_engines

FEW = 10_000
MANY = 1_000_000
HOSTS = 10_000
BATCH = 10_000
DELAY_SECONDS = 0.05
"""Of a host, so that one host is worked on in time."""
SAMPLES = 15
FIRST_KEY = "first"
MEGABYTE = 2**20


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--urls", type=int, default=MANY, help="how many are many")
    parser.add_argument("--few", type=int, default=FEW, help="how many are few")
    parser.add_argument("--hosts", type=int, default=HOSTS)
    parser.add_argument("--seconds", type=float, default=20, help="of dispatch in each run")
    given = parser.parse_args()
    with running_engines() as engines:
        for name, hosts in ((f"{given.hosts:,} hosts", given.hosts), ("one host", 1)):
            few, many = (
                measure(engines, urls, hosts, seconds=given.seconds)
                for urls in (given.few, given.urls)
            )
            show(name, given.few, given.urls, few, many)


def show(name: str, few_urls: int, many_urls: int, few: "Figures", many: "Figures") -> None:
    """Print one table."""
    print(f"\n{name:<52}{few_urls:>12,}{many_urls:>12,}{'ratio':>9}")
    for title, small in few.rows.items():
        large = many.rows[title]
        ratio = f"{large / small:9.2f}" if small else f"{'':>9}"
        print(f"{title:<52}{small:>12,.2f}{large:>12,.2f}{ratio}")


@dataclass
class Figures:
    """What was measured, by what it is."""

    rows: dict[str, float] = field(default_factory=dict)


class Watch:
    """The highest figures of Redis while something goes on."""

    def __init__(self, redis: "Redis") -> None:
        self._redis = redis
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self.memory = 0
        self.ingest = 0

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._stop.wait(0.1):
            self.memory = max(self.memory, self._redis.info("memory")["used_memory"])
            self.ingest = max(self.ingest, read_depths(self._redis).ingest)


class Worker:
    """Takes what is sent to ingest and ends it at once; remembers when each URL came."""

    def __init__(self, redis: "Redis") -> None:
        self._redis = redis
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work)
        self._came = threading.Condition()
        self._wanted: set[str] = set()
        self.ended = 0

    def __enter__(self) -> "Worker":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def expect(self, urls: Sequence[str]) -> None:
        """Look out for these."""
        with self._came:
            self._wanted = set(urls)

    def wait(self, seconds: float) -> bool:
        """Return whether all that was expected came in time."""
        with self._came:
            return self._came.wait_for(lambda: not self._wanted, seconds)

    def _work(self) -> None:
        while not self._stop.is_set():
            taken = self._redis.brpop([FetchPage.QUEUE], 1)
            if taken is None:
                continue
            more = self._redis.rpop(FetchPage.QUEUE, 99) or []
            for raw in as_bytes([taken[1], *more]):
                fetch = json.loads(base64.b64decode(json.loads(raw)["body"]))[0][0]
                self._end(fetch)

    def _end(self, fetch: dict[str, object]) -> None:
        send_note(
            self._redis,
            EndedNote.model_validate(
                {
                    "job_id": fetch["job_id"],
                    "attempt": fetch["attempt"],
                    "reason": Reason.HTTP_404,
                }
            ),
        )
        self.ended += 1
        if self._wanted:
            with self._came:
                self._wanted.discard(str(fetch["url"]))
                if not self._wanted:
                    self._came.notify_all()


@dataclass(frozen=True)
class Mill:
    """What runs: its processes by name, its API, and its Redis."""

    processes: dict[str, psutil.Process]
    api: httpx.Client
    redis: "Redis"
    keys: Mapping[str, str]

    def hand_in(self, urls: Sequence[str], *, who: str = "default", priority: int = 0) -> None:
        """Hand in; raises unless all are accepted."""
        answer = self.api.post(
            "/v1/urls",
            json=[{"url": url, "priority": priority} for url in urls],
            headers={"Authorization": f"Bearer {self.keys[who]}"},
        )
        answer.raise_for_status()
        if answer.json()["accepted"] != len(urls):
            raise RuntimeError(f"not all was accepted: {answer.json()['rejected']}")

    def megabytes(self, name: str) -> float:
        """Return the memory of a process."""
        return float(self.processes[name].memory_info().rss / MEGABYTE)

    def cpu_seconds(self, name: str) -> float:
        """Return the CPU time of a process and its children."""
        family = [self.processes[name], *self.processes[name].children(recursive=True)]
        return float(sum(sum(each.cpu_times()[:2]) for each in family))


@contextmanager
def running(engines: Engines) -> Iterator[Mill]:
    """Run a gateway and a dispatcher on an empty database and an empty Redis."""
    with fresh_database(engines) as database_url, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        environment = {
            **os.environ,
            "NEWSMILL_DATABASE_URL": database_url,
            "NEWSMILL_REDIS_URL": emptied(engines.redis_url),
            "NEWSMILL_HOST_DELAY_SECONDS": str(DELAY_SECONDS),
            "NEWSMILL_GATEWAY_PORT": str(port),
            "NEWSMILL_API_KEY": FIRST_KEY,
            "NEWSMILL_ACCEPT_SECONDS": "60",
            "NEWSMILL_DISK_RESERVE_MB": "0",
            "NEWSMILL_LOG_LEVEL": "warning",
        }
        started = {
            name: subprocess.Popen([sys.executable, "-m", module], env=environment)
            for name, module in (
                ("gateway", "newsmill_gateway.worker"),
                ("dispatcher", "newsmill_store.dispatcher"),
            )
        }
        assert engines.postgres is not None
        processes = {name: psutil.Process(child.pid) for name, child in started.items()}
        try:
            with (
                Redis.from_url(engines.redis_url) as redis,
                httpx.Client(
                    base_url=f"http://127.0.0.1:{port}", timeout=90, trust_env=False
                ) as api,
            ):
                _until_it_answers(api)
                yield Mill(processes, api, redis, {"default": FIRST_KEY, "other": _other_key(api)})
        finally:
            for child in started.values():
                child.terminate()
            for child in started.values():
                child.wait(30)


def _other_key(api: httpx.Client) -> str:
    """Return a key of a second submitter."""
    answer = api.post(
        "/v1/keys",
        json={"name": "other", "scopes": ["enqueue"]},
        headers={"Authorization": f"Bearer {FIRST_KEY}"},
    )
    return str(answer.raise_for_status().json()["secret"])


def _until_it_answers(api: httpx.Client) -> None:
    for _ in range(300):
        try:
            api.get("/healthz")
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("the gateway does not answer")


def measure(engines: Engines, urls: int, hosts: int, *, seconds: float) -> Figures:
    """Hand in so many URLs on so many hosts, work on them for a while, and look."""
    figures = Figures()
    rows = figures.rows
    with running(engines) as mill, Watch(mill.redis) as watch:
        _warm_up(mill)
        begin, spent = mill.megabytes("gateway"), mill.cpu_seconds("gateway")
        began = time.perf_counter()
        for first in range(0, urls, BATCH):
            mill.hand_in(
                [
                    f"https://h{number % hosts}.example/{number}"
                    for number in range(first, min(urls, first + BATCH))
                ]
            )
        rows["accepted a second"] = urls / (time.perf_counter() - began)
        rows["gateway: CPU us a URL"] = (mill.cpu_seconds("gateway") - spent) / urls * 1e6
        rows["gateway: memory that it grew by, MB"] = mill.megabytes("gateway") - begin
        with Worker(mill.redis) as worker:
            _let_it_run(mill, worker, rows, seconds=seconds, gone=urls)
            shared = [f"https://h{number % hosts}.example/ten/{number}" for number in range(10)]
            rows["another submitter's ten on the same hosts, s"] = _come(
                mill, worker, shared, who="other"
            )
            own = [f"https://other-{number}.example/" for number in range(10)]
            rows["another submitter's ten on hosts of their own, s"] = _come(
                mill, worker, own, who="other"
            )
            urgent = [
                _come(mill, worker, [f"https://urgent-{number}.example/"], priority=9)
                for number in range(SAMPLES)
            ]
            rows["a high priority on another host: median, s"] = statistics.median(urgent)
            rows["a high priority on another host: longest, s"] = max(urgent)
            urgent = [
                _come(mill, worker, [f"https://h0.example/urgent/{number}"], priority=9)
                for number in range(SAMPLES)
            ]
            rows["a high priority on the first host: median, s"] = statistics.median(urgent)
        rows["Redis: most memory, MB"] = watch.memory / MEGABYTE
        rows["messages before ingest, at most"] = watch.ingest
    return figures


def _warm_up(mill: Mill) -> None:
    """Work until the dispatcher knows how fast its workers are, and every process its size."""
    with Worker(mill.redis) as worker:
        mill.hand_in([f"https://warm-{number % 1000}.example/{number}" for number in range(BATCH)])
        for _ in range(300):
            if worker.ended >= BATCH:
                return
            time.sleep(0.1)


def _let_it_run(
    mill: Mill, worker: Worker, rows: dict[str, float], *, seconds: float, gone: int
) -> None:
    """Work on the backlog, until half of it or the time is gone."""
    time.sleep(1)
    memory = {name: mill.megabytes(name) for name in mill.processes}
    spent = mill.cpu_seconds("dispatcher")
    before, began = worker.ended, time.perf_counter()
    while time.perf_counter() - began < seconds and worker.ended - before < gone / 2:
        time.sleep(0.02)
    ended = worker.ended - before
    rows["sent a second"] = ended / (time.perf_counter() - began)
    rows["dispatcher: CPU us a URL"] = (mill.cpu_seconds("dispatcher") - spent) / ended * 1e6
    for name, begin in memory.items():
        growth = mill.megabytes(name) - begin
        rows[f"{name}: MB grown for 10,000 URLs sent"] = growth / ended * 10_000


def _come(
    mill: Mill, worker: Worker, urls: Sequence[str], *, who: str = "default", priority: int = 0
) -> float:
    """Hand in, and return after how many seconds all of it has come to ingest."""
    worker.expect(urls)
    began = time.perf_counter()
    mill.hand_in(urls, who=who, priority=priority)
    worker.wait(60)
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
