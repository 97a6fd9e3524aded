"""What the page of a job that has not ended says of its wait."""

import json

from newsmill_gateway.dashboard.job import Found, job_page
from tests.support.builders import NOON
from tests.unit.dashboard.builders import a_job, ago


def waits(**fields: object) -> str:
    job = a_job(outcome=None, reason=None, finished_at=None, **fields)
    found = Found(job, None, None, (), {}, None, None)
    return json.dumps(job_page(found, NOON), default=str)


def test_a_job_of_a_paused_label_is_set_aside() -> None:
    said = waits(state="held", label="backfill")

    assert "Set aside: the label backfill is paused" in said
    assert "newsmill resume" in said


def test_a_job_that_failed_waits_for_its_next_try() -> None:
    said = waits(state="held", held_until=ago(-60), tries=2)

    assert "Waits for its next try" in said
