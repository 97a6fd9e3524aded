"""A browser on a running system. `make test-browser` alone runs these: they need Chromium."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, sync_playwright

from newsmill_cli.api import Api
from newsmill_shared.identity import new_id
from tests.e2e.conftest import Running, running_system

collect_ignore_glob = [] if os.environ.get("NEWSMILL_BROWSER_TEST") else ["test_*.py"]

CHROMIUM = os.environ.get("NEWSMILL_CHROMIUM", "/usr/bin/chromium")
_DATA = Path(os.environ.get("NEWSMILL_SHARED_DATA", "../shared"))
_TITLES = _DATA / "conformance" / "cases" / "strings_clean.json"

HOSTILE = (
    "<script>document.title = 'taken'</script> is a headline",
    '"><img src=x onerror="document.title=\'taken\'">',
    "{{ 7 * 7 }} and {% raw %} and ${7*7}",
    "Wahlen in Köln & Bonn <b>bold</b> </title></h1>",
    "A" * 490,
)
RIGHT_TO_LEFT = (
    "صادرات ميناء الساحل ترتفع 12 في المئة",
    "הנמל הצפוני נפתח מחדש אחרי 11 שנים",
)
_STORY = (
    "The harbour of the northern town was opened again on Monday after eleven years of work, and"
    " the first ship left for the islands in the afternoon with some ninety passengers. "
)


@dataclass  # without slots: Playwright leaves marks on whose methods it calls
class Watched:
    """A page, and all that a page of ours must not do."""

    page: Page
    origin: str
    errors: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)

    def hear(self, message: ConsoleMessage) -> None:
        """Note what the browser complains about."""
        if message.type in ("error", "warning"):
            self.errors.append(message.text)

    def see(self, request: Request) -> None:
        """Note what is asked of others."""
        if not request.url.startswith((self.origin, "data:")):
            self.elsewhere.append(request.url)


@dataclass(frozen=True, slots=True)
class System:
    """A running system with finished work in it."""

    running: Running
    origin: str
    hostile: dict[str, UUID]
    """Job by title."""
    story: UUID
    """The job of an ordinary, fetched article."""


def hostile_titles() -> list[str]:
    """Return titles that try to break out of a page, and some that read from right to left."""
    titles = [*HOSTILE, *RIGHT_TO_LEFT]
    if _TITLES.is_file():
        cases = json.loads(_TITLES.read_text())["cases"]
        texts = [str(case["text"]) for case in cases if case.get("text")]
        marked = [text for text in texts if any(sign in text for sign in "<>\"'&{}")]
        beyond = [text for text in texts if any(ord(sign) > 0x590 for sign in text)]
        titles += [text for text in (*marked[:20], *beyond[:20]) if "\0" not in text]
    return titles


@pytest.fixture(scope="session")
def system() -> Iterator[System]:
    """Everything, running, with fetched articles, hostile documents and a failure."""
    with running_system(hosts=4) as running:
        origin = running.mill.api_url
        urls = running.press.urls(8, name="browser")
        fetched = running.add([*urls, f"http://127.77.1.1:{running.press.port}/robots.txt"])
        hostile: dict[str, UUID] = {}
        with Api(origin, running.mill.api_key) as api:
            for number, title in enumerate(hostile_titles()):
                said = api.submit_document(_document(number, title), key=str(new_id()))
                hostile[title] = UUID(said["items"][0]["job_id"])
        running.wait_until_done([*fetched, *hostile.values()])
        yield System(running, origin, hostile, fetched[0])


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium; inside a container it may have no sandbox of its own."""
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield running
        running.close()


@contextmanager
def watched(
    browser: Browser, origin: str, *, width: int = 1440, scheme: str = "light", scripts: bool = True
) -> Iterator[Watched]:
    """Open a page that is watched for errors, and requests to others."""
    context = browser.new_context(
        base_url=origin,
        viewport={"width": width, "height": 900},
        color_scheme="dark" if scheme == "dark" else "light",
        java_script_enabled=scripts,
        reduced_motion="reduce",
    )
    page = context.new_page()
    seen = Watched(page, origin)
    page.on("console", seen.hear)
    page.on("pageerror", lambda error: seen.errors.append(str(error)))
    page.on("request", seen.see)
    try:
        yield seen
    finally:
        context.close()


def _document(number: int, title: str) -> dict[str, object]:
    escaped = title.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    paragraphs = "".join(f"<p>{_STORY}It was day {number} of {nth}.</p>" for nth in range(4))
    return {
        "url": f"https://strange{number}.example/{number}",
        "content": "<!doctype html><html><head><meta charset='utf-8'>"
        f"<title>{escaped}</title></head><body><article><h1>{escaped}</h1>{paragraphs}</article>"
        "</body></html>",
        "media_type": "text/html",
    }
