"""What can go wrong for a caller, each with a code that programs can rely on."""

from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus

from newsmill_shared.errors import NewsmillError

__all__ = ["Code", "ProblemError", "Refusal"]


class Code(StrEnum):
    """Codes of problems with a whole request, or with one line of it; never renamed.

    A URL that is refused brings the code of `newsmill_shared.urls.URLRefusedError`.
    """

    BODY_EMPTY = "body_empty"
    BODY_TOO_LARGE = "body_too_large"
    BODY_SLOW = "body_slow"
    TOO_MANY_ITEMS = "too_many_items"
    MEDIA_TYPE = "media_type"
    ENCODING = "encoding"
    JSON = "json"
    WRONG_TYPE = "wrong_type"
    MISSING_OPTION = "missing_option"
    UNKNOWN_OPTION = "unknown_option"
    INVALID_OPTION = "invalid_option"
    CONTENT_TOO_LARGE = "content_too_large"
    CONTENT_BINARY = "content_binary"
    CONTENT_EMPTY = "content_empty"

    QUOTA_EXCEEDED = "quota_exceeded"

    IDEMPOTENCY_KEY = "idempotency_key"
    IDEMPOTENCY_CONFLICT = "idempotency_conflict"

    INVALID_ID = "invalid_id"
    INVALID_PARAMETER = "invalid_parameter"
    UNKNOWN_PARAMETER = "unknown_parameter"
    NOT_FOUND = "not_found"
    DELETED = "deleted"
    POSITION_GONE = "position_gone"
    METHOD_NOT_ALLOWED = "method_not_allowed"

    HOST_REFUSED = "host_refused"
    ORIGIN_REFUSED = "origin_refused"
    KEY_REFUSED = "key_refused"
    SCOPE_MISSING = "scope_missing"
    KEY_STATE = "key_state"
    RUN_ENDED = "run_ended"
    KEY_THROTTLED = "key_throttled"

    BUSY = "busy"
    SHUTTING_DOWN = "shutting_down"
    DATABASE_AWAY = "database_away"
    DATABASE_SCHEMA = "database_schema"
    PAGE_STORE_AWAY = "page_store_away"
    INTERNAL = "internal"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why one line of a request cannot be taken."""

    code: str
    detail: str
    url: str | None = None


class ProblemError(NewsmillError):
    """The request cannot be answered.

    Args:
        status: The HTTP status.
        code: A stable word for programs.
        detail: One line for people that says what to do.
        headers: Headers of the answer, such as Retry-After.
        extra: Further members of the answer's body.
    """

    def __init__(
        self,
        status: HTTPStatus,
        code: str,
        detail: str,
        *,
        headers: dict[str, str] | None = None,
        extra: dict[str, str | int] | None = None,
    ) -> None:
        super().__init__(f"{code}: {detail}")
        self.status = status
        self.code = code
        self.detail = detail
        self.headers = headers or {}
        self.extra = extra or {}
