"""Who may call: the checks that come before anything is read."""

import hmac
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import urlsplit

import structlog

from newsmill_gateway.keyring import KeyEndedError, Keyring
from newsmill_gateway.problems import Code, ProblemError
from newsmill_gateway.scopes import FIRST, LOCAL, Caller
from newsmill_gateway.settings import GatewaySettings, is_loopback
from newsmill_gateway.throttle import Throttle
from newsmill_shared.database.engine import DatabaseAwayError
from newsmill_shared.key_scopes import KeyScope

__all__ = ["OPEN_PATHS", "Door", "bearer"]

OPEN_PATHS = frozenset({"/healthz", "/readyz"})
"""Answered without a key: they tell a supervisor how the process is, and nothing about the work."""

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Door:
    """The checks that an address of the gateway calls for.

    Args:
        loopback: Listening on a loopback address: then a request must be addressed to one, and
            come from no other site, so that no web page open on this machine can use the API
            (by its own requests, or by a name of its own that resolves to 127.0.0.1).
        key: The first key. If there is none nobody is asked for one, and a key of the ledger only
            tells who it is that calls.
        keyring: The keys of the ledger.
        throttle: Bounds how often it may be guessed.
        clock: Monotonic seconds.
    """

    loopback: bool
    key: str | None
    keyring: Keyring
    throttle: Throttle = field(default_factory=Throttle)
    clock: Callable[[], float] = time.monotonic

    @classmethod
    def of(cls, settings: GatewaySettings, keyring: Keyring) -> "Door":
        """Return the door of a gateway with these settings."""
        return cls(loopback=is_loopback(settings.gateway_host), key=settings.key, keyring=keyring)

    def admit(self, path: str, headers: Mapping[str, str], *, address: str = "") -> Caller:
        """Let a request pass, and return who sends it; whether he may is asked by its route.

        Args:
            path: What it asks for.
            headers: Its headers, names in lower case.
            address: Where it comes from.

        Raises:
            ProblemError: 403 ``host_refused`` or ``origin_refused``, 401 ``key_refused``, 429
                ``key_throttled``, 503 ``database_away``.
        """
        self.check_place(headers)
        if path in OPEN_PATHS:
            return LOCAL
        return self.check_key(bearer(headers), address=address)

    def check_place(self, headers: Mapping[str, str]) -> None:
        """Let a request pass by the name it asks for and the site it comes from.

        Raises:
            ProblemError: 403 ``host_refused`` or ``origin_refused``.
        """
        if self.loopback:
            self._check_host(headers)
        self._check_origin(headers)

    def may_read(self, headers: Mapping[str, str], *, address: str = "") -> bool:
        """Tell whether a caller may read, where it is not asked of everybody."""
        try:
            return KeyScope.READ in self.check_key(bearer(headers), address=address).scopes
        except ProblemError:
            return False

    async def freshen(self, given: str | None, seconds: float) -> None:
        """Read the keys of the ledger, if a key is to be looked for there and they are old."""
        if given is not None and not self._is_first(given):
            await self.keyring.freshen(seconds)

    def check_key(self, given: str | None, *, address: str) -> Caller:
        """Look whose a key is, and return him.

        Args:
            given: What somebody says the key is; None if nothing was said.
            address: Where it comes from. Wrong keys are counted, and from whoever has sent too
                many none is looked at for a while.

        Raises:
            ProblemError: 401 ``key_refused``, 429 ``key_throttled``, 503 ``database_away``.
        """
        if self.key is None:
            try:
                return self._named(given) or LOCAL
            except KeyEndedError as error:
                raise _key_refused(str(error)) from error
        if given is None:
            raise _key_refused()
        wait = math.ceil(self.throttle.wait_seconds(address, self.clock()))
        if wait:
            raise ProblemError(
                HTTPStatus.TOO_MANY_REQUESTS,
                Code.KEY_THROTTLED,
                f"too many wrong keys: no key is looked at for {wait} s",
                headers={"Retry-After": str(wait)},
            )
        try:
            caller = FIRST if self._is_first(given) else self._named(given)
        except KeyEndedError as error:
            # No guess: else one program with an old key would close the door to its neighbours.
            _log.warning("ended key", said=str(error), address=address)
            raise _key_refused(str(error)) from error
        if caller is None:
            self.throttle.wrong(address, self.clock())
            _log.warning("wrong key", address=address)
            raise _key_refused()
        self.throttle.right(address)
        return caller

    def holder(self, key_id: str) -> Caller | None:
        """Return who has a key, by its id; None if it opens nothing any more."""
        if key_id == FIRST.key_id:
            return FIRST
        return self.keyring.holder(key_id)

    def _is_first(self, given: str) -> bool:
        # Compared as bytes: compare_digest takes text only if it is ASCII.
        return self.key is not None and hmac.compare_digest(
            given.encode(errors="surrogatepass"), self.key.encode(errors="surrogatepass")
        )

    def _named(self, given: str | None) -> Caller | None:
        try:
            return None if given is None else self.keyring.find(given)
        except DatabaseAwayError as error:
            raise ProblemError(
                HTTPStatus.SERVICE_UNAVAILABLE, Code.DATABASE_AWAY, str(error)
            ) from error

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


def bearer(headers: Mapping[str, str]) -> str | None:
    """Return the key that a request's headers hold, if they do."""
    scheme, _, given = headers.get("authorization", "").partition(" ")
    return given.strip() if scheme.lower() == "bearer" else None


def _key_refused(detail: str = "send the header Authorization: Bearer KEY") -> ProblemError:
    return ProblemError(
        HTTPStatus.UNAUTHORIZED,
        Code.KEY_REFUSED,
        detail,
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
