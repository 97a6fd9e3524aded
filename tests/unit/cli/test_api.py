"""The command's client of the HTTP API."""

import json
from collections.abc import Callable

import httpx
import pytest

from newsmill_cli.api import Api
from newsmill_cli.errors import CommandError, UnreachableError


def test_a_submission_that_is_sent_again_carries_the_same_key() -> None:
    """The ledger accepts it once, however often the line breaks."""
    seen: list[str] = []

    def server(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers["Idempotency-Key"])
        if len(seen) == 1:
            raise httpx.ReadTimeout("slow", request=request)
        return httpx.Response(202, json={"receipt": "k", "items": []})

    answer = an_api(server).submit_urls([{"url": "http://a.example/1"}], key="k")

    assert seen == ["k", "k"]
    assert answer["receipt"] == "k"


def test_a_busy_system_is_asked_again_after_the_time_it_names() -> None:
    """Retry-After is heeded, within reason."""
    pauses: list[float] = []
    answers = [
        httpx.Response(503, headers={"Retry-After": "3"}, json={"detail": "away"}),
        httpx.Response(503, headers={"Retry-After": "9999"}, json={"detail": "away"}),
        httpx.Response(200, json={"accepted": 1}),
    ]

    counts = an_api(lambda _: answers.pop(0), sleep=pauses.append).conservation()

    assert counts == {"accepted": 1}
    assert pauses == [3.0, 10.0]


def test_a_system_that_stays_away_is_unreachable() -> None:
    """After a bounded time the command gives up and says where to look."""

    def server(_: httpx.Request) -> httpx.Response:
        return httpx.Response(503, json={"detail": "PostgreSQL is away"})

    with pytest.raises(UnreachableError, match="PostgreSQL is away") as refused:
        an_api(server).job("j")

    assert "newsmill doctor" in refused.value.remedy


def test_nobody_listening_is_told_at_once() -> None:
    """There is nothing to wait for."""
    pauses: list[float] = []

    def server(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    with pytest.raises(UnreachableError, match="nothing answers at http://mill") as refused:
        an_api(server, sleep=pauses.append).job("j")

    assert "newsmill up" in refused.value.remedy
    assert pauses == []


def test_what_is_not_known_is_none() -> None:
    """Not found is an answer, not an error."""
    api = an_api(lambda _: httpx.Response(404, json={"detail": "no such job"}))

    assert api.job("j") is None
    assert api.article_of("http://a.example/1") is None


def test_a_batch_of_bad_lines_is_an_answer_line_by_line() -> None:
    """The status says that nothing was accepted; the lines say why."""
    receipt = {"receipt": None, "accepted": 0, "items": [{"line": 1, "error": {"code": "x"}}]}
    api = an_api(lambda _: httpx.Response(422, json=receipt))

    assert api.submit_urls([{"url": "nonsense"}], key="k") == receipt


def test_a_refusal_says_why_in_the_words_of_the_api() -> None:
    """Problem details are for people."""
    problem = {"title": "Unauthorized", "status": 401, "detail": "send the header Authorization"}
    api = an_api(lambda _: httpx.Response(401, json=problem))

    with pytest.raises(CommandError, match=r"\(401\): send the header Authorization") as refused:
        api.submit_document({}, key="k")

    assert "NEWSMILL_API_KEY" in refused.value.remedy


def test_another_program_on_the_port_is_recognised() -> None:
    """A web server of somebody else answers with HTML."""
    api = an_api(lambda _: httpx.Response(200, text="<html>hello</html>"))

    with pytest.raises(CommandError, match="did not answer with JSON"):
        api.conservation()


def test_readiness_tells_nobody_there_from_not_ready() -> None:
    """Doctor gives different advice for each."""

    def nobody(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    assert an_api(nobody).ready() is None
    busy = an_api(lambda _: httpx.Response(503, json={"detail": "no disk"})).ready()
    assert busy == {"detail": "no disk", "ready": False}


def test_the_key_travels_as_a_bearer_token() -> None:
    """As RFC 6750 says."""
    seen: list[str] = []

    def server(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers["Authorization"])
        return httpx.Response(200, content=json.dumps({}))

    with Api("http://mill", "s3cret", transport=httpx.MockTransport(server)) as api:
        api.conservation()

    assert seen == ["Bearer s3cret"]


def an_api(
    server: Callable[[httpx.Request], httpx.Response],
    sleep: Callable[[float], None] = lambda _: None,
) -> Api:
    """A client of ``server`` that does not wait."""
    return Api("http://mill", transport=httpx.MockTransport(server), sleep=sleep)
