"""Break a running system, by the seed: ``python -m tests.chaos --seeds 1 2 3 --pages 1500``."""

import argparse
import json
import sys
from pathlib import Path

from tests.chaos.faults import FAULTS
from tests.chaos.run import Options, Result, as_json, run
from tests.chaos.schedule import deal

_SECONDS_A_FAULT = 150.0
_SECONDS_A_PAGE = 0.3


def main() -> int:
    """Run each seed that has no result yet; the last line is the verdict of all."""
    options = _options()
    names = [fault.name for fault in FAULTS]
    results: Path = options.results
    results.mkdir(parents=True, exist_ok=True)
    known = []
    for seed in options.seeds:
        faults = tuple(options.faults or deal(names, seed))
        parts = len(faults) + 1
        if not options.no_calm:
            _once(results / f"calm-{seed}-{options.pages}.json", seed, options, (), parts)
        kept = results / f"seed-{seed}-{options.pages}.json"
        known.append(_once(kept, seed, options, faults, parts))
    print(_verdict(known))
    return 0 if all(result["passed"] for result in known) else 1


def _once(
    file: Path, seed: int, options: argparse.Namespace, faults: tuple[str, ...], parts: int
) -> dict[str, object]:
    """Return the result that is kept, or make it."""
    if not file.exists():
        print(f"seed {seed}, {options.pages} pages, {len(faults)} faults", flush=True)
        result = run(
            Options(
                seed=seed,
                pages=options.pages,
                faults=faults,
                parts=parts,
                deadline_seconds=120 + parts * _SECONDS_A_FAULT + options.pages * _SECONDS_A_PAGE,
                keep=options.keep,
            )
        )
        file.write_text(as_json(result))
        _tell(result)
    told: dict[str, object] = json.loads(file.read_text())
    return told


def _tell(result: Result) -> None:
    found = result.findings
    for words in (
        found.lost,
        found.duplicated,
        found.impolite,
        found.wrong,
        found.disorder,
        result.notes,
    ):
        for line in words[:5]:
            print(f"    {line}")
    for line in result.skipped:
        print(f"    skipped: {line}")
    print(f"  {result.seconds:6.1f} s  {found.verdict()}", flush=True)


def _verdict(results: list[dict[str, object]]) -> str:
    found = [dict(result["findings"]) for result in results]  # type: ignore[call-overload]
    pages = sum(item["pages"] for item in found)
    lost, duplicated = (sum(len(item[name]) for item in found) for name in ("lost", "duplicated"))
    unaccounted = max((item["unaccounted"] for item in found), key=abs, default=0)
    impolite = sum(len(item["impolite"]) for item in found)
    failed = [str(result["seed"]) for result in results if not result["passed"]]
    words = f"FAILED: seeds {', '.join(failed)}" if failed else "passed"
    return (
        f"{words}; impolite {impolite}; pages {pages}, lost {lost}, duplicated {duplicated}, "
        f"unaccounted {unaccounted}"
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    parser.add_argument("--pages", type=int, default=1500)
    parser.add_argument("--results", type=Path, default=Path("build/chaos"))
    parser.add_argument("--faults", nargs="+", choices=[fault.name for fault in FAULTS])
    parser.add_argument("--no-calm", action="store_true", help="no run without faults before")
    parser.add_argument("--keep", action="store_true", help="keep logs")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
