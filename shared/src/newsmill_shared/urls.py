"""URLs in: what may be asked for, one canonical form a page, and the key that names it.

Parsing is the WHATWG URL standard's, by ada. What the standard accepts only for old pages'
sake (credentials, odd spellings of addresses, controls, backslashes) is refused: each has been
used to make two programs read one URL as two hosts.
"""

import hashlib
import re
import tomllib
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files

import ada_url

from newsmill_shared.errors import NewsmillError

__all__ = [
    "KEY_VERSION",
    "MAX_URL_CHARACTERS",
    "CanonicalURL",
    "URLRefusedError",
    "canonicalize",
    "resolve_reference",
]

MAX_URL_CHARACTERS = 4096
"""A longer URL is refused, as given and in its encoded forms."""

KEY_VERSION = 1
"""Raised whenever ``canonicalize`` gives some URL another canonical form than before."""

DEFAULT_PORTS = {"http": 80, "https": 443}

_START = re.compile(r"(?i:https?)://([^/?#]+)")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_SURROGATES = re.compile("[\ud800-\udfff]")
_HOST = re.compile(r"[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*")
_DOTTED_QUAD = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+")
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})?")
_UNRESERVED = re.compile(r"[A-Za-z0-9._~-]")
_IGNORABLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)


class URLRefusedError(NewsmillError):
    """This URL cannot be taken.

    Args:
        code: A stable word for programs: ``not_a_url``, ``scheme``, ``userinfo``, ``host``,
            ``port``, ``too_long``, ``characters`` or ``address``.
        detail: One line for people that says what to do.
    """

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail


@dataclass(frozen=True, slots=True)
class CanonicalURL:
    """One page's address, in the spelling to ask for and in the spelling to compare."""

    url: str
    """What to ask for: the URL as given, serialised by the standard, without its fragment."""
    canonical: str
    """The form that all spellings of this address share."""
    key: str
    """sha256 (hex) of ``canonical``."""
    host: str
    """The unit of politeness: the ASCII host, with its port unless that is the scheme's own.
    ``http`` and ``https`` of one name are one host; ``www.`` and other subdomains are others."""
    scheme: str
    hostname: str
    """The host alone: an ASCII name without final dots, a dotted quad or ``[IPv6 address]``."""
    port: int


def canonicalize(url: str) -> CanonicalURL:
    """Parse ``url`` and return the page it names.

    The canonical form drops the fragment, known trackers (``trackers.toml``) and final dots of
    the host; sorts parameters by name and keeps the order of equal names; decodes escapes of
    unreserved characters and spells the others in upper case (RFC 3986, 6.2.2), a percent sign
    that begins none as ``%25``. A parameter that is not a known tracker is never dropped.

    Raises:
        URLRefusedError: It is not an absolute http(s) URL in a spelling that is safe to pass on.
            Whether its port and address may be asked is `AddressPolicy`'s to say.
    """
    given = _checked(url)
    authority = _authority(given)
    try:
        parsed = ada_url.URL(given)
    except ValueError:
        raise _unreadable(authority) from None
    hostname = _hostname(authority, parsed.hostname)
    scheme = parsed.protocol[:-1]
    explicit_port = f":{parsed.port}" if parsed.port else ""
    parsed.hash = ""
    path = _normal_escapes(parsed.pathname)
    query = _canonical_query(parsed.search[1:])
    try:
        spelled = ada_url.URL(
            f"{scheme}://{hostname}{explicit_port}{path}{'?' + query if query else ''}"
        )
    except ValueError:
        raise _unreadable(authority) from None
    if spelled.hostname != hostname:
        # Without its final dots a name can be a number: 2130706433.. is loopback then.
        raise _unreadable(authority)
    canonical = spelled.href
    for spelling in (parsed.href, canonical):
        if len(spelling) > MAX_URL_CHARACTERS:
            raise _too_long()
    return CanonicalURL(
        url=parsed.href,
        canonical=canonical,
        key=hashlib.sha256(canonical.encode()).hexdigest(),
        host=hostname + explicit_port,
        scheme=scheme,
        hostname=hostname,
        port=int(parsed.port or DEFAULT_PORTS[scheme]),
    )


def resolve_reference(base: str, reference: str) -> str:
    """Return ``reference`` (a Location, a link, a canonical link) as an absolute URL.

    Raises:
        URLRefusedError: The reference cannot be read against this base.
    """
    try:
        return ada_url.URL(reference.strip(), base=base).href
    except (ValueError, UnicodeEncodeError):
        raise URLRefusedError("not_a_url", "the link cannot be read as a URL") from None


def _checked(url: str) -> str:
    """Return ``url`` without white space around it, or refuse its length or characters."""
    given = url.strip(" \t\r\n")
    if len(given) > MAX_URL_CHARACTERS:
        raise _too_long()
    if _CONTROLS.search(given) or _SURROGATES.search(given):
        raise URLRefusedError(
            "characters", "control characters are not allowed; send one URL, percent-encoded"
        )
    return given


def _authority(given: str) -> str:
    """Return what stands between ``//`` and the path, or refuse it."""
    start = _START.match(given)
    if start is None:
        scheme = re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", given)
        if scheme and scheme[0].lower() not in ("http:", "https:"):
            raise URLRefusedError("scheme", "only http and https can be fetched")
        raise URLRefusedError("not_a_url", "send an absolute URL such as https://example.org/page")
    authority = start[1]
    if "\\" in re.split(r"[?#]", given, maxsplit=1)[0]:
        raise URLRefusedError("characters", "backslashes are not allowed; use / or %5C")
    if "@" in authority:
        raise URLRefusedError("userinfo", "remove the user name and password from the URL")
    if "%" in authority:
        raise URLRefusedError("host", "write the host without percent signs or a zone")
    if " " in authority or not (authority.isascii() or all(map(_is_visible, authority))):
        raise URLRefusedError(
            "characters", "the host contains spaces or invisible characters; remove them"
        )
    return authority


def _hostname(authority: str, parsed: str) -> str:
    """Return the host to compare, given as written and as the standard reads it."""
    if parsed.startswith("["):
        return parsed
    hostname = parsed.rstrip(".")
    if len(hostname) > 253 or not _HOST.fullmatch(hostname):
        raise URLRefusedError("host", "the host is not a valid name; check its spelling")
    if _DOTTED_QUAD.fullmatch(hostname) and authority.partition(":")[0] != hostname:
        raise URLRefusedError(
            "host", "write the address as four decimal numbers, such as 192.0.2.1"
        )
    return hostname


def _is_visible(character: str) -> bool:
    return not (
        unicodedata.category(character) in ("Cf", "Zs", "Zl", "Zp") or _IGNORABLE.match(character)
    )


def _canonical_query(query: str) -> str:
    return "&".join(
        f"{name}={value}" for name, value in sorted(_parameters(query), key=lambda pair: pair[0])
    )


def _parameters(query: str) -> Iterator[tuple[str, str]]:
    """Yield the parameters that may name the page, in the order given."""
    for part in filter(None, query.split("&")):
        name, _, value = part.partition("=")
        name = _normal_escapes(name).replace("%20", "+")
        if not _is_tracker(name.lower()):
            yield name, _normal_escapes(value).replace("%20", "+")


def _normal_escapes(text: str) -> str:
    def spell(match: re.Match[str]) -> str:
        if match[1] is None:
            # Left alone it could begin an escape with what is decoded behind it.
            return "%25"
        character = chr(int(match[1], 16))
        return character if _UNRESERVED.match(character) else match[0].upper()

    return _ESCAPE.sub(spell, text)


def _is_tracker(name: str) -> bool:
    return name in _TRACKER_NAMES or name.startswith(_TRACKER_PREFIXES)


def _unreadable(authority: str) -> URLRefusedError:
    """Say why the standard refuses this authority: its port or its host."""
    _, colon, port = authority.rpartition(":")
    numeric = port.isascii() and port.isdigit()
    if colon and "]" not in port and not (numeric and int(port) <= 65535):
        return URLRefusedError("port", "the port is not a number from 1 to 65535")
    return URLRefusedError("host", "the host is not a valid name or address; check its spelling")


def _too_long() -> URLRefusedError:
    return URLRefusedError(
        "too_long", f"a URL may have at most {MAX_URL_CHARACTERS} characters, percent-encoded"
    )


def _read_trackers() -> tuple[frozenset[str], tuple[str, ...]]:
    data = tomllib.loads(files("newsmill_shared").joinpath("trackers.toml").read_text("utf-8"))
    names = frozenset(name for source in data["source"] for name in source.get("names", ()))
    prefixes = tuple(prefix for source in data["source"] for prefix in source.get("prefixes", ()))
    return names, prefixes


_TRACKER_NAMES, _TRACKER_PREFIXES = _read_trackers()
