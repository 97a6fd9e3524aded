"""Real pages through the whole system: outcomes, throughput, CPU a page, time to stored.

    python -m benchmarks.real_pages [--pages 250] [--latency-pages 30] [--enrich 1]

Pages of real publishers are served on loopback under their own host names, fetched, enriched
and stored by the processes of ``newsmill up``. CPU is counted per process, servers included,
between the first submission and the last outcome. The enrichment functions are timed on the
same pages in this process, so that what the plumbing adds can be told from them.
"""

import argparse
import statistics
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

import psutil
from rich.console import Console
from rich.table import Table
from sqlalchemy import Engine, text

from benchmarks.data import RealPage, real_pages
from benchmarks.real_pages_ingest import SERVER
from newsmill_cli.api import Api
from newsmill_cli.mill import Mill, MillOptions, running_mill
from newsmill_cli.supervisor import SERVICES, Service
from newsmill_enrich.duplicates import fingerprint
from newsmill_enrich.extraction import extract
from newsmill_enrich.language import Detector, Hints
from newsmill_enrich.topics import Tagger
from newsmill_shared.database.conservation import conservation
from newsmill_shared.database.engine import make_engine, reading
from newsmill_shared.errors import EndedError
from newsmill_shared.identity import new_id
from newsmill_shared.messages import Page
from newsmill_shared.urls import canonicalize

PORT = 8080
_PATIENCE_SECONDS = 600


def main() -> None:
    """Run the benchmark and print its tables."""
    arguments = _arguments()
    pages = _served_pages(arguments.pages + arguments.latency_pages)
    load, single = pages[: arguments.pages], pages[arguments.pages :]
    with _serving(pages), tempfile.TemporaryDirectory(prefix="newsmill-bench-") as folder:
        options = MillOptions(
            data=Path(folder),
            concurrency={"enrich": arguments.enrich},
            services=tuple(_with_our_ingest(service) for service in SERVICES),
            settings={
                "NEWSMILL_FETCH_ALLOW": f"127.78.0.0/16:{PORT}",
                "NEWSMILL_HOST_DELAY_SECONDS": "0.15",
            },
        )
        with running_mill(options) as mill:
            mill.wait_until_ready()
            time.sleep(arguments.settle_seconds)
            _report_load(mill, load)
            _report_latency(mill, single)
    _report_functions(load)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--pages", type=int, default=250)
    parser.add_argument("--latency-pages", type=int, default=30)
    parser.add_argument("--enrich", type=int, default=1, help="enrich processes")
    parser.add_argument(
        "--settle-seconds", type=float, default=3.0, help="between ready and the first URL"
    )
    return parser.parse_args()


def _served_pages(count: int) -> list[RealPage]:
    """Take pages of distinct URLs, under http and the server's port."""
    chosen: dict[str, RealPage] = {}
    for page in real_pages("fundus_a", "trafilatura_eval"):
        parts = urlsplit(page.url)
        url = f"http://{parts.hostname}:{PORT}{parts.path or '/'}"
        url = canonicalize(url + (f"?{parts.query}" if parts.query else "")).url
        chosen.setdefault(url, RealPage(url, page.body))
        if len(chosen) == count:
            break
    return list(chosen.values())


def _with_our_ingest(service: Service) -> Service:
    if service.name != "ingest":
        return service
    return Service("ingest", "benchmarks.real_pages_ingest", stop_seconds=service.stop_seconds)


@contextmanager
def _serving(pages: Sequence[RealPage]) -> Iterator[None]:
    bodies = {unquote(page.url.removeprefix("http://")): page.body for page in pages}

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = bodies.get(unquote(f"{self.headers['Host']}{self.path}"))
            self.send_response(404 if body is None else 200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body or b"")))
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer((SERVER, PORT), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()


def _report_load(mill: Mill, pages: Sequence[RealPage]) -> None:
    engine = make_engine(mill.engines.database_url, name="benchmark", pool_size=1)
    before = _cpu_seconds(mill)
    begin = time.monotonic()
    with Api(mill.api_url, mill.api_key) as api:
        api.submit_urls([{"url": page.url} for page in pages], key=str(new_id()))
    _wait_until_done(mill, engine)
    elapsed = time.monotonic() - begin
    after = _cpu_seconds(mill)
    with reading(engine) as snapshot:
        counts = conservation(snapshot)
        reasons = Counter(
            {
                f"{row.outcome}:{row.reason}": row.count
                for row in snapshot.execute(
                    text("select outcome, reason, count(*) as count from outcome group by 1, 2")
                )
            }
        )
    console = Console()
    console.print(f"{counts}")
    console.print(", ".join(f"{name} {count}" for name, count in reasons.most_common()))
    console.print(f"{len(pages)} pages in {elapsed:.1f} s: {len(pages) / elapsed:.1f} pages/s")
    table = Table("process", "CPU ms a page")
    for name, seconds in before.items():
        table.add_row(name, f"{(after[name] - seconds) * 1000 / len(pages):.2f}")
    total = sum(after.values()) - sum(before.values())
    plumbing = total - (after["enrich"] - before["enrich"])
    table.add_row("all", f"{total * 1000 / len(pages):.2f}")
    table.add_row("all but enrich", f"{plumbing * 1000 / len(pages):.2f}")
    console.print(table)
    engine.dispose()


def _wait_until_done(mill: Mill, engine: Engine) -> None:
    end = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < end:
        mill.watch(0.3)
        with engine.connect() as connection:
            if not connection.execute(text("select exists (select from job)")).scalar_one():
                return
    message = f"not done within {_PATIENCE_SECONDS} s"
    raise SystemExit(message)


def _cpu_seconds(mill: Mill) -> dict[str, float]:
    return {name: _tree_seconds(psutil.Process(pid)) for name, pid in mill.supervisor.pids.items()}


def _tree_seconds(process: psutil.Process) -> float:
    """CPU of a process, its children, and those of its children that have ended."""
    times = process.cpu_times()
    ended = times.children_user + times.children_system
    return times.user + times.system + ended + sum(map(_tree_seconds, process.children()))


def _report_latency(mill: Mill, pages: Sequence[RealPage]) -> None:
    if not pages:
        return
    engine = make_engine(mill.engines.database_url, name="benchmark", pool_size=1)
    seconds: list[float] = []
    with Api(mill.api_url, mill.api_key) as api:
        for page in pages:
            begin = time.monotonic()
            said = api.submit_urls([{"url": page.url}], key=str(new_id()))
            job = said["items"][0]["job_id"]
            while not _is_done(engine, job):
                time.sleep(0.005)
            seconds.append(time.monotonic() - begin)
            mill.watch(0.3)
    engine.dispose()
    print(
        f"one page at a time, POST to outcome, {len(seconds)} pages: "
        f"p50 {statistics.median(seconds):.3f} s, "
        f"p90 {statistics.quantiles(seconds, n=10)[-1]:.3f} s, max {max(seconds):.3f} s"
    )


def _is_done(engine: Engine, job: str) -> bool:
    with engine.connect() as connection:
        found = connection.execute(
            text("select 1 from outcome where job_id = cast(:job as uuid)"), {"job": job}
        )
        return found.first() is not None


def _report_functions(pages: Sequence[RealPage]) -> None:
    """Time the enrichment functions alone, on the same pages, in this process."""
    detector, tagger = Detector(), Tagger()
    spent: Counter[str] = Counter()
    for page in pages:
        clock = _Clock(spent)
        now = datetime.now(UTC)
        try:
            with clock.timing("extraction"):
                extracted = extract(page.body, _as_page(page, now), now=now)
        except EndedError:
            continue
        with clock.timing("language"):
            detected = detector.detect(
                extracted.title, extracted.text, Hints(declared=extracted.declared_languages)
            )
        with clock.timing("categories"):
            tagger.categorize(
                extracted.title,
                extracted.text,
                language=detected.language.tag,
                section_raw=extracted.section_raw,
                signals=extracted.signals,
            )
        with clock.timing("fingerprint"):
            fingerprint(extracted.title, extracted.text, page_key="00" * 32)
    table = Table("enrichment function", "CPU ms a page")
    for name, seconds in spent.items():
        table.add_row(name, f"{seconds * 1000 / len(pages):.2f}")
    table.add_row("all", f"{sum(spent.values()) * 1000 / len(pages):.2f}")
    Console().print(table)


class _Clock:
    def __init__(self, spent: Counter[str]) -> None:
        self._spent = spent

    @contextmanager
    def timing(self, name: str) -> Iterator[None]:
        """Add the CPU time of the block."""
        begin = time.process_time()
        try:
            yield
        finally:
            self._spent[name] += time.process_time() - begin  # type: ignore[assignment]


def _as_page(page: RealPage, now: datetime) -> Page:
    key = sha256(page.url.encode()).hexdigest()
    return Page(
        fetch_id=new_id(),
        url=page.url,
        url_key=key,
        final_url=page.url,
        final_key=key,
        headers={"content-type": "text/html"},
        fetched_at=now,
        sha256=key,
        object="",
        size=len(page.body),
        media_type="text/html",
    )


if __name__ == "__main__":
    main()
