"""The page of runs: which stored pages are enriched again, how far that is, and what it changes."""

from collections.abc import Mapping
from typing import get_args

from pydantic import JsonValue

from newsmill_gateway.dashboard.act_pages import address
from newsmill_gateway.reprocessing import PageOfRun, RunAnswer, Runs
from newsmill_shared.database.rework_runs import Part

__all__ = ["articles_of", "pages_of", "run_page", "runs_page"]

_PARTS: tuple[str, ...] = get_args(Part)


def runs_page(found: Runs) -> dict[str, object]:
    """Return what the page shows of the newest runs."""
    return {"runs": [_row(run) for run in found.runs], "run": None, "acts": (), "parts": _PARTS}


def run_page(run: RunAnswer) -> dict[str, object]:
    """Return what the page shows of one run, with its pages."""
    return {
        "runs": [],
        "run": _row(run)
        | {
            "compared": [_page(page) for page in run.compared],
            "failed": [_page(page) for page in run.failed],
        },
        "acts": _acts(run),
    }


def articles_of(filters: Mapping[str, JsonValue]) -> str:
    """Return which articles, as words: ``host a.example, language older than 2``."""
    models = filters.get("models")
    words = [f"{name} {value}" for name, value in filters.items() if name != "models"]
    if isinstance(models, dict):
        words += [f"{part} older than {number}" for part, number in models.items()]
    return ", ".join(words) or "all"


def pages_of(run: RunAnswer) -> str:
    """Return what became of a run's pages so far, as words; empty: nothing yet."""
    return _counts({**run.results, "waiting": run.waiting, "running": run.running})


def _acts(run: RunAnswer) -> tuple[tuple[str, str], ...]:
    """Return what can be done with a run, and where that is previewed."""
    match run.state:
        case "running":
            return (("Stop", address("stop", run=run.id)),)
        case "stopped":
            return (("Continue", address("continue", run=run.id)),)
        case _ if run.mode == "preview" and run.planned:
            return (("Enrich them all", address("reprocess", compared=run.id)),)
        case _:
            return ()


def _row(run: RunAnswer) -> dict[str, object]:
    return {
        "id": run.id,
        "mode": "compares a sample" if run.mode == "preview" else "writes",
        "state": run.state,
        "articles": articles_of(run.filters),
        "by": run.by,
        "reason": run.reason,
        "created_at": run.created_at,
        "progress": f"{100 * run.progress:.0f} %",
        "planned": run.planned,
        "results": pages_of(run),
        "fields": _counts(run.fields),
    }


def _page(page: PageOfRun) -> dict[str, object]:
    changes = [
        {"field": field, "was": _value(both[0]), "now": _value(both[1])}
        for field, both in sorted(page.changes.items())
        if isinstance(both, list)
    ]
    return {"url": page.url, "reason": page.reason, "detail": page.detail, "changes": changes}


def _counts(counts: Mapping[str, int]) -> str:
    largest_first = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{name} {count:,}" for name, count in largest_first if count)


def _value(value: JsonValue) -> str:
    match value:
        case None | []:
            return "none"
        case {"characters": int(characters), "excerpt": str(excerpt)}:
            return f"{characters:,} characters: {excerpt}"
        case list():
            return ", ".join(map(str, value))
        case _:
            return str(value)
