"""Settings from files, as a deployment hands them out."""

from pathlib import Path

import pytest

from newsmill_shared.settings import Settings


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of secrets of a process."""
    monkeypatch.setenv("NEWSMILL_SECRETS_DIR", str(tmp_path))
    monkeypatch.delenv("NEWSMILL_REDIS_URL", raising=False)
    return tmp_path


def test_a_setting_is_read_from_the_file_of_its_name(folder: Path) -> None:
    (folder / "newsmill_redis_url").write_text("redis://ingest:word@redis:6379/0\n")

    settings = Settings()

    assert settings.redis_url == "redis://ingest:word@redis:6379/0"


def test_the_environment_comes_before_files(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "newsmill_redis_url").write_text("redis://from-a-file")
    monkeypatch.setenv("NEWSMILL_REDIS_URL", "redis://from-the-environment")

    settings = Settings()

    assert settings.redis_url == "redis://from-the-environment"


def test_without_a_file_the_default_holds(folder: Path) -> None:
    assert Settings().redis_url == "redis://localhost:6379/0"
