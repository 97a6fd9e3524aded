"""The job page: what became of one URL, what is known of its way, and why."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from newsmill_gateway.answers import JobInFull
from newsmill_gateway.dashboard import evidence
from newsmill_gateway.dashboard.act_pages import address
from newsmill_gateway.dashboard.articles import shown_lang
from newsmill_gateway.dashboard.failures import REASON_SAYS
from newsmill_gateway.dashboard.formats import age, clock, count, safe_link, stamp
from newsmill_gateway.dashboard.languages import language_name
from newsmill_gateway.dashboard.passages import passages_panel
from newsmill_gateway.dashboard.ports import Copied, Host, Neighbour, Retrieval, Version
from newsmill_gateway.dashboard.timeline import Step, Story, step, story
from newsmill_shared.reasons import MAX_TRIES, Outcome, Reason

__all__ = ["Found", "job_page"]

_REASONS = {
    **REASON_SAYS,
    Reason.SAME_CONTENT: "it says the same as before",
    Reason.SUPERSEDED: "a newer fetch of the page was stored first",
    Reason.FRESH: "the page was stored recently, so nothing was asked",
    Reason.NOT_MODIFIED: "the host said that it is unchanged",
    Reason.ROBOTS: "robots.txt closes it to us",
    Reason.BLOCKED_ADDRESS: "its address may not be fetched from here",
    Reason.CONTENT_TYPE: "it is no text",
    Reason.NOT_AN_ARTICLE: "it is no article",
    Reason.NOINDEX: "the page asks not to be indexed",
    Reason.EXPIRED: "its time ran out before its turn",
    Reason.CANCELLED: "it was cancelled",
    Reason.DELETED: "it was deleted",
}
_STATES = {
    Outcome.STORED: "ok",
    Outcome.UPDATED: "ok",
    Outcome.UNCHANGED: "ok",
    Outcome.DUPLICATE: "ok",
    Outcome.SKIPPED: "off",
    Outcome.FAILED: "warn",
    Outcome.DEAD: "bad",
}
_SENTENCES = {
    Outcome.STORED: "Stored as a new article",
    Outcome.UPDATED: "Stored as a new version of a known article",
    Outcome.UNCHANGED: "Unchanged",
    Outcome.DUPLICATE: "Stored as a duplicate: another page told this story before",
    Outcome.SKIPPED: "Skipped",
    Outcome.FAILED: "Failed",
    Outcome.DEAD: "Dead: set aside for the operator to look at",
}
_HEADERS_SHOWN = ("content-type", "etag", "last-modified", "cache-control")


@dataclass(frozen=True, slots=True)
class Found:
    """All that the ledger knows of a job."""

    job: JobInFull
    retrieval: Retrieval | None
    version: Version | None
    story: tuple[Neighbour, ...]
    known: Mapping[UUID, Neighbour]
    copied: Copied | None
    """The earlier article that it tells again."""
    host: Host | None
    """The host of a job that has not ended."""


def job_page(found: Found, now: datetime) -> Mapping[str, object]:
    """Return the whole page."""
    job, version = found.job, found.version
    state, answer = _answer(job, now)
    told = story(job, found.retrieval)
    title = version.title if version and version.title else job.url
    page: dict[str, object] = {
        "state": state,
        "answer": answer,
        "title": title,
        "title_lang": shown_lang(version.language) if version else None,
        "has_title": version is not None and bool(version.title),
        "url": job.url,
        "link": safe_link(found.retrieval.final_url if found.retrieval else job.url),
        "job": job,
        "json": f"/v1/jobs/{job.job_id}",
        "article_json": f"/v1/articles/{job.article_id}" if job.article_id else None,
        "facts": _facts(found),
        "steps": _steps(found, told, now),
        "parts": told.parts if job.finished_at else (),
        "all_parts": told.whole,
        "retrieval": _retrieval(found.retrieval),
        "version": version,
        "detail": job.detail,
        "acts": _acts(found),
    }
    if version is not None:
        page |= {
            "date": evidence.date_panel(version),
            "language": evidence.language_panel(version),
            "categories": evidence.categories_panel(version),
            "duplicates": evidence.duplicates_panel(version, found.story, found.known),
            "passages": passages_panel(version, found.copied),
            "fields": evidence.fields_panel(version),
            "whole": evidence.whole(version),
        }
    return page


def _acts(found: Found) -> tuple[tuple[str, str], ...]:
    """Return what can be done with a job and its article, and where that is previewed."""
    job = found.job
    if job.outcome in (Outcome.FAILED, Outcome.DEAD):
        return (
            ("Retry", address("retry", job=job.job_id)),
            ("Discard", address("discard", job=job.job_id)),
        )
    if job.state in ("waiting", "held"):
        return (("Cancel", address("cancel", job=job.job_id)),)
    if found.version is not None:
        return (("Delete", address("delete", article=found.version.article_id)),)
    return ()


def _answer(job: JobInFull, now: datetime) -> tuple[str, str]:
    if job.outcome is not None and job.finished_at is not None:
        took = age((job.finished_at - job.accepted_at).total_seconds())
        why = ""
        if job.outcome not in (Outcome.STORED, Outcome.UPDATED, Outcome.DUPLICATE):
            why = f": {_REASONS.get(job.reason, job.reason)}" if job.reason else ""
        return _STATES[job.outcome], f"{_SENTENCES[job.outcome]}{why}, {took} after it came"
    waited = age((now - job.accepted_at).total_seconds())
    if job.state == "running":
        return "ok", f"Under way in {job.stage or 'ingest'}, {waited} after it was handed in"
    if job.state == "held":
        until = f" until {clock(job.held_until)}" if job.held_until else ""
        return "wait", f"Backing off{until} after a failed try, {waited} after it was handed in"
    return "wait", f"Waiting, {waited} after it was handed in"


def _facts(found: Found) -> tuple[tuple[str, str, str], ...]:
    """Return name, value and a word behind it."""
    job, version = found.job, found.version
    facts: list[tuple[str, str, str]] = []
    if version is not None:
        near = evidence.duplicates_panel(version, found.story, found.known)
        names = [str(category.get("name", "")) for category in version.categories]
        facts += [
            (
                "published",
                stamp(version.published_at) if version.published_at else "no date",
                "UTC" if version.published_at else "the page says none",
            ),
            ("section as printed", version.section_raw or "none", "section_raw"),
            (
                "language",
                language_name(version.language),
                f"{version.language_confidence:.3f}",
            ),
            ("categories", ", ".join(names) or "none", ""),
            ("duplicates", "a copy" if near["is_copy"] else "first of its story", ""),
            ("version", str(version.number), f"of {version.versions}"),
        ]
    facts += [
        ("label", job.label or "none", f"priority {job.priority}"),
        ("attempts", str(job.attempt), f"{job.tries} failed, of {MAX_TRIES} at most"),
        ("lost with a worker", str(job.losses), "of 3 at most"),
    ]
    return tuple(facts)


def _steps(found: Found, told: Story, now: datetime) -> tuple[Step, ...]:
    """Return what is known of the job's way, in order, with the time between."""
    job, came = found.job, found.retrieval
    again = f", again for job {job.retry_of}" if job.retry_of else ""
    steps = [step(job.accepted_at, "ok", "Accepted", f"Receipt {job.receipt}{again}")]
    if came is not None and not told.has_fetch:
        said = "Handed in with its content" if came.supplied else f"Fetched: {came.status}"
        more = f"{count(came.size)} bytes, {came.media_type}, sha256 {came.sha256[:12]}…"
        steps.append(step(came.fetched_at, "ok", said, more, hops=came.hops))
    steps.extend(told.steps)
    if job.finished_at is not None and job.outcome is not None:
        state = _STATES[job.outcome]
        steps.append(step(job.finished_at, state, job.outcome.value.capitalize(), _ending(job)))
    else:
        steps.append(_pending(found, told.until, now))
    return tuple(steps)


def _ending(job: JobInFull) -> str:
    parts = [f"Reason {job.reason}"] if job.reason else []
    if job.detail:
        parts.append(job.detail)
    if job.version:
        parts.append(f"version {job.version} of article {job.article_id}")
    return " · ".join([*parts, "the job's one outcome"])


def _pending(found: Found, since: datetime, now: datetime) -> Step:
    job, host = found.job, found.host
    took = age(max((now - since).total_seconds(), 0.0))
    if job.state == "running":
        said = f"Now in {job.stage or 'ingest'}"
        return step(now, "ok", said, f"Attempt {job.attempt}", took=took)
    if job.state == "held" and job.held_until:
        more = f"{job.tries} tries failed; the next may begin at {stamp(job.held_until)}."
        return step(now, "wait", "Waits for its next try", more, took=took)
    if job.state == "held":
        more = "newsmill status says who has paused it, and newsmill resume lets it go on."
        return step(now, "wait", f"Set aside: the label {job.label} is paused", more, took=took)
    if found.retrieval is not None:
        return step(
            now, "wait", "Waits for a place in enrich", "Its page is there already.", took=took
        )
    why = "Its host is asked one page at a time."
    if host is not None:
        ahead = f"{count(host.waiting)} jobs wait for {host.name}"
        delay = max(host.delay_seconds, host.crawl_delay_seconds or 0.0)
        why = f"{ahead}, which takes one request every {delay:g} s."
    return step(now, "wait", "Waits for its host's turn", why, took=took)


def _retrieval(came: Retrieval | None) -> Mapping[str, object] | None:
    if came is None:
        return None
    return {
        "final_url": came.final_url,
        "size": count(came.size),
        "sha256": came.sha256,
        "headers": tuple(
            (name, came.headers[name]) for name in _HEADERS_SHOWN if name in came.headers
        ),
    }
