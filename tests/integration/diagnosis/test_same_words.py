"""Each fault, made on real engines, is told within 15 s by doctor, /readyz and dashboard alike."""

import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr

from newsmill_cli.engines import Engines
from newsmill_shared.diagnosis import Code
from newsmill_shared.diagnosis.snapshot import Away, Broker, PageStoreRoom
from newsmill_shared.looking import Looker
from tests.integration.diagnosis.faults import FAULTS, Fault
from tests.integration.diagnosis.rig import (
    Rig,
    eventually,
    rig_over,
    said_by_doctor,
    said_by_page,
)
from tests.support.engines import fresh_database, running_engines


@pytest.fixture(scope="module")
def own_engines() -> Iterator[Engines]:
    """Engines that these tests may break."""
    with running_engines() as engines:
        yield engines


@pytest.fixture
def rig(own_engines: Engines, tmp_path: Path) -> Iterator[Rig]:
    """A newsmill over them."""
    with (
        fresh_database(own_engines) as database_url,
        rig_over(own_engines, database_url, tmp_path) as rig,
    ):
        rig.pages.mkdir()
        yield rig


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.make.__name__)
def test_a_fault_is_told_in_the_same_words_everywhere(
    rig: Rig,
    fault: Fault,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with rig.site() as api, fault.make(rig):
        told = eventually(
            lambda: api.get("/readyz").json().get("diagnosis", []),
            lambda causes: bool(causes) and causes[0]["code"] == fault.code,
        )
        words = told[0]["said"]
        shown = eventually(lambda: said_by_page(api), lambda said: said == words)
        (found, *_) = eventually(
            lambda: said_by_doctor(rig, api, capsys, monkeypatch),
            lambda findings: findings[0]["said"] == words,
        )
        figures = api.get("/metrics").text

    assert told[0]["code"] == fault.code, told
    assert (shown, found["said"], found["code"]) == (words, words, fault.code)
    assert found["meaning"].split(". ")[0] == told[0]["meaning"].split(". ")[0]
    assert f'newsmill_diagnosis{{code="{fault.code}"}} 1.0' in figures


def test_every_cause_but_one_of_the_gateway_itself_is_made_here() -> None:
    made = {fault.code for fault in FAULTS}

    # What is well is tried with the whole system; store is behind as enrich is.
    assert set(Code) - made == {Code.API_UNREACHABLE, Code.MOVING, Code.IDLE, Code.STORE_SLOW}


def test_a_gateway_that_is_away_is_named_by_doctor(
    rig: Rig, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with rig.site() as api:
        pass

    with rig.running():
        (found, *_) = said_by_doctor(rig, api, capsys, monkeypatch)

    assert found["code"] == Code.API_UNREACHABLE


def test_without_the_key_readyz_tells_codes_and_no_words(rig: Rig) -> None:
    locked = replace(
        rig, settings=rig.settings.model_copy(update={"api_key": SecretStr("a-secret-key")})
    )

    with locked.running(), locked.site() as api:
        told = api.get("/readyz").json()["diagnosis"]

    assert [cause["code"] for cause in told] == [Code.READY]
    assert "said" not in told[0] or told[0]["said"] is None


def test_a_postgresql_that_hangs_is_away_within_seconds_and_the_rest_is_told(rig: Rig) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent, rig.running():
        port = silent.getsockname()[1]
        looker = Looker(
            database_url=f"postgresql://newsmill@127.0.0.1:{port}/newsmill",
            redis_url=rig.settings.redis_url,
            page_store_url=rig.settings.page_store_url,
            seconds=0.3,
        )

        seen = looker.look()

    assert isinstance(seen.database, Away)
    assert isinstance(seen.broker, Broker)
    assert isinstance(seen.pages, PageStoreRoom)
