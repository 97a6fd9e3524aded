"""Settings of the store service: recording, and the dispatcher."""

from pydantic import Field

from newsmill_shared.database.tallies import MINUTES_DAYS
from newsmill_shared.index.settings import IndexSettings
from newsmill_shared.settings import Settings
from newsmill_store.dispatcher.backoff import Scope

__all__ = ["DispatcherSettings", "StoreSettings"]


class StoreSettings(IndexSettings):
    """The store worker."""

    store_batch: int = Field(default=100, ge=1)
    """Results recorded in one transaction, at most."""


class DispatcherSettings(Settings):
    """The dispatcher. The defaults are the figures of docs/architecture.md."""

    claim_seconds: float = Field(default=8, gt=0)
    """A fetch must have begun this long after its dispatch, or it never begins."""
    fetch_seconds: float = Field(default=15, gt=0)
    """A fetch chain ends within this."""
    host_delay_seconds: float = Field(default=1, ge=0)
    """The gap between two chains on a host that is seen for the first time."""
    retry_after_scope: Scope = Scope.HOST
    """Whom 429, 503 and Retry-After slow down: the ``url`` alone, its ``host``, or all known hosts
    under its registered ``domain``."""
    host_backoff_max_seconds: float = Field(default=600, gt=0)
    """The longest delay that a host in trouble gets without asking for it."""
    window_jobs: int = Field(default=2000, ge=1)
    """Jobs that run at the same time, at most."""
    rework_window: int = Field(default=4, ge=1)
    """Pages that a run enriches again at the same time while no job runs; while jobs do, or did
    within the last five seconds, it is one page a second."""
    queue_limit: int = Field(default=1000, ge=1)
    """Messages that wait for enrich or for store, at most."""
    disk_reserve_mb: int = Field(default=1024, ge=0)
    """Nothing is sent while the disk of the page store, or of one of ``NEWSMILL_DISK_FOLDERS``, has
    less room than this."""
    disk_folders: str = ""
    """Further folders, comma-separated, such as PostgreSQL's, where the dispatcher can see it."""
    ingest_queue_min: int = Field(default=16, ge=1)
    """Messages that wait for ingest, at most, while little is known of how fast it is."""
    ingest_queue_max: int = Field(default=400, ge=1)
    """Messages that wait for ingest, at most, however fast it is."""
    retry_base_seconds: float = Field(default=30, gt=0)
    """Back-off of the first retry; doubled at each further one, with full jitter."""
    retry_max_seconds: float = Field(default=3600, gt=0)
    """Back-off of any retry, at most; a host may ask for more."""
    sweep_seconds: float = Field(default=5, gt=0)
    """Between two looks at everything that a note could have missed."""
    events_seconds: float = Field(default=0.25, gt=0)
    """Between two numberings of what has ended."""
    judge_after_seconds: float = Field(default=15, gt=0)
    """A running job is looked for when it is older than this."""
    retention_raw_pages_days: float = Field(default=0, ge=0)
    """Raw pages are kept for so long, those that articles show now for good; 0 = all for good."""
    retention_current_pages: bool = False
    """Whether the raw pages that articles show now are dropped, too: they cannot be enriched again
    then."""
    retention_outcomes_days: float = Field(default=0, ge=0)
    """How jobs ended is kept for so long, and the receipts with their idempotency keys, and up to a
    month more; 0 = for good. Counts stay."""
    retention_attempts_days: float = Field(default=0, ge=0)
    """The story of each attempt is kept for so long, and up to a month more; 0 = for good."""
    retention_events_days: float = Field(default=0, ge=0)
    """Events of ``/v1/changes`` are kept for so long; 0 = for good."""
    retention_minutes_days: float = Field(default=MINUTES_DAYS, gt=0)
    """Counts per stage and minute, which the dashboard draws, are kept for so long."""
    calm_seconds: float = Field(default=20, ge=0)
    """Nothing is judged lost before dispatcher, PostgreSQL and Redis were up this long."""
