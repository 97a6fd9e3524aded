"""What a run must not show: loss, duplicates, haste, disorder. Pure: facts in, findings out."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from tests.chaos.pages import EXPECTED, kind_of
from tests.chaos.press import Request

__all__ = ["Ended", "Facts", "Findings", "Haste", "check", "haste"]

POISON_LOSSES = 3
_THAW_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Ended:
    """A row of outcomes."""

    job_id: str
    url: str
    ending: str
    """Outcome and reason: ``stored:new``."""
    article_id: str | None = None
    losses: int = 0


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known after a run, from the database, the API and the press."""

    accepted: Mapping[str, str]
    """Jobs that the API acknowledged, with their URLs."""
    left: frozenset[str]
    """URLs that were left in Redis."""
    redis_forgot: bool
    """Whether Redis lost its data: what nobody had carried off yet was never accepted."""
    ended: Sequence[Ended]
    open: Mapping[str, str]
    """Jobs that have no outcome, with their URLs."""
    versions: Sequence[tuple[str, int]]
    """Article and number, a row each."""
    article_urls: Sequence[str]
    events: Sequence[tuple[int | None, str]]
    """Position and job, a row each."""
    changes: Sequence[str]
    """Jobs as the change feed of the API tells them."""
    unaccounted: Sequence[int]
    """As it was counted all along."""
    slots_apart: int
    """Samples in which a host's count of chains was not the number of its slots."""
    requests: Sequence[Request]
    thaws: Sequence[float]
    delay: float
    queues: Mapping[str, int]
    """What lies in Redis' lists when all is done."""
    slots_left: int


@dataclass(frozen=True, slots=True)
class Haste:
    """A request that came too soon after another to the same host, or before that ended."""

    before: Request
    after: Request

    def __str__(self) -> str:
        """Say it in a line."""
        gap = f"{self.after.start - self.before.end:.3f} s after" if self.before.end else "during"
        return f"{self.after.host}{self.after.path} asked {gap} {self.before.path}"


@dataclass(slots=True)
class Findings:
    """What is wrong, in words, by kind; all empty is what we want."""

    pages: int
    lost: list[str] = field(default_factory=list)
    duplicated: list[str] = field(default_factory=list)
    unaccounted: int = 0
    impolite: list[str] = field(default_factory=list)
    frozen: list[str] = field(default_factory=list)
    """Haste of requests that were frozen between their check and their first byte: no defect."""
    wrong: list[str] = field(default_factory=list)
    """Pages that ended otherwise than they must."""
    disorder: list[str] = field(default_factory=list)
    """What did not come to rest, and counts that disagreed."""

    @property
    def passed(self) -> bool:
        """Whether nothing is wrong."""
        wrong = (self.lost, self.duplicated, self.impolite, self.wrong, self.disorder)
        return not any(wrong) and self.unaccounted == 0

    def verdict(self) -> str:
        """Say it in a line."""
        return (
            f"pages {self.pages}, lost {len(self.lost)}, duplicated {len(self.duplicated)}, "
            f"unaccounted {self.unaccounted}, impolite {len(self.impolite)}, "
            f"wrong {len(self.wrong)}, disorder {len(self.disorder)}"
        )


def check(facts: Facts) -> Findings:
    """Hold a run against the promises."""
    urls = {ended.url for ended in facts.ended} | set(facts.open.values())
    carried = facts.left & urls
    findings = Findings(pages=len(facts.accepted) + len(carried))
    findings.lost = [*_without_outcome(facts), *_never_carried(facts, carried)]
    findings.duplicated = list(_duplicates(facts))
    findings.unaccounted = max(facts.unaccounted, key=abs, default=0)
    for hasty in haste(facts.requests, delay=facts.delay):
        frozen = any(0 <= hasty.after.start - thaw <= _THAW_SECONDS for thaw in facts.thaws)
        (findings.frozen if frozen else findings.impolite).append(str(hasty))
    findings.wrong = list(_wrong_endings(facts.ended))
    findings.disorder = list(_disorder(facts))
    return findings


def haste(requests: Iterable[Request], *, delay: float) -> list[Haste]:
    """Return the requests that came before the one before them had ended, or sooner than ``delay``.

    robots.txt and the page that it was asked for are one chain: between them there is no delay.
    A request is held against every earlier one that lasts longest, not only the last.
    """
    by_host: dict[str, list[Request]] = defaultdict(list)
    for request in sorted(requests, key=lambda request: request.start):
        by_host[request.host].append(request)
    found = []
    for asked in by_host.values():
        longest = asked[0]
        for before, after in pairwise(asked):
            if _end(before) >= _end(longest):
                longest = before
            gap = 0.0 if longest.path == "/robots.txt" else delay
            if after.start < _end(longest) + gap:
                found.append(Haste(longest, after))
    return found


def _end(request: Request) -> float:
    return float("inf") if request.end is None else request.end


def _without_outcome(facts: Facts) -> Iterable[str]:
    ended = {item.job_id for item in facts.ended}
    for job_id, url in {**facts.accepted, **facts.open}.items():
        if job_id not in ended:
            state = "is still open" if job_id in facts.open else "is nowhere"
            yield f"{url} (job {job_id}) {state}"


def _never_carried(facts: Facts, carried: frozenset[str]) -> Iterable[str]:
    if not facts.redis_forgot:
        yield from (f"{url} was left in the inbox and is nowhere" for url in facts.left - carried)


def _duplicates(facts: Facts) -> Iterable[str]:
    jobs = Counter(item.url for item in facts.ended)
    jobs.update(url for job_id, url in facts.open.items())
    yield from (f"{url} has {count} jobs" for url, count in jobs.items() if count > 1)
    for what, counted in (
        ("outcomes of job", Counter(item.job_id for item in facts.ended)),
        ("versions of article", Counter(article for article, _ in facts.versions)),
        ("articles of", Counter(facts.article_urls)),
        ("events of job", Counter(job for _, job in facts.events)),
        ("changes of job", Counter(facts.changes)),
        ("events at position", Counter(str(at) for at, _ in facts.events if at is not None)),
    ):
        yield from (f"{count} {what} {name}" for name, count in counted.items() if count > 1)


def _wrong_endings(ended: Iterable[Ended]) -> Iterable[str]:
    for item in ended:
        kind = kind_of(item.url)
        if item.ending not in EXPECTED[kind]:
            yield f"{item.url} ended {item.ending}, not {' or '.join(EXPECTED[kind])}"
        elif kind == "poison" and item.losses != POISON_LOSSES:
            yield f"{item.url} was dead at loss {item.losses}, not {POISON_LOSSES}"
        elif item.ending == "stored:new" and item.article_id is None:
            yield f"{item.url} is stored without an article"


def _disorder(facts: Facts) -> Iterable[str]:
    ended = {item.job_id for item in facts.ended}
    told = {job for _, job in facts.events}
    if told != ended:
        missing, extra = len(ended - told), len(told - ended)
        yield f"{missing} outcomes without an event, {extra} events without an outcome"
    if set(facts.changes) != ended:
        yield f"the change feed tells {len(set(facts.changes))} jobs, {len(ended)} have ended"
    unnumbered = sum(position is None for position, _ in facts.events)
    if unnumbered:
        yield f"{unnumbered} events have no position"
    if facts.slots_apart:
        yield f"slots and hosts disagreed in {facts.slots_apart} samples"
    if facts.slots_left:
        yield f"{facts.slots_left} slots are left"
    yield from (f"{count} left in {name}" for name, count in facts.queues.items() if count)
