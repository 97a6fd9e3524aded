"""The guarded client against a server that means harm."""

import gzip
import resource
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from newsmill_shared.addresses import AddressPolicy
from newsmill_shared.errors import EndedError, SettingsError
from newsmill_shared.http.client import GuardedClient
from newsmill_shared.http.deadline import Deadline
from newsmill_shared.http.messages import PAGE_TYPES, Response
from newsmill_shared.http.proxy import Proxy
from newsmill_shared.reasons import Reason
from tests.support.hostile import (
    HostileServer,
    answer,
    bomb,
    drip,
    flood,
    hang,
    raw,
    redirect,
    tunnel,
)

HTML = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
CHUNKED = HTML + b"Transfer-Encoding: chunked\r\n\r\n"
MAX_BYTES = 1_000_000
TLS = Path(__file__).parents[2] / "data" / "tls"


@pytest.fixture
def server() -> Iterator[HostileServer]:
    with HostileServer() as running:
        yield running


@pytest.fixture
def client(server: HostileServer) -> Iterator[GuardedClient]:
    opened = a_client(server)
    yield opened
    opened.close()


def a_client(server: HostileServer, **options: object) -> GuardedClient:
    policy = AddressPolicy.parse(f"127.77.0.0/16:{server.port}")
    return GuardedClient(
        policy,
        user_agent="newsmill/test (+https://newsmill.example/bot)",
        max_bytes=MAX_BYTES,
        **options,  # type: ignore[arg-type]
    )


def fetch(client: GuardedClient, url: str, *, seconds: float = 5.0) -> Response:
    with Deadline(seconds) as deadline:
        return client.get(url, deadline=deadline, media_types=PAGE_TYPES)


def reason(client: GuardedClient, url: str, *, seconds: float = 5.0) -> Reason:
    started = time.monotonic()
    with pytest.raises(EndedError) as ended:
        fetch(client, url, seconds=seconds)
    assert time.monotonic() - started < seconds + 1
    return ended.value.reason


def test_a_page_comes_whole_with_its_headers(server: HostileServer, client: GuardedClient) -> None:
    server.behaviours["/a"] = answer(
        "<p>Xəbər</p>".encode(), headers=["Content-Type: text/html", 'ETag: "1"']
    )

    response = fetch(client, server.url("/a"))

    assert response.status == 200
    assert response.body == "<p>Xəbər</p>".encode()
    assert response.media_type == "text/html"
    assert response.headers["etag"] == '"1"'


def test_requests_say_who_asks_and_which_codings_are_understood(
    server: HostileServer, client: GuardedClient
) -> None:
    server.behaviours["/a"] = answer()

    fetch(client, server.url("/a"))

    sent = server.visits[0].headers
    assert sent["user-agent"].startswith("newsmill/")
    assert sent["accept-encoding"] == "gzip, deflate"
    assert sent["host"] == f"127.77.0.1:{server.port}"


@pytest.mark.parametrize(
    "behaviour",
    [
        hang(),
        hang(b"HTTP/1.1 200 OK\r\nContent-"),
        drip(b"HTTP/1.1 200 OK\r\nX: "),
        drip(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"),
        drip(HTML + b"\r\n"),
        drip(HTML + b"Content-Length: 100000\r\n\r\n"),
        drip(CHUNKED, b"1\r\nx\r\n"),
        drip(CHUNKED + b"4000\r\n"),
        drip(CHUNKED + b"1;", b"x"),
        drip(CHUNKED + b"0\r\n", b"X: y\r\n"),
        drip(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        drip(b"HTTP/1.1 102 Processing\r\n", b"X: y\r\n"),
        hang(HTML + b"Content-Length: 10\r\n\r\nshort"),
    ],
    ids=[
        "silent",
        "silent in headers",
        "drip in a header",
        "drip of headers",
        "drip in an endless body",
        "drip in a body",
        "drip of chunks",
        "drip in a chunk",
        "drip in a chunk size",
        "drip of trailers",
        "drip of interim answers",
        "drip in an interim answer",
        "silent in a body",
    ],
)
def test_a_slow_host_is_left_at_the_deadline(
    server: HostileServer, client: GuardedClient, behaviour: object
) -> None:
    server.behaviours["/slow"] = behaviour  # type: ignore[assignment]

    ended = reason(client, server.url("/slow"), seconds=0.25)

    # A hundred headers may be over before the time is.
    assert ended in (Reason.TIMEOUT, Reason.PROTOCOL)


@pytest.mark.parametrize(
    ("behaviour", "expected"),
    [
        (raw(b""), Reason.CONNECT),
        (raw(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort"), Reason.CONNECT),
        (raw(CHUNKED + b"5\r\nhel"), Reason.CONNECT),
        (raw(CHUNKED + b"5\r\nhello\r\n"), Reason.CONNECT),
        (raw(CHUNKED + b"zz\r\nhello\r\n"), Reason.PROTOCOL),
        (raw(CHUNKED + b"-5\r\nhello\r\n"), Reason.PROTOCOL),
        (raw(CHUNKED + b"+5\r\nhello\r\n0\r\n\r\n"), Reason.PROTOCOL),
        (raw(CHUNKED + b"0x5\r\nhello\r\n0\r\n\r\n"), Reason.PROTOCOL),
        (raw(CHUNKED + b"0_5\r\nhello\r\n0\r\n\r\n"), Reason.PROTOCOL),
        (raw(CHUNKED + b"4\r\nhello\r\n0\r\n\r\n"), Reason.PROTOCOL),
        (raw(CHUNKED + b"f" * 5000 + b"\r\nhello"), Reason.PROTOCOL),
        (flood(CHUNKED + b"0\r\n", b"X: y\r\n"), Reason.PROTOCOL),
        (raw(HTML + b"Transfer-Encoding: xchunked\r\n\r\nbody"), Reason.PROTOCOL),
        (raw(b"ICY 200 OK\r\n\r\n"), Reason.PROTOCOL),
        (raw(b"SSH-2.0-server\r\n"), Reason.PROTOCOL),
        (flood(b"HTTP/1.1 103 Early Hints\r\n", b"Link: </x>\r\n"), Reason.PROTOCOL),
        (raw(b"<p>HTTP/0.9</p>"), Reason.PROTOCOL),
        (raw(b"HTTP/1.1 two hundred\r\n\r\n"), Reason.PROTOCOL),
        (raw(HTML + b"Content-Length: -1\r\n\r\nbody"), Reason.PROTOCOL),
        (raw(HTML + b"Content-Length: 4x\r\n\r\nbody"), Reason.PROTOCOL),
        (raw(HTML + b"Content-Length: 4\r\nContent-Length: 5\r\n\r\nbody!"), Reason.PROTOCOL),
        (raw(HTML + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\nbody"), Reason.PROTOCOL),
        (raw(HTML + b"Transfer-Encoding: gzip, chunked\r\n\r\nbody"), Reason.PROTOCOL),
        (raw(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 500 + b"\r\n"), Reason.PROTOCOL),
        (raw(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000 + b"\r\n\r\n"), Reason.PROTOCOL),
        (flood(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), Reason.PROTOCOL),
        (flood(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"), Reason.PROTOCOL),
        (flood(b"HTTP/1.1 200 OK\r\nX: ", b"y" * 1000), Reason.PROTOCOL),
        (flood(HTML + b"\r\n", b"x" * 65536), Reason.TOO_LARGE),
        (flood(CHUNKED, b"400\r\n" + b"x" * 1024 + b"\r\n"), Reason.TOO_LARGE),
        (flood(CHUNKED + b"5;", b"x" * 1000), Reason.PROTOCOL),
        (answer(b"x", length=MAX_BYTES + 1), Reason.TOO_LARGE),
    ],
)
def test_a_broken_answer_is_never_a_page(
    server: HostileServer, client: GuardedClient, behaviour: object, expected: Reason
) -> None:
    server.behaviours["/broken"] = behaviour  # type: ignore[assignment]

    assert reason(client, server.url("/broken")) is expected


@pytest.mark.parametrize(
    "chunks",
    [
        b"5\r\nhello\r\n0\r\n\r\n",
        b"5;name=value\r\nhello\r\n0\r\nTrailer: x\r\n\r\n",
        b"0005 \r\nhello\r\n000\r\n\r\n",
        b"2\nhe\n3\nllo\n0\n\n",
        b"1\r\nh\r\n4\r\nello\r\n0\r\n",
    ],
)
def test_chunks_are_put_together(
    server: HostileServer, client: GuardedClient, chunks: bytes
) -> None:
    server.behaviours["/chunked"] = raw(CHUNKED + chunks)

    assert fetch(client, server.url("/chunked")).body == b"hello"


def test_a_connection_is_kept_after_chunks(server: HostileServer, client: GuardedClient) -> None:
    server.behaviours["/chunked"] = lambda peer: peer.send(CHUNKED + b"2\r\nhi\r\n0\r\n\r\n")

    bodies = [fetch(client, server.url("/chunked")).body for _ in range(3)]

    assert bodies == [b"hi"] * 3
    assert len(server.connections) == 1


def coded(coding: str, body: bytes) -> object:
    return answer(body, headers=["Content-Type: text/html", f"Content-Encoding: {coding}"])


PAGE = b"<p>" + b"news " * 1000


def short(value: object) -> str | None:
    """Name a body by its size: whole, it would be the name of a test, and another each time."""
    return f"{len(value)} bytes" if isinstance(value, bytes) else None


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", gzip.compress(PAGE)),
        ("x-gzip", gzip.compress(PAGE)),
        ("GZip", gzip.compress(PAGE)),
        ("identity", PAGE),
        ("gzip", gzip.compress(PAGE[:100]) + gzip.compress(PAGE[100:])),
        ("gzip", gzip.compress(PAGE) + bytes(10)),
        ("deflate", zlib.compress(PAGE)),
        ("deflate", zlib.compress(PAGE)[2:-4]),
    ],
    ids=short,
)
def test_codings_that_were_asked_for_are_undone(
    server: HostileServer, client: GuardedClient, coding: str, body: bytes
) -> None:
    server.behaviours["/coded"] = coded(coding, body)  # type: ignore[assignment]

    assert fetch(client, server.url("/coded")).body == PAGE


@pytest.mark.parametrize(
    ("coding", "body", "expected"),
    [
        ("gzip", gzip.compress(PAGE)[:-20], Reason.DECODE),
        ("gzip", gzip.compress(PAGE)[:5], Reason.DECODE),
        ("gzip", PAGE, Reason.DECODE),
        ("deflate", zlib.compress(PAGE)[:-6], Reason.DECODE),
        ("deflate", b"\xff" * 50, Reason.DECODE),
        ("br", PAGE, Reason.PROTOCOL),
        ("zstd", PAGE, Reason.PROTOCOL),
        ("gzip, gzip", gzip.compress(gzip.compress(PAGE)), Reason.PROTOCOL),
        ("gzip", bomb(50_000_000), Reason.TOO_LARGE),
        ("gzip", bomb(50_000_000, layers=3), Reason.CONTENT_TYPE),
        ("identity", bomb(1000), Reason.CONTENT_TYPE),
        ("gzip", b"\x1f\x8b\x08\x08" + bytes(6) + b"a" * 200_000, Reason.DECODE),
        ("deflate", gzip.compress(PAGE), Reason.DECODE),
        ("gzip", gzip.compress(b"") * 60_000, Reason.TOO_LARGE),
        ("deflate", zlib.compress(bytes(50_000_000)), Reason.TOO_LARGE),
    ],
    ids=short,
)
def test_coded_data_that_is_cut_broken_or_too_much_is_refused(
    server: HostileServer, client: GuardedClient, coding: str, body: bytes, expected: Reason
) -> None:
    server.behaviours["/coded"] = coded(coding, body)  # type: ignore[assignment]

    assert reason(client, server.url("/coded")) is expected


def test_memory_stays_bounded_whatever_a_host_sends(
    server: HostileServer, client: GuardedClient
) -> None:
    server.behaviours |= {
        "/bomb": coded("gzip", bomb(500_000_000)),  # type: ignore[dict-item]
        "/flood": flood(HTML + b"\r\n", b"x" * 1_000_000),
        "/chunk": flood(CHUNKED + b"7fffffff\r\n", b"x" * 1_000_000),
    }
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    for path in ("/bomb", "/flood", "/chunk"):
        assert reason(client, server.url(path)) is Reason.TOO_LARGE

    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 40_000


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("image/jpeg", b"\xff\xd8\xff"),
        ("application/pdf", b"%PDF-1.7"),
        ("video/mp4", b"...."),
        ("text/plain", b"\x00\x01\x02"),
    ],
)
def test_what_is_no_page_is_not_read(
    server: HostileServer, client: GuardedClient, content_type: str, body: bytes
) -> None:
    server.behaviours["/file"] = answer(body, headers=[f"Content-Type: {content_type}"])

    assert reason(client, server.url("/file")) is Reason.CONTENT_TYPE


@pytest.mark.parametrize("headers", [[], ["Content-Type: "], ["Content-Type: html"]])
def test_a_page_without_a_readable_type_is_taken_if_it_is_text(
    server: HostileServer, client: GuardedClient, headers: list[str]
) -> None:
    server.behaviours |= {
        "/text": answer(headers=headers),
        "/bytes": answer(b"\x00\x01", headers=headers),
    }

    assert fetch(client, server.url("/text")).media_type is None
    assert reason(client, server.url("/bytes")) is Reason.CONTENT_TYPE


def test_a_redirect_is_reported_and_its_body_left_unread(
    server: HostileServer, client: GuardedClient
) -> None:
    server.behaviours["/moved"] = flood(
        b"HTTP/1.1 302 Found\r\nLocation: /x\xc9\x99b\xc9\x99r\r\n\r\n", b"x" * 65536
    )

    response = fetch(client, server.url("/moved"))

    assert (response.status, response.location, response.body) == (302, "/xəbər", b"")
    assert server.paths() == ["/moved"]


def test_an_interim_answer_is_skipped(server: HostileServer, client: GuardedClient) -> None:
    server.behaviours["/early"] = raw(
        b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n"
        b"HTTP/1.1 100 Continue\r\n\r\n" + HTML + b"Content-Length: 2\r\n\r\nok"
    )

    assert fetch(client, server.url("/early")).body == b"ok"


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.78.0.1", "0.0.0.0", "[::1]", "[::ffff:127.0.0.1]"]
)
def test_an_address_that_was_not_allowed_is_never_connected_to(
    server: HostileServer, client: GuardedClient, host: str
) -> None:
    assert reason(client, server.url("/", host=host)) is Reason.BLOCKED_ADDRESS
    assert server.connections == []


@pytest.mark.parametrize(
    "addresses",
    [["127.0.0.1"], ["127.77.0.1", "127.0.0.1"], ["127.77.0.1", "::1"], ["fe80::1%1"]],
)
def test_one_forbidden_address_of_a_name_refuses_the_name(
    server: HostileServer, addresses: list[str]
) -> None:
    client = a_client(server, resolve=lambda host, port: [(each, port) for each in addresses])

    assert reason(client, server.url("/", host="mixed.test")) is Reason.BLOCKED_ADDRESS
    assert server.connections == []


def test_a_name_that_changes_its_address_is_looked_up_once_a_connection(
    server: HostileServer,
) -> None:
    answers = iter(["127.77.0.1", "127.0.0.1", "127.0.0.1"])
    client = a_client(server, resolve=lambda host, port: [(next(answers), port)])
    server.behaviours["/a"] = answer(headers=["Content-Type: text/html", "Connection: close"])

    first = fetch(client, server.url("/a", host="rebind.test"))
    second = reason(client, server.url("/a", host="rebind.test"))

    assert first.status == 200
    assert second is Reason.BLOCKED_ADDRESS
    assert server.connections == ["127.77.0.1"]
    assert server.visits[0].headers["host"] == f"rebind.test:{server.port}"


def test_the_next_address_is_tried_when_one_does_not_answer(server: HostileServer) -> None:
    dead = a_closed_port()
    client = GuardedClient(
        AddressPolicy.parse(f"127.77.0.0/16:{server.port},127.77.0.9:{dead}"),
        user_agent="newsmill",
        resolve=lambda host, port: [("127.77.0.9", dead), ("127.77.0.1", port)],
    )
    server.behaviours["/a"] = answer()

    response = fetch(client, server.url("/a", host="two.test"))

    assert response.status == 200


def a_closed_port() -> int:
    with HostileServer() as gone:
        return gone.port


def test_dns_connect_and_tls_failures_are_told_apart(server: HostileServer) -> None:
    def nowhere(host: str, port: int) -> list[tuple[str, int]]:
        raise OSError("no such name")

    port = a_closed_port()
    closed = GuardedClient(AddressPolicy.parse(f"127.77.0.0/16:{port}"), user_agent="newsmill")

    assert reason(a_client(server, resolve=nowhere), server.url("/", host="no.test")) is Reason.DNS
    assert (
        reason(a_client(server, resolve=lambda h, p: []), server.url("/", host="no.test"))
        is Reason.DNS
    )
    assert reason(closed, f"http://127.77.0.1:{port}/") is Reason.CONNECT
    server.behaviours["/"] = answer()
    assert reason(a_client(server), server.url("/", scheme="https")) is Reason.TLS


def test_a_name_server_that_hangs_is_left_at_the_deadline(server: HostileServer) -> None:
    release = threading.Event()

    def hang_up(host: str, port: int) -> list[tuple[str, int]]:
        release.wait()
        return []

    client = a_client(server, resolve=hang_up)

    try:
        assert reason(client, server.url("/", host="slow.test"), seconds=0.3) is Reason.TIMEOUT
    finally:
        release.set()


def test_connections_are_kept_and_shared(server: HostileServer, client: GuardedClient) -> None:
    server.behaviours |= {
        "/a": answer(),
        "/missing": answer(b"gone", status="404 Not Found"),
        "/empty": answer(b"", status="304 Not Modified"),
        "/moved": redirect("/a"),
    }

    for path in ("/a", "/missing", "/empty", "/moved", "/a"):
        fetch(client, server.url(path))

    assert len(server.connections) == 1


def test_a_kept_connection_that_the_host_closed_is_replaced(
    server: HostileServer, client: GuardedClient
) -> None:
    def answer_once(conversation: object) -> None:
        answer()(conversation)  # type: ignore[arg-type]
        raise OSError("closed")

    server.behaviours["/a"] = answer_once

    for _ in range(3):
        assert fetch(client, server.url("/a")).status == 200

    assert len(server.connections) == 3


def test_a_chain_that_is_over_does_not_disturb_the_next_user_of_its_connection(
    server: HostileServer, client: GuardedClient
) -> None:
    server.behaviours["/a"] = answer()

    with Deadline(0.1) as short:
        client.get(server.url("/a"), deadline=short)
        time.sleep(0.2)
        response = fetch(client, server.url("/a"))

    assert response.status == 200
    assert len(server.connections) == 1


def test_the_owner_of_a_chain_has_the_last_word_before_each_request(
    server: HostileServer, client: GuardedClient
) -> None:
    class TooLateError(Exception):
        pass

    def refuse() -> None:
        raise TooLateError

    server.behaviours["/a"] = answer()
    fetch(client, server.url("/a"))

    with pytest.raises(TooLateError), Deadline(1, before_connect=refuse) as deadline:
        client.get(server.url("/a"), deadline=deadline)

    assert server.paths() == ["/a"]


def test_a_body_can_be_cut_instead_of_refused(server: HostileServer, client: GuardedClient) -> None:
    server.behaviours["/long"] = answer(b"x" * 5000)

    with Deadline(5) as deadline:
        response = client.get(server.url("/long"), deadline=deadline, max_bytes=100, cut=True)

    assert len(response.body) == 101


def test_the_environment_does_not_choose_a_proxy(
    server: HostileServer, client: GuardedClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{server.port}")
    server.behaviours["/a"] = answer()

    assert fetch(client, server.url("/a")).status == 200
    assert server.connections == ["127.77.0.1"]


@pytest.fixture
def tls_server() -> Iterator[HostileServer]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(TLS / "server.pem")
    with HostileServer({"/a": answer(), "/slow": drip(HTML + b"\r\n")}, tls=context) as running:
        yield running


def a_trusting_client(server: HostileServer) -> GuardedClient:
    return a_client(
        server, resolve=lambda host, port: [("127.77.0.1", port)], ca_file=str(TLS / "ca.pem")
    )


def test_tls_names_and_checks_the_host_while_the_socket_goes_to_the_address(
    tls_server: HostileServer,
) -> None:
    client = a_trusting_client(tls_server)

    response = fetch(client, tls_server.url("/a", host="secure.test", scheme="https"))
    wrong_name = reason(client, tls_server.url("/a", host="other.test", scheme="https"))

    assert response.status == 200
    assert wrong_name is Reason.TLS
    assert tls_server.paths() == ["/a"]


def test_a_certificate_of_an_unknown_authority_is_refused(tls_server: HostileServer) -> None:
    client = a_client(tls_server, resolve=lambda host, port: [("127.77.0.1", port)])

    assert reason(client, tls_server.url("/a", host="secure.test", scheme="https")) is Reason.TLS


@pytest.mark.parametrize("name", ["absent.pem", "README.md"])
def test_a_file_that_holds_no_authorities_is_a_wrong_setting(name: str) -> None:
    with pytest.raises(SettingsError):
        GuardedClient(AddressPolicy(), user_agent="newsmill", ca_file=str(TLS / name))


def test_the_deadline_holds_over_tls(tls_server: HostileServer) -> None:
    client = a_trusting_client(tls_server)
    slow = tls_server.url("/slow", host="secure.test", scheme="https")

    assert reason(client, slow, seconds=0.25) is Reason.TIMEOUT


def test_a_handshake_that_never_comes_is_left_at_the_deadline() -> None:
    with socket.create_server(("127.77.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        client = GuardedClient(AddressPolicy.parse(f"127.77.0.0/16:{port}"), user_agent="newsmill")

        assert reason(client, f"https://127.77.0.1:{port}/", seconds=0.25) is Reason.TIMEOUT


def test_a_proxy_is_asked_for_the_address_that_was_checked(tls_server: HostileServer) -> None:
    target = f"127.77.0.1:{tls_server.port}"
    with HostileServer({target: tunnel()}) as proxy:
        client = a_client(
            tls_server,
            resolve=lambda host, port: [("127.77.0.1", port)],
            ca_file=str(TLS / "ca.pem"),
            proxy=Proxy.parse(f"http://user:pass%3Aword@127.0.0.1:{proxy.port}"),
        )

        response = fetch(client, tls_server.url("/a", host="secure.test", scheme="https"))
        client.close()

        assert response.status == 200
        assert proxy.visits[0].path == target
        assert proxy.visits[0].headers["proxy-authorization"] == "Basic dXNlcjpwYXNzOndvcmQ="


def test_a_proxy_does_not_open_what_the_policy_closes(server: HostileServer) -> None:
    with HostileServer() as proxy:
        client = a_client(
            server,
            resolve=lambda host, port: [("127.0.0.1", port)],
            proxy=Proxy.parse(f"http://127.0.0.1:{proxy.port}"),
        )

        assert reason(client, server.url("/", host="inside.test")) is Reason.BLOCKED_ADDRESS
        assert proxy.connections == []


@pytest.mark.parametrize(
    "behaviour", [tunnel("407 Proxy Authentication Required"), raw(b""), raw(b"x" * 9000)]
)
def test_a_proxy_that_refuses_is_a_connection_that_fails(
    server: HostileServer, behaviour: object
) -> None:
    with HostileServer({f"127.77.0.1:{server.port}": behaviour}) as proxy:  # type: ignore[dict-item]
        client = a_client(server, proxy=Proxy.parse(f"http://127.0.0.1:{proxy.port}"))

        assert reason(client, server.url("/")) is Reason.CONNECT


@pytest.mark.parametrize(
    "url",
    ["", "127.0.0.1:3128", "https://p.example:1", "http://p.example", "http://p:x", "http://p:1/x"],
)
def test_a_proxy_that_cannot_be_read_is_a_wrong_setting(url: str) -> None:
    with pytest.raises(SettingsError):
        Proxy.parse(url)


def test_a_delivery_is_sent_through_the_same_guard(
    server: HostileServer, client: GuardedClient
) -> None:
    server.behaviours["/hook"] = answer(b"thanks" * 10_000)

    with Deadline(5) as deadline:
        response = client.post(
            server.url("/hook"),
            b'{"id": 1}',
            deadline=deadline,
            headers={"Content-Type": "application/json"},
        )
        with pytest.raises(EndedError) as refused:
            client.post(server.url("/hook", host="127.0.0.1"), b"{}", deadline=deadline)

    assert (response.status, response.body) == (200, b"")
    assert refused.value.reason is Reason.BLOCKED_ADDRESS
    assert [(seen.method, seen.body) for seen in server.visits] == [("POST", b'{"id": 1}')]
    assert server.visits[0].headers["content-type"] == "application/json"
