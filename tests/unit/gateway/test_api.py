"""The OpenAPI document says what the gateway takes and gives."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

from newsmill_gateway.api import make_api
from newsmill_gateway.diagnosing import Diagnosis
from newsmill_gateway.doors import OPEN_PATHS, Door
from newsmill_gateway.housekeeping import Housekeeping
from newsmill_gateway.keyring import Keyring
from newsmill_gateway.keys import KeyDesk
from newsmill_gateway.metrics import Meters
from newsmill_gateway.operators import Operators
from newsmill_gateway.reprocessing import Reprocessing
from newsmill_gateway.scopes import ROUTES, scope_of
from newsmill_gateway.settings import GatewaySettings
from newsmill_shared.diagnosis import Snapshot
from newsmill_shared.key_scopes import KeyScope
from tests.support.keys import FakeKeyBook, FakeKeyRegister
from tests.unit.diagnosis.builders import NOW
from tests.unit.gateway.test_gateway import FakeWaker, Rig
from tests.unit.gateway.test_hosts import FakeRegister
from tests.unit.gateway.test_housekeeping import FakeWork
from tests.unit.gateway.test_metrics import FakeLedgerMeter, FakeQueueMeter
from tests.unit.gateway.test_reprocessing import FakeRuns

HTTP_MD = Path(__file__).parents[3] / "docs" / "http.md"


@pytest.fixture(scope="module", name="api")
def the_api() -> FastAPI:
    keyring = Keyring(FakeKeyBook())
    meters = Meters(FakeLedgerMeter(), FakeQueueMeter(), clock=lambda: 0)
    return make_api(
        Rig().gateway,
        GatewaySettings(),
        door=Door(loopback=True, key=None, keyring=keyring),
        operators=Operators(FakeRegister()),
        housekeeping=Housekeeping(FakeWork(), FakeWaker()),
        reprocessing=Reprocessing(FakeRuns()),
        keys=KeyDesk(FakeKeyRegister(), changed=keyring.forget),
        meters=meters,
        diagnosis=Diagnosis(lambda: Snapshot(now=NOW)),
        version="1.2.3",
    )


@pytest.fixture(scope="module", name="document")
def the_document(api: FastAPI) -> dict[str, Any]:
    return api.openapi()


def test_every_route_wants_a_scope(api: FastAPI) -> None:
    declared = {
        (method, route.path)
        for route in api.routes
        if isinstance(route, APIRoute)
        for method in route.methods or ()
    }

    assert declared - {("GET", path) for path in OPEN_PATHS} == set(ROUTES)


def test_whoever_reads_the_documentation_learns_the_scopes() -> None:
    rows = re.findall(r"^\| `(enqueue|read|operate|admin)` \| (.+) \|$", HTTP_MD.read_text(), re.M)

    told = {
        (method, re.sub(r"\{[^}]+\}", "{}", path), scope)
        for scope, said in rows
        for method, path in re.findall(r"`([A-Z]+) (/[^`]+)`", said)
    }

    assert told == {
        (method, re.sub(r"\{[^}]+\}", "{}", path), str(scope))
        for (method, path), scope in ROUTES.items()
    }


def test_a_route_that_nobody_thought_of_takes_the_rarest_scope() -> None:
    assert scope_of("PUT", "/v1/forgotten") is KeyScope.ADMIN


def test_every_path_is_named(document: dict[str, Any]) -> None:
    assert set(document["paths"]) == {
        "/healthz",
        "/metrics",
        "/readyz",
        "/v1/articles",
        "/v1/articles/{article_id}",
        "/v1/audit",
        "/v1/changes",
        "/v1/clusters/{cluster_id}",
        "/v1/conservation",
        "/v1/dead",
        "/v1/dead/discard",
        "/v1/dead/groups",
        "/v1/dead/retry",
        "/v1/documents",
        "/v1/hosts",
        "/v1/hosts/{name}",
        "/v1/jobs",
        "/v1/jobs/cancel",
        "/v1/jobs/{job_id}",
        "/v1/keys",
        "/v1/keys/{name}",
        "/v1/keys/{name}/rotate",
        "/v1/pauses",
        "/v1/reprocess",
        "/v1/reprocess/{run}",
        "/v1/reprocess/{run}/continue",
        "/v1/reprocess/{run}/stop",
        "/v1/urls",
        "/v1/window",
    }


def test_every_reference_leads_to_a_schema(document: dict[str, Any]) -> None:
    references = re.findall(r'"\$ref": "([^"]+)"', json.dumps(document))

    schemas = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}

    assert set(references) <= schemas
    assert "#/components/schemas/URLOptions" in references


def test_options_come_with_their_meaning(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]

    undescribed = [
        f"{model}.{name}"
        for model in ("URLOptions", "DocumentOptions", "HostChange", "Retry", "Discard", "Cancel")
        for name, field in schemas[model]["properties"].items()
        if "description" not in field
    ]

    assert undescribed == []


def test_every_path_can_answer_with_a_problem(document: dict[str, Any]) -> None:
    without = [
        path
        for path, methods in document["paths"].items()
        for method in methods.values()
        if "default" not in method["responses"]
    ]

    assert without == ["/healthz"]


def test_parameters_of_lists_come_with_their_meaning(document: dict[str, Any]) -> None:
    parameters = [
        (path, parameter["name"], parameter.get("description"))
        for path in ("/v1/articles", "/v1/changes", "/v1/dead", "/v1/dead/groups", "/v1/jobs")
        for parameter in document["paths"][path]["get"]["parameters"]
    ]

    assert ("/v1/changes", "after") in [entry[:2] for entry in parameters]
    assert [entry for entry in parameters if not entry[2]] == []
