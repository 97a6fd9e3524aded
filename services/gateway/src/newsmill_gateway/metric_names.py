"""Every metric that ``/metrics`` shows, with its kind, labels and meaning."""

from enum import Enum
from typing import Literal

__all__ = ["Metric"]

Kind = Literal["counter", "gauge", "histogram"]


class Metric(Enum):
    """A metric; names are never changed, a figure with another meaning gets another name."""

    UP = (
        "newsmill_up",
        "gauge",
        ("part",),
        "1 if the part answers: database, redis; else what is known of it is left out",
    )
    DIAGNOSIS = (
        "newsmill_diagnosis",
        "gauge",
        ("code",),
        "1 if this cause applies now; docs/operations.md has a section for each code",
    )
    ACCEPTED = (
        "newsmill_jobs_accepted_total",
        "counter",
        (),
        "Submissions that were accepted since the beginning",
    )
    FINISHED = (
        "newsmill_jobs_finished_total",
        "counter",
        ("outcome", "reason"),
        "Jobs that ended, by outcome and reason",
    )
    DEAD = (
        "newsmill_jobs_dead_total",
        "counter",
        (),
        "Jobs that ended dead: a defect, or a page that kills its worker; each wants a look",
    )
    DEAD_UNSETTLED = (
        "newsmill_jobs_dead_unsettled",
        "gauge",
        (),
        "Of the last 10000 jobs that ended dead, those that nobody has retried or discarded",
    )
    UNACCOUNTED = (
        "newsmill_jobs_unaccounted",
        "gauge",
        (),
        "Accepted, and neither open nor ended: anything but 0 says that the ledger is broken",
    )
    OPEN = ("newsmill_jobs_open", "gauge", ("state",), "Jobs that have not ended, by state")
    IN_FLIGHT = (
        "newsmill_jobs_in_flight",
        "gauge",
        ("stage",),
        "Attempts that were sent to a stage and have not come back",
    )
    OLDEST = (
        "newsmill_oldest_age_seconds",
        "gauge",
        ("stage",),
        "Age of the oldest job that waits (stage waiting), or attempt that was sent to a stage",
    )
    STAGE_ATTEMPTS = (
        "newsmill_stage_attempts_total",
        "counter",
        ("stage", "ended", "reason"),
        "Attempts that ended at a stage, by how and why, since the beginning",
    )
    STAGE_SECONDS = (
        "newsmill_stage_seconds",
        "histogram",
        ("stage",),
        "How long workers took for an attempt, or (store) a transaction with its results",
    )
    JOB_SECONDS = (
        "newsmill_job_seconds",
        "histogram",
        ("outcome",),
        "From acceptance to outcome, with all waits",
    )
    QUEUE = (
        "newsmill_queue_messages",
        "gauge",
        ("queue",),
        "Messages that wait in a list of Redis",
    )
    DOOR_ITEMS = (
        "newsmill_door_items_total",
        "counter",
        ("door", "verdict"),
        "Items that were handed in, by door and whether they were accepted or rejected",
    )
    POSITION = (
        "newsmill_events_position",
        "gauge",
        (),
        "The last number that an event got; it stands still when the dispatcher does",
    )
    UNNUMBERED = (
        "newsmill_events_unnumbered",
        "gauge",
        (),
        "Jobs that ended and have no number yet, 10000 at most",
    )

    def __init__(self, title: str, kind: Kind, labels: tuple[str, ...], meaning: str) -> None:
        self.title = title
        self.kind = kind
        self.labels = labels
        self.meaning = meaning
