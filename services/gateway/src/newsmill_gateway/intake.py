"""What callers may ask for: from a line's value to a submission, or to the reason it is refused."""

import base64
import binascii
import json
import zoneinfo
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    ValidationError,
    model_validator,
)
from pydantic_core import PydanticCustomError

from newsmill_gateway.problems import Code, Refusal
from newsmill_shared.addresses import AddressPolicy
from newsmill_shared.database.accept import DEFAULT_MAX_AGE_SECONDS, Submission
from newsmill_shared.urls import CanonicalURL, URLRefusedError, canonicalize

__all__ = [
    "MAX_CONTENT_BYTES",
    "Document",
    "DocumentOptions",
    "URLOptions",
    "read_document",
    "read_url",
]

MAX_CONTENT_BYTES = 8 * 1024 * 1024
"""A supplied document may be this large, as a fetched page may."""

_MAX_META_BYTES = 16 * 1024
_SHOWN_URL_CHARACTERS = 200
_EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
_LATEST = datetime(2100, 1, 1, tzinfo=UTC)
_CLOCK_SKEW = timedelta(minutes=5)
_MAGIC = (b"%PDF-", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"PK\x03\x04", b"\x1f\x8b", b"\x7fELF")
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_SNIFFED_BYTES = 4096
_DOCUMENT_TYPES = frozenset({"text/html", "application/xhtml+xml", "text/plain"})


def _time_text(value: object) -> object:
    if not isinstance(value, str):
        raise PydanticCustomError("time_type", "write a time as text, such as 2025-06-17T18:17:00Z")
    return value


def _sensible_time(value: datetime) -> datetime:
    if not _EARLIEST <= value <= _LATEST:
        raise ValueError("the year must be from 1990 to 2100")
    return value


def _known_zone(value: str) -> str:
    if value not in _zones():
        raise ValueError("write an IANA time zone, such as Asia/Baku")
    return value


def _small_meta(value: dict[str, JsonValue]) -> dict[str, JsonValue]:
    if len(json.dumps(value, allow_nan=False, ensure_ascii=False).encode()) > _MAX_META_BYTES:
        raise ValueError(f"at most {_MAX_META_BYTES:,} bytes of JSON")
    return value


def _printable(value: str) -> str:
    if not value.isprintable():
        raise ValueError("control characters are not allowed")
    return value


Time = Annotated[AwareDatetime, BeforeValidator(_time_text), AfterValidator(_sensible_time)]
Zone = Annotated[str, Field(strict=True, max_length=64), AfterValidator(_known_zone)]
Line = Annotated[str, Field(strict=True), AfterValidator(_printable)]
"""One line for people."""
Label = Annotated[Line, Field(min_length=1, max_length=200)]
Meta = Annotated[dict[str, JsonValue], AfterValidator(_small_meta)]
Priority = Annotated[int, Field(strict=True, ge=0, le=9)]


class _Options(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    url: Annotated[str, Field(strict=True)]
    """The page's absolute http(s) URL."""
    label: Label | None = None
    """The submitter's own tag."""
    priority: Priority = 0
    """0-9; higher comes first."""
    meta: Meta = {}
    """Kept and given back with the job; at most 16 KiB of JSON."""
    timezone: Zone | None = None
    """IANA zone of the site's local times."""


class URLOptions(_Options):
    """A URL that is handed in, and how it is to be treated."""

    not_before: Time | None = None
    """Not fetched earlier than this."""
    expires_at: Time | None = None
    """Not fetched later than this: the job ends ``skipped`` for ``expired``."""
    max_age_seconds: Annotated[float, Field(strict=True, ge=0, le=315_360_000)] = (
        DEFAULT_MAX_AGE_SECONDS
    )
    """A page stored less than this ago is not fetched again; the job ends ``unchanged``."""
    force: Annotated[bool, Field(strict=True)] = False
    """Fetch in any case."""

    @model_validator(mode="after")
    def _in_order(self) -> "URLOptions":
        if self.not_before and self.expires_at and self.expires_at <= self.not_before:
            raise ValueError("expires_at must be later than not_before")
        return self


class DocumentOptions(_Options):
    """A page whose content is handed in with it: it is not fetched."""

    content: Annotated[str, Field(strict=True)] | None = None
    """The page as text."""
    content_base64: Annotated[str, Field(strict=True)] | None = None
    """The page's bytes in base64; give this or ``content``."""
    media_type: Annotated[str, Field(strict=True, max_length=200)]
    """``text/html``, ``application/xhtml+xml`` or ``text/plain``, with a charset if it is known."""
    fetched_at: Time | None = None
    """When the page said this; now, if left out."""

    @model_validator(mode="after")
    def _one_content(self) -> "DocumentOptions":
        if (self.content is None) == (self.content_base64 is None):
            raise ValueError("give content or content_base64, one of the two")
        return self


@dataclass(frozen=True, slots=True)
class Document:
    """A document whose options are sound: its page, body and media type."""

    options: DocumentOptions
    url: CanonicalURL
    body: bytes
    media_type: str
    content_type: str
    """As the response that carried it would say: media type and charset."""


def read_url(value: JsonValue | Refusal, policy: AddressPolicy) -> Submission | Refusal:
    """Return the submission that a line asks for: a URL, or an object with one."""
    if isinstance(value, Refusal):
        return value
    given = _shown_url(value)
    if isinstance(value, str):
        value = {"url": value}
    if not isinstance(value, dict):
        return Refusal(Code.WRONG_TYPE, "a line is a URL, or an object with a url")
    try:
        options = URLOptions.model_validate(value)
        url = canonicalize(options.url)
        policy.admit(url)
    except ValidationError as error:
        return _refusal(error, given)
    except URLRefusedError as error:
        return Refusal(error.code, error.detail, given)
    return Submission(
        url=url.url,
        url_key=url.key,
        host=url.host,
        label=options.label,
        priority=options.priority,
        not_before=options.not_before,
        expires_at=options.expires_at,
        max_age_seconds=options.max_age_seconds,
        force=options.force,
        timezone=options.timezone,
        meta=options.meta,
    )


def read_document(value: dict[str, JsonValue], *, now: datetime) -> Document | Refusal:
    """Return the document that an object describes.

    Where its URL lies does not matter: it is never asked for.
    """
    given = _shown_url(value)
    try:
        options = DocumentOptions.model_validate(value)
        url = canonicalize(options.url)
    except ValidationError as error:
        return _refusal(error, given)
    except URLRefusedError as error:
        return Refusal(error.code, error.detail, given)
    if options.fetched_at is not None and options.fetched_at > now + _CLOCK_SKEW:
        return Refusal(Code.INVALID_OPTION, "fetched_at lies in the future", given)
    media_type, _, parameters = options.media_type.partition(";")
    name = media_type.strip().lower()
    if name not in _DOCUMENT_TYPES:
        return Refusal(
            Code.MEDIA_TYPE, "send text/html, application/xhtml+xml or text/plain", given
        )
    body = _content(options)
    if isinstance(body, Refusal):
        return Refusal(body.code, body.detail, given)
    if options.content is not None:
        parameters = "charset=utf-8"
    content_type = f"{name}; {parameters.strip()}" if parameters.strip() else name
    return Document(options, url, body, name, content_type)


def _content(options: DocumentOptions) -> bytes | Refusal:
    if options.content is not None:
        body = options.content.encode()
    else:
        try:
            body = base64.b64decode(options.content_base64 or "", validate=True)
        except (binascii.Error, ValueError):
            return Refusal(Code.INVALID_OPTION, "content_base64: not base64")
    if not body.strip():
        return Refusal(Code.CONTENT_EMPTY, "the content is empty")
    if len(body) > MAX_CONTENT_BYTES:
        return Refusal(Code.CONTENT_TOO_LARGE, f"at most {MAX_CONTENT_BYTES:,} bytes of content")
    if _is_binary(body):
        return Refusal(Code.CONTENT_BINARY, "the content is not text; send HTML or plain text")
    return body


def _is_binary(body: bytes) -> bool:
    """Whether a body begins as no text does: a known file format, or NUL outside UTF-16."""
    if body.startswith(_MAGIC):
        return True
    return not body.startswith(_UTF16_MARKS) and b"\0" in body[:_SNIFFED_BYTES]


def _refusal(error: ValidationError, given: str | None) -> Refusal:
    """Say what is wrong with the options, without repeating what was sent."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    where = str(first["loc"][0])[:64] if first["loc"] else ""
    message = first["msg"].removeprefix("Value error, ")
    match first["type"]:
        case "extra_forbidden":
            return Refusal(Code.UNKNOWN_OPTION, f"{where!r} is not an option", given)
        case "missing":
            return Refusal(Code.MISSING_OPTION, f"{where} is missing", given)
        case kind if kind.endswith("_type"):
            return Refusal(Code.WRONG_TYPE, f"{where}: {message}", given)
        case _:
            return Refusal(Code.INVALID_OPTION, f"{where}: {message}" if where else message, given)


def _shown_url(value: Any) -> str | None:
    url = value.get("url") if isinstance(value, dict) else value
    return url[:_SHOWN_URL_CHARACTERS] if isinstance(url, str) else None


@cache
def _zones() -> frozenset[str]:
    # Names alone: ZoneInfo reads any file below its folder, and some of those are no zones.
    return frozenset(name for name in zoneinfo.available_timezones() if name != "localtime")
