"""Who asks, and through what, is said in settings that cannot be misread."""

import pytest
from pydantic import ValidationError

from newsmill_ingest.settings import IngestSettings
from newsmill_shared.errors import SettingsError
from newsmill_shared.http.proxy import Proxy


def test_hosts_hear_who_asks_and_how_to_reach_them() -> None:
    settings = IngestSettings(contact="https://mill.example/bot; bot@mill.example")

    assert settings.user_agent.startswith("newsmill/")
    assert settings.user_agent.endswith(" (+https://mill.example/bot; bot@mill.example)")
    assert "(" not in IngestSettings(contact="").user_agent


@pytest.mark.parametrize("contact", ["a\r\nX: y", "bot (mill", "b\u00f6t@mill.example", "x" * 201])
def test_a_contact_that_does_not_fit_a_header_is_refused(contact: str) -> None:
    with pytest.raises(ValidationError, match="contact"):
        IngestSettings(contact=contact)


def test_production_needs_a_contact_and_a_trial_does_not() -> None:
    IngestSettings(production=False, contact="").check_contact()
    IngestSettings(production=True, contact="bot@mill.example").check_contact()

    with pytest.raises(SettingsError, match="NEWSMILL_CONTACT is empty"):
        IngestSettings(production=True, contact="").check_contact()


def test_the_password_of_a_proxy_is_shown_nowhere() -> None:
    url = "http://mill:secret%21@proxy.example:3128"

    settings, proxy = IngestSettings(proxy=url), Proxy.parse(url)

    assert (proxy.host, proxy.port) == ("proxy.example", 3128)
    assert "secret" not in repr(settings) + repr(proxy)
    with pytest.raises(SettingsError) as caught:
        Proxy.parse(url.replace("http", "socks5"))
    assert "secret" not in str(caught.value)
