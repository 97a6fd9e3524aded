"""The failures page: groups by reason and host, whether a retry helps, and single jobs."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from newsmill_gateway.dashboard.act_pages import address
from newsmill_gateway.dashboard.caching import Kept
from newsmill_gateway.dashboard.formats import age, count, percent, stamp
from newsmill_gateway.dashboard.ports import FailureGroup, FailureList, FailureQuery, Failures
from newsmill_shared.reasons import MAX_TRIES, RULES, Outcome, Reason

__all__ = ["REASON_SAYS", "failure_rows", "failures_panel", "filter_panel"]

_HOSTS_A_REASON = 10

REASON_SAYS = {
    Reason.DNS: "the name does not resolve",
    Reason.CONNECT: "no connection",
    Reason.TLS: "the certificate does not hold",
    Reason.TIMEOUT: "no full answer within the job's deadline",
    Reason.TOO_LARGE: "the page is larger than we take",
    Reason.REDIRECT: "redirects in a circle, or too many",
    Reason.PROTOCOL: "what came is no HTTP",
    Reason.DECODE: "the body cannot be read",
    Reason.HTTP_4XX: "refused: 401, 403 and kin",
    Reason.HTTP_404: "there is no such page",
    Reason.HTTP_410: "the page is gone for good",
    Reason.HTTP_429: "the host asks for fewer requests",
    Reason.HTTP_5XX: "the server says it is broken",
    Reason.ROBOTS_UNREACHABLE: "robots.txt could not be read, so nothing may be asked",
    Reason.WORKER_LOST: "a worker was lost with it, three times",
    Reason.TIME_LIMIT: "it took longer than any page may",
    Reason.MEMORY: "it took more memory than any page may",
    Reason.FETCH_ERROR: "a defect of ours while fetching",
    Reason.ENRICH_ERROR: "a defect of ours while enriching",
    Reason.STORE_ERROR: "a defect of ours while storing",
    Reason.PAGE_MISSING: "its kept page is missing",
}

_REASONS = {reason.value: reason for reason in Reason}


@dataclass(frozen=True, slots=True)
class _HostRow:
    host: str
    jobs: str
    first: str
    first_iso: str
    last: str
    last_iso: str
    detail: str
    retry_at: str
    """The page that previews its retry,"""
    discard_at: str
    """and the one that sets it aside."""


@dataclass(frozen=True, slots=True)
class _ReasonRow:
    reason: str
    says: str
    jobs: str
    share: float
    policy: str
    retry_state: str
    retry: str
    hosts: tuple[_HostRow, ...]
    more_hosts: int


def failures_panel(kept: Kept[Failures] | None, now: datetime) -> Mapping[str, object]:
    """Return the groups, those of a reason together, most failures first."""
    if kept is None:
        return {"reasons": None}
    failures = kept.value
    by_reason: dict[str, list[FailureGroup]] = {}
    for group in failures.groups:
        by_reason.setdefault(group.reason, []).append(group)
    most = max(failures.reasons.values(), default=1)
    return {
        "reasons": tuple(
            _reason_row(reason, groups, failures.reasons[reason], most)
            for reason, groups in sorted(
                by_reason.items(), key=lambda item: -failures.reasons[item[0]]
            )
        ),
        "failed": failures.jobs - failures.dead,
        "dead": failures.dead,
        "looked_at": failures.looked_at,
        "share": percent(failures.jobs, failures.looked_at),
        "since": stamp(failures.since) if failures.since else None,
        "since_ago": age((now - failures.since).total_seconds()) if failures.since else None,
        "counted_ago": age(kept.seconds_old),
    }


def filter_panel(query: FailureQuery) -> Mapping[str, object]:
    """Return what the filter offers."""
    return {
        "reason_choices": tuple(
            reason.value
            for reason, rule in RULES.items()
            if rule.outcome in (Outcome.FAILED, Outcome.DEAD)
        ),
        "query": query,
        "acts": _acts(query),
    }


def _acts(query: FailureQuery) -> tuple[tuple[str, str], ...]:
    """Return what can be done with all that a filter fits, and where that is previewed."""
    if not (query.kind or query.reason):
        return ()
    these = {"outcome": query.kind, "reason": query.reason, "host": query.host}
    return (
        ("Retry these", address("retry", **these)),
        ("Discard these", address("discard", **these)),
    )


def failure_rows(found: FailureList, now: datetime) -> tuple[Mapping[str, object], ...]:
    """Return single failures, newest first."""
    return tuple(
        {
            "id": str(failure.job_id),
            "url": failure.url,
            "kind": failure.kind,
            "reason": failure.reason,
            "detail": failure.detail,
            "tries": failure.tries,
            "ago": age((now - failure.at).total_seconds()),
            "at": stamp(failure.at),
            "at_iso": failure.at.isoformat(),
        }
        for failure in found.failures
    )


def _reason_row(reason: str, groups: list[FailureGroup], jobs: int, most: int) -> _ReasonRow:
    known = _REASONS.get(reason)
    rule = RULES[known] if known else None
    if rule is None or rule.outcome is Outcome.DEAD:
        state, retry = "off", "a defect first"
    elif rule.retried:
        state, retry = "warn", "may help later"
    else:
        state, retry = "off", "will not help"
    shown = groups[:_HOSTS_A_REASON]
    return _ReasonRow(
        reason=reason,
        says=REASON_SAYS.get(known, "") if known else "",
        jobs=count(jobs),
        share=round(100 * jobs / most, 1),
        policy=f"tried {MAX_TRIES} times" if rule and rule.retried else "final",
        retry_state=state,
        retry=retry,
        hosts=tuple(_host_row(group) for group in shown),
        more_hosts=len(groups) - len(shown),
    )


def _host_row(group: FailureGroup) -> _HostRow:
    these = {"outcome": group.kind, "reason": group.reason, "host": group.host}
    return _HostRow(
        host=group.host,
        jobs=count(group.jobs),
        first=stamp(group.first_at),
        first_iso=group.first_at.isoformat(),
        last=stamp(group.last_at),
        last_iso=group.last_at.isoformat(),
        detail=group.detail,
        retry_at=address("retry", **these),
        discard_at=address("discard", **these),
    )
