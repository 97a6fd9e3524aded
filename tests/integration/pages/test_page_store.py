"""The page store in a folder and in a bucket: the same behaviour."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from newsmill_shared.errors import SettingsError, TransientError
from newsmill_shared.pages import PageMissingError, PageStore
from tests.integration.pages.conftest import name_credentials

DAY = datetime(2025, 6, 7, 8, 9, 10, tzinfo=UTC)


@pytest.fixture(params=["folder", "bucket"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> PageStore:
    """An empty store of each kind."""
    if request.param == "folder":
        return PageStore.open((tmp_path / "pages").as_uri())
    return PageStore.open(f"{request.getfixturevalue('bucket')}/news")


@pytest.mark.parametrize("body", [b"<p>A page.</p>", b"", bytes(range(256)) * 32768])
def test_a_body_comes_back_as_it_was(store: PageStore, body: bytes) -> None:
    stored = store.put_raw("page", body, at=DAY)

    assert stored.object == f"raw/2025/06/07/page-{stored.sha256}"
    assert stored.size == len(body)
    assert store.get(stored.object) == body


def test_the_same_body_of_a_page_is_one_object(store: PageStore) -> None:
    first = store.put_raw("page", b"the same", at=DAY)
    second = store.put_raw("page", b"the same", at=DAY)

    assert first == second
    assert store.get(second.object) == b"the same"


def test_a_probe_leaves_nothing(store: PageStore, tmp_path: Path) -> None:
    target = PageStore.open((tmp_path / "copy").as_uri())
    list(store.copy_to(target))

    store.probe(1000)

    assert not any(store.copy_to(target))


def test_a_text_in_any_script_comes_back(store: PageStore) -> None:
    key = store.put_text("job", "Wörter, слова, 言葉", at=DAY)

    assert store.get(key).decode() == "Wörter, слова, 言葉"


def test_what_is_deleted_is_missing_and_can_be_deleted_again(store: PageStore) -> None:
    stored = store.put_raw("page", b"not to be kept", at=DAY)

    store.delete(stored.object)
    store.delete(stored.object)

    with pytest.raises(PageMissingError):
        store.get(stored.object)


def test_an_object_that_is_not_there_is_missing(store: PageStore) -> None:
    with pytest.raises(PageMissingError, match="raw/none"):
        store.get("raw/none")


def test_all_processes_see_the_same_bucket_below_its_prefix(bucket: str) -> None:
    stored = PageStore.open(f"{bucket}/news").put_raw("page", b"shared", at=DAY)

    assert PageStore.open(f"{bucket}/news").get(stored.object) == b"shared"
    assert PageStore.open(bucket).get(f"news/{stored.object}") == b"shared"


def test_a_bucket_that_is_away_is_away_for_now(monkeypatch: pytest.MonkeyPatch) -> None:
    name_credentials(monkeypatch, endpoint="http://127.0.0.1:9")
    store = PageStore.open("s3://pages/news")

    with pytest.raises(TransientError, match=r"^page store: [^\n]+$"):
        store.put_raw("page", b"body", at=DAY)
    with pytest.raises(TransientError, match=r"^page store: [^\n]+$"):
        store.get("raw/none")


@pytest.mark.parametrize("url", ["/var/lib/pages", "ftp://host/pages", "s3://", "nonsense"])
def test_a_url_that_names_no_store_is_a_wrong_setting(url: str) -> None:
    with pytest.raises(SettingsError, match="NEWSMILL_PAGE_STORE_URL"):
        PageStore.open(url)
