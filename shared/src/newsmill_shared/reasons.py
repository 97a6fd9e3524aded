"""Why a job ended: one table from reason to outcome, and whether the attempt is tried again."""

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["MAX_TRIES", "RULES", "Outcome", "Reason", "Rule"]

MAX_TRIES = 5
"""A fetch that keeps failing for a retried reason is given up after this many tries."""


class Outcome(StrEnum):
    """What became of a job; every job ends in exactly one."""

    STORED = "stored"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    DUPLICATE = "duplicate"
    SKIPPED = "skipped"
    FAILED = "failed"
    DEAD = "dead"


class Reason(StrEnum):
    """The ground of an outcome, as other systems see it: stable words, never renamed."""

    NEW = "new"
    REVISION = "revision"
    SAME_CONTENT = "same_content"
    SUPERSEDED = "superseded"
    FRESH = "fresh"
    NOT_MODIFIED = "not_modified"
    NEAR_DUPLICATE = "near_duplicate"

    ROBOTS = "robots"
    BLOCKED_ADDRESS = "blocked_address"
    CONTENT_TYPE = "content_type"
    NOT_AN_ARTICLE = "not_an_article"
    NOINDEX = "noindex"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    DELETED = "deleted"

    DNS = "dns"
    CONNECT = "connect"
    TLS = "tls"
    TIMEOUT = "timeout"
    TOO_LARGE = "too_large"
    REDIRECT = "redirect"
    PROTOCOL = "protocol"
    DECODE = "decode"
    HTTP_4XX = "http_4xx"
    HTTP_404 = "http_404"
    HTTP_410 = "http_410"
    HTTP_429 = "http_429"
    HTTP_5XX = "http_5xx"
    ROBOTS_UNREACHABLE = "robots_unreachable"

    WORKER_LOST = "worker_lost"
    TIME_LIMIT = "time_limit"
    MEMORY = "memory"
    FETCH_ERROR = "fetch_error"
    ENRICH_ERROR = "enrich_error"
    STORE_ERROR = "store_error"
    PAGE_MISSING = "page_missing"


@dataclass(frozen=True, slots=True)
class Rule:
    """What a reason leads to: an outcome, at once or only when tries run out."""

    outcome: Outcome
    retried: bool = False


RULES: dict[Reason, Rule] = {
    Reason.NEW: Rule(Outcome.STORED),
    Reason.REVISION: Rule(Outcome.UPDATED),
    Reason.SAME_CONTENT: Rule(Outcome.UNCHANGED),
    Reason.SUPERSEDED: Rule(Outcome.UNCHANGED),
    Reason.FRESH: Rule(Outcome.UNCHANGED),
    Reason.NOT_MODIFIED: Rule(Outcome.UNCHANGED),
    Reason.NEAR_DUPLICATE: Rule(Outcome.DUPLICATE),
    Reason.ROBOTS: Rule(Outcome.SKIPPED),
    Reason.BLOCKED_ADDRESS: Rule(Outcome.SKIPPED),
    Reason.CONTENT_TYPE: Rule(Outcome.SKIPPED),
    Reason.NOT_AN_ARTICLE: Rule(Outcome.SKIPPED),
    Reason.NOINDEX: Rule(Outcome.SKIPPED),
    Reason.EXPIRED: Rule(Outcome.SKIPPED),
    Reason.CANCELLED: Rule(Outcome.SKIPPED),
    Reason.DELETED: Rule(Outcome.SKIPPED),
    Reason.DNS: Rule(Outcome.FAILED, retried=True),
    Reason.CONNECT: Rule(Outcome.FAILED, retried=True),
    Reason.TLS: Rule(Outcome.FAILED, retried=True),
    Reason.TIMEOUT: Rule(Outcome.FAILED, retried=True),
    Reason.TOO_LARGE: Rule(Outcome.FAILED),
    Reason.REDIRECT: Rule(Outcome.FAILED),
    Reason.PROTOCOL: Rule(Outcome.FAILED),
    Reason.DECODE: Rule(Outcome.FAILED),
    Reason.HTTP_4XX: Rule(Outcome.FAILED),
    Reason.HTTP_404: Rule(Outcome.FAILED),
    Reason.HTTP_410: Rule(Outcome.FAILED),
    Reason.HTTP_429: Rule(Outcome.FAILED, retried=True),
    Reason.HTTP_5XX: Rule(Outcome.FAILED, retried=True),
    Reason.ROBOTS_UNREACHABLE: Rule(Outcome.FAILED, retried=True),
    Reason.WORKER_LOST: Rule(Outcome.DEAD),
    Reason.TIME_LIMIT: Rule(Outcome.DEAD),
    Reason.MEMORY: Rule(Outcome.DEAD),
    Reason.FETCH_ERROR: Rule(Outcome.DEAD, retried=True),
    Reason.ENRICH_ERROR: Rule(Outcome.DEAD),
    Reason.STORE_ERROR: Rule(Outcome.DEAD),
    Reason.PAGE_MISSING: Rule(Outcome.DEAD),
}
