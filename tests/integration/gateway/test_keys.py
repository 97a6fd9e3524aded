"""Keys over HTTP: made, used, rotated, revoked, and written down in the audit."""

import time
from collections.abc import Callable, Iterator

import httpx
import psycopg
import pytest

from newsmill_cli.main import app
from newsmill_gateway.settings import GatewaySettings
from tests.support.gateway import serving
from tests.support.keys import made_key

FIRST = "the-first-key"
PATIENCE_SECONDS = 30.0


@pytest.fixture
def locked(settings: GatewaySettings) -> Iterator[httpx.Client]:
    """A gateway that asks for a key."""
    changed = {**settings.model_dump(), "api_key": FIRST}
    with serving(GatewaySettings.model_validate(changed)) as client:
        yield client


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


def status(api: httpx.Client, secret: str) -> int:
    return api.get("/v1/conservation", headers=bearer(secret)).status_code


def wait_for(condition: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.05)


def test_a_key_opens_what_its_scopes_say_and_nothing_else(locked: httpx.Client) -> None:
    secrets = {
        scope: made_key(locked, FIRST, f"who-{scope}", scope)
        for scope in ("enqueue", "read", "operate", "admin")
    }

    def ask(scope: str) -> list[int]:
        headers = bearer(secrets[scope])
        return [
            locked.post("/v1/urls", json="https://a.example/", headers=headers).status_code,
            locked.get("/v1/conservation", headers=headers).status_code,
            locked.patch("/v1/hosts/a.example", json={}, headers=headers).status_code,
            locked.get("/v1/keys", headers=headers).status_code,
        ]

    assert ask("enqueue") == [202, 403, 403, 403]
    assert ask("read") == [403, 200, 403, 403]
    assert ask("operate") == [403, 403, 200, 403]
    assert ask("admin") == [403, 403, 403, 200]


def test_who_lacks_a_scope_is_told_which(locked: httpx.Client) -> None:
    secret = made_key(locked, FIRST, "desk", "enqueue")

    answer = locked.post("/v1/pauses", json={"scope": "all"}, headers=bearer(secret))

    assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")
    assert "a key with the scope operate" in answer.json()["detail"]


def test_a_secret_is_shown_once(locked: httpx.Client) -> None:
    secret = made_key(locked, FIRST, "desk")

    listed = locked.get("/v1/keys", headers=bearer(FIRST))

    assert secret not in listed.text
    [key] = listed.json()["keys"]
    assert (key["name"], key["scopes"], key["created_by"]) == (
        "desk",
        ["enqueue", "read"],
        "default",
    )


def test_both_secrets_are_good_while_a_key_is_rotated(locked: httpx.Client) -> None:
    old = made_key(locked, FIRST, "desk")

    rotated = locked.post(
        "/v1/keys/desk/rotate", json={"keep_hours": 1}, headers=bearer(FIRST)
    ).json()

    assert rotated["replaces"]["ends_at"] is not None
    assert [status(locked, secret) for secret in (old, rotated["secret"])] == [200, 200]
    again = locked.post("/v1/keys/desk/rotate", json={}, headers=bearer(FIRST))
    assert (again.status_code, again.json()["code"]) == (409, "key_state")
    revoked = locked.delete(
        "/v1/keys/desk", params={"id": rotated["replaces"]["id"]}, headers=bearer(FIRST)
    )
    assert len(revoked.json()["revoked"]) == 1
    assert [status(locked, secret) for secret in (old, rotated["secret"])] == [401, 200]


def test_what_is_revoked_opens_nothing_at_once(locked: httpx.Client) -> None:
    secret = made_key(locked, FIRST, "desk")
    before = status(locked, secret)

    locked.delete("/v1/keys/desk", headers=bearer(FIRST))

    assert (before, status(locked, secret)) == (200, 401)


def test_what_one_gateway_revokes_another_refuses_within_seconds(
    locked: httpx.Client, settings: GatewaySettings
) -> None:
    secret = made_key(locked, FIRST, "desk")
    changed = {**settings.model_dump(), "api_key": FIRST}

    with serving(GatewaySettings.model_validate(changed)) as other:
        before = status(other, secret)
        locked.delete("/v1/keys/desk", headers=bearer(FIRST))

        wait_for(lambda: status(other, secret) == 401, "the other gateway has heard of it")

    assert before == 200


def test_the_last_use_of_a_key_is_written_down(
    locked: httpx.Client, settings: GatewaySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = made_key(locked, FIRST, "desk")
    monkeypatch.setattr("newsmill_gateway.keyring.USES_SECONDS", 0.0)

    def used_at() -> str | None:
        [key] = locked.get("/v1/keys", headers=bearer(FIRST)).json()["keys"]
        return str(key["used_at"]) if key["used_at"] else None

    before = used_at()
    status(locked, secret)

    wait_for(lambda: used_at() is not None, "the use is in the ledger")
    assert before is None


def test_a_key_says_who_acts_whatever_he_calls_himself(
    locked: httpx.Client, settings: GatewaySettings
) -> None:
    secret = made_key(locked, FIRST, "night-shift", "operate")

    paused = locked.post(
        "/v1/pauses", json={"scope": "all", "by": "somebody else"}, headers=bearer(secret)
    )
    lifted = locked.delete(
        "/v1/pauses", params={"scope": "all", "by": "somebody else"}, headers=bearer(secret)
    )

    acts = locked.get("/v1/audit", headers=bearer(secret)).json()["acts"]
    assert (paused.json()["by"], lifted.status_code) == ("night-shift", 200)
    assert [(act["by"], act["act"]) for act in acts] == [
        ("night-shift", "pause.lift"),
        ("night-shift", "pause.set"),
        ("default", "key.create"),
    ]
    with psycopg.connect(settings.database_url) as connection:
        [(dump,)] = connection.execute("select json_agg(audit)::text from audit").fetchall()
    assert secret not in dump


def test_what_a_key_drains_goes_on_again_and_nothing_else(
    locked: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = made_key(locked, FIRST, "night-shift", "read", "operate")
    monkeypatch.setenv("NEWSMILL_API_URL", str(locked.base_url))
    monkeypatch.setenv("NEWSMILL_API_KEY", secret)

    codes = [app(words) for words in (["pause", "all"], ["drain"], ["drain", "--resume"])]

    pauses = locked.get("/v1/pauses", headers=bearer(secret)).json()["pauses"]
    acts = locked.get("/v1/audit", headers=bearer(secret)).json()["acts"]
    assert codes == [0, 0, 0]
    assert [pause["by"] for pause in pauses] == ["night-shift"]
    assert [(act["by"], act["act"]) for act in acts[:2]] == [
        ("night-shift", "pause.lift"),
        ("night-shift", "pause.set"),
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "default", "scopes": ["read"]},
        {"name": "stream", "scopes": ["read"]},
        {"name": "Desk 1", "scopes": ["read"]},
        {"name": "desk", "scopes": []},
        {"name": "desk", "scopes": ["everything"]},
        {"name": "desk", "scopes": ["read"], "days": 0},
        {"name": "desk"},
    ],
)
def test_a_key_that_cannot_be_is_refused(locked: httpx.Client, wrong: dict[str, object]) -> None:
    answer = locked.post("/v1/keys", json=wrong, headers=bearer(FIRST))

    assert answer.status_code == 422
