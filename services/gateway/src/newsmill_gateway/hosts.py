"""What operators see of a host and may set for it: limits, masks, and how a change is applied."""

import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, fields, replace
from http import HTTPStatus
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, JsonValue

from newsmill_gateway.intake import Line, Zone
from newsmill_gateway.problems import Code, ProblemError
from newsmill_gateway.queries import Position
from newsmill_shared.database.hosts import HostRecord, HostSetting

__all__ = [
    "ActAnswer",
    "Audit",
    "AuditQuery",
    "HostAnswer",
    "HostChange",
    "HostQuery",
    "HostSettingAnswer",
    "Hosts",
    "difference",
    "masked",
]

MASK = "***"
"""Stands for a value that may be a secret."""

_SHOWN_HEADERS = frozenset(
    {"accept", "accept-language", "cache-control", "dnt", "origin", "pragma", "referer"}
    | {"sec-gpc", "user-agent"}
)
"""Headers that carry no secrets; of all others the values are masked."""

_OURS = frozenset(
    {"accept-encoding", "connection", "content-length", "cookie", "expect", "host"}
    | {"if-match", "if-modified-since", "if-none-match", "if-range", "if-unmodified-since"}
    | {"keep-alive", "proxy-authorization", "proxy-connection", "range", "te", "trailer"}
    | {"transfer-encoding", "upgrade"}
)
"""Headers that the client must write itself."""

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
_HEADER_VALUE = re.compile(r"[!-~]([ -~\t]*[!-~])?")
_COOKIE_VALUE = re.compile(r"[!#-+\--:<-\[\]-~]*")
_MAX_VALUE_CHARACTERS = 4096
_MAX_ENTRIES = 20


def _headers(given: dict[str, str | None]) -> dict[str, str | None]:
    for name, value in given.items():
        if not _TOKEN.fullmatch(name):
            raise ValueError("a header's name is made of letters, digits and hyphens")
        if name.lower() in _OURS:
            raise ValueError(f"{name} is written by newsmill itself")
        if value is not None and not _HEADER_VALUE.fullmatch(value):
            raise ValueError(f"{name}: a header's value is one line of ASCII")
    return given


def _cookies(given: dict[str, str | None]) -> dict[str, str | None]:
    for name, value in given.items():
        if not _TOKEN.fullmatch(name):
            raise ValueError("a cookie's name is made of letters, digits and hyphens")
        if value is not None and not _COOKIE_VALUE.fullmatch(value):
            raise ValueError(f"{name}: a cookie's value has no spaces, quotes, commas, semicolons")
    return given


_Value = Annotated[str, Field(strict=True, max_length=_MAX_VALUE_CHARACTERS)]
_Entries = Annotated[dict[str, _Value | None], Field(max_length=_MAX_ENTRIES)]


class HostChange(BaseModel):
    """What is to be set for a host (RFC 7396): null unsets, what is left out stays as it is."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    delay_seconds: Annotated[float, Field(strict=True, ge=0, le=86_400)] | None = None
    """The gap between two chains of requests; a longer Crawl-delay comes before it."""
    max_in_flight: Annotated[int, Field(strict=True, ge=1, le=64)] | None = None
    """Chains at the same time."""
    timezone: Zone | None = None
    """IANA zone of the site's local times; that of a submission comes before it."""
    ignore_robots: Annotated[bool, Field(strict=True)] | None = None
    """Fetch whatever robots.txt says; it is not read then."""
    headers: Annotated[_Entries, AfterValidator(_headers)] | None = None
    """Sent with every request for a page of the host, and to no other; null takes one away."""
    cookies: Annotated[_Entries, AfterValidator(_cookies)] | None = None
    """As for ``headers``."""
    by: Annotated[Line, Field(min_length=1, max_length=100)] = "loopback"
    """Who wants it, for the audit."""
    reason: Annotated[Line, Field(max_length=500)] = ""
    """Why, for the audit."""

    def applied(self, setting: HostSetting) -> HostSetting:
        """Return a setting as it is after the change.

        Raises:
            ProblemError: 422; there would be too many headers or cookies.
        """
        given = self.model_fields_set & {"delay_seconds", "max_in_flight", "timezone"}
        changed = replace(setting, **{name: getattr(self, name) for name in given})
        if "ignore_robots" in self.model_fields_set:
            changed = replace(changed, ignore_robots=bool(self.ignore_robots))
        if "headers" in self.model_fields_set:
            changed = replace(changed, headers=_merged(setting.headers, self.headers, str.lower))
        if "cookies" in self.model_fields_set:
            changed = replace(changed, cookies=_merged(setting.cookies, self.cookies, str))
        return changed


def _merged(
    entries: Mapping[str, str],
    change: Mapping[str, str | None] | None,
    same: Callable[[str], str],
) -> dict[str, str]:
    """Return entries after a change; names that ``same`` maps to one word are one name."""
    if change is None:
        return {}
    touched = {same(name) for name in change}
    kept = {name: value for name, value in entries.items() if same(name) not in touched}
    merged = kept | {name: value for name, value in change.items() if value is not None}
    if len(merged) > _MAX_ENTRIES:
        raise ProblemError(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            Code.INVALID_PARAMETER,
            f"at most {_MAX_ENTRIES} headers and as many cookies can be set",
        )
    return merged


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)


class HostSettingAnswer(_Answer):
    """What an operator has set for a host; null and empty: as for all hosts."""

    model_config = ConfigDict(from_attributes=True)

    delay_seconds: float | None
    max_in_flight: int | None
    timezone: str | None
    ignore_robots: bool
    headers: dict[str, str]
    """Values that may be secrets are masked."""
    cookies: dict[str, str]
    """All values are masked."""


class HostAnswer(_Answer):
    """A host: how fast it is asked now, and what of that an operator has set."""

    host: str
    seconds_between: float
    """The gap between two chains of requests: the longest of the three that follow."""
    delay_seconds: float
    crawl_delay_seconds: float | None
    """What its robots.txt asks for: 0 for nothing, null if it was not read yet."""
    backoff_seconds: float
    """How far the gap has grown because the host had too much; 0 = not at all."""
    max_in_flight: int
    in_flight: int
    next_at: AwareDatetime | None
    """When it may be asked again; null for a host that was never asked."""
    set: HostSettingAnswer
    set_at: AwareDatetime | None
    """When that was last changed; null if nothing is set."""

    @classmethod
    def of(cls, record: HostRecord) -> "HostAnswer":
        """Return what is shown of a host."""
        return cls(
            host=record.name,
            seconds_between=max(
                record.delay_seconds, record.crawl_delay_seconds or 0.0, record.backoff_seconds
            ),
            delay_seconds=record.delay_seconds,
            crawl_delay_seconds=record.crawl_delay_seconds,
            backoff_seconds=record.backoff_seconds,
            max_in_flight=record.max_in_flight,
            in_flight=record.in_flight,
            next_at=record.next_at,
            set=HostSettingAnswer.model_validate(masked(record.setting)),
            set_at=record.set_at,
        )


class Hosts(_Answer):
    """Hosts by name."""

    hosts: tuple[HostAnswer, ...]
    next: str | None
    """Ask with ``cursor`` = this for what follows; null at the end."""


class ActAnswer(_Answer):
    """Something that somebody has done to how newsmill works."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    at: AwareDatetime
    by: str
    """Who: the name of a key, or where none is asked for what they call themselves."""
    act: str
    """What kind of act, such as ``host.set``."""
    subject: str
    """What it was done to, such as a host's name."""
    detail: dict[str, JsonValue]
    """What it changed; secrets are masked."""


class Audit(_Answer):
    """Acts, the newest first."""

    acts: tuple[ActAnswer, ...]
    next: int | None
    """Ask with ``cursor`` = this for what follows; null at the end."""


class _Query(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class HostQuery(_Query):
    """Which hosts, by name."""

    set: bool = True
    """Those for which something is set; ``false``: all that are known."""
    cursor: Annotated[str, Field(max_length=300)] = ""
    """Where the page begins: ``next`` of the page before."""
    limit: Annotated[int, Field(ge=1, le=500)] = 100
    """So many at most."""


class AuditQuery(_Query):
    """Which acts, from the newest to the oldest."""

    subject: Annotated[str, Field(max_length=300)] | None = None
    """Those done to this, such as a host."""
    cursor: Position | None = None
    """Where the page begins: ``next`` of the page before."""
    limit: Annotated[int, Field(ge=1, le=500)] = 100
    """So many at most."""


def masked(setting: HostSetting) -> HostSetting:
    """Return a setting without what may be a secret."""
    return replace(
        setting,
        headers={
            name: value if name.lower() in _SHOWN_HEADERS else MASK
            for name, value in setting.headers.items()
        },
        cookies=dict.fromkeys(setting.cookies, MASK),
    )


def difference(before: HostSetting, after: HostSetting) -> dict[str, JsonValue]:
    """Return what a change is, for the audit: by field what was and what is, masked."""
    was, now = asdict(masked(before)), asdict(masked(after))
    changed: dict[str, JsonValue] = {}
    for field in fields(HostSetting):
        old, new = getattr(before, field.name), getattr(after, field.name)
        if isinstance(old, dict):
            names = {name for name in old | new if old.get(name) != new.get(name)}
            for name in sorted(names):
                entry = f"{field.name}.{name}"
                changed[entry] = [was[field.name].get(name), now[field.name].get(name)]
        elif old != new:
            changed[field.name] = [old, new]
    return changed
