"""How runs that enrich stored pages again are named and read on a command line."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence

from newsmill_cli.api import Api, Json
from newsmill_cli.errors import UsageError

__all__ = ["models_of", "run_lines", "wait_for_run"]

PARTS = ("extraction", "language", "duplicates", "categories")

_POLL_SECONDS = 0.5
_SAY_AFTER_SECONDS = 5.0


def models_of(values: Sequence[str]) -> dict[str, int]:
    """Return what ``PART=NUMBER`` options say; raises UsageError."""
    models: dict[str, int] = {}
    for value in values:
        part, _, number = value.partition("=")
        if part not in PARTS or not number.isdecimal() or not int(number):
            raise UsageError(
                f"--model-older-than {value}: this is no part and the number of its model",
                f"Write PART=NUMBER; a part is one of {', '.join(PARTS)}.",
            )
        models[part] = int(number)
    return models


def wait_for_run(
    api: Api,
    run: Json,
    *,
    report: Callable[[str], None],
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Json:
    """Wait until a run is over, or stopped, and return it; say once what it may wait for."""
    began, said = clock(), False
    while run["state"] == "running":
        if not said and clock() - began >= _SAY_AFTER_SECONDS:
            report("a run waits while other pages wait for enrich, and while enrich is paused")
            said = True
        sleep(_POLL_SECONDS)
        run = api.run(str(run["id"])) or run
    return run


def run_lines(run: Json) -> Iterator[str]:
    """Yield what is known of a run: its figures, a sample of its changes, what failed."""
    yield (
        f"run {run['id']}: {run['mode']}, {run['state']}, {100 * run['progress']:.0f} % looked "
        f"at, by {run['by']} at {_time(run['created_at'])}"
        + (f": {run['reason']}" if run["reason"] else "")
    )
    yield f"articles: {_filters(run['filters'])}"
    yield f"pages: {run['planned']:,} match so far{_results(run)}"
    if run["fields"]:
        counts = sorted(run["fields"].items(), key=lambda item: (-item[1], item[0]))
        yield "fields: " + ", ".join(f"{name} {count:,}" for name, count in counts)
    for page in run["compared"]:
        yield ""
        yield str(page["url"])
        for field, (before, after) in sorted(page["changes"].items()):
            yield f"  {field}"
            yield f"    - {_value(before)}"
            yield f"    + {_value(after)}"
    if run["failed"]:
        yield ""
        yield "failed, and left as they are:"
    for page in run["failed"]:
        yield f"  {page['url']}  {page['reason']}  {page['detail']}".rstrip()


def _results(run: Json) -> str:
    counts = {**run["results"], "waiting": run["waiting"], "running": run["running"]}
    told = ", ".join(f"{name} {count:,}" for name, count in sorted(counts.items()) if count)
    return f"; {told}" if told else ""


def _filters(filters: Mapping[str, object]) -> str:
    if not filters:
        return "all"
    told = dict(filters)
    models = told.pop("models", None)
    words = [f"{name} {value}" for name, value in sorted(told.items())]
    if isinstance(models, dict):
        words += [f"{part} older than {number}" for part, number in sorted(models.items())]
    return ", ".join(words)


def _value(value: object) -> str:
    match value:
        case None:
            return "none"
        case {"characters": int(characters), "excerpt": str(excerpt)}:
            return f"{characters:,} characters: {' '.join(excerpt.split())}"
        case list():
            return ", ".join(map(str, value)) or "none"
        case _:
            return str(value)


def _time(moment: str) -> str:
    return moment[:19].replace("T", " ")
