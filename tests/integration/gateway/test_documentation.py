"""The examples of the pages are sent or run, and answered as the pages say."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from tests.support.gateway import Mill

DOCS = Path(__file__).parents[3] / "docs"
REQUESTS = re.compile(r"^```http\n(.*?)^```$", re.DOTALL | re.MULTILINE)
CONSOLES = re.compile(r"^```console\n(.*?)^```$", re.DOTALL | re.MULTILINE)
VARYING = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
    r"|\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?"
    r"|nm_\S+|\b[0-9a-f]{8}\b"
)


def test_every_example_is_answered_as_the_page_says(mill: Mill) -> None:
    mill.store("https://paper.example/story")
    blocks = REQUESTS.findall((DOCS / "http.md").read_text(encoding="utf-8"))
    examples = list(zip(blocks[::2], blocks[1::2], strict=True))

    answers = [send(mill, request) for request, _ in examples]

    assert len(examples) >= 9
    assert answers == [said(answer) for _, answer in examples]


def test_every_command_says_what_the_page_says(mill: Mill, tmp_path: Path) -> None:
    mill.store("https://paper.example/story")
    page = (DOCS / "commands.md").read_text(encoding="utf-8")
    written = [line for block in CONSOLES.findall(page) for line in block.splitlines()]

    shown = [
        line
        for command in written
        if command.startswith("$ ")
        for line in (command, *run(mill, command.removeprefix("$ "), tmp_path))
    ]

    assert len(written) >= 10
    assert [VARYING.sub("_", line) for line in shown] == [
        VARYING.sub("_", line) for line in written
    ]


def send(mill: Mill, request: str) -> tuple[int, list[str]]:
    head, _, body = request.partition("\n\n")
    first, *lines = head.strip().split("\n")
    method, target = first.split(" ", 1)
    headers = dict(line.split(": ", 1) for line in lines)
    answer = mill.api.request(method, target, headers=headers, content=body.encode())
    return answer.status_code, sorted(answer.json())


def said(answer: str) -> tuple[int, list[str]]:
    head, _, body = answer.partition("\n\n")
    return int(head.split(" ")[1]), sorted(json.loads(body))


def run(mill: Mill, command: str, folder: Path) -> list[str]:
    """Run a line of a shell; what it says, on either stream."""
    ended = subprocess.run(
        ["/bin/sh", "-c", command],
        cwd=folder,
        env={
            **os.environ,
            "LOGNAME": "ana",
            "NEWSMILL_API_URL": str(mill.api.base_url),
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        check=False,
    )
    return ended.stdout.splitlines()
