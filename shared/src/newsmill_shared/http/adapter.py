"""requests' adapter over guarded connections."""

import ssl
from functools import cached_property, partial
from typing import Any

import certifi
import requests
from requests.adapters import HTTPAdapter
from urllib3.util.ssl_ import create_urllib3_context

from newsmill_shared.errors import SettingsError
from newsmill_shared.http.connection import (
    Guard,
    GuardedHTTPConnectionPool,
    GuardedHTTPSConnectionPool,
)

__all__ = ["GuardedAdapter"]

POOLED_HOSTS = 64
CONNECTIONS_PER_HOST = 64
"""As many as an operator can let a host have at the same time: those that are used are kept."""


class GuardedAdapter(HTTPAdapter):
    """Keeps pools of guarded connections, with one TLS context for all hosts.

    Args:
        guard: Opens the sockets.
        ca_file: A bundle of certificate authorities instead of the public ones.
    """

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
        """Read the authorities now, so that a wrong file is seen at the start.

        Raises:
            SettingsError: It cannot be read.
        """
        try:
            _ = self._tls
        except OSError as error:
            raise SettingsError(f"the file of certificate authorities: {error}") from error

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        """Make the pools guarded ones."""
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = {
            "http": partial(GuardedHTTPConnectionPool, guard=self._guard),
            "https": partial(GuardedHTTPSConnectionPool, guard=self._guard),
        }

    def build_connection_pool_key_attributes(
        self, request: requests.PreparedRequest, verify: Any, cert: Any = None
    ) -> tuple[Any, Any]:
        """Name the pool for a request; certificates are verified whatever ``verify`` says."""
        host, options = super().build_connection_pool_key_attributes(request, verify, cert)
        is_tls = host["scheme"] == "https"
        return host, {**options, "ssl_context": self._tls} if is_tls else options

    def cert_verify(self, *args: object) -> None:
        """Leave verification to the shared context, which requires it."""
