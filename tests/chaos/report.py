"""One table of several results: ``python -m tests.chaos.report build/chaos``."""

import json
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.chaos.measures import WHOLE

__all__ = ["AIMS", "main", "table"]

AIMS: Mapping[str, float] = {
    "worker killed": 15.0,
    "broker empty": 25.0,
    "index empty": 25.0,
    "database": 25.0,
}
"""Seconds that a stage may idle beyond the calm run, by group of faults."""

Kept = Mapping[str, Any]


@dataclass(slots=True)
class _Row:
    """Figures of a group of faults."""

    faults: int = 0
    idle: float = 0.0
    still: float = 0.0
    worst: str = ""
    again: int = 0
    beyond: int = 0


def table(calm: Mapping[int, Kept], broken: Sequence[Kept]) -> str:
    """Return the verdicts of runs, and figures by group of faults, as text.

    Args:
        calm: Results of runs without faults, by seed.
        broken: Results of runs with faults.
    """
    lines = [
        "seed   pages  lost  dupl.  unacc.  impolite  frozen  wrong  disorder  faults  seconds"
    ]
    for result in broken:
        found = result["findings"]
        counts = [len(found[name]) for name in ("lost", "duplicated")]
        rest = [len(found[name]) for name in ("impolite", "frozen", "wrong", "disorder")]
        lines.append(
            f"{result['seed']:>4} {found['pages']:>7} {counts[0]:>5} {counts[1]:>6} "
            f"{found['unaccounted']:>7} {rest[0]:>9} {rest[1]:>7} {rest[2]:>6} {rest[3]:>9} "
            f"{len(result['faults']):>7} {result['seconds']:>8}"
        )
    lines += [
        "",
        "group of faults      faults  idle, s  aim  still, s  fetched again (beyond)  idle after",
    ]
    for group, row in sorted(_groups(calm, broken).items()):
        aim = f"{AIMS[group]:g}" if group in AIMS else "-"
        missed = " <" if row.idle > AIMS.get(group, float("inf")) else ""
        lines.append(
            f"{group:<20} {row.faults:>6} {row.idle:>8.1f} {aim:>4} {row.still:>9.1f} "
            f"{row.again:>14} ({row.beyond:>5})  {row.worst}{missed}"
        )
    skipped = sorted({line for result in broken for line in result["skipped"]})
    if skipped:
        lines += ["", "skipped:", *(f"  {line}" for line in skipped)]
    return "\n".join(lines)


def _groups(calm: Mapping[int, Kept], broken: Iterable[Kept]) -> dict[str, _Row]:
    """Gather figures by group of faults, beyond the calm run's.

    ``idle`` is of a stage that has work before it, ``still`` of all while sent work has not ended,
    ``beyond`` counts what was fetched again in excess of what was in flight.
    """
    rows: dict[str, _Row] = defaultdict(_Row)
    for result in broken:
        usual = calm.get(result["seed"], {}).get("idle", {})
        for fault in result["faults"]:
            row = rows[fault["group"]]
            row.faults += 1
            row.again += fault["fetched_again"]
            limit = fault["window"] if fault["empties_broker"] else fault["in_flight"]
            row.beyond += max(0, fault["fetched_again"] - limit)
            for stage, seconds in fault["idle"].items():
                beyond = max(0.0, seconds - usual.get(stage, 0.0))
                if stage == WHOLE:
                    row.still = max(row.still, beyond)
                elif beyond > row.idle:
                    row.idle = beyond
                    row.worst = f"{fault['name']}, seed {result['seed']} ({stage})"
    return rows


def main(folder: Path) -> None:
    """Print the table of all results in a folder."""
    calm = [json.loads(file.read_text()) for file in sorted(folder.glob("calm-*.json"))]
    broken = [json.loads(file.read_text()) for file in sorted(folder.glob("seed-*.json"))]
    broken.sort(key=lambda result: (result["pages"], result["seed"]))
    print(table({result["seed"]: result for result in calm}, broken))


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "build/chaos"))
