"""Bad input at the HTTP door: a clear error with a stable code, and nothing lost."""

import json
import os
import subprocess
import sys

import httpx
import pytest

from newsmill_gateway.intake import DocumentOptions, URLOptions
from tests.support.bad_input import GOOD, ROWS, Bad, json_bodies, wrong_types
from tests.support.gateway import Mill

JSON = "application/json"
NDJSON = "application/x-ndjson"
URL = "https://a.example/1"


def with_options(**options: object) -> bytes:
    return json.dumps({"url": URL, **options}).encode()


BAD_URLS: list[tuple[str, bytes, str, int, str]] = [
    ("not a URL", b'"paper"', JSON, 422, "not_a_url"),
    ("1 MB of URL", b'"https://a.example/%s"' % (b"x" * 1_000_000), JSON, 422, "too_long"),
    ("1 MB of bare URL", b"https://a.example/%s" % (b"x" * 1_000_000), NDJSON, 422, "too_long"),
    ("private address", b'"http://192.168.0.1/"', JSON, 422, "address"),
    ("loopback address", b'"http://127.0.0.1/"', JSON, 422, "address"),
    ("broken JSON", b'{"url": "https://a.exa', JSON, 400, "json"),
    ("broken line", b'{"url": "https://a.exa', NDJSON, 422, "json"),
    ("bad UTF-8", b'{"url": "https://a.example/\xff"}', JSON, 400, "encoding"),
    ("bad UTF-8 line", b"https://a.example/\xff", NDJSON, 422, "encoding"),
    ("UTF-16", '"https://a.example/"'.encode("utf-16"), JSON, 400, "encoding"),
    ("NUL", b'"https://a.example/\\u0000"', JSON, 422, "characters"),
    ("raw NUL", b"https://a.example/\x00", NDJSON, 422, "characters"),
    ("lone surrogate", b'"https://a.example/\\ud800"', JSON, 400, "json"),
    ("NaN", b'{"url": NaN}', JSON, 400, "json"),
    (
        "huge number",
        b'{"url": "https://a.example/", "meta": {"x": 1e999}}',
        JSON,
        400,
        "json",
    ),
    ("deep JSON", b"[" * 200_000, JSON, 400, "json"),
    ("deep meta", with_options(meta={"x": 1})[:-2] + b', "y": ' + b"[" * 5000, JSON, 400, "json"),
    ("binary", bytes(range(256)) * 40, JSON, 400, "encoding"),
    ("binary lines", bytes(range(128, 256)) * 40, NDJSON, 422, "encoding"),
    ("empty", b"", JSON, 400, "body_empty"),
    ("empty lines", b"\n\n \n", NDJSON, 400, "body_empty"),
    ("empty list", b"[]", JSON, 400, "body_empty"),
    ("null", b"null", JSON, 422, "wrong_type"),
    ("nested list", b'[["https://a.example/"]]', JSON, 422, "wrong_type"),
    ("url of a wrong type", b'{"url": 7}', JSON, 422, "wrong_type"),
    ("no url", b"{}", JSON, 422, "missing_option"),
    ("label", with_options(label=7), JSON, 422, "wrong_type"),
    ("priority", with_options(priority="high"), JSON, 422, "wrong_type"),
    ("priority out of range", with_options(priority=11), JSON, 422, "invalid_option"),
    ("not_before", with_options(not_before=5), JSON, 422, "wrong_type"),
    ("expires_at", with_options(expires_at="soon"), JSON, 422, "invalid_option"),
    ("max_age_seconds", with_options(max_age_seconds="1"), JSON, 422, "wrong_type"),
    ("force", with_options(force=1), JSON, 422, "wrong_type"),
    ("meta", with_options(meta="x"), JSON, 422, "wrong_type"),
    ("timezone", with_options(timezone="Baku"), JSON, 422, "invalid_option"),
    ("unknown option", with_options(colour="red"), JSON, 422, "unknown_option"),
    (
        "form",
        b"url=https%3A%2F%2Fa.example",
        "application/x-www-form-urlencoded",
        415,
        "media_type",
    ),
    ("plain text", b"https://a.example/", "text/plain", 415, "media_type"),
    ("huge", b" " * (17 * 1024 * 1024), JSON, 413, "body_too_large"),
]


@pytest.mark.parametrize(
    ("body", "media_type", "status", "code"),
    [case[1:] for case in BAD_URLS],
    ids=[case[0] for case in BAD_URLS],
)
def test_bad_input_gets_a_code_and_nothing_is_lost(
    module_api: httpx.Client, body: bytes, media_type: str, status: int, code: str
) -> None:
    answer = module_api.post("/v1/urls", content=body, headers={"Content-Type": media_type})

    said = answer.json()
    problem = said["items"][0]["error"] if "items" in said else said
    assert (answer.status_code, problem["code"]) == (status, code)
    assert len(problem["detail"]) < 300
    assert module_api.get("/v1/conservation").json()["accepted"] == 0


def a_document(**changes: object) -> bytes:
    document = {"url": URL, "content": "<p>x</p>", "media_type": "text/html", **changes}
    return json.dumps({key: value for key, value in document.items() if value is not None}).encode()


BAD_DOCUMENTS: list[tuple[str, bytes, int, str]] = [
    ("not a URL", a_document(url="paper"), 422, "not_a_url"),
    ("1 MB of URL", a_document(url="https://a.example/" + "x" * 1_000_000), 422, "too_long"),
    ("broken JSON", a_document()[:-3], 400, "json"),
    ("bad UTF-8", a_document().replace(b"<p>", b"\xff"), 400, "encoding"),
    ("empty", b"", 400, "body_empty"),
    ("list", b"[" + a_document() + b"]", 422, "wrong_type"),
    ("binary", bytes(range(256)) * 40, 400, "encoding"),
    ("NUL in the URL", a_document(url="https://a.example/\0"), 422, "characters"),
    ("NUL in the content", a_document(content="a\0"), 422, "content_binary"),
    ("no content", a_document(content=None), 422, "invalid_option"),
    ("url of a wrong type", a_document(url=7), 422, "wrong_type"),
    ("priority of a wrong type", a_document(priority="high"), 422, "wrong_type"),
    ("timezone of a wrong type", a_document(timezone=3), 422, "wrong_type"),
    ("media_type of a wrong type", a_document(media_type=[]), 422, "wrong_type"),
    ("content of a wrong type", a_document(content=[1]), 422, "wrong_type"),
    ("content_base64 of a wrong type", a_document(content_base64=1), 422, "wrong_type"),
    ("empty content", a_document(content=""), 422, "content_empty"),
    ("huge content", a_document(content="x" * (9 * 1024 * 1024)), 422, "content_too_large"),
    ("huge body", a_document(content="x" * (13 * 1024 * 1024)), 413, "body_too_large"),
    ("no base64", a_document(content=None, content_base64="!"), 422, "invalid_option"),
    ("a picture", a_document(content=None, content_base64="iVBORw0KGgo="), 422, "content_binary"),
    ("no media type", a_document(media_type=None), 422, "missing_option"),
    ("a media type that is no page", a_document(media_type="image/png"), 422, "media_type"),
    ("fetched_at", a_document(fetched_at=1), 422, "wrong_type"),
    ("fetched_at to come", a_document(fetched_at="2099-01-01T00:00:00Z"), 422, "invalid_option"),
    ("timezone", a_document(timezone="Mars/Olympus"), 422, "invalid_option"),
    ("label", a_document(label={}), 422, "wrong_type"),
    ("meta", a_document(meta=[]), 422, "wrong_type"),
    ("unknown option", a_document(force=True), 422, "unknown_option"),
]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [case[1:] for case in BAD_DOCUMENTS],
    ids=[case[0] for case in BAD_DOCUMENTS],
)
def test_a_bad_document_gets_a_code_and_nothing_is_lost(
    module_api: httpx.Client, body: bytes, status: int, code: str
) -> None:
    answer = module_api.post("/v1/documents", content=body, headers={"Content-Type": JSON})

    said = answer.json()
    problem = said["items"][0]["error"] if "items" in said else said
    assert (answer.status_code, problem["code"]) == (status, code)
    assert module_api.get("/v1/conservation").json()["accepted"] == 0


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/v1/jobs?url=", 422, "not_a_url"),
        ("/v1/jobs?url=paper", 422, "not_a_url"),
        ("/v1/jobs?url=https://a.example/%00", 422, "characters"),
        ("/v1/jobs?url=https://a.example/%FF", 404, "not_found"),
        ("/v1/jobs?url=https://a.example/" + "x" * 5000, 422, "too_long"),
        ("/v1/jobs/7", 422, "invalid_id"),
        ("/v1/jobs/%00", 422, "invalid_id"),
        ("/v1/jobs/00000000-0000-0000-0000-000000000000", 404, "not_found"),
        ("/v1/articles/00000000-0000-0000-0000-000000000000", 404, "not_found"),
        ("/v1/articles/x", 422, "invalid_id"),
        ("/v1/articles?url=ftp://a.example/", 422, "scheme"),
        ("/v1/changes?after=x", 422, "invalid_parameter"),
        ("/v1/changes?after=-1", 422, "invalid_parameter"),
        ("/v1/changes?after=99999999999999999999", 422, "invalid_parameter"),
        ("/v1", 404, "not_found"),
    ],
)
def test_a_bad_question_gets_a_code(
    module_api: httpx.Client, path: str, status: int, code: str
) -> None:
    answer = module_api.get(path)

    assert answer.headers["Content-Type"] == "application/problem+json"
    assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.parametrize("key", ["", "x" * 201, "a\tb", "ключ".encode()])
def test_an_idempotency_key_must_be_plain(module_api: httpx.Client, key: str | bytes) -> None:
    value = key.encode() if isinstance(key, str) else key

    answer = module_api.post("/v1/urls", json=[URL], headers=[(b"Idempotency-Key", value)])

    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key")


def test_the_table_has_a_wrong_type_for_every_option() -> None:
    documents = {
        name for name, body, _, code in BAD_DOCUMENTS if code == "wrong_type" and b"{" in body
    }

    assert set(wrong_types()) == set(URLOptions.model_fields)
    assert set(DocumentOptions.model_fields) <= {name.split()[0] for name in documents}


def test_of_lines_the_bad_ones_are_refused_and_all_others_accepted(api: httpx.Client) -> None:
    rows = [row for row in ROWS if row.code_at("ndjson")]
    body = b"\n".join(line for row in rows for line in (GOOD.encode(), row.line))

    answer = api.post("/v1/urls", content=body, headers={"Content-Type": NDJSON})

    items = answer.json()["items"]
    assert answer.status_code == 202
    assert [item["url"] for item in items[::2]] == [GOOD] * len(rows)
    assert [item["error"]["code"] for item in items[1::2]] == [
        row.code_at("ndjson") for row in rows
    ]
    assert api.get("/v1/conservation").json()["accepted"] == len(rows)


@pytest.mark.parametrize(
    "row", [row for row in ROWS if row.code_at("json")], ids=lambda row: row.name
)
def test_each_row_of_the_table_is_refused_as_json(module_api: httpx.Client, row: Bad) -> None:
    body = row.line if row.line[:1] in (b"{", b"[", b'"', b"") else b'"%s"' % row.line
    body = body.replace(b"\0", b"\\u0000")

    answer = module_api.post("/v1/urls", content=body, headers={"Content-Type": JSON})

    said = answer.json()
    problem = said["items"][0]["error"] if "items" in said else said
    assert problem["code"] == row.code_at("json")
    assert 400 <= answer.status_code < 500


def test_the_command_tells_what_is_bad_and_hands_in_the_rest(mill: Mill) -> None:
    rows = [row for row in ROWS if row.code_at("cli")]
    lines = b"\n".join(line for row in rows for line in (GOOD.encode(), row.line))

    ran = subprocess.run(
        [sys.executable, "-m", "newsmill_cli", "add", "-", "--json", "--no-wait"],
        env={**os.environ, "NEWSMILL_API_URL": str(mill.api.base_url)},
        input=lines,
        capture_output=True,
        timeout=60,
        check=False,
    )

    said = json.loads(ran.stdout)
    refused = {item["line"]: item["error"]["code"] for item in said["items"] if "error" in item}
    assert (ran.returncode, ran.stderr) == (1, b"")
    assert said["accepted"] == len(rows)
    assert refused == {2 * number: row.code_at("cli") for number, row in enumerate(rows, start=1)}
    assert mill.get("/v1/conservation")["accepted"] == len(rows)


@pytest.mark.parametrize(
    ("path", "media_type"),
    [("/v1/urls", JSON), ("/v1/urls", NDJSON), ("/v1/documents", JSON)],
    ids=["urls", "lines", "document"],
)
def test_no_json_body_is_a_defect_and_what_is_accepted_is_counted(
    api: httpx.Client, path: str, media_type: str
) -> None:
    answers = [
        api.post(path, content=body, headers={"Content-Type": media_type}) for body in json_bodies()
    ]

    assert {answer.status_code for answer in answers} <= {202, 400, 413, 422}
    told = [answer.json() for answer in answers]
    assert all("code" in said or "items" in said for said in told)
    accepted = sum(said.get("accepted", 0) for said in told)
    counts = api.get("/v1/conservation").json()
    assert (counts["accepted"], counts["unaccounted"]) == (accepted, 0)
