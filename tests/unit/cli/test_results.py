"""What became of submissions, as a table and as counts."""

from rich.console import Console

from newsmill_cli.results import Result, conservation_line, is_bad, outcome_counts, results_table


def test_outcomes_are_counted_in_one_order() -> None:
    """Good ones first, then what is still open."""
    jobs = [
        {"state": "waiting"},
        {"state": "finished", "outcome": "failed"},
        {"state": "finished", "outcome": "stored"},
        {"state": "finished", "outcome": "stored"},
    ]

    assert list(outcome_counts(jobs).items()) == [("stored", 2), ("failed", 1), ("waiting", 1)]


def test_only_failed_and_dead_are_bad() -> None:
    """A page that robots.txt forbids was handled as asked."""
    bad = [name for name in ("stored", "skipped", "failed", "dead") if is_bad({"outcome": name})]

    assert bad == ["failed", "dead"]


def test_the_conservation_line_adds_up_for_the_reader() -> None:
    """Outcomes and open work, and what is missing."""
    counts = {
        "accepted": 5,
        "outcomes": {"stored": 3, "failed": 0},
        "open": {"waiting": 2},
        "unaccounted": 0,
    }

    assert conservation_line(counts) == "accepted 5 = stored 3 + waiting 2; unaccounted 0"


def test_a_row_shows_what_was_made_of_the_page() -> None:
    """A duplicate names the URL of its original when that is in the table too."""
    original = Result(
        {"url": "http://a.example/1", "outcome": "stored", "reason": "new", "article_id": "1"},
        {
            "language": "az",
            "published_at": "2024-06-17T18:17:00Z",
            "categories": [{"name": "politics and government"}, {"name": "diplomacy"}],
        },
    )
    copy = Result(
        {"url": "http://b.example/2", "outcome": "duplicate", "reason": "near_duplicate"},
        {"duplicate_of": "1"},
    )

    shown = rendered([original, copy])

    assert "http://a.example/1" in shown[1]
    assert "stored" in shown[1]
    assert "(new)" not in shown[1]
    assert "2024-06-17 18:17" in shown[1]
    assert "politics and government, diplomacy" in shown[1]
    assert "duplicate (near_duplicate)" in shown[2]
    assert shown[2].rstrip().endswith("http://a.example/1")


def test_markup_of_a_page_is_shown_as_text() -> None:
    """A URL with brackets must not colour the terminal."""
    shown = rendered([Result({"url": "http://a.example/[red]x", "state": "waiting"})])

    assert "http://a.example/[red]x" in shown[1]


def rendered(results: list[Result]) -> list[str]:
    """The table's lines on a wide terminal."""
    console = Console(width=200, force_terminal=False)
    with console.capture() as captured:
        console.print(results_table(results))
    return captured.get().splitlines()
