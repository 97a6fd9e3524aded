"""The dashboard as people use it: every page, width, scheme; by keyboard; without scripts."""

import os
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from tests.browser.conftest import RIGHT_TO_LEFT, System, watched

PAGES = [
    "/",
    "/failures",
    "/hosts",
    "/hosts?of=strange0.example",
    "/articles",
    "/acts/retry?outcome=failed",
    "/acts/pause?scope=all",
    "/acts/resume",
    "/acts/reprocess?host=paper.example",
    "/runs",
    "job",
]
_OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
_SHOTS = os.environ.get("NEWSMILL_SCREENSHOTS")
"""A folder for pictures of each page, if somebody wants to look."""


def path_of(system: System, page: str) -> str:
    return f"/jobs/{system.story}" if page == "job" else page


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1440])
@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_accessible_fits_and_stays_at_home(
    system: System, browser: Browser, page: str, width: int, scheme: str
) -> None:
    with watched(browser, system.origin, width=width, scheme=scheme) as seen:
        seen.page.goto(path_of(system, page))

        violations = Axe().run(seen.page).response["violations"]
        overflow = seen.page.evaluate(_OVERFLOW)
        if _SHOTS:
            name = page.strip("/").split("?")[0].replace("/", "-") or "overview"
            picture = Path(_SHOTS) / f"{name}-{width}-{scheme}.png"
            seen.page.screenshot(path=picture, full_page=True)

    assert [(each["id"], each["nodes"][0]["html"]) for each in violations] == []
    assert overflow <= 0
    assert seen.errors == []
    assert seen.elsewhere == []


def test_hostile_titles_are_words_and_nothing_else(system: System, browser: Browser) -> None:
    for title, job in system.hostile.items():
        with watched(browser, system.origin) as seen:
            seen.page.goto(f"/jobs/{job}")

            assert seen.page.locator("main script, main img, main b b").count() == 0, title
            assert seen.page.title().endswith("· newsmill"), title
            assert seen.errors == [], title
            assert seen.elsewhere == [], title


def test_hostile_titles_stay_inside_their_list(system: System, browser: Browser) -> None:
    with watched(browser, system.origin, width=360) as seen:
        seen.page.goto("/articles")
        while True:
            assert seen.page.locator("main script, main img").count() == 0
            assert seen.page.evaluate(_OVERFLOW) <= 0
            older = seen.page.get_by_role("link", name="Older")
            if not older.count():
                break
            older.click()

    assert seen.errors == []
    assert seen.elsewhere == []


@pytest.mark.parametrize("title", RIGHT_TO_LEFT)
def test_titles_read_from_right_to_left_where_their_script_does(
    system: System, browser: Browser, title: str
) -> None:
    with watched(browser, system.origin) as seen:
        seen.page.goto(f"/jobs/{system.hostile[title]}")

        heading = seen.page.locator("h1")
        assert heading.evaluate("node => getComputedStyle(node).direction") == "rtl"
        assert heading.inner_text() == title


def test_the_overview_refreshes_itself_and_keeps_the_focus(
    system: System, browser: Browser
) -> None:
    with watched(browser, system.origin) as seen:
        seen.page.goto("/")
        seen.page.locator("#pause").focus()

        with seen.page.expect_response(lambda answer: answer.url.endswith("/live/verdict")):
            pass
        seen.page.wait_for_function("document.activeElement.id === 'pause'")
        accepted = seen.page.locator(".sum .total dd")
        before = accepted.inner_text()
        system.running.add([f"http://127.77.1.1:{system.running.press.port}/later/{new_word()}"])

        expect(accepted).not_to_have_text(before, timeout=15_000)
        assert seen.errors == []


def test_a_paused_overview_asks_for_nothing(system: System, browser: Browser) -> None:
    with watched(browser, system.origin) as seen:
        seen.page.goto("/")
        seen.page.get_by_role("link", name="Pause", exact=True).click()

        seen.page.wait_for_url("**/?live=0")
        assert seen.page.locator("[data-hx-get]").count() == 0
        assert seen.page.locator("script").count() == 0


def test_a_url_is_explained_by_keyboard_alone(system: System, browser: Browser) -> None:
    url = system.running.press.urls(8, name="browser")[0]
    with watched(browser, system.origin) as seen:
        seen.page.goto("/failures")
        seen.page.keyboard.press("Tab")
        assert seen.page.evaluate("document.activeElement.className") == "skip"
        reached: list[str] = []
        while not reached or reached[-1] != "q":
            seen.page.keyboard.press("Tab")
            reached.append(seen.page.evaluate("document.activeElement.id"))
            assert len(reached) < 12
        seen.page.keyboard.type(url)
        seen.page.keyboard.press("Enter")

        seen.page.wait_for_url(f"**/jobs/{system.story}")
        expect(seen.page.locator(".answer").first).to_contain_text("Stored as a new article")


def test_what_has_the_focus_is_seen(system: System, browser: Browser) -> None:
    with watched(browser, system.origin) as seen:
        seen.page.goto("/articles")
        for _ in range(30):
            seen.page.keyboard.press("Tab")
            width = seen.page.evaluate(
                "parseFloat(getComputedStyle(document.activeElement).outlineWidth)"
            )
            assert width >= 1


def test_everything_works_without_scripts(system: System, browser: Browser) -> None:
    with watched(browser, system.origin, scripts=False) as seen:
        seen.page.goto("/")
        seen.page.get_by_role("link", name="Articles", exact=True).click()
        seen.page.get_by_label("no date").check()
        seen.page.get_by_role("button", name="Apply").click()
        seen.page.wait_for_url("**/articles?flag=no_date*")
        seen.page.locator(".results h3 a").first.click()
        expect(seen.page.locator("#trace")).to_have_text("What happened")
        seen.page.get_by_role("link", name="Failures").click()
        seen.page.get_by_role("combobox", name="Reason").select_option("http_404")
        seen.page.get_by_role("button", name="Filter").click()

        expect(seen.page.locator("#jobs")).to_have_text("Jobs, newest first")


def test_an_operator_retries_without_scripts_after_a_look(system: System, browser: Browser) -> None:
    with watched(browser, system.origin, scripts=False) as seen:
        seen.page.goto("/failures")
        seen.page.get_by_role("link", name="Retry http_404").first.click()
        expect(seen.page.get_by_role("heading", level=1)).to_have_text("Retry 1 job?")
        expect(seen.page.locator("main")).to_contain_text("does not help")
        seen.page.get_by_label("Why").fill("to see it")
        seen.page.get_by_role("button", name="Retry").click()

        expect(seen.page.get_by_role("heading", level=1)).to_have_text("Retried 1 job")
        assert seen.errors == []


def new_word() -> str:
    return os.urandom(4).hex()
