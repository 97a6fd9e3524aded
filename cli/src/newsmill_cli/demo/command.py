"""`newsmill demo`: the whole system on a site of its own, and whether all comes out right."""

import os
import shutil
import socket
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import psutil
import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from newsmill_cli.api import Api, Json
from newsmill_cli.commands.up import Narrator
from newsmill_cli.demo.content import Content, load_content
from newsmill_cli.demo.expectations import Observed, differences
from newsmill_cli.demo.rounds import play
from newsmill_cli.demo.site import PORT_VARIABLE
from newsmill_cli.engines import engine_choice
from newsmill_cli.errors import CommandError, ExitCode
from newsmill_cli.mill import Mill, MillOptions, running_mill
from newsmill_cli.options import JSONOption
from newsmill_cli.output import console, print_json
from newsmill_cli.results import (
    OUTCOME_STYLES,
    Result,
    conservation_line,
    outcome_counts,
    results_table,
)
from newsmill_cli.supervisor import SERVICES, Event, Service

__all__ = ["demo"]

_NETWORK = "127.77.0.0/16"
_DELAY_SECONDS = "0.15"
_SITE_SECONDS = 20.0
_ELSEWHERE = (
    "NEWSMILL_DATABASE_URL",
    "NEWSMILL_REDIS_URL",
    "NEWSMILL_INDEX_URL",
    "NEWSMILL_PAGE_STORE_URL",
)
"""Settings that lead to engines in use: the demo never writes there."""


class _StoppedError(Exception):
    """Ctrl-C or SIGTERM came."""


def demo(
    *,
    leave: Annotated[
        bool,
        typer.Option("--exit", help="End when all is done; exit code 0 if it is as expected."),
    ] = False,
    port: Annotated[
        int | None,
        typer.Option(
            "--port", min=1, max=65535, help="Port of the API on 127.0.0.1.", show_default="8321"
        ),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(
            "--data",
            file_okay=False,
            help="An empty folder for what the demo keeps.",
            show_default="a temporary folder",
        ),
    ] = None,
    as_json: JSONOption = False,
) -> None:
    """Start everything with a site of its own, hand in its pages and show what becomes of them.

    It stays up until Ctrl-C, so that you can look around; --exit ends it. Exit code 1 says that
    something came out differently than expected.
    """
    began = _process_began()
    for name in _ELSEWHERE:
        os.environ.pop(name, None)
    content = load_content()
    site_port = _free_port(content.hosts())
    good = False
    with _folder(data) as folder:
        options = MillOptions(
            data=folder,
            port=port,
            services=(*SERVICES, _site(site_port)),
            settings={
                "NEWSMILL_FETCH_ALLOW": f"{_NETWORK}:{site_port}",
                "NEWSMILL_HOST_DELAY_SECONDS": _DELAY_SECONDS,
            },
            choice=engine_choice(os.environ),
        )
        with running_mill(options, _reporter(as_json=as_json)) as mill:
            good = _run(mill, content, site_port, began, as_json=as_json)
            if not leave and mill.watch(0):
                if not as_json:
                    console().print(f"The API stays at {mill.api_url}; Ctrl-C stops.")
                mill.watch()
    raise typer.Exit(ExitCode.OK if good else ExitCode.NO)


def _run(mill: Mill, content: Content, site_port: int, began: float, *, as_json: bool) -> bool:
    """Play the demo on a mill and print how it went; True if all is as the manifest says."""
    if not mill.wait_until_ready():
        return False
    with Api(mill.api_url, mill.api_key) as api:
        if api.conservation()["accepted"]:
            raise CommandError(
                f"{mill.directory.path} has work in it already",
                "The demo's outcomes are those of an empty folder: give it one, or none.",
            )
        try:
            _wait_for_site(content, site_port, mill)
            with _Board(began, total=len(content.submissions), visible=not as_json) as board:
                rounds = play(api, content, site_port, show=board.show, sleep=_watching(mill))
                observed = list(rounds)
            first = board.first_stored
        except _StoppedError:
            return False
        verdict = _judge(observed)
        counts = api.conservation()
        if as_json:
            _print_json(mill, observed, verdict, counts)
        else:
            _print(mill, observed, verdict, counts, first)
    return not verdict and counts["unaccounted"] == 0


class _Board:
    """Shows on standard output how far the pages are: a line for each that is done, and a bar."""

    def __init__(self, began: float, *, total: int, visible: bool) -> None:
        self._began = began
        self._done: dict[str, Json] = {}
        self.first_stored: float | None = None
        """Seconds from the start to the first article, as it was seen."""
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[counts]}"),
            console=console(),
            transient=True,
            disable=not visible,
        )
        self._task = self._bar.add_task("pages", total=total, counts="")

    def __enter__(self) -> "_Board":
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def show(self, jobs: dict[str, Json]) -> None:
        """Show the jobs of a round as they are now."""
        for job_id, job in jobs.items():
            if job.get("state") == "finished" and job_id not in self._done:
                self._done[job_id] = job
                if self.first_stored is None and job.get("outcome") == "stored":
                    self.first_stored = time.monotonic() - self._began
                if not self._bar.disable:
                    self._bar.console.print(self._line(job))
        words = [
            f"{name} {count}" for name, count in outcome_counts([*self._done.values()]).items()
        ]
        self._bar.update(self._task, completed=len(self._done), counts="  ".join(words))

    def _line(self, job: Json) -> Text:
        outcome = str(job.get("outcome"))
        seconds = time.monotonic() - self._began
        return Text.assemble(
            (f"{seconds:5.1f} s  ", "dim"),
            (f"{outcome:<10}", OUTCOME_STYLES.get(outcome, "")),
            str(job.get("url")),
        )


def _judge(observed: Sequence[Observed]) -> dict[str, list[str]]:
    """Return what differs from the manifest, by submission."""
    article_ids = {
        entry.submission.article.url: str(entry.article["article_id"])
        for entry in observed
        if entry.submission.article is not None and entry.article is not None
    }
    verdict: dict[str, list[str]] = {}
    for entry in observed:
        found = differences(entry, article_ids)
        if found:
            verdict[f"{entry.submission.url} (round {entry.submission.round})"] = found
    return verdict


def _print(
    mill: Mill,
    observed: Sequence[Observed],
    verdict: dict[str, list[str]],
    counts: Json,
    first: float | None,
) -> None:
    printer = console()
    printer.print()
    printer.print(results_table([Result(entry.job, entry.article) for entry in observed]))
    printer.print()
    for url, found in verdict.items():
        printer.print(Text(url, style="red"))
        for words in found:
            printer.print(Text(f"  {words}"))
    if not verdict:
        printer.print(Text(f"All {len(observed)} came out as expected.", style="bold green"))
    if first is not None:
        printer.print(f"The first article was stored {first:.1f} s after the start.")
    printer.print(conservation_line(counts))
    printer.print(f"API {mill.api_url}, see {mill.api_url}/openapi.json")


def _print_json(
    mill: Mill, observed: Sequence[Observed], verdict: dict[str, list[str]], counts: Json
) -> None:
    print_json(
        {
            "api": mill.api_url,
            "results": [{"job": entry.job, "article": entry.article} for entry in observed],
            "differences": verdict,
            "conservation": counts,
        }
    )


def _site(port: int) -> Service:
    return Service("site", "newsmill_cli.demo.site", environment={PORT_VARIABLE: str(port)})


def _reporter(*, as_json: bool) -> Callable[[Event], None]:
    """Return what reports engines that start and processes that die, in words only."""
    narrator = Narrator(as_json=False)

    def report(event: Event) -> None:
        if not as_json and event.kind in ("starting", "died", "killed"):
            narrator.report(event)

    return report


def _watching(mill: Mill) -> Callable[[float], None]:
    """Return a way to wait that restarts what dies meanwhile."""

    def sleep(seconds: float) -> None:
        if not mill.watch(seconds):
            raise _StoppedError

    return sleep


def _wait_for_site(content: Content, port: int, mill: Mill) -> None:
    """Wait until every host of the site takes connections."""
    end = time.monotonic() + _SITE_SECONDS
    for host in content.hosts():
        while True:
            try:
                socket.create_connection((host, port), timeout=1).close()
            except OSError as error:
                if time.monotonic() > end:
                    raise CommandError(
                        f"the demo's site does not answer at {host}:{port}: {error}",
                        f"Its log is {mill.directory.logs / 'site.log'}.",
                    ) from error
                _watching(mill)(0.05)
            else:
                break


def _process_began() -> float:
    """Return when this process began, on the monotonic clock."""
    return time.monotonic() - (time.time() - psutil.Process().create_time())


def _free_port(hosts: Sequence[str]) -> int:
    """Return a port that is free at all of these addresses."""
    with socket.socket() as probe:
        try:
            probe.bind((hosts[0], 0))
        except OSError as error:
            raise CommandError(
                f"the demo needs loopback addresses such as {hosts[0]}: {error}",
                "They exist on Linux; elsewhere run the demo in a container.",
            ) from error
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def _folder(given: Path | None) -> Iterator[Path]:
    """Yield the folder for the demo's data: a temporary one that is removed, if none is given."""
    if given is not None:
        yield given
        return
    folder = Path(tempfile.mkdtemp(prefix="newsmill-demo-"))
    # Engines of root run as another user, who must get through.
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
