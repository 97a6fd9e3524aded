"""The examples of docs/http.md are sent, and answered as they say."""

import json
import re
from pathlib import Path

from tests.integration.gateway.conftest import Mill

PAGE = Path(__file__).parents[3] / "docs" / "http.md"
BLOCK = re.compile(r"^```http\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def test_every_example_is_answered_as_the_page_says(mill: Mill) -> None:
    mill.store("https://paper.example/story")
    blocks = BLOCK.findall(PAGE.read_text(encoding="utf-8"))
    examples = list(zip(blocks[::2], blocks[1::2], strict=True))

    answers = [send(mill, request) for request, _ in examples]

    assert len(examples) >= 5
    assert answers == [said(answer) for _, answer in examples]


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
