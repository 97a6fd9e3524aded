"""Which addresses may be connected to, and what a setting may open."""

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsmill_shared.addresses import AddressPolicy, is_public
from newsmill_shared.errors import SettingsError
from newsmill_shared.urls import URLRefusedError, canonicalize


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",
        "10.1.2.3",
        "100.64.0.1",
        "127.0.0.1",
        "169.254.169.254",
        "172.31.255.255",
        "192.168.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::ffff:10.0.0.1",
        "::10.0.0.1",
        "::ffff:0:169.254.169.254",
        "64:ff9b::169.254.169.254",
        "64:ff9b:1::1",
        "2002:a9fe:a9fe::1",
        "2001:0:a9fe:a9fe::1",
        "2001:0:808:808:0:0:80ff:fffe",
        "2001:db8::1",
        "fc00::1",
        "fe80::1",
        "fe80::1%2",
        "ff02::1",
        "4000::1",
    ],
)
def test_an_internal_address_is_seen_through_every_disguise(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize(
    "address",
    [
        "8.8.8.8",
        "172.32.0.1",
        "100.63.255.255",
        "2606:4700:4700::1111",
        "64:ff9b::8.8.8.8",
        "2002:808:808::1",
        "::ffff:8.8.8.8",
    ],
)
def test_a_public_address_is_public_in_translation_too(address: str) -> None:
    assert is_public(ip_address(address))


@given(st.integers(0, 2**32 - 1))
def test_translation_never_changes_the_verdict(number: int) -> None:
    plain = is_public(IPv4Address(number))

    for carrier in ("::ffff:0:0", "64:ff9b::", "::ffff:0:0:0"):
        assert is_public(IPv6Address(int(IPv6Address(carrier)) | number)) == plain


def test_public_addresses_may_be_asked_at_web_ports_only() -> None:
    policy = AddressPolicy()

    assert policy.permits("8.8.8.8", 443)
    assert not policy.permits("8.8.8.8", 6379)
    assert not policy.permits("127.0.0.1", 80)
    assert not policy.permits("not an address", 80)


def test_the_ports_of_public_addresses_are_a_setting() -> None:
    policy = AddressPolicy.parse("", "443, 8000")

    assert policy.permits("8.8.8.8", 8000)
    assert not policy.permits("8.8.8.8", 80)
    assert not policy.permits("127.0.0.1", 8000)
    assert AddressPolicy.parse("", " ") == AddressPolicy.parse("")


@pytest.mark.parametrize(
    "ports", ["25", "443,53", "0", "65536", "-1", "http", "80-443", "\u0668\u0660"]
)
def test_a_port_of_another_kind_of_server_is_a_wrong_setting(ports: str) -> None:
    with pytest.raises(SettingsError, match="NEWSMILL_FETCH_PORTS"):
        AddressPolicy.parse("", ports)


def test_an_allowed_network_is_open_at_its_port_only() -> None:
    policy = AddressPolicy.parse("127.77.0.0/16:9000, [fd12:3456:789a::]/48:8080,10.0.0.7:81")

    assert policy.permits("127.77.3.4", 9000)
    assert not policy.permits("127.77.3.4", 80)
    assert not policy.permits("127.78.0.1", 9000)
    assert policy.permits("fd12:3456:789a::1", 8080)
    assert policy.permits("10.0.0.7", 81)
    assert not policy.permits("10.0.0.8", 81)
    assert not policy.permits("8.8.8.8", 9000)


def test_an_allowed_network_does_not_open_a_metadata_service() -> None:
    policy = AddressPolicy.parse("100.100.0.0/16:80,[fd00:ec2::]/48:80")

    assert policy.permits("100.100.1.1", 80)
    assert not policy.permits("100.100.100.200", 80)
    assert not policy.permits("fd00:ec2::254", 80)


@pytest.mark.parametrize(
    "rule",
    [
        "127.77.0.0/16",
        "127.0.0.0/8:80",
        "127.77.1.0/16:80",
        "169.254.0.0/16:80",
        "169.254.169.254:80",
        "8.8.0.0/16:80",
        "64:ff9b::/96:80",
        "[64:ff9b::]/96:80",
        "[::ffff:127.0.0.0]/112:80",
        "[fc00::]/7:80",
        "127.77.0.0/16:0",
        "127.77.0.0/16:70000",
        "localhost:80",
        "127.77.0.0/99:80",
    ],
)
def test_a_rule_that_would_open_too_much_is_refused(rule: str) -> None:
    with pytest.raises(SettingsError, match="NEWSMILL_FETCH_ALLOW"):
        AddressPolicy.parse(rule)


def test_no_setting_opens_nothing() -> None:
    assert AddressPolicy.parse(" , ").allow == ()


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://127.0.0.1/", "address"),
        ("http://[::ffff:10.0.0.1]/", "address"),
        ("http://127.77.0.5:9001/", "port"),
        ("http://news.example:22/", "port"),
        ("http://8.8.8.8:9000/", "address"),
    ],
)
def test_what_cannot_be_fetched_is_refused_before_it_is_accepted(url: str, code: str) -> None:
    policy = AddressPolicy.parse("127.77.0.0/16:9000")

    with pytest.raises(URLRefusedError) as refused:
        policy.admit(canonicalize(url))

    assert refused.value.code == code


@pytest.mark.parametrize(
    "url", ["https://news.example/", "http://news.example:9000/", "http://127.77.0.5:9000/"]
)
def test_what_may_be_fetched_is_admitted(url: str) -> None:
    AddressPolicy.parse("127.77.0.0/16:9000").admit(canonicalize(url))
