"""The block model is arrays: it is evaluated without its training library, and checked at load."""

import io

import numpy as np
import pytest

from newsmill_enrich.extraction.blocks import walk
from newsmill_enrich.extraction.features import COUNT, VERSION, describe, menu_like
from newsmill_enrich.extraction.model import LEAVES, Forest, load_model, read_forest
from tests.unit.extraction.pages import ENGLISH, FORMS, parsed


def a_forest() -> Forest:
    """One tree: x0 <= 1 ? (x1 <= 5 ? leaf 0 : leaf 1) : leaf 2."""
    feature = np.zeros((1, LEAVES - 1), dtype=np.int16)
    threshold = np.full((1, LEAVES - 1), np.inf, dtype=np.float32)
    mask = np.full((1, LEAVES - 1), 0xFFFF, dtype=np.uint16)
    value = np.zeros((1, LEAVES), dtype=np.float32)
    feature[0, :2] = (0, 1)
    threshold[0, :2] = (1, 5)
    mask[0, :2] = (0xFFFF & ~0b011, 0xFFFF & ~0b001)
    value[0, :3] = (-2, 0, 2)
    return Forest(feature, threshold, mask, value, VERSION)


def test_each_row_reaches_the_leaf_that_its_tests_lead_to() -> None:
    rows = np.array([[0, 0], [0, 6], [2, 0], [2, 6]], dtype=np.float32)

    odds = np.log(a_forest().probabilities(rows) / (1 - a_forest().probabilities(rows)))

    assert odds == pytest.approx([-2, 0, 2, 2], abs=1e-6)


def test_many_rows_are_evaluated_as_one_by_one() -> None:
    forest, _ = load_model()
    rows = np.random.default_rng(7).normal(size=(1_300, COUNT)).astype(np.float32)

    whole = forest.probabilities(rows)
    single = np.concatenate([forest.probabilities(rows[i : i + 1]) for i in range(0, 1_300, 130)])

    assert whole[::130] == pytest.approx(single, abs=1e-6)
    assert len(forest.probabilities(rows[:0])) == 0


def test_the_shipped_model_fits_the_features_and_names_itself() -> None:
    forest, name = load_model()

    assert forest.version == VERSION
    assert int(forest.feature.max()) < COUNT
    assert name.startswith(f"blocks-{VERSION}+sha256:")


def test_a_model_file_of_another_shape_is_refused() -> None:
    buffer = io.BytesIO()
    forest = a_forest()
    np.savez(
        buffer,
        feature=forest.feature,
        threshold=forest.threshold,
        mask=forest.mask[:, :3],
        value=forest.value,
        version=1,
    )
    buffer.seek(0)

    with pytest.raises(ValueError, match="do not fit"):
        read_forest(buffer)


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
def test_every_block_has_all_features(form: object) -> None:
    body = parsed(form(ENGLISH))  # type: ignore[operator]

    page = walk(body)
    features = describe(page, ENGLISH.title, "")

    assert features is not None
    assert features.matrix.shape == (len(page.blocks), COUNT)
    assert np.isfinite(features.matrix).all()
    assert not menu_like(features.matrix).all()


def test_a_page_without_text_has_no_features() -> None:
    page = walk(parsed("<html><body><script>x</script><img></body></html>"))

    assert page.blocks == []
    assert describe(page, "", "") is None
