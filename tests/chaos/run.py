"""One run: a system of its own, pages, the faults that the seed deals, and what came of it."""

import json
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from random import Random

from sqlalchemy import Engine

from newsmill_cli.api import Api
from newsmill_cli.mill import Mill, MillOptions, running_mill
from newsmill_cli.supervisor import SERVICES, Event, Service
from newsmill_shared.database.engine import make_engine
from tests.chaos.checker import Facts, Findings, check
from tests.chaos.enrich import LOG_VARIABLE
from tests.chaos.evidence import (
    Rows,
    at_rest,
    feed_of_changes,
    jobs_that_the_api_tells_otherwise,
)
from tests.chaos.faults import FAULTS, Fault
from tests.chaos.feeder import Feeder
from tests.chaos.measures import (
    STAGES,
    WHOLE,
    Inflicted,
    fetched_again,
    idle_by_fault,
    longest_idle,
)
from tests.chaos.pages import portions
from tests.chaos.press import PressProcess, running_press
from tests.chaos.sampler import Sampler
from tests.chaos.system import Disk, Stopped, System, mounted_disks

__all__ = ["DELAY_SECONDS", "Options", "Result", "as_json", "connected", "mill_options", "run"]

DELAY_SECONDS = 0.5
_IN_FLIGHT = 16
_REST_SECONDS = 40.0
_PROGRESS_SECONDS = 40.0
_BROKER_BYTES = 64_000_000


@dataclass(frozen=True, slots=True)
class Options:
    """What a run is made of."""

    seed: int
    pages: int
    faults: tuple[str, ...]
    """By name, in order; none = a calm run."""
    parts: int
    """Portions that the pages are handed in by: one more than faults, or as a run with faults."""
    deadline_seconds: float
    keep: bool = False
    """Leave the data directory, with all logs, behind."""


@dataclass(slots=True)
class Result:
    """What a run showed; kept as JSON."""

    seed: int
    pages: int
    seconds: float
    findings: Findings
    faults: list[dict[str, object]] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    idle: dict[str, float] = field(default_factory=dict)
    """The longest of the whole run by stage, in seconds."""
    refusals: int = 0
    longest_submission: float = 0.0
    fetched_again_unexplained: list[str] = field(default_factory=list)
    memory_bytes: dict[str, list[int]] = field(default_factory=dict)
    """First and last sample of each service, and the highest of the broker as ``redis``."""
    deaths: dict[str, int] = field(default_factory=dict)
    errors: dict[str, int] = field(default_factory=dict)
    """Lines that tell of an error, by log."""


def run(options: Options) -> Result:
    """Run it; returns when all is done and checked, at the latest some time after the deadline.

    Call it in the main thread: processes are tied to the thread that starts them.
    """
    begin = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="newsmill-chaos-"))
    folder.chmod(0o711)
    deaths: dict[str, int] = {}

    def report(event: Event) -> None:
        if event.kind == "died":
            deaths[event.name] = deaths.get(event.name, 0) + 1

    try:
        with ExitStack() as stack:
            data = folder / "data"
            data.mkdir(mode=0o711)
            disks = stack.enter_context(mounted_disks(data))
            press = stack.enter_context(running_press(folder / "press.log"))
            os.environ[LOG_VARIABLE] = str(folder / "enrich.log")
            (folder / "enrich.log").touch()
            mill = stack.enter_context(running_mill(mill_options(data, press.port), report))
            mill.wait_until_ready()
            trial = _Trial(options, mill, press, folder, begin)
            with connected(mill) as engine:
                result = trial.run(engine, disks)
            result.errors = _errors(mill.directory.logs)
            result.deaths = deaths
            if options.keep:
                shutil.copytree(mill.directory.logs, folder / "logs")
        result.seconds = round(time.monotonic() - begin, 1)
        return result
    finally:
        if options.keep:
            print(f"logs: {folder}")
        else:
            shutil.rmtree(folder)


def mill_options(data: Path, port: int) -> MillOptions:
    """Return what a run starts: the defaults, but for a shorter delay and the press."""
    enrich = Service("enrich", "tests.chaos.enrich", stop_seconds=15.0)
    return MillOptions(
        data=data,
        concurrency={"enrich": 2, "ingest": _IN_FLIGHT},
        services=tuple(enrich if item.name == "enrich" else item for item in SERVICES),
        settings={
            "NEWSMILL_FETCH_ALLOW": f"127.77.0.0/16:{port}",
            "NEWSMILL_HOST_DELAY_SECONDS": str(DELAY_SECONDS),
            "NEWSMILL_RETRY_BASE_SECONDS": "2",
            # The disks are small.
            "NEWSMILL_DISK_RESERVE_MB": "64",
            "NEWSMILL_DISK_FOLDERS": str(data / "engines"),
        },
    )


@contextmanager
def connected(mill: Mill) -> Iterator[Engine]:
    """Yield a connection of our own, and have the database refuse some rows."""
    engine = make_engine(mill.engines.database_url, name="chaos", pool_size=2)
    # What postgres refuses: a rule that the product does not know.
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "alter table article add constraint chaos check (url not like '%%/refused/%%')"
        )
    yield engine
    engine.dispose()


class _Trial:
    """The threads of one run, and what they gather."""

    def __init__(
        self, options: Options, mill: Mill, press: PressProcess, folder: Path, begin: float
    ) -> None:
        self._options = options
        self._mill = mill
        self._press = press
        self._folder = folder
        self._begin = begin
        self._stop = threading.Event()
        self._inflicted: list[Inflicted] = []
        self._skipped: list[str] = []
        self._over = threading.Event()
        self._random = Random(f"{options.seed} run")

    def run(self, engine: Engine, disks: Mapping[str, Disk]) -> Result:
        """Feed, break, wait, look."""
        mill, stop = self._mill, self._stop
        feeder = Feeder(mill.api_url, mill.api_key, mill.engines.redis_url, stop)
        sampler = Sampler(mill, engine, stop)
        system = System(
            mill=mill,
            press=self._press,
            seed=self._options.seed,
            disks=disks,
            stop=stop,
            random=Random(f"{self._options.seed} special"),
            hand_in=feeder.hand_in,
        )
        feeder.start()
        sampler.start()
        thread = threading.Thread(
            target=self._break, args=(system, feeder, sampler), name="chaos", daemon=True
        )
        thread.start()
        end = self._begin + self._options.deadline_seconds
        while not (self._over.is_set() and self._all_ended(feeder, sampler)):
            self._watch()
            if time.monotonic() > end:
                system.notes.append("not all had ended at the deadline")
                break
        ended_at = time.monotonic()
        # Restarting goes on while we wait for rest.
        resting = threading.Event()
        queues: dict[str, int] = {}

        def rest() -> None:
            queues.update(at_rest(engine, mill.engines.redis_url, seconds=_REST_SECONDS))
            resting.set()

        threading.Thread(target=rest, name="rest", daemon=True).start()
        while not resting.is_set():
            self._watch()
        stop.set()
        thread.join(30)
        return self._result(system, feeder, sampler, engine, queues, ended_at)

    def _watch(self) -> None:
        if not self._mill.watch(0.2):
            raise KeyboardInterrupt

    def _all_ended(self, feeder: Feeder, sampler: Sampler) -> bool:
        known = len(feeder.accepted)
        return feeder.done and sampler.ended >= known and not sampler.open

    def _break(self, system: System, feeder: Feeder, sampler: Sampler) -> None:
        """Hand in a portion, and while it is on its way inflict a fault, and so on."""
        options = self._options
        by_name = {fault.name: fault for fault in FAULTS}
        parts = portions(options.pages, options.parts, seed=options.seed, port=self._press.port)
        try:
            feeder.feed(parts[0])
            system.wait(4)
            for number, part in enumerate(parts[1:]):
                feeder.feed(part)
                system.wait_for(lambda: sampler.running > 0 or feeder.done, "work is under way")
                system.wait(self._random.uniform(0.0, 1.0))
                if number < len(options.faults):
                    self._inflict(by_name[options.faults[number]], system, sampler)
                self._await_progress(system, sampler)
        except Stopped:
            pass
        except Exception as error:  # noqa: BLE001 - the run ends, and tells
            system.notes.append(f"the suite failed: {error!r}")
        self._over.set()

    def _inflict(self, fault: Fault, system: System, sampler: Sampler) -> None:
        lacking = fault.lacking(system)
        if lacking:
            self._skipped.append(f"{fault.name}: needs {lacking}")
            return
        open_now = sum(request.end is None for request in self._press.requests())
        window, begin = sampler.running, time.monotonic()
        print(f"  {begin - self._begin:6.1f} s  {fault.name}", flush=True)
        try:
            fault.inflict(system, self._random)
        except (OSError, ValueError) as error:
            system.notes.append(f"{fault.name}: {error!r}")
        self._inflicted.append(
            Inflicted(
                name=fault.name,
                group=fault.group,
                begin=begin,
                end=time.monotonic(),
                in_flight=max(open_now, _IN_FLIGHT),
                window=window,
                empties_broker=fault.empties_broker,
            )
        )

    def _await_progress(self, system: System, sampler: Sampler) -> None:
        """Wait until something has ended since now, or nothing is open."""
        system.wait(1)
        before, end = sampler.ended, time.monotonic() + _PROGRESS_SECONDS
        while time.monotonic() < end:
            if sampler.ended > before + 5 or not sampler.open:
                break
            system.wait(0.2)
        system.wait(self._random.uniform(1, 4))

    def _result(
        self,
        system: System,
        feeder: Feeder,
        sampler: Sampler,
        engine: Engine,
        queues: Mapping[str, int],
        ended_at: float,
    ) -> Result:
        options = self._options
        rows = Rows(engine)
        requests = self._press.requests()
        with Api(self._mill.api_url, self._mill.api_key) as api:
            changes = feed_of_changes(api)
            told = jobs_that_the_api_tells_otherwise(api, rows.ended, Random(options.seed))
        findings = check(
            Facts(
                accepted=feeder.accepted,
                left=frozenset(feeder.left),
                redis_forgot=any(fault.empties_broker for fault in self._inflicted),
                ended=rows.ended,
                open=rows.open,
                versions=rows.versions,
                article_urls=rows.article_urls,
                events=rows.events,
                changes=changes,
                unaccounted=sampler.unaccounted,
                slots_apart=sampler.slots_apart,
                requests=requests,
                thaws=system.thaws,
                delay=DELAY_SECONDS,
                queues=queues,
                slots_left=rows.slots,
            )
        )
        findings.disorder += told
        peak = max((sample.redis for sample in sampler.memory), default=0)
        if peak > _BROKER_BYTES:
            findings.disorder.append(f"the broker used {peak:,} bytes")
        away = time.time() - time.monotonic()
        progress = {
            "ingest": [request.start for request in requests],
            "enrich": sorted(float(line) for line in self._enriched()),
            "store": [at - away for at in rows.finished_at],
            WHOLE: [at - away for at in rows.finished_at],
        }
        idle = idle_by_fault(sampler.due, progress, self._inflicted, end=ended_at)
        again, unexplained = fetched_again(requests, self._inflicted)
        return Result(
            seed=options.seed,
            pages=options.pages,
            seconds=0.0,
            findings=findings,
            faults=[
                {
                    **asdict(fault),
                    "begin": round(fault.begin - self._begin, 1),
                    "end": round(fault.end - self._begin, 1),
                    "idle": {stage: round(seconds, 1) for stage, seconds in idled.items()},
                    "fetched_again": count,
                }
                for fault, idled, count in zip(self._inflicted, idle, again, strict=True)
            ],
            skipped=self._skipped,
            notes=system.notes,
            idle={
                stage: round(
                    longest_idle(
                        sampler.due, progress[stage], stage, begin=self._begin, end=ended_at
                    ),
                    1,
                )
                for stage in STAGES
            },
            refusals=feeder.refusals,
            longest_submission=round(feeder.longest_wait, 1),
            fetched_again_unexplained=unexplained,
            memory_bytes=_memory(sampler),
        )

    def _enriched(self) -> Sequence[str]:
        return (self._folder / "enrich.log").read_text().split()


def _memory(sampler: Sampler) -> dict[str, list[int]]:
    if not sampler.memory:
        return {}
    first, last = sampler.memory[0].resident, sampler.memory[-1].resident
    found = {name: [first[name], last[name]] for name in first if name in last}
    return {**found, "redis": [max(sample.redis for sample in sampler.memory)]}


def _errors(logs: Path) -> dict[str, int]:
    found = {}
    for log in sorted(logs.glob("*.log")):
        count = sum("Traceback" in line for line in log.read_text(errors="replace").splitlines())
        if count:
            found[log.name] = count
    return found


def as_json(result: Result) -> str:
    """Return a result as it is kept."""
    return json.dumps({**asdict(result), "passed": result.findings.passed}, indent=1)
