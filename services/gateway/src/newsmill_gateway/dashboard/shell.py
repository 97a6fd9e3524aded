"""Around the dashboard: which paths are its own, and the headers that every answer carries."""

from collections.abc import MutableMapping
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = ["HEADERS", "Front", "Shell"]

_FIRST_SEGMENTS = frozenset(
    {
        "",
        "acts",
        "articles",
        "audit",
        "explain",
        "failures",
        "hand-in",
        "hosts",
        "jobs",
        "live",
        "runs",
        "sign-in",
        "sign-out",
        "static",
    }
)

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self';"
        " img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    # Not no-referrer: with it browsers send "Origin: null" with our own forms.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""On every answer: nothing is loaded from elsewhere, nothing inline runs, nobody frames a page."""


class Front:
    """Middleware that answers for the dashboard's paths and passes all others on.

    Args:
        app: Answers for the other paths.
        dashboard: Answers for the dashboard's.
    """

    def __init__(self, app: ASGIApp, dashboard: ASGIApp) -> None:
        self._app = app
        self._dashboard = dashboard

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass on."""
        ours = scope["type"] == "http" and _first_segment(scope["path"]) in _FIRST_SEGMENTS
        await (self._dashboard if ours else self._app)(scope, receive, send)


class Shell:
    """Middleware that sets the headers; what says nothing of caches must not be kept by one."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, with headers."""

        async def with_headers(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                said = list(message.get("headers", ()))
                if not any(name == b"cache-control" for name, _ in said):
                    said.append((b"cache-control", b"no-store"))
                said += [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
                message["headers"] = said
            await send(message)

        await self._app(scope, receive, with_headers)


def _first_segment(path: str) -> str:
    return path.split("/", 2)[1] if path.startswith("/") else path
