"""An S3 server, and the variables that lead to it."""

from collections.abc import Iterator

import httpx
import pytest
from moto.server import ThreadedMotoServer

BUCKET = "pages"


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """A server with one bucket; its URL."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    httpx.put(f"{url}/{BUCKET}").raise_for_status()
    yield url
    server.stop()


@pytest.fixture
def bucket(s3_server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The URL of the bucket; what its vendor's variables say leads to it."""
    name_credentials(monkeypatch, endpoint=s3_server)
    return f"s3://{BUCKET}"


def name_credentials(monkeypatch: pytest.MonkeyPatch, *, endpoint: str) -> None:
    """Set the variables that S3 clients read."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "somebody")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "something")
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    monkeypatch.setenv("AWS_ALLOW_HTTP", "true")
