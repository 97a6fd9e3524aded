"""Articles and models for the tests of category tagging."""

from collections.abc import Mapping
from functools import cache

from newsmill_enrich.topics import Tagged, Tagger

SUMMIT_TITLE = "Leaders meet before the summit to settle support for the government"
SUMMIT = (
    "The president received the prime minister and the foreign minister on Monday. Both "
    "governments want the parliament to vote on the treaty before the election. The ambassador "
    "told reporters that the alliance would decide about sanctions at its summit next month. "
    "Opposition lawmakers said that the cabinet had not consulted the senate."
)
FOOTBALL_TITLE = "Late goal sends the visitors to the top of the league"
FOOTBALL = (
    "The striker scored in the last minute of the match and the goalkeeper had no chance. It was "
    "the ninth win of the season for the team. The coach praised his players and said that the "
    "championship was still far away. The next fixture is the quarter-final of the cup."
)


@cache
def a_tagger() -> Tagger:
    """The tagger with the product's own model, loaded once for all tests."""
    return Tagger()


def tag(
    title: str = SUMMIT_TITLE,
    text: str = SUMMIT,
    *,
    language: str = "en",
    section_raw: str | None = None,
    signals: Mapping[str, tuple[str, ...]] | None = None,
) -> Tagged:
    """What the product's tagger says about an article."""
    return a_tagger().categorize(
        title, text, language=language, section_raw=section_raw, signals=signals or {}
    )


def slugs(tagged: Tagged) -> list[str]:
    """The names of the categories, best first."""
    return [category.name for category in tagged.categories]
