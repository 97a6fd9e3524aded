"""What can be paused, and how it must be named."""

import pytest
from pydantic import ValidationError

from newsmill_gateway.queries import PauseRequest, PauseTarget


@pytest.mark.parametrize(
    ("scope", "value", "named"),
    [
        ("all", "", ""),
        ("stage", "enrich", "enrich"),
        ("host", "Paper.Example", "paper.example"),
        ("host", "bücher.example", "xn--bcher-kva.example"),
        ("label", "backfill 2024", "backfill 2024"),
    ],
)
def test_what_there_is_can_be_paused_by_its_name(scope: str, value: str, named: str) -> None:
    target = PauseTarget.model_validate({"scope": scope, "value": value})

    assert target.value == named


@pytest.mark.parametrize(
    ("scope", "value", "said"),
    [
        ("all", "ingest", "leave it out"),
        ("stage", "gateway", "ingest, enrich, store"),
        ("stage", "", "ingest, enrich, store"),
        ("host", "", "host"),
        ("host", "https://paper.example/", "a host's name alone"),
        ("label", "", "1 to 200"),
        ("label", "a\nb", "printable"),
        ("label", "x" * 201, "1 to 200"),
    ],
)
def test_what_there_cannot_be_is_refused_with_what_would_do(
    scope: str, value: str, said: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        PauseTarget.model_validate({"scope": scope, "value": value})

    (error,) = refused.value.errors()
    assert error["loc"] == ("value",)
    assert said in error["msg"]


@pytest.mark.parametrize(
    "wrong", [{"seconds": 0}, {"reason": "two\nlines"}, {"by": ""}, {"untill": 5}]
)
def test_a_pause_that_says_more_than_there_is_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        PauseRequest.model_validate({"scope": "all", **wrong})
