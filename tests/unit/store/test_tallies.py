"""Quantiles of durations that are known by class alone."""

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsmill_shared.database.tallies import BOUNDS, UNMEASURED, Count, quantile


def counts(classes: dict[float, int]) -> list[Count]:
    """Return so many in each class."""
    return [Count(None, "ingest", "done", "", le, n, 0.0) for le, n in classes.items()]


def test_inside_a_class_durations_lie_evenly() -> None:
    found = [quantile(counts({1.0: 50, 2.5: 50}), share) for share in (0.25, 0.5, 0.75, 1)]

    assert found == pytest.approx([0.75, 1.0, 1.75, 2.5])


def test_in_the_open_class_the_answer_is_where_it_begins() -> None:
    assert quantile(counts({1.0: 1, inf: 9}), 0.9) == 86400.0


def test_nothing_measured_has_no_quantile() -> None:
    assert quantile([], 0.5) is None
    assert quantile(counts({UNMEASURED: 7}), 0.5) is None


@given(
    st.dictionaries(st.sampled_from(BOUNDS), st.integers(1, 1000), min_size=1),
    st.floats(0, 1),
    st.floats(0, 1),
)
def test_a_larger_share_never_took_less_time(
    classes: dict[float, int], one: float, other: float
) -> None:
    low, high = sorted((one, other))

    below, above = quantile(counts(classes), low), quantile(counts(classes), high)

    assert below is not None
    assert above is not None
    assert below <= above <= 86400
