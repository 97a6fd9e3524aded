"""Whether hosts are asked at their pace, and whether a large one delays the others.

``python -m benchmarks.politeness`` takes less than a minute and needs no data. Eight ingest workers
and the dispatcher, processes all, fetch from 20 hosts on loopback, one of which has 60 % of the
URLs, handed in before all others. What began and ended when is what the hosts saw themselves.
Shown are violations of the gap, and how long the 19 others took with the large host and without.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from sqlalchemy import Engine

from newsmill_cli.engines import Engines
from newsmill_shared.database.accept import Submission, accept
from newsmill_shared.database.engine import make_engine, transaction
from newsmill_shared.identity import new_id
from newsmill_shared.urls import canonicalize
from tests.support.engines import fresh_database, running_engines
from tests.support.press import Press, running_press

WORKERS = 8
HOSTS = 20
URLS = 200
LARGE_SHARE = 0.6
DELAY_SECONDS = 0.15
ANSWER_SECONDS = 0.03
PATIENCE_SECONDS = 60


def main() -> None:
    """Measure and print."""
    with (
        running_press(HOSTS) as press,
        running_engines() as engines,
        fresh_database(engines) as database_url,
        tempfile.TemporaryDirectory() as folder,
    ):
        press.slow_seconds = ANSWER_SECONDS
        engine = make_engine(database_url, name="benchmark", pool_size=2)
        with processes(press, engines, database_url, Path(folder)):
            measure(press, engine)
        engine.dispose()


def measure(press: Press, engine: Engine) -> None:
    """Fetch from the others alone, from all, and from the others alone again."""
    large, *others = press.hosts
    of_large = round(URLS * LARGE_SHARE)
    fetch(press, engine, [f"http://{host}/first" for host in press.hosts])
    before, _ = fetch(press, engine, spread(others, URLS - of_large, "before"))
    beside, whole = fetch(
        press,
        engine,
        spread([large], of_large, "large") + spread(others, URLS - of_large, "beside"),
    )
    after, _ = fetch(press, engine, spread(others, URLS - of_large, "after"))
    requests = sum(map(len, press.asked().values()))
    violations = press.impolite(delay=DELAY_SECONDS)
    least = (of_large - 1) * (DELAY_SECONDS + ANSWER_SECONDS)
    print(f"{len(violations)} gap violations in {requests} requests by {WORKERS} workers")
    print(
        f"{HOSTS - 1} hosts: {before:.2f} s and {after:.2f} s alone, "
        f"{beside:.2f} s beside the large one ({2 * beside / (before + after):.2f} of it)"
    )
    print(f"the large host: {whole:.2f} s, of which its delay asks for {least:.2f} s")


def fetch(press: Press, engine: Engine, urls: Sequence[str]) -> tuple[float, float]:
    """Fetch these; return the seconds until all but the first host's, and all, were answered."""
    large = press.hosts[0].partition(":")[0]
    began = time.monotonic()
    wanted = {url.partition("//")[2].partition("/")[2] for url in urls}
    accept_all(engine, urls)
    while True:
        ends = {
            (host, request.path[1:]): request.end
            for host, requests in press.asked(since=began).items()
            for request in requests
        }
        if len({path for _, path in ends} & wanted) == len(wanted) and len(ends) >= len(urls):
            break
        if time.monotonic() > began + PATIENCE_SECONDS:
            sys.exit(f"only {len(ends)} of {len(urls)} pages were fetched")
        time.sleep(0.05)
    others = [end for (host, _), end in ends.items() if host != large]
    return max(others) - began, max(ends.values()) - began


def spread(hosts: Sequence[str], count: int, name: str) -> list[str]:
    """Return URLs, spread over hosts."""
    return [f"http://{hosts[n % len(hosts)]}/{name}/{n}" for n in range(count)]


def accept_all(engine: Engine, urls: Sequence[str]) -> None:
    """Hand in URLs, in their order."""
    known = [canonicalize(url) for url in urls]
    with transaction(engine) as connection:
        accept(
            connection,
            [Submission(url=url.url, url_key=url.key, host=url.host) for url in known],
            key=str(new_id()),
            request_sha256=b"benchmark",
            host_delay_seconds=DELAY_SECONDS,
        )


@contextmanager
def processes(press: Press, engines: Engines, database_url: str, folder: Path) -> Iterator[None]:
    """Run the dispatcher and the workers until the block ends."""
    settings = {
        "NEWSMILL_DATABASE_URL": database_url,
        "NEWSMILL_REDIS_URL": engines.redis_url,
        "NEWSMILL_PAGE_STORE_URL": folder.as_uri(),
        "NEWSMILL_FETCH_ALLOW": f"127.77.0.0/16:{press.port}",
        "NEWSMILL_HOST_DELAY_SECONDS": str(DELAY_SECONDS),
        "NEWSMILL_INGEST_CONCURRENCY": "1",
        "NEWSMILL_LOG_LEVEL": "warning",
    }
    modules = ["newsmill_store.dispatcher", *["newsmill_ingest.worker"] * WORKERS]
    with ExitStack() as running:
        for module in modules:
            process = running.enter_context(
                subprocess.Popen(
                    [sys.executable, "-m", module],
                    env={**os.environ, **settings},
                    stdout=subprocess.DEVNULL,
                )
            )
            running.callback(process.terminate)
        yield


if __name__ == "__main__":
    main()
