"""What operators do from the dashboard: each act is previewed, then confirmed. Methods block."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from newsmill_gateway.answers import Lifted, PauseAnswer, Pauses
from newsmill_gateway.cancelling import Cancel, Cancelled
from newsmill_gateway.dashboard.act_pages import (
    Context,
    Fields,
    act_page,
    done_page,
    read_fields,
)
from newsmill_gateway.dashboard.formats import age, count, stamp
from newsmill_gateway.dashboard.run_acts import RUN_ACTS, RunActs
from newsmill_gateway.dead import (
    DeadFilter,
    DeadGroup,
    Discard,
    Discarded,
    Preview,
    Retry,
    RetryHelps,
    RetryReceipt,
)
from newsmill_gateway.deleting import Deletion, PageDeleted
from newsmill_gateway.queries import PauseRequest, ResumeTarget
from newsmill_shared.identity import new_id

__all__ = ["ACTS", "Hand", "Operating", "PauseDesk"]

ACTS = ("retry", "discard", "cancel", "pause", "resume", "delete", *RUN_ACTS)
"""What can be done."""
_CANCEL_SECONDS = 2.0
"""A page cancels for so long, then asks whether to go on."""

_HELPS: Mapping[RetryHelps, tuple[str, str]] = {
    "yes": ("ok", "helps: the host answers again"),
    "perhaps": ("warn", "may help"),
    "later": ("warn", "not yet: the host has too much"),
    "after_a_fix": ("off", "mend the cause first"),
    "no": ("off", "does not help"),
}


class Hand(Protocol):
    """What does the work on jobs and articles, as for the API."""

    def preview(self, act: Retry | Discard) -> Preview:
        """Return what an act would do."""
        ...

    def retry(self, retry: Retry, *, key: str) -> RetryReceipt:
        """Hand in again; the same key makes nothing more."""
        ...

    def discard(self, discard: Discard) -> Discarded:
        """Take jobs out of what is to be looked at."""
        ...

    def cancel(self, cancel: Cancel) -> Cancelled:
        """Do one step."""
        ...

    def delete(self, article_id: str, deletion: Deletion) -> PageDeleted:
        """Delete a page, or say what would go."""
        ...


class PauseDesk(Protocol):
    """What pauses, as for the API."""

    def pauses(self) -> Pauses:
        """Return what is stopped now."""
        ...

    def pause(self, request: PauseRequest) -> PauseAnswer:
        """Stop something."""
        ...

    def resume(self, target: ResumeTarget) -> Lifted:
        """Let something go on."""
        ...


@dataclass(frozen=True, slots=True)
class _Walk:
    cancelled: int
    running: int
    sample: tuple[tuple[str, str], ...]
    last: Cancelled


class Operating:
    """Previews and does what operators want.

    Args:
        hand: Works on jobs and articles.
        desk: Pauses.
        runs: Works on runs that enrich stored pages again.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        hand: Hand,
        desk: PauseDesk,
        runs: RunActs,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._hand = hand
        self._desk = desk
        self._runs = runs
        self._clock = clock

    def preview(self, name: str, fields: Fields) -> Context:
        """Return the page that says what an act would do.

        Args:
            name: One of `ACTS`.
            fields: What it is about; what is empty counts as not given.

        Raises:
            ProblemError: It cannot be done so.
        """
        given = {field: value for field, value in fields.items() if value}
        match name:
            case "retry" | "discard":
                return self._preview_ended(name, given)
            case "cancel":
                return self._preview_cancel(given)
            case "pause":
                return _preview_pause(given)
            case "delete":
                return self._preview_delete(given)
            case "reprocess" | "stop" | "continue":
                return self._runs.preview(name, given)
            case _:
                return self._preview_resume(given)

    def act(self, name: str, fields: Fields, *, by: str) -> Context:
        """Do it, in somebody's name, and return the page that says what was done.

        Raises:
            ProblemError: It cannot be done so.
        """
        given = {field: value for field, value in fields.items() if value} | {"by": by}
        key = given.pop("key", None) or str(new_id())
        match name:
            case "retry" | "discard":
                return self._settle(name, given, key)
            case "cancel":
                return self._cancel(given)
            case "pause":
                paused = self._desk.pause(read_fields(PauseRequest, given))
                until = f"until {stamp(paused.until)}" if paused.until else "until it is lifted"
                said = f"Paused {_what(paused.scope, paused.value)}, {until}"
                return done_page(said, "It takes a second.", "/acts/resume")
            case "delete":
                return self._delete(given)
            case "reprocess" | "stop" | "continue":
                return self._runs.act(name, given, key=key)
            case _:
                target = read_fields(ResumeTarget, given)
                lifted = self._desk.resume(target).lifted
                what = _what(target.scope, target.value)
                said = f"{what} goes on" if lifted else f"{what} was not paused"
                return done_page(said[0].upper() + said[1:], "", "/acts/resume")

    def _preview_ended(self, name: str, given: Fields) -> Context:
        act: Retry | Discard = (
            read_fields(Retry, given) if name == "retry" else read_fields(Discard, given)
        )
        found = self._hand.preview(act)
        left = found.matching - found.chosen
        chosen = {
            field: value for field, value in given.items() if field in DeadFilter.model_fields
        }
        hidden = {**chosen, "limit": str(act.limit)}
        if name == "retry":
            hidden["key"] = str(new_id())
            lasts = f", spread over {age(found.seconds)}" if found.seconds else ""
            more = (
                f"Each becomes a new job{lasts}; the old ones keep their outcome and their story."
            )
        else:
            more = "They leave this list and the alert; they keep their outcome and are counted."
        if not found.chosen:
            more = "No such job ended badly, or all of them were retried or discarded before."
            return done_page(f"Nothing to {name}", more, "/failures")
        return act_page(
            f"{name.capitalize()} {_jobs(found.chosen)}?",
            more + (f" {_jobs(left)} more are not taken this time." if left else ""),
            name.capitalize(),
            hidden,
            groups=tuple(map(_group, found.groups)),
            sample=tuple((str(entry.job_id), entry.url) for entry in found.sample),
        )

    def _settle(self, name: str, given: Fields, key: str) -> Context:
        if name == "retry":
            receipt = self._hand.retry(read_fields(Retry, given), key=key)
            back = f"/jobs/{receipt.job_ids[0]}" if receipt.retried == 1 else "/failures"
            more = f"{_jobs(receipt.left)} of these left."
            return done_page(f"Retried {_jobs(receipt.retried)}", more, back)
        done = self._hand.discard(read_fields(Discard, given))
        more = f"They keep their outcome. {_jobs(done.left)} of these left."
        return done_page(f"Discarded {_jobs(done.discarded)}", more, "/failures")

    def _preview_cancel(self, given: Fields) -> Context:
        walk = self._walk(read_fields(Cancel, {**given, "dry_run": True}))
        least = "at least " if walk.last.next else ""
        running = f" {_jobs(walk.running)} run, and go on to their end." if walk.running else ""
        return act_page(
            f"Cancel {least}{_jobs(walk.cancelled)}?",
            "They end as skipped, for cancelled; what is handed in from now on is left alone."
            + running,
            "Cancel them" if walk.cancelled or walk.last.next else "",
            {**given, "accepted_before": walk.last.accepted_before.isoformat()},
            sample=walk.sample,
        )

    def _cancel(self, given: Fields) -> Context:
        walk = self._walk(read_fields(Cancel, given))
        said = f"Cancelled {_jobs(walk.cancelled)}"
        if walk.last.next is None:
            running = f"{_jobs(walk.running)} run, and go on to their end." if walk.running else ""
            return done_page(said, running, "/hosts")
        hidden = {name: value for name, value in given.items() if name != "by"}
        hidden["cursor"] = str(walk.last.next)
        hidden["accepted_before"] = walk.last.accepted_before.isoformat()
        return act_page(f"{said}: go on?", "There are more open jobs to look at.", "Go on", hidden)

    def _walk(self, cancel: Cancel) -> _Walk:
        """Do steps until the end, or for as long as a page may take."""
        end = self._clock() + _CANCEL_SECONDS
        cancelled = running = 0
        sample: tuple[tuple[str, str], ...] = ()
        while True:
            step = self._hand.cancel(cancel)
            cancelled, running = cancelled + step.cancelled, running + step.running
            sample = (*sample, *((str(entry.job_id), entry.url) for entry in step.sample))[:5]
            if step.next is None or self._clock() >= end:
                return _Walk(cancelled, running, sample, step)
            further = {"cursor": step.next, "accepted_before": step.accepted_before}
            cancel = cancel.model_copy(update=further)

    def _preview_delete(self, given: Fields) -> Context:
        found = self._deletion({**given, "dry_run": "true"})
        if found.deleted_at is not None:
            return _deleted_before(found)
        return act_page(
            "Delete this article?",
            "Its text, versions, raw pages, fingerprints and addresses go for good, and readers of "
            "changes are told. How its jobs ended stays counted. It is not fetched again unless "
            "somebody forces it.",
            "Delete it",
            {"article": str(found.article_id)},
            facts=(
                ("title", found.title or "none"),
                ("address", found.url or "none"),
                ("versions", count(found.versions)),
                ("raw pages", count(found.raw_pages)),
                ("other addresses", count(found.aliases)),
                ("open jobs that end with it", count(found.open_jobs)),
                ("other pages of its story, which stay", count(found.copies)),
            ),
        )

    def _delete(self, given: Fields) -> Context:
        gone = self._deletion(given)
        if gone.url is None:
            return _deleted_before(gone)
        more = (
            f"With it went {count(gone.versions)} versions and {count(gone.raw_pages)} raw pages; "
            f"{_jobs(gone.open_jobs)} ended with it."
        )
        return done_page("Deleted the article", more, "/articles")

    def _deletion(self, given: Fields) -> PageDeleted:
        said = {name: value for name, value in given.items() if name != "article"}
        return self._hand.delete(given.get("article", ""), read_fields(Deletion, said))

    def _preview_resume(self, given: Fields) -> Context:
        pauses = self._desk.pauses().pauses
        if given:
            wanted = read_fields(ResumeTarget, given)
            target = (wanted.scope, wanted.value)
            pauses = tuple(pause for pause in pauses if (pause.scope, pause.value) == target)
        heading = "What is paused" if pauses else "Nothing of it is paused"
        more = "What is let go goes on within a second, whoever paused it." if pauses else ""
        rows = tuple(
            {
                "what": _what(pause.scope, pause.value),
                "scope": pause.scope,
                "value": pause.value,
                "by": pause.by,
                "reason": pause.reason,
                "since": stamp(pause.since),
                "until": stamp(pause.until) if pause.until else "it is lifted",
            }
            for pause in pauses
        )
        return {**act_page(heading, more, "", {}), "pauses": rows}


def _preview_pause(given: Fields) -> Context:
    target = read_fields(PauseRequest, given)
    return act_page(
        f"Pause {_what(target.scope, target.value)}?",
        "Nothing more of it is sent; what waits goes on waiting at no cost, and what was sent "
        "goes on to its end.",
        "Pause",
        {"scope": target.scope, "value": target.value},
        pausing=True,
    )


def _deleted_before(page: PageDeleted) -> Context:
    at = stamp(page.deleted_at) if page.deleted_at else "some time"
    return done_page("It was deleted before", f"At {at}.", "/articles")


def _group(group: DeadGroup) -> Context:
    state, helps = _HELPS[group.retry_helps]
    ended = group.host_ended_well + group.host_failed
    now = f"{group.host_ended_well} of its last {ended} jobs ended well"
    if group.host_backoff_seconds:
        now += f"; backing off, one request every {age(group.host_backoff_seconds)}"
    if group.host_paused:
        now += "; paused"
    return {
        "reason": group.reason,
        "host": group.host,
        "jobs": count(group.jobs),
        "detail": group.detail,
        "now": now,
        "helps_state": state,
        "helps": helps,
    }


def _what(scope: str, value: str) -> str:
    return "everything" if scope == "all" else f"{scope} {value}"


def _jobs(number: int) -> str:
    return "1 job" if number == 1 else f"{count(number)} jobs"
