"""Which hosts are one owner's."""

import pytest

from newsmill_shared.domains import registered_domain


@pytest.mark.parametrize(
    ("hostname", "domain"),
    [
        ("m.news.co.uk", "news.co.uk"),
        ("news.co.uk", "news.co.uk"),
        ("blog.author.github.io", "author.github.io"),
        ("www.xn--bcher-kva.de", "xn--bcher-kva.de"),
        ("a.b.press.example", "press.example"),
        ("press.example", "press.example"),
        ("localhost", "localhost"),
        ("192.0.2.1", "192.0.2.1"),
        ("[2001:db8::1]", "[2001:db8::1]"),
    ],
)
def test_hosts_of_one_owner_share_a_domain(hostname: str, domain: str) -> None:
    found = registered_domain(hostname)

    assert found == domain
