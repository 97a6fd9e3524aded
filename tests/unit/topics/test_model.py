"""The model file, its card, and how it is made and measured."""

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from newsmill_enrich.topics.artefact import MODEL, ModelFileError, card_of, load, made, pack, unpack
from newsmill_enrich.topics.command import app, ingredients
from newsmill_enrich.topics.making.background import Background
from newsmill_enrich.topics.making.build import build
from newsmill_enrich.topics.making.lists import parse
from newsmill_enrich.topics.making.measures import Labelled, Measures, measure
from newsmill_enrich.topics.making.train import Ingredients, Trained, train
from newsmill_enrich.topics.scoring import Join
from newsmill_enrich.topics.taxonomy import BY_SLUG, TOPICS
from newsmill_enrich.topics.weighing import Story, weigh
from tests.unit.topics.builders import FOOTBALL, FOOTBALL_TITLE, SUMMIT, SUMMIT_TITLE

STORIES = (Story(SUMMIT_TITLE, SUMMIT, "en"), Story(FOOTBALL_TITLE, FOOTBALL, "en"))
TINY = parse(
    "language: en\nwords:\n  sport: goal*, match*, coach\n  politics: minister*, vote*", "en.yaml"
)
SMALL = Ingredients((TINY,), (), Background(), Join(1, 6, 4, 0.2, -1.5))


def some_measures(right: float) -> Measures:
    """Measures of a model that is right this often."""
    return Measures(100, right, right, right, right, 0.03)


def test_the_model_in_the_repository_follows_from_its_lists() -> None:
    """Building it again decides the same."""
    pytest.importorskip("sklearn")
    parts = ingredients()
    installed = load()

    again = made(build(parts.lists, parts.topics, parts.background, parts.join))

    for story in STORIES:
        ours, built = weigh(installed, story).parts, weigh(again, story).parts
        np.testing.assert_allclose(installed.join.scores(ours), again.join.scores(built), atol=1e-3)


def test_the_card_names_the_sources() -> None:
    """A model says what it rests on."""
    card = json.loads(card_of(MODEL).read_text("utf-8"))

    assert card["version"]
    assert any("IPTC" in source for source in card["sources"])


def test_a_model_that_does_not_fit_its_card_is_refused(tmp_path: Path) -> None:
    """A damaged file is noticed when it is loaded, not by odd decisions."""
    path = tmp_path / "topics.npz"
    path.write_bytes(MODEL.read_bytes()[:-1])
    card_of(path).write_text(card_of(MODEL).read_text("utf-8"), "utf-8")

    with pytest.raises(ModelFileError, match="sha256"):
        load(path)


def test_a_model_without_a_card_is_refused(tmp_path: Path) -> None:
    """Nobody knows what it is."""
    with pytest.raises(ModelFileError):
        load(tmp_path / "topics.npz")


def test_packing_keeps_everything_and_gives_the_same_bytes() -> None:
    """So that a sha256 names a model."""
    content = MODEL.read_bytes()

    held = unpack(content, "topics.npz")

    assert pack(held) == pack(unpack(pack(held), "again"))
    assert {each.language for each in held.lists} >= {"en", "ky", "zh"}


def test_measures_count_what_is_right() -> None:
    """One of two best topics is right; of two that are sure, one."""
    sport, politics = BY_SLUG["sport"], BY_SLUG["politics"]
    labelled = [Labelled(STORIES[0], (politics,)), Labelled(STORIES[1], (sport,))]
    scores = np.zeros((2, len(TOPICS)))
    scores[:, politics] = 0.9

    found = measure(scores, labelled)

    assert (found.documents, found.best_right, found.precision, found.recall) == (2, 0.5, 0.5, 0.5)
    assert found.calibration_error == pytest.approx(0.4)


def test_training_learns_the_words_of_its_articles() -> None:
    """Words that no list has."""
    pytest.importorskip("sklearn")
    labelled = [
        Labelled(
            Story(
                "",
                f"zorb zorbing number{at} match" if at % 2 else f"quux quuxing number{at} vote",
                "en",
            ),
            (BY_SLUG["sport" if at % 2 else "politics"],),
        )
        for at in range(60)
    ]
    installed = made(build(SMALL.lists, SMALL.topics, SMALL.background, SMALL.join))

    trained = train(labelled, installed, SMALL, seed=1)

    assert trained.after.best_right == 1
    assert not trained.worse
    assert "zorb" in trained.contents.linear.rows


def test_training_with_a_handful_of_articles_is_refused() -> None:
    """Nothing could be kept out to judge by."""
    with pytest.raises(ValueError, match="at least"):
        train([], load(), SMALL, seed=1)


@pytest.mark.parametrize(("after", "written"), [(0.9, True), (0.7, False)])
def test_a_model_that_is_worse_is_not_written(
    after: float, written: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command says so and ends with an error."""
    data, out = tmp_path / "labelled.jsonl", tmp_path / "own.npz"
    data.write_text('{"text": "a", "labels": ["sport"]}\n', "utf-8")
    contents = unpack(MODEL.read_bytes(), "topics.npz")
    trained = Trained(contents, before=some_measures(0.8), after=some_measures(after))
    monkeypatch.setattr("newsmill_enrich.topics.command.train_model", lambda *_, **__: trained)

    result = CliRunner().invoke(app, ["train", "--data", str(data), "--out", str(out)])

    assert result.exit_code == (0 if written else 1)
    assert out.exists() == written
    assert not written or load(out).id.startswith("topics-")


def test_the_explain_command_prints_categories_and_evidence() -> None:
    """As JSON, for people and programs."""
    result = CliRunner().invoke(app, ["explain", FOOTBALL_TITLE, FOOTBALL, "--language", "en"])

    answer = json.loads(result.stdout)
    assert answer["categories"][0]["name"] == "sport"
    assert answer["evidence"]["model"].startswith("topics-")


def test_the_eval_command_refuses_a_label_that_is_no_topic(tmp_path: Path) -> None:
    """And names the line."""
    data = tmp_path / "labelled.jsonl"
    data.write_text('{"text": "a", "labels": ["chess"]}\n', "utf-8")

    result = CliRunner().invoke(app, ["eval", "--data", str(data)])

    assert result.exit_code == 1
    assert "line 1" in result.output
