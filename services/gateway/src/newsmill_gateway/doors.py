"""Who may call: the checks that come before anything is read."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlsplit

from newsmill_gateway.problems import Code, ProblemError
from newsmill_gateway.settings import is_loopback

__all__ = ["OPEN_PATHS", "Door"]

OPEN_PATHS = frozenset({"/healthz", "/readyz"})
"""Answered without a key: they tell a supervisor how the process is, and nothing about the work."""


@dataclass(frozen=True, slots=True)
class Door:
    """The checks that an address of the gateway calls for.

    Args:
        loopback: Listening on a loopback address: then a request must be addressed to one, and
            come from no other site, so that no web page open on this machine can use the API
            (by its own requests, or by a name of its own that resolves to 127.0.0.1).
        key: What callers must know, if anything.
    """

    loopback: bool
    key: str | None

    def admit(self, path: str, headers: Mapping[str, str]) -> None:
        """Let a request pass.

        Args:
            path: What it asks for.
            headers: Its headers, names in lower case.

        Raises:
            ProblemError: 403 ``host_refused`` or ``origin_refused``, 401 ``key_refused``.
        """
        if self.loopback:
            self._check_host(headers)
        self._check_origin(headers)
        if self.key is not None and path not in OPEN_PATHS:
            self._check_key(self.key, headers.get("authorization", ""))

    def knows_key(self, headers: Mapping[str, str]) -> bool:
        """Tell whether a caller knows the key, if there is one."""
        if self.key is None:
            return True
        try:
            self._check_key(self.key, headers.get("authorization", ""))
        except ProblemError:
            return False
        return True

    def _check_host(self, headers: Mapping[str, str]) -> None:
        if not _is_own(headers.get("host", "")):
            raise ProblemError(
                HTTPStatus.FORBIDDEN,
                Code.HOST_REFUSED,
                "ask by a loopback address, such as http://127.0.0.1, or by localhost",
            )

    def _check_origin(self, headers: Mapping[str, str]) -> None:
        origin = headers.get("origin")
        if origin is None:
            return
        scheme, _, rest = origin.partition("://")
        if scheme not in ("http", "https") or rest.lower() != headers.get("host", "").lower():
            raise ProblemError(
                HTTPStatus.FORBIDDEN, Code.ORIGIN_REFUSED, "pages of other sites may not call this"
            )

    @staticmethod
    def _check_key(key: str, authorization: str) -> None:
        scheme, _, given = authorization.partition(" ")
        # Compared as bytes: compare_digest takes text only if it is ASCII.
        same = hmac.compare_digest(given.strip().encode(), key.encode())
        if scheme.lower() != "bearer" or not same:
            raise ProblemError(
                HTTPStatus.UNAUTHORIZED,
                Code.KEY_REFUSED,
                "send the header Authorization: Bearer KEY",
                headers={"WWW-Authenticate": "Bearer"},
            )


def _is_own(host: str) -> bool:
    """Whether a Host header names a loopback address or localhost, at whatever port."""
    try:
        parts = urlsplit(f"//{host}")
        _ = parts.port
    except ValueError:
        return False
    return parts.netloc == host and "@" not in host and is_loopback(parts.hostname or "")
