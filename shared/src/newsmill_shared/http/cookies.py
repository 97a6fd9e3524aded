"""Cookies of one chain (RFC 6265, without storage): consent walls need them, nothing else does."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from newsmill_shared.urls import CanonicalURL

__all__ = ["MAX_COOKIES", "Cookies"]

MAX_COOKIES = 50
"""A chain keeps this many cookies; further ones are not taken."""

_MAX_COOKIE_CHARACTERS = 4096
_MAX_HEADER_CHARACTERS = 8192
_MAX_JAR_CHARACTERS = 16_384
_EXPIRED = re.compile(r"-[0-9]+|0+")


@dataclass(frozen=True, slots=True)
class _Place:
    """Who gets a cookie back."""

    domain: str
    """A host, or ``.name`` for a name and its subdomains."""
    path: str
    secure: bool

    def covers(self, url: CanonicalURL) -> bool:
        host_matches = url.hostname == self.domain or (
            self.domain.startswith(".") and f".{url.hostname}".endswith(self.domain)
        )
        return (
            host_matches
            and _path_matches(self.path, _path(url))
            and (not self.secure or url.scheme == "https")
        )


class Cookies:
    """The cookies that a chain of requests has been given so far.

    Args:
        carried: What `dump` returned at the end of an earlier part of the chain; entries in
            another form are left out.
    """

    def __init__(self, carried: Mapping[str, str] | None = None) -> None:
        self._cookies: dict[tuple[_Place, str], str] = {}
        for key, value in (carried or {}).items():
            match key.split(" ", 3):
                case [domain, path, secure, name]:
                    self._cookies[_Place(domain, path, secure == "secure"), name] = value

    def dump(self) -> dict[str, str]:
        """Return the cookies as plain text, for the message that continues the chain."""
        return {
            f"{place.domain} {place.path} {'secure' if place.secure else 'any'} {name}": value
            for (place, name), value in self._cookies.items()
        }

    def header(self, url: CanonicalURL) -> str | None:
        """Return the Cookie header for a request, or None if there is nothing to send."""
        pairs: list[str] = []
        length = 0
        for (place, name), value in self._cookies.items():
            pair = f"{name}={value}"
            if place.covers(url) and length + len(pair) + 2 <= _MAX_HEADER_CHARACTERS:
                pairs.append(pair)
                length += len(pair) + 2
        return "; ".join(pairs) or None

    def absorb(self, url: CanonicalURL, set_cookies: Iterable[str]) -> None:
        """Take the Set-Cookie headers of a response from ``url``."""
        for header in set_cookies:
            self._take(url, header)

    def _take(self, url: CanonicalURL, header: str) -> None:
        pair, *rest = header.split(";")
        name, equals, value = (part.strip() for part in pair.partition("="))
        attributes = dict(_attribute(part) for part in rest)
        domain = attributes.get("domain", "").lstrip(".").lower()
        if domain and ("." not in domain or not f".{url.hostname}".endswith(f".{domain}")):
            return
        path = attributes.get("path", "")
        place = _Place(
            f".{domain}" if domain else url.hostname,
            path if path.startswith("/") and " " not in path else _default_path(url),
            "secure" in attributes,
        )
        acceptable = equals and name and _is_plain(header) and len(pair) <= _MAX_COOKIE_CHARACTERS
        if not acceptable:
            return
        if _EXPIRED.fullmatch(attributes.get("max-age", "")):
            self._cookies.pop((place, name), None)
        elif (place, name) in self._cookies or self._has_room_for(pair):
            self._cookies[place, name] = value

    def _has_room_for(self, pair: str) -> bool:
        size = sum(len(name) + len(value) for (_, name), value in self._cookies.items())
        return len(self._cookies) < MAX_COOKIES and size + len(pair) <= _MAX_JAR_CHARACTERS


def _attribute(part: str) -> tuple[str, str]:
    name, _, value = part.partition("=")
    return name.strip().lower(), value.strip()


def _is_plain(header: str) -> bool:
    return header.isascii() and header.isprintable()


def _path(url: CanonicalURL) -> str:
    return "/" + url.url.split("/", 3)[3].partition("?")[0]


def _default_path(url: CanonicalURL) -> str:
    return _path(url).rsplit("/", 1)[0] or "/"


def _path_matches(cookie_path: str, path: str) -> bool:
    if not path.startswith(cookie_path):
        return False
    return (
        len(path) == len(cookie_path) or cookie_path.endswith("/") or path[len(cookie_path)] == "/"
    )
