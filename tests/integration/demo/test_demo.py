"""The demo as it is run: its site as a process, and the whole as one command."""

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from newsmill_cli.demo.content import Content, File, Page, Redirect, load_content

DEMO_SECONDS = 110


@contextmanager
def the_site() -> Iterator[int]:
    """Run the site and give its port."""
    with socket.socket() as probe:
        probe.bind(("127.77.0.1", 0))
        port: int = probe.getsockname()[1]
    command = [sys.executable, "-m", "newsmill_cli.demo.site", "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert "serving 9 hosts" in process.stdout.readline()
        try:
            yield port
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=10) == 0


def expected_status(content: Content, url: str) -> int:
    match content.resources[url]:
        case Redirect(status=status):
            return status
        case Page() | File():
            return 200


def test_every_address_of_the_manifest_is_served() -> None:
    content = load_content()

    with the_site() as port, httpx.Client(trust_env=False) as client:
        answers = {
            url: client.get(content.address(url, port)).status_code for url in content.resources
        }

    assert answers == {url: expected_status(content, url) for url in content.resources}


def test_a_connection_serves_one_page_after_another() -> None:
    content = load_content()

    with the_site() as port, httpx.Client(trust_env=False) as client:
        address = content.address("khazar/en/great-east/4411", port)
        pages = [client.get(address) for _ in range(2)]

    assert pages[0].headers["Content-Type"] == "text/html; charset=utf-8"
    assert pages[0].text != pages[1].text


@pytest.mark.timeout(DEMO_SECONDS + 20)
def test_the_demo_comes_out_as_its_manifest_says(tmp_path: Path) -> None:
    ended = subprocess.run(
        [Path(sys.executable).with_name("newsmill"), "demo", "--exit", "--json"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=DEMO_SECONDS,
        check=False,
    )

    said = json.loads(ended.stdout)
    assert said["differences"] == {}, ended.stderr
    assert said["conservation"]["unaccounted"] == 0
    assert said["conservation"]["accepted"] == len(load_content().submissions)
    assert ended.returncode == 0
