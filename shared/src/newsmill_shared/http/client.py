"""The guarded HTTP client: one request, one whole response, or one reason why not."""

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

import requests

from newsmill_shared.addresses import AddressPolicy
from newsmill_shared.errors import EndedError
from newsmill_shared.http.adapter import GuardedAdapter
from newsmill_shared.http.codings import ACCEPTED_CODINGS
from newsmill_shared.http.connection import CURRENT_DEADLINE, Guard, Resolve, resolve_by_system
from newsmill_shared.http.deadline import Deadline
from newsmill_shared.http.failures import is_broken_off, translated
from newsmill_shared.http.messages import MAX_BODY_BYTES, Response
from newsmill_shared.http.proxy import Proxy
from newsmill_shared.http.reading import read_head, read_response
from newsmill_shared.reasons import Reason
from newsmill_shared.urls import URLRefusedError, canonicalize

__all__ = ["GuardedClient"]

ACCEPT = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.1"


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
        self._adapter = GuardedAdapter(Guard(policy, resolve, proxy), ca_file)
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
            return read_response(
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
            return read_head(answer, str(request.url))

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
            with translated(deadline):
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
                stale = deadline.connects == connects and is_broken_off(error)
                if last or deadline.expired or not stale or request.method != "GET":
                    raise
        raise AssertionError("unreachable")
