"""How a process begins: what is wrong with its settings is said in a line each."""

import pytest
from structlog.testing import capture_logs

from newsmill_ingest.settings import IngestSettings
from newsmill_shared.errors import SettingsError
from newsmill_shared.settings import Settings, read_settings
from newsmill_shared.starting import starting


def test_a_wrong_value_is_told_with_its_variable_and_what_is_allowed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NEWSMILL_INGEST_CONCURRENCY", "0")
    monkeypatch.setenv("NEWSMILL_LOG_LEVEL", "loud")

    with pytest.raises(SettingsError) as caught:
        read_settings(IngestSettings)

    said = str(caught.value).splitlines()
    assert len(said) == 2
    assert "NEWSMILL_LOG_LEVEL: 'loud' cannot be used" in said[0]
    assert "'debug', 'info', 'warning' or 'error'" in said[0]
    assert "NEWSMILL_INGEST_CONCURRENCY: '0' cannot be used" in said[1]
    assert "greater than or equal to 1" in said[1]


def test_a_wrong_value_ends_the_process_in_words(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NEWSMILL_MAX_BODY_BYTES", "much")

    with pytest.raises(SystemExit) as caught, starting(IngestSettings, service="ingest"):
        pytest.fail("the block must not run")

    assert str(caught.value).startswith("ingest: NEWSMILL_MAX_BODY_BYTES: 'much' cannot be used")


def test_a_value_that_may_hold_a_password_is_not_shown() -> None:
    class Typed(Settings):
        other_url: int = 1
        """An address that cannot be one."""

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NEWSMILL_OTHER_URL", "redis://user:word@host")
        with pytest.raises(SettingsError) as caught:
            read_settings(Typed)

    assert "word" not in str(caught.value)
    assert "NEWSMILL_OTHER_URL: its value cannot be used" in str(caught.value)


def test_a_misspelt_name_is_reported_with_the_likeliest_meant(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NEWSMILL_INGEST_CONCURENCY", "4")
    monkeypatch.setattr("newsmill_shared.starting.set_up_logs", lambda *_, **__: None)

    with capture_logs() as logs, starting(IngestSettings, service="ingest"):
        pass

    assert {
        "event": "no such setting",
        "name": "NEWSMILL_INGEST_CONCURENCY",
        "did_you_mean": "NEWSMILL_INGEST_CONCURRENCY",
        "log_level": "warning",
    } in logs
