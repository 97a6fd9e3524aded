"""Where the lines are drawn can be set, and is said."""

import re
from dataclasses import asdict
from pathlib import Path

import pytest
from pydantic import ValidationError

from newsmill_enrich.duplicates import Thresholds
from newsmill_enrich.settings import EnrichSettings

PAGE = Path(__file__).parents[3] / "docs" / "duplicates.md"


def test_a_line_is_moved_and_the_others_stay() -> None:
    moved = Thresholds.of({"containment": 0.55, "short_words": 90})

    assert asdict(moved) == {**asdict(Thresholds()), "containment": 0.55, "short_words": 90}


@pytest.mark.parametrize("wrong", [{"containement": 0.5}, {"lead": 1.5}, {"form_hours": -1}])
def test_what_no_threshold_can_be_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValidationError, match=next(iter(wrong))):
        EnrichSettings(duplicate_thresholds=wrong)


def test_the_environment_sets_them_as_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEWSMILL_DUPLICATE_THRESHOLDS", '{"title": 0.7}')

    settings = EnrichSettings()

    assert Thresholds.of(settings.duplicate_thresholds).title == 0.7


def test_the_page_has_every_threshold_with_its_tested_value() -> None:
    table = PAGE.read_text(encoding="utf-8").split("| name | tested | meaning |")[1]
    rows = [row.split("|")[1:3] for row in table.splitlines() if row.startswith("| `")]

    shown = {
        name: float(value)
        for names, values in rows
        for name, value in zip(re.findall(r"`(\w+)`", names), values.split(","), strict=True)
    }

    assert shown == asdict(Thresholds())
