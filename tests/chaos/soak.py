"""Steady load: ``python -m tests.chaos.soak --minutes 30``; shows memory and latencies."""

import argparse
import os
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from random import Random
from statistics import linear_regression, quantiles

from sqlalchemy import Engine, text

from newsmill_cli.mill import running_mill
from newsmill_shared.database.engine import DatabaseAwayError, reading
from tests.chaos.enrich import LOG_VARIABLE
from tests.chaos.feeder import Feeder
from tests.chaos.pages import HOSTS, Portion, address
from tests.chaos.press import running_press
from tests.chaos.run import connected, mill_options
from tests.chaos.sampler import Memory, Sampler

__all__ = ["main", "slopes"]

WARM_UP = 0.2
"""The first part of a soak, in which caches fill, counts for no slope."""
_PORTION_SECONDS = 2.0

_LATENCIES = text("""
select extract(epoch from finished_at - accepted_at) from outcome
where finished_at > now() - interval '1 minute'
""")


def slopes(samples: Sequence[Memory]) -> dict[str, float]:
    """Return what each process, and Redis, grows by in 10,000 pages, in bytes, after warm-up."""
    settled = samples[int(len(samples) * WARM_UP) :]
    pages = [float(sample.ended) for sample in settled]
    if len(set(pages)) < 2:
        return {}
    names = set.intersection(*(set(sample.resident) for sample in settled))
    used: Mapping[str, list[float]] = {
        **{name: [float(sample.resident[name]) for sample in settled] for name in names},
        "redis (data)": [float(sample.redis) for sample in settled],
    }
    return {
        name: linear_regression(pages, grown).slope * 10_000 for name, grown in sorted(used.items())
    }


def main() -> int:
    """Run it; fails when a page is unaccounted for or left open."""
    options = _options()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="newsmill-soak-")))
        folder.chmod(0o711)
        os.environ[LOG_VARIABLE] = str(folder / "enrich.log")
        press = stack.enter_context(running_press(folder / "press.log"))
        mill = stack.enter_context(running_mill(mill_options(folder / "data", press.port)))
        mill.wait_until_ready()
        engine = stack.enter_context(connected(mill))
        stop = threading.Event()
        stack.callback(stop.set)
        feeder = Feeder(mill.api_url, mill.api_key, mill.engines.redis_url, stop)
        sampler = Sampler(mill, engine, stop)
        feeder.start()
        sampler.start()
        end, number, minute = time.monotonic() + options.minutes * 60, 0, 0
        begin, random = time.monotonic(), Random(0)
        while time.monotonic() < end and mill.watch(_PORTION_SECONDS):
            count = round(options.rate * (time.monotonic() - begin)) - number
            urls = tuple(
                f"http://{address(random.randrange(HOSTS))}:{press.port}/page/{number + more}"
                for more in range(count)
            )
            number += count
            feeder.feed(Portion(http=urls, inbox=()))
            if time.monotonic() >= begin + (minute + 1) * 60:
                minute += 1
                print(_minute(minute, engine, sampler), flush=True)
        patience = time.monotonic() + 60
        while time.monotonic() < patience and not (feeder.done and sampler.open == 0):
            mill.watch(0.5)
        for name, slope in slopes(sampler.memory).items():
            print(f"  {name:<14} {slope / 1e6:+8.2f} MB a 10,000 pages")
        worst = max(sampler.unaccounted, key=abs, default=0)
        print(f"pages {number}, open {sampler.open}, unaccounted {worst}")
        return 0 if feeder.done and not sampler.open and not worst else 1


def _minute(minute: int, engine: Engine, sampler: Sampler) -> str:
    try:
        with reading(engine) as snapshot:
            latencies = [float(row[0]) for row in snapshot.execute(_LATENCIES)]
    except DatabaseAwayError as error:
        return f"minute {minute:>3}: {error}"
    if len(latencies) < 2:
        return f"minute {minute:>3}: nothing ended"
    hundredths = quantiles(latencies, n=100)
    resident = sampler.memory[-1].resident if sampler.memory else {}
    return (
        f"minute {minute:>3}: {len(latencies):>6} pages, latency s: "
        f"median {hundredths[49]:.2f}, p95 {hundredths[94]:.2f}, p99 {hundredths[98]:.2f}; "
        f"open {sampler.open}; MB: "
        + ", ".join(f"{name} {used / 1e6:.0f}" for name, used in sorted(resident.items()))
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--rate", type=float, default=8.0, help="pages a second")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
