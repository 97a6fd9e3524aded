"""Who may look: sign-in with the key, and what no page of another site can do."""

import httpx
import pytest
from pydantic import SecretStr

from newsmill_gateway.dashboard.operating import ACTS
from newsmill_gateway.dashboard.sessions import FORM_COOKIE, SESSION_COOKIE
from newsmill_gateway.dashboard.shell import HEADERS
from newsmill_gateway.settings import GatewaySettings
from tests.integration.dashboard.conftest import KEY
from tests.support.gateway import serving
from tests.support.keys import made_key

PAGES = ["/", "/failures", "/hosts", "/articles", "/jobs/x", "/explain?q=x"]


def token_in(page: httpx.Response) -> str:
    return page.text.partition('name="token" value="')[2].partition('"')[0]


def sign_in(site: httpx.Client, key: str = KEY, **fields: str) -> httpx.Response:
    token = token_in(site.get("/sign-in"))
    return site.post("/sign-in", data={"token": token, "key": key, **fields})


@pytest.mark.parametrize("path", PAGES)
def test_no_page_is_shown_before_sign_in(locked_site: httpx.Client, path: str) -> None:
    answer = locked_site.get(path)

    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/sign-in?next=%2F")


def test_live_parts_and_forms_are_refused_before_sign_in(locked_site: httpx.Client) -> None:
    assert locked_site.get("/live/verdict").status_code == 401
    assert locked_site.post("/hand-in", data={"url": "https://a.example/"}).status_code == 401


def test_the_key_opens_a_session_and_the_page_that_was_wanted(locked_site: httpx.Client) -> None:
    answer = sign_in(locked_site, next="/hosts?state=held")

    assert answer.status_code == 303
    assert answer.headers["location"] == "/hosts?state=held"
    assert locked_site.get("/hosts").status_code == 200


def test_the_session_cookie_is_kept_from_scripts_and_other_sites(locked_site: httpx.Client) -> None:
    cookie = sign_in(locked_site).headers["set-cookie"]

    assert cookie.startswith(f"{SESSION_COOKIE}=")
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert KEY not in cookie


def test_a_wrong_key_opens_nothing(locked_site: httpx.Client) -> None:
    answer = sign_in(locked_site, key="another key")

    assert answer.status_code == 403
    assert "This is not the key" in answer.text
    assert SESSION_COOKIE not in locked_site.cookies


def test_a_key_that_only_hands_in_opens_nothing(locked_site: httpx.Client) -> None:
    secret = made_key(locked_site, KEY, "partner", "enqueue")

    answer = sign_in(locked_site, key=secret)

    assert answer.status_code == 403
    assert "This key opens other things" in answer.text
    assert SESSION_COOKIE not in answer.cookies


def test_a_key_that_only_reads_opens_pages_and_no_acts(locked_site: httpx.Client) -> None:
    sign_in(locked_site, key=made_key(locked_site, KEY, "reader", "read"))

    page = locked_site.get("/")
    handed_in = locked_site.post(
        "/hand-in", data={"token": token_in(page), "url": "https://a.example/"}
    )
    audit = locked_site.get("/audit")
    runs = locked_site.get("/runs")
    acts = [
        locked_site.request(method, f"/acts/{act}", data={"token": token_in(page)})
        for act in ACTS
        for method in ("GET", "POST")
    ]

    assert (page.status_code, runs.status_code) == (200, 200)
    assert {act.status_code for act in acts} == {403}
    assert all("a key with the scope operate" in act.text for act in acts)
    assert handed_in.status_code == 403
    assert "a key with the scope enqueue" in handed_in.text
    assert audit.status_code == 403
    assert "a key with the scope operate" in audit.text


def test_a_session_ends_with_the_key_that_opened_it(locked_site: httpx.Client) -> None:
    headers = {"Authorization": f"Bearer {KEY}"}
    sign_in(locked_site, key=made_key(locked_site, KEY, "leaver", "read"))
    before = locked_site.get("/hosts").status_code

    locked_site.delete("/v1/keys/leaver", headers=headers)

    assert before == 200
    assert locked_site.get("/hosts").status_code == 303


def test_a_session_ends_when_its_secret_is_rotated_away(locked_site: httpx.Client) -> None:
    headers = {"Authorization": f"Bearer {KEY}"}
    sign_in(locked_site, key=made_key(locked_site, KEY, "rotated", "read"))

    answer = locked_site.post("/v1/keys/rotated/rotate", json={"keep_hours": 0}, headers=headers)
    after = locked_site.get("/hosts").status_code
    sign_in(locked_site, key=answer.json()["secret"])

    assert after == 303
    assert locked_site.get("/hosts").status_code == 200


def test_who_may_operate_sees_what_was_done(locked_site: httpx.Client) -> None:
    made_key(locked_site, KEY, "audited", "read")
    sign_in(locked_site)

    page = locked_site.get("/audit")

    assert page.status_code == 200
    assert "key.create" in page.text
    assert "audited" in page.text


def test_who_guesses_the_key_has_to_wait_at_the_form_and_at_the_api(
    settings: GatewaySettings,
) -> None:
    with serving(settings.model_copy(update={"api_key": SecretStr(KEY)})) as site:
        for _ in range(10):
            assert sign_in(site, key="another key").status_code == 403
        form = sign_in(site)
        api = site.get("/v1/conservation", headers={"Authorization": f"Bearer {KEY}"})
        health = site.get("/healthz")

    assert (form.status_code, api.status_code, health.status_code) == (429, 429, 200)
    assert f"Wait {form.headers['Retry-After']} s" in form.text
    assert SESSION_COOKIE not in form.cookies
    assert api.json()["code"] == "key_throttled"
    assert 0 < int(api.headers["Retry-After"]) <= 6


@pytest.mark.parametrize("token", ["", "forged"])
def test_a_form_without_our_token_opens_nothing(locked_site: httpx.Client, token: str) -> None:
    locked_site.get("/sign-in")

    answer = locked_site.post("/sign-in", data={"token": token, "key": KEY})

    assert answer.status_code == 403
    assert SESSION_COOKIE not in locked_site.cookies


def test_a_token_is_good_only_with_the_cookie_it_was_given_with(locked_site: httpx.Client) -> None:
    token = token_in(locked_site.get("/sign-in"))
    locked_site.cookies.delete(FORM_COOKIE)

    assert locked_site.post("/sign-in", data={"token": token, "key": KEY}).status_code == 403


@pytest.mark.parametrize("path", ["//evil.example", "https://evil.example", "/\\evil.example"])
def test_sign_in_leads_to_no_other_site(locked_site: httpx.Client, path: str) -> None:
    assert sign_in(locked_site, next=path).headers["location"] == "/"


def test_a_session_that_was_tampered_with_is_none(locked_site: httpx.Client) -> None:
    sign_in(locked_site)
    session = locked_site.cookies[SESSION_COOKIE]
    until, rest = session.split(".", 1)
    locked_site.cookies.set(SESSION_COOKIE, f"{int(until) + 9999}.{rest}", domain="127.0.0.1")
    locked_site.cookies.delete(SESSION_COOKIE, domain="127.0.0.1", path="/")

    assert locked_site.get("/").status_code == 303


def test_signing_out_ends_the_session(locked_site: httpx.Client) -> None:
    sign_in(locked_site)
    token = token_in(locked_site.get("/hosts"))

    answer = locked_site.post("/sign-out", data={"token": token})

    assert answer.status_code == 303
    assert locked_site.get("/").status_code == 303


def test_pages_offer_nothing_that_a_session_does_not_open(locked_site: httpx.Client) -> None:
    sign_in(locked_site)

    page = locked_site.get("/").text

    assert 'href="/openapi.json"' not in page
    assert 'action="/sign-out"' in page


def test_the_session_does_not_open_the_api(locked_site: httpx.Client) -> None:
    sign_in(locked_site)

    assert locked_site.get("/v1/conservation").status_code == 401


@pytest.mark.parametrize(
    ("header", "value"),
    [("host", "evil.example"), ("origin", "https://evil.example"), ("origin", "null")],
)
def test_other_names_and_sites_are_refused(
    shared_site: httpx.Client, header: str, value: str
) -> None:
    assert shared_site.get("/", headers={header: value}).status_code == 403


@pytest.mark.parametrize(
    "path", ["/", "/articles", "/jobs/x", "/nowhere/", "/static/newsmill.css", "/static/none"]
)
def test_every_answer_carries_the_security_headers(shared_site: httpx.Client, path: str) -> None:
    answer = shared_site.get(path)

    if path != "/nowhere/":  # the API's
        for name, value in HEADERS.items():
            assert answer.headers[name] == value


def test_pages_are_kept_by_no_cache(shared_site: httpx.Client) -> None:
    assert shared_site.get("/articles").headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", ["/v1/conservation", "/healthz", "/openapi.json"])
def test_the_api_answers_beside_the_dashboard(shared_site: httpx.Client, path: str) -> None:
    answer = shared_site.get(path)

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    "body", [b"token=%ff&key=%00", b"&" * 100, b"x" * 40_000, b'{"key": 1}', b""]
)
def test_junk_instead_of_a_form_is_refused_without_a_defect(
    locked_site: httpx.Client, body: bytes
) -> None:
    for kind in ("application/x-www-form-urlencoded", "application/json"):
        answer = locked_site.post("/sign-in", content=body, headers={"content-type": kind})

        assert 400 <= answer.status_code < 500


@pytest.mark.parametrize(
    "query",
    [
        "before=99999999999999999999999",
        "before=-1",
        "before=%00",
        "host=%00",
        "host=%ed%a0%80",
        "words=%00%ff",
        "lang=%00&cat=%00&flag=x&story=x&start=x&state=x&by=x&kind=x&reason=%00&of=%00",
        "of=" + "x" * 5000,
        "lang=a&" * 300,
    ],
)
@pytest.mark.parametrize("path", ["/articles", "/failures", "/hosts", "/"])
def test_junk_in_a_query_is_no_defect(shared_site: httpx.Client, path: str, query: str) -> None:
    assert shared_site.get(f"{path}?{query}").status_code == 200
