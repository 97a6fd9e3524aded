"""The guarded HTTP client: one GET, one whole response, or one reason why not."""

import contextlib
import http.client
import re
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cached_property, partial
from typing import Any

import certifi
import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.exceptions import InvalidChunkLength, ReadTimeoutError
from urllib3.util.ssl_ import create_urllib3_context

from newsmill_shared.addresses import AddressPolicy
from newsmill_shared.errors import EndedError, SettingsError
from newsmill_shared.http.codings import ACCEPTED_CODINGS, decoder_for
from newsmill_shared.http.connection import (
    CURRENT_DEADLINE,
    Guard,
    GuardedHTTPConnectionPool,
    GuardedHTTPSConnectionPool,
    Resolve,
    resolve_by_system,
)
from newsmill_shared.http.deadline import Deadline
from newsmill_shared.http.messages import MAX_BODY_BYTES, REDIRECT_STATUSES, Response
from newsmill_shared.http.proxy import Proxy
from newsmill_shared.reasons import Reason
from newsmill_shared.urls import URLRefusedError, canonicalize

__all__ = ["GuardedClient"]

ACCEPT = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.1"
POOLED_HOSTS = 64
CONNECTIONS_PER_HOST = 4
_PIECE_BYTES = 64 * 1024
_DRAINED_BYTES = 16 * 1024
_DRAIN_SECONDS = 0.2
_DRAIN_READS = 2
_BINARY = bytes(set(range(0x20)) - set(b"\t\n\x0c\r\x1b"))
_SNIFFED_BYTES = 1024
_LENGTH = re.compile(r"[0-9]{1,18}")
_TYPES_TO_SNIFF = frozenset({None, "text/plain"})


class GuardedClient:
    """Asks public hosts for pages; safe against what their answers do.

    Threads share it, and its kept connections; each request belongs to a `Deadline`. Redirects
    are never followed here, cookies never kept, the environment never read.

    Args:
        policy: Where it may connect.
        user_agent: Who asks, e.g. ``newsmill/0.1 (+https://example.org/bot; bot@example.org)``.
        resolve: Looks host names up.
        max_bytes: The largest body taken, on the wire and decompressed.
        ca_file: A bundle of certificate authorities instead of the public ones.
        proxy: Asked for tunnels to the addresses that were looked up and checked here.

    Raises:
        SettingsError: ``ca_file`` cannot be read.
    """

    def __init__(
        self,
        policy: AddressPolicy,
        *,
        user_agent: str,
        resolve: Resolve = resolve_by_system,
        max_bytes: int = MAX_BODY_BYTES,
        ca_file: str | None = None,
        proxy: Proxy | None = None,
    ) -> None:
        self._policy = policy
        self._user_agent = user_agent
        self._max_bytes = max_bytes
        self._adapter = _GuardedAdapter(Guard(policy, resolve, proxy), ca_file)
        if ca_file is not None:
            self._adapter.check_authorities()

    def get(
        self,
        url: str,
        *,
        deadline: Deadline,
        headers: Mapping[str, str] | None = None,
        media_types: frozenset[str] | None = None,
        max_bytes: int | None = None,
        cut: bool = False,
    ) -> Response:
        """Ask for ``url`` and return the response, whatever its status.

        Only a 200 brings a body, whole and decompressed; any other body stays unread.

        Args:
            url: Where to ask.
            deadline: Of the chain this request belongs to.
            headers: Sent besides the client's own.
            media_types: The media types taken; any if None.
            max_bytes: Instead of the client's own cap.
            cut: Take the beginning of a body that is larger, instead of refusing it.

        Raises:
            EndedError: With one of the reasons ``blocked_address``, ``dns``, ``connect`` (also: the
                connection broke before the response was whole), ``tls``, ``timeout``,
                ``protocol``, ``too_large``, ``content_type``, ``decode``.
        """
        request = self._request("GET", url, headers)
        with self._exchange(request, deadline) as answer:
            return _read(
                answer,
                str(request.url),
                deadline=deadline,
                media_types=media_types,
                max_bytes=self._max_bytes if max_bytes is None else max_bytes,
                cut=cut,
            )

    def post(
        self,
        url: str,
        body: bytes,
        *,
        deadline: Deadline,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """Send ``body`` to ``url`` and return the response; its own body stays unread.

        Raises:
            EndedError: As for `get`. The request may have arrived all the same.
        """
        request = self._request("POST", url, headers, body)
        with self._exchange(request, deadline) as answer:
            return _head(answer, str(request.url))

    def close(self) -> None:
        """Close the kept connections."""
        self._adapter.close()

    def _request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        body: bytes | None = None,
    ) -> requests.PreparedRequest:
        """Prepare a request to where the policy lets it go."""
        try:
            target = canonicalize(url)
        except URLRefusedError as refused:
            raise EndedError(Reason.PROTOCOL, str(refused)) from refused
        try:
            self._policy.admit(target)
        except URLRefusedError as refused:
            raise EndedError(Reason.BLOCKED_ADDRESS, str(refused)) from refused
        own = {
            "User-Agent": self._user_agent,
            "Accept": ACCEPT,
            "Accept-Encoding": ACCEPTED_CODINGS,
        }
        request = requests.Request(
            method, target.url, headers={**own, **(headers or {})}, data=body
        ).prepare()
        # `prepare` spells some escapes anew; hosts are asked for what was given.
        request.url = target.url
        return request

    @contextlib.contextmanager
    def _exchange(self, request: requests.PreparedRequest, deadline: Deadline) -> Iterator[Any]:
        """Send a request, give its response with the headers read, and let go of it in the end."""
        token = CURRENT_DEADLINE.set(deadline)
        try:
            with _translated(deadline):
                answer = self._send(request, deadline)
                try:
                    yield answer
                finally:
                    # A response that was read to its end has gone back to its pool already.
                    answer.close()
        finally:
            deadline.release_all()
            CURRENT_DEADLINE.reset(token)

    def _send(self, request: requests.PreparedRequest, deadline: Deadline) -> Any:
        """Return urllib3's response with its headers read.

        A kept connection may be closed by its host at the moment it is used: then the request
        goes out once more on a new one.
        """
        connects = deadline.connects
        for last in (False, True):
            try:
                return self._adapter.send(request, stream=True, timeout=deadline.left()).raw
            except requests.ConnectionError as error:
                stale = deadline.connects == connects and _is_broken_off(error)
                if last or deadline.expired or not stale or request.method != "GET":
                    raise
        raise AssertionError("unreachable")


class _GuardedAdapter(HTTPAdapter):
    """requests' adapter over guarded pools, with one TLS context for all hosts."""

    def __init__(self, guard: Guard, ca_file: str | None) -> None:
        self._guard = guard
        self._ca_file = ca_file
        super().__init__(pool_connections=POOLED_HOSTS, pool_maxsize=CONNECTIONS_PER_HOST)

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        """Verifies certificates and host names; made once, as reading authorities is slow."""
        context = create_urllib3_context()
        context.load_verify_locations(self._ca_file or certifi.where())
        return context

    def check_authorities(self) -> None:
        """Read the authorities now, so that a wrong file is seen at the start."""
        try:
            _ = self._tls
        except OSError as error:
            raise SettingsError(f"the file of certificate authorities: {error}") from error

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = {
            "http": partial(GuardedHTTPConnectionPool, guard=self._guard),
            "https": partial(GuardedHTTPSConnectionPool, guard=self._guard),
        }

    def build_connection_pool_key_attributes(
        self, request: requests.PreparedRequest, verify: Any, cert: Any = None
    ) -> tuple[Any, Any]:
        host, options = super().build_connection_pool_key_attributes(request, verify, cert)
        is_tls = host["scheme"] == "https"
        return host, {**options, "ssl_context": self._tls} if is_tls else options

    def cert_verify(self, *args: object) -> None:
        """Leave verification to the shared context, which requires it."""


def _head(answer: Any, url: str) -> Response:
    """Turn urllib3's response into ours, without its body."""
    response = Response(
        url=url,
        status=answer.status,
        headers={name.lower(): answer.headers[name] for name in answer.headers},
        location=_location(answer.headers.getlist("location")),
        set_cookies=tuple(answer.headers.getlist("set-cookie")),
        robots_tags=tuple(answer.headers.getlist("x-robots-tag")),
    )
    if response.status != 200:
        _drain(answer, 0 if response.status in REDIRECT_STATUSES else _DRAINED_BYTES)
    return response


def _read(
    answer: Any,
    url: str,
    *,
    deadline: Deadline,
    media_types: frozenset[str] | None,
    max_bytes: int,
    cut: bool,
) -> Response:
    """Turn urllib3's response into ours, with the body of a 200."""
    response = _head(answer, url)
    if response.status != 200:
        return response
    _check_headers(response, media_types, None if cut else max_bytes)
    body = _read_body(answer, response, deadline, max_bytes, cut=cut)
    if media_types is not None and _is_binary(response, body):
        raise EndedError(Reason.CONTENT_TYPE, "the content is binary")
    return replace(response, body=body)


def _check_headers(
    response: Response, media_types: frozenset[str] | None, max_bytes: int | None
) -> None:
    """Refuse a body by its headers, unread."""
    transfer = response.headers.get("transfer-encoding", "chunked").strip().lower()
    if transfer not in ("chunked", "identity"):
        raise EndedError(Reason.PROTOCOL, f"transfer coding {transfer!r} is not spoken here")
    length = _declared_length(response.headers.get("content-length"))
    declared = response.media_type
    if media_types is not None and declared is not None and declared not in media_types:
        raise EndedError(Reason.CONTENT_TYPE, f"{declared} is not a page")
    if length is not None and max_bytes is not None and length > max_bytes:
        raise _too_large(max_bytes)


def _declared_length(header: str | None) -> int | None:
    """Read a Content-Length, perhaps repeated (RFC 9110, 8.6)."""
    if header is None:
        return None
    values = {value.strip() for value in header.split(",")}
    if len(values) > 1 or not _LENGTH.fullmatch(next(iter(values))):
        raise EndedError(Reason.PROTOCOL, "the content length is not a number")
    return int(values.pop())


def _read_body(
    answer: Any, response: Response, deadline: Deadline, max_bytes: int, *, cut: bool
) -> bytes:
    decoder = decoder_for(response.headers.get("content-encoding"))
    body = bytearray()
    received = 0
    for piece in _pieces(answer):
        received += len(piece)
        body += decoder.feed(piece, max_bytes - len(body))
        if received > max_bytes or len(body) > max_bytes:
            if cut:
                return bytes(body[: max_bytes + 1])
            raise _too_large(max_bytes)
        deadline.left()
    # A socket that was shut down looks like the end of a body without a length.
    deadline.left()
    if received:
        decoder.finish()
    return bytes(body)


def _pieces(answer: Any) -> Iterator[bytes]:
    try:
        yield from answer.stream(_PIECE_BYTES, decode_content=False)
    except ValueError as error:
        # http.client reads a negative chunk size as any other.
        raise EndedError(Reason.PROTOCOL, f"the body is not valid HTTP: {error}") from error


def _drain(answer: Any, most: int) -> None:
    """Read a short error page that has already arrived, so that its connection can be kept."""
    sock = answer.connection.sock if answer.connection is not None else None
    length = answer.length_remaining
    if sock is None or length is None or length > most:
        return
    sock.settimeout(_DRAIN_SECONDS)
    with contextlib.suppress(urllib3.exceptions.HTTPError):
        for _ in range(_DRAIN_READS):
            answer.read1(_DRAINED_BYTES, decode_content=False)


def _location(values: list[str]) -> str | None:
    """Return a Location as written: http.client reads Latin-1, many hosts send raw UTF-8.

    Several that differ lead nowhere: which of them is meant is anybody's guess.
    """
    if not values:
        return None
    value = values[0] if len(set(values)) == 1 else ""
    try:
        return value.encode("latin-1").decode()
    except UnicodeError:
        return value


def _is_binary(response: Response, body: bytes) -> bool:
    """Whether a body that declares no type, or plain text, is none (WHATWG MIME Sniffing, 7.2)."""
    if response.media_type not in _TYPES_TO_SNIFF:
        return False
    head = body[:_SNIFFED_BYTES]
    if head.startswith((b"\xfe\xff", b"\xff\xfe", b"\xef\xbb\xbf")):
        return False
    return len(head.translate(None, _BINARY)) < len(head)


@contextlib.contextmanager
def _translated(deadline: Deadline) -> Iterator[None]:
    """Raise library errors as ours."""
    try:
        yield
    except EndedError:
        raise
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
        if deadline.expired:
            raise deadline.error() from error
        raise _ended(error) from error


def _ended(error: Exception) -> EndedError:
    causes = list(_causes(error))
    if any(isinstance(cause, ssl.SSLError) for cause in causes):
        detail = next(str(cause) for cause in causes if isinstance(cause, ssl.SSLError))
        return EndedError(Reason.TLS, detail)
    if any(isinstance(cause, TimeoutError | ReadTimeoutError) for cause in causes):
        return EndedError(Reason.TIMEOUT, "the host fell silent")
    if _is_broken_off(error):
        return EndedError(Reason.CONNECT, "the connection broke before the response was whole")
    return EndedError(Reason.PROTOCOL, f"the response is not valid HTTP: {causes[-1]}")


def _is_broken_off(error: Exception) -> bool:
    """Whether a connection ended too early, as opposed to one that carried nonsense."""
    for cause in _causes(error):
        if isinstance(cause, InvalidChunkLength):
            return False
        if isinstance(cause, http.client.IncompleteRead | ConnectionError):
            return True
        if "ended prematurely" in str(cause):
            return True
    return False


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and what it was made from, outermost first."""
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        current = waiting.pop(0)
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        inner = [current.__cause__, current.__context__, getattr(current, "reason", None)]
        waiting += [cause for cause in (*inner, *current.args) if isinstance(cause, BaseException)]


def _too_large(max_bytes: int) -> EndedError:
    return EndedError(Reason.TOO_LARGE, f"the body is larger than {max_bytes} bytes")
