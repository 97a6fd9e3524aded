"""Notes to the dispatcher: what ingest saw, which work was lost, which hosts have new work.

Every fetch chain ends in exactly one of fetched, ended, moved, late. Notes are idempotent by
(job, attempt), so a note that is sent twice counts once.
"""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, TypeAdapter
from redis import Redis

from newsmill_shared.messages import Frozen, Hop, PageFetched, Span
from newsmill_shared.reasons import Reason

__all__ = [
    "NOTES_KEY",
    "AnyNote",
    "EndedNote",
    "FetchedNote",
    "LateNote",
    "LostNote",
    "MissingNote",
    "MovedNote",
    "Note",
    "WakeNote",
    "parse_note",
    "send_note",
]

NOTES_KEY = "newsmill:notes"


class Note(Frozen):
    """A note about one attempt of one job."""

    job_id: UUID
    attempt: int
    span: Span | None = None
    """Who worked on it and how long, if it was begun and is known."""


class ChainNote(Note):
    """The end of a fetch chain: it frees the host."""

    crawl_delay_seconds: float | None = None
    """The Crawl-delay that the host's robots.txt asks for, 0 if it asks for none; None if the
    chain did not read it."""


class FetchedNote(ChainNote):
    """The body is in the page store; the same message went to enrich."""

    kind: Literal["fetched"] = "fetched"
    message: PageFetched


class EndedNote(ChainNote):
    """The chain ended without a body; the reason table says what follows."""

    kind: Literal["ended"] = "ended"
    reason: Reason
    detail: str = ""
    status: int | None = None
    """Of the last response, if there was one."""
    retry_after_seconds: float | None = None
    hops: tuple[Hop, ...] = ()
    unchanged: UUID | None = None
    """The stored fetch that the page is still the same as."""


class MovedNote(ChainNote):
    """A redirect leads to another host: the job waits there, no attempt is counted."""

    kind: Literal["moved"] = "moved"
    target: str
    hops: tuple[Hop, ...]
    cookies: dict[str, str] = {}


class LateNote(Note):
    """The message was claimed too late, or came from an earlier life of Redis."""

    kind: Literal["late"] = "late"
    stage: Literal["ingest", "enrich"] = "ingest"
    detail: str = ""


class LostNote(Note):
    """The process that worked on this attempt ended before its time."""

    kind: Literal["lost"] = "lost"
    reason: Reason
    detail: str = ""


class MissingNote(Note):
    """The body is not in the page store any more: fetched again, unless it was supplied."""

    kind: Literal["missing"] = "missing"


class WakeNote(Frozen):
    """These hosts have new work; losing this note costs a few seconds, no more."""

    kind: Literal["wake"] = "wake"
    hosts: tuple[int, ...] = ()


AnyNote = FetchedNote | EndedNote | MovedNote | LateNote | LostNote | MissingNote | WakeNote
_ADAPTER: TypeAdapter[AnyNote] = TypeAdapter(Annotated[AnyNote, Field(discriminator="kind")])


def parse_note(raw: bytes) -> AnyNote:
    """Read one note; raises pydantic's ValidationError on anything else."""
    return _ADAPTER.validate_json(raw)


def send_note(redis: "Redis", note: AnyNote) -> None:
    """Append a note to the dispatcher's list."""
    redis.rpush(NOTES_KEY, note.model_dump_json())
