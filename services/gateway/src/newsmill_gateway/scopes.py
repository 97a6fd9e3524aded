"""Who may do what: callers, and the scope that each route of the API wants."""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

from newsmill_gateway.problems import Code, ProblemError
from newsmill_shared.database.accept import DEFAULT_SUBMITTER
from newsmill_shared.key_scopes import KeyScope

__all__ = ["FIRST", "LOCAL", "ROUTES", "Caller", "scope_of"]

ROUTES: Mapping[tuple[str, str], KeyScope] = {
    ("POST", "/v1/urls"): KeyScope.ENQUEUE,
    ("POST", "/v1/documents"): KeyScope.ENQUEUE,
    ("GET", "/v1/jobs"): KeyScope.READ,
    ("GET", "/v1/jobs/{job_id}"): KeyScope.READ,
    ("GET", "/v1/articles"): KeyScope.READ,
    ("GET", "/v1/articles/{article_id}"): KeyScope.READ,
    ("DELETE", "/v1/articles/{article_id}"): KeyScope.OPERATE,
    ("GET", "/v1/clusters/{cluster_id}"): KeyScope.READ,
    ("GET", "/v1/changes"): KeyScope.READ,
    ("GET", "/v1/conservation"): KeyScope.READ,
    ("GET", "/v1/hosts"): KeyScope.READ,
    ("GET", "/v1/hosts/{name}"): KeyScope.READ,
    ("GET", "/v1/pauses"): KeyScope.READ,
    ("GET", "/v1/dead"): KeyScope.READ,
    ("GET", "/v1/dead/groups"): KeyScope.READ,
    ("GET", "/v1/window"): KeyScope.READ,
    ("GET", "/v1/reprocess"): KeyScope.READ,
    ("GET", "/v1/reprocess/{run}"): KeyScope.READ,
    ("GET", "/metrics"): KeyScope.READ,
    ("POST", "/v1/pauses"): KeyScope.OPERATE,
    ("DELETE", "/v1/pauses"): KeyScope.OPERATE,
    ("PATCH", "/v1/hosts/{name}"): KeyScope.OPERATE,
    ("POST", "/v1/dead/retry"): KeyScope.OPERATE,
    ("POST", "/v1/dead/discard"): KeyScope.OPERATE,
    ("POST", "/v1/jobs/cancel"): KeyScope.OPERATE,
    ("POST", "/v1/reprocess"): KeyScope.OPERATE,
    ("POST", "/v1/reprocess/{run}/stop"): KeyScope.OPERATE,
    ("POST", "/v1/reprocess/{run}/continue"): KeyScope.OPERATE,
    ("GET", "/v1/audit"): KeyScope.OPERATE,
    ("GET", "/v1/keys"): KeyScope.ADMIN,
    ("POST", "/v1/keys"): KeyScope.ADMIN,
    ("POST", "/v1/keys/{name}/rotate"): KeyScope.ADMIN,
    ("DELETE", "/v1/keys/{name}"): KeyScope.ADMIN,
}
"""What each route wants; docs/http.md shows the same table."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sends a request.

    Args:
        name: The submitter of what is handed in.
        scopes: What may be done.
        key_id: Which secret says so; empty if none was asked for.
    """

    name: str
    scopes: frozenset[KeyScope]
    key_id: str = ""

    def check(self, scope: KeyScope) -> None:
        """Raise ProblemError 403 ``scope_missing`` if this may not be done."""
        if scope not in self.scopes:
            raise ProblemError(
                HTTPStatus.FORBIDDEN,
                Code.SCOPE_MISSING,
                f"this takes a key with the scope {scope}; that of {self.name} has"
                f" {', '.join(sorted(self.scopes))}",
            )

    def signs(self, claimed: str) -> str:
        """Return the name for the audit: the key's, or what somebody without one calls himself."""
        return self.name if self.key_id else claimed


LOCAL = Caller(DEFAULT_SUBMITTER, frozenset(KeyScope))
"""Whoever calls on a loopback address where no key is asked for."""
FIRST = Caller(DEFAULT_SUBMITTER, frozenset(KeyScope), key_id="first")
"""Who has the key of ``NEWSMILL_API_KEY``."""


def scope_of(method: str, path: str) -> KeyScope:
    """Return what a route wants: the rarest of all scopes if the table does not name it.

    Args:
        method: Of HTTP.
        path: As it is declared, with its parameters' names.
    """
    return ROUTES.get((method, path), KeyScope.ADMIN)
