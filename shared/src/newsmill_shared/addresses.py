"""Addresses out: which network addresses and ports this installation may connect to.

What is public is a table, not a predicate of the standard library: `is_global` and `is_private`
both let forms through that carry an internal address inside a translated one.
"""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Self

from newsmill_shared.errors import SettingsError
from newsmill_shared.urls import CanonicalURL, URLRefusedError

__all__ = ["WEB_PORTS", "AddressPolicy", "AllowRule", "SocketAddress", "is_public"]

SocketAddress = tuple[str, int] | tuple[str, int, int, int]
"""An address as `socket` takes it, for IPv4 or IPv6."""

WEB_PORTS = frozenset({80, 443, 8080, 8443})
"""Ports that may be asked on public addresses."""

_INTERNAL_V4 = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this network, RFC 1122
        "10.0.0.0/8",  # private, RFC 1918
        "100.64.0.0/10",  # carrier-grade NAT, RFC 6598
        "127.0.0.0/8",  # loopback, RFC 1122
        "169.254.0.0/16",  # link-local, RFC 3927: cloud metadata lives here
        "172.16.0.0/12",  # private, RFC 1918
        "192.0.0.0/24",  # protocol assignments, RFC 6890
        "192.0.2.0/24",  # documentation, RFC 5737
        "192.88.99.0/24",  # 6to4 relays, RFC 7526
        "192.168.0.0/16",  # private, RFC 1918
        "198.18.0.0/15",  # benchmarks, RFC 2544
        "198.51.100.0/24",  # documentation, RFC 5737
        "203.0.113.0/24",  # documentation, RFC 5737
        "224.0.0.0/3",  # multicast and reserved, RFC 5771 and RFC 1112
    )
)
_PUBLIC_V6 = IPv6Network("2000::/3")
"""IANA assigns global unicast addresses from here only."""
_INTERNAL_V6 = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # protocol assignments, RFC 2928
        "2001:db8::/32",  # documentation, RFC 3849
        "3fff::/20",  # documentation, RFC 9637
    )
)
_CARRIERS = tuple(
    IPv6Network(network)
    for network in (
        "::ffff:0:0/96",  # IPv4-mapped, RFC 4291
        "::/96",  # IPv4-compatible, RFC 4291, deprecated
        "::ffff:0:0:0/96",  # IPv4-translated, RFC 2765
        "64:ff9b::/96",  # NAT64, RFC 6052
    )
)
_SIX_TO_FOUR = IPv6Network("2002::/16")
_TEREDO = IPv6Network("2001::/32")

_ALLOWABLE = tuple(
    ip_network(network)
    for network in (
        "127.0.0.0/8",
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "100.64.0.0/10",
        "198.18.0.0/15",
        "::1/128",
        "fc00::/7",
    )
)
_METADATA = frozenset(
    map(ip_address, ("100.100.100.200", "192.0.0.192", "fd00:ec2::254", "fd20:ce::254"))
)
"""Cloud metadata services outside 169.254.0.0/16 (Alibaba, Oracle, Amazon, Google): no setting
opens these."""

_RULE = re.compile(
    r"(?P<network>\[[^\]]*\]|[^:\[\]/]+)(?:/(?P<prefix>[0-9]{1,3}))?:(?P<port>[0-9]{1,5})"
)
_SHORTEST_PREFIX = {4: 16, 6: 48}
_LOWEST_PORT, _HIGHEST_PORT = 1024, 65535


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether an address is on the public internet, looking inside translated forms.

    An IPv6 form that carries an IPv4 address (mapped, compatible, translated, NAT64, 6to4,
    Teredo) is public if what it carries is; an address with a zone never is.
    """
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _INTERNAL_V4)
    if address.scope_id is not None:
        return False
    if any(address in network for network in _CARRIERS):
        return is_public(IPv4Address(int(address) & 0xFFFFFFFF))
    if address in _SIX_TO_FOUR:
        return is_public(IPv4Address(int(address) >> 80 & 0xFFFFFFFF))
    if address in _TEREDO:
        server = IPv4Address(int(address) >> 64 & 0xFFFFFFFF)
        client = IPv4Address(~int(address) & 0xFFFFFFFF)
        return is_public(server) and is_public(client)
    return address in _PUBLIC_V6 and not any(address in network for network in _INTERNAL_V6)


@dataclass(frozen=True, slots=True)
class AllowRule:
    """One network of ours that may be asked, at one port."""

    network: IPv4Network | IPv6Network
    port: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``127.77.0.0/16:8080`` or ``[fd12:3456:789a::]/48:8080``.

        Raises:
            SettingsError: It is malformed, too wide, or a network that is never opened.
        """
        match = _RULE.fullmatch(text.strip())
        if match is None:
            raise SettingsError(
                f"NEWSMILL_FETCH_ALLOW: {text.strip()!r} is not NETWORK:PORT;"
                " write 127.77.0.0/16:8080 or [fd12:3456:789a::]/48:8080"
            )
        try:
            network = ip_network(
                match["network"].strip("[]") + f"/{match['prefix'] or ''}".rstrip("/")
            )
        except ValueError as error:
            raise SettingsError(f"NEWSMILL_FETCH_ALLOW: {error}") from error
        shortest = _SHORTEST_PREFIX[network.version]
        if network.prefixlen < shortest:
            raise SettingsError(
                f"NEWSMILL_FETCH_ALLOW: {network} is too wide; use /{shortest} or longer"
            )
        if not any(_within(network, allowable) for allowable in _ALLOWABLE):
            raise SettingsError(
                f"NEWSMILL_FETCH_ALLOW: {network} is not a loopback or private network;"
                " link-local, translated and public addresses cannot be opened"
            )
        port = int(match["port"])
        if not 1 <= port <= 65535:
            raise SettingsError(f"NEWSMILL_FETCH_ALLOW: {port} is not a port")
        return cls(network, port)


@dataclass(frozen=True, slots=True)
class AddressPolicy:
    """Where this installation may connect: public addresses at web ports, and what it allowed."""

    allow: tuple[AllowRule, ...] = ()
    ports: frozenset[int] = WEB_PORTS

    @classmethod
    def parse(cls, fetch_allow: str, fetch_ports: str = "") -> Self:
        """Read the settings ``NEWSMILL_FETCH_ALLOW`` and ``NEWSMILL_FETCH_PORTS``.

        Args:
            fetch_allow: Rules separated by commas; empty is none.
            fetch_ports: Ports separated by commas; empty are the web's.

        Raises:
            SettingsError: A rule or port cannot be accepted; the message says which and why.
        """
        rules = tuple(map(AllowRule.parse, filter(str.strip, fetch_allow.split(","))))
        ports = frozenset(map(_read_port, filter(str.strip, fetch_ports.split(","))))
        return cls(rules, ports or WEB_PORTS)

    def permits(self, address: str, port: int) -> bool:
        """Whether a connection may go to ``address`` (an IP address in text form) and ``port``."""
        try:
            parsed = ip_address(address)
        except ValueError:
            return False
        if parsed in _METADATA or getattr(parsed, "scope_id", None) is not None:
            return False
        if any(port == rule.port and parsed in rule.network for rule in self.allow):
            return True
        return port in self.ports and is_public(parsed)

    def permits_socket(self, address: SocketAddress) -> bool:
        """Whether a connection may go to an address as `socket` spells it, zone included."""
        zone = address[3] if len(address) == 4 else 0
        host = address[0]
        return self.permits(f"{host}%{zone}" if zone and "%" not in host else host, address[1])

    def admit(self, url: CanonicalURL) -> None:
        """Refuse what can be refused without asking a name server; used when URLs are accepted.

        A host that is a name passes if its port may be asked at all: its addresses are judged
        when the connection is made.

        Raises:
            URLRefusedError: With the code ``port`` or ``address``.
        """
        if url.port not in self.ports and all(url.port != rule.port for rule in self.allow):
            ports = ", ".join(map(str, sorted(self.ports)))
            raise URLRefusedError("port", f"port {url.port} is not fetched; only {ports} are")
        literal = url.hostname.strip("[]")
        try:
            ip_address(literal)
        except ValueError:
            return
        if not self.permits(literal, url.port):
            raise URLRefusedError("address", "this address is not on the public internet")


def _read_port(text: str) -> int:
    port = int(text) if text.strip().isascii() and text.strip().isdigit() else 0
    if port not in WEB_PORTS and not _LOWEST_PORT <= port <= _HIGHEST_PORT:
        raise SettingsError(
            f"NEWSMILL_FETCH_PORTS: {text.strip()!r} cannot be opened; besides 80 and 443 only"
            f" ports from {_LOWEST_PORT} on can be, as mail and name servers live below"
        )
    return port


def _within(network: IPv4Network | IPv6Network, outer: IPv4Network | IPv6Network) -> bool:
    if isinstance(network, IPv4Network):
        return isinstance(outer, IPv4Network) and network.subnet_of(outer)
    return isinstance(outer, IPv6Network) and network.subnet_of(outer)
