"""What a tagger says about articles, and why."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsmill_enrich.topics import Tagger
from newsmill_enrich.topics.artefact import load
from newsmill_enrich.topics.evidence import recomputed
from newsmill_enrich.topics.scoring import POSSIBLE, SURE
from newsmill_enrich.topics.settings import TopicsSettings
from tests.unit.topics.builders import (
    FOOTBALL,
    FOOTBALL_TITLE,
    SUMMIT,
    SUMMIT_TITLE,
    slugs,
    tag,
)

SEED = Path(__file__).resolve().parents[4] / "shared" / "seed" / "turan-nato-2024-06-17.txt"


def test_an_article_about_a_summit_is_politics() -> None:
    """The words of the article are enough."""
    tagged = tag(SUMMIT_TITLE, SUMMIT)

    assert slugs(tagged)[0] == "politics"


def test_an_article_about_a_match_is_sport() -> None:
    """The words of the article are enough."""
    tagged = tag(FOOTBALL_TITLE, FOOTBALL)

    assert slugs(tagged) == ["sport"]


def test_a_place_as_section_is_kept_as_unmapped_and_changes_no_score() -> None:
    """A column named after a region says nothing about the subject."""
    without = tag(FOOTBALL_TITLE, FOOTBALL)

    with_place = tag(FOOTBALL_TITLE, FOOTBALL, section_raw="Great East")

    assert with_place.categories == without.categories
    assert with_place.evidence["unmapped"] == ["Great East"]


def test_a_section_that_names_a_topic_raises_its_score() -> None:
    """The publisher knows best what it wrote."""
    text = "The two met again yesterday, and everybody was glad about it."

    silent = tag("They met again", text)
    said = tag("They met again", text, signals={"meta_section": ("Sport",)})

    assert slugs(silent) == []
    assert slugs(said) == ["sport"]


def test_an_article_without_a_known_word_is_unclassified_with_a_ground() -> None:
    """Nothing is guessed."""
    tagged = tag("Zzyzx", "Qwrt plk zzyzx.")

    assert tagged.categories == ()
    assert tagged.evidence["unclassified"] == "no_words"


def test_every_score_can_be_computed_again_from_its_stored_reasons() -> None:
    """The evidence is complete."""
    join = load().join

    tagged = tag(SUMMIT_TITLE, SUMMIT, signals={"url_path": ("world", "politics")})

    assert tagged.categories
    for category in tagged.categories:
        assert recomputed(join, category.why) == pytest.approx(category.score, abs=1e-4)


def test_the_reasons_name_the_words_of_the_article() -> None:
    """A reader sees which words decided."""
    tagged = tag(FOOTBALL_TITLE, FOOTBALL)

    terms = tagged.categories[0].why["terms"]

    assert isinstance(terms, dict)
    assert {"goalkeeper", "striker"} <= {term.rstrip("*") for term in terms}


def test_a_deeper_topic_comes_only_from_a_name_the_publisher_uses() -> None:
    """Words alone never lead below the top topics."""
    silent = tag(FOOTBALL_TITLE, FOOTBALL)
    named = tag(FOOTBALL_TITLE, FOOTBALL, signals={"breadcrumb": ("Home", "Ice hockey")})

    assert slugs(silent) == ["sport"]
    assert slugs(named) == ["sport", "ice hockey"]
    assert named.categories[1].why["signals"] == {"breadcrumb: Ice hockey": 2.5}


def test_the_operators_file_is_followed(tmp_path: Path) -> None:
    """The environment names it; evidence says which rule decided."""
    rules = tmp_path / "rules.yaml"
    rules.write_text(
        "rules: [{name: ours, when: {host: a.example}, action: force, topic: medtop:12000000}]",
        "utf-8",
    )
    tagger = Tagger(TopicsSettings(topics_rules=rules))

    tagged = tagger.categorize(
        FOOTBALL_TITLE,
        FOOTBALL,
        language="en",
        section_raw=None,
        signals={},
        url="https://a.example/1",
    )

    assert slugs(tagged) == ["religion"]
    assert tagged.evidence["rules"] == [
        {"rule": "ours", "action": "force", "topic": "medtop:12000000"}
    ]


@given(
    title=st.text(max_size=60),
    text=st.text(max_size=300),
    language=st.sampled_from(["en", "und", "zh", "xx"]),
)
def test_any_text_gets_sorted_scores_and_plain_evidence(
    title: str, text: str, language: str
) -> None:
    """No text breaks the tagger or its promises."""
    tagged = tag(title, text, language=language)

    scores = [category.score for category in tagged.categories]
    assert scores == sorted(scores, reverse=True)
    assert all(SURE <= score <= 1 for score in scores)
    assert POSSIBLE < SURE
    json.dumps(tagged.evidence)


def test_the_article_of_the_seed_page_is_politics_whatever_its_place_says() -> None:
    """The page's own section is a place, its teasers are another story."""
    if not SEED.exists():
        pytest.skip("the seed page lies beside the repository")
    lines = SEED.read_text("utf-8").splitlines()

    tagged = tag(lines[0], "\n".join(lines[2:11]), section_raw="Great East")

    assert slugs(tagged)[0] in {"politics", "conflict, war and peace"}
