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

from newsmill_cli.api import Api
from newsmill_cli.commands.up import Narrator
from newsmill_cli.demo.content import Content, load_content
from newsmill_cli.demo.display import Board, Report, print_report
from newsmill_cli.demo.expectations import Observed, differences
from newsmill_cli.demo.rounds import play
from newsmill_cli.demo.site import PORT_VARIABLE
from newsmill_cli.engines import engine_choice
from newsmill_cli.errors import CommandError, ExitCode
from newsmill_cli.mill import Mill, MillOptions, running_mill
from newsmill_cli.options import JSONOption
from newsmill_cli.output import console, diagnostics
from newsmill_cli.supervisor import SERVICES, Event, Service

__all__ = ["demo"]

_NETWORK = "127.77.0.0/16"
_DELAY_SECONDS = "0.15"
_SITE_SECONDS = 20.0
_PATIENCE_SECONDS = 240.0
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
            "--port", min=1, max=65535, help="Port of the API on 127.0.0.1.", show_default="8765"
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
    for name in _ELSEWHERE:
        os.environ.pop(name, None)
    content = load_content()
    site_port = _free_port(content.hosts())
    board = Board(_process_began(), total=len(content.submissions), visible=not as_json)
    printer = console()
    printer.quiet = as_json
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
            good = _run(mill, content, site_port, board, as_json=as_json)
            if not leave and mill.watch(0):
                printer.print(f"The API stays at {mill.api_url}; Ctrl-C stops.")
                mill.watch()
                printer.print("stopping")
    raise typer.Exit(ExitCode.OK if good else ExitCode.NO)


def _run(mill: Mill, content: Content, site_port: int, board: Board, *, as_json: bool) -> bool:
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
            with board:
                rounds = play(api, content, site_port, show=board.show, sleep=_watching(mill))
                observed = list(rounds)
        except _StoppedError:
            return False
        report = Report(
            mill.api_url, observed, _judge(observed), api.conservation(), board.first_stored
        )
    print_report(report, as_json=as_json)
    return report.is_good


def _judge(observed: Sequence[Observed]) -> dict[str, list[str]]:
    """Return what differs from the manifest, by submission."""
    article_ids = {
        entry.submission.article.url: str(entry.article["article_id"])
        for entry in observed
        if entry.submission.article is not None and entry.article is not None
    }
    found = {
        f"{entry.submission.url} (round {entry.submission.round})": differences(entry, article_ids)
        for entry in observed
    }
    return {url: words for url, words in found.items() if words}


def _site(port: int) -> Service:
    return Service("site", "newsmill_cli.demo.site", environment={PORT_VARIABLE: str(port)})


def _reporter(*, as_json: bool) -> Callable[[Event], None]:
    """Return what reports engines that start and processes that die.

    With JSON on standard output, deaths are said on standard error.
    """
    narrator = Narrator(as_json=False)

    def report(event: Event) -> None:
        if not as_json and event.kind in ("starting", "died", "killed"):
            narrator.report(event)
        elif event.kind in ("died", "killed"):
            words = f"{event.name} {event.kind}: {event.detail}\n{event.said}"
            diagnostics().print(words, markup=False)

    return report


def _watching(mill: Mill) -> Callable[[float], None]:
    """Return a way to wait that restarts what dies meanwhile, and loses patience at last."""
    end = time.monotonic() + _PATIENCE_SECONDS

    def sleep(seconds: float) -> None:
        if not mill.watch(seconds):
            raise _StoppedError
        if time.monotonic() > end:
            raise CommandError(
                f"the demo is not done after {_PATIENCE_SECONDS:g} s",
                f"A service may be dying again and again; the logs are in {mill.directory.logs},"
                " which is kept if you name a folder with --data.",
            )

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
