"""What a note says about the attempt that it ends."""

from collections.abc import Mapping

from newsmill_shared.database.attempts import AttemptEnd, EndedAttempt
from newsmill_shared.queue.notes import EndedNote, FetchedNote, LateNote, MissingNote, MovedNote
from newsmill_shared.reasons import Reason
from newsmill_store.dispatcher.judge import Attempt

__all__ = ["EndingNote", "attempt_of"]

EndingNote = FetchedNote | EndedNote | MovedNote | LateNote | MissingNote
"""A note that ends an attempt; a loss is judged first."""


def attempt_of(note: EndingNote, held_seconds: Mapping[Attempt, float]) -> EndedAttempt:
    """Return the attempt that a note ends, with the back-off that follows."""
    stage, reason, detail = "ingest", "", ""
    match note:
        case FetchedNote():
            ended = AttemptEnd.DONE
        case EndedNote():
            ended, reason, detail = AttemptEnd.ENDED, note.reason, note.detail
        case MovedNote():
            ended, detail = AttemptEnd.MOVED, f"redirected to {note.target}"
        case LateNote():
            stage, ended, detail = note.stage, AttemptEnd.LATE, note.detail
        case MissingNote():
            stage, ended, reason = "enrich", AttemptEnd.ENDED, Reason.PAGE_MISSING
    return EndedAttempt(
        job_id=note.job_id,
        attempt=note.attempt,
        stage=stage,
        ended=ended,
        reason=reason,
        detail=detail,
        span=note.span,
        held_seconds=held_seconds.get((note.job_id, note.attempt)),
    )
