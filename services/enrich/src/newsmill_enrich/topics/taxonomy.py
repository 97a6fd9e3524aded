"""The seventeen top topics of the IPTC Media Topics, in the one order that all arrays follow."""

from dataclasses import dataclass

__all__ = ["BY_ID", "BY_SLUG", "TOPICS", "Topic"]


@dataclass(frozen=True, slots=True)
class Topic:
    """A top-level Media Topic; ``slug`` is what word lists and tables call it."""

    id: str
    slug: str
    name: str


TOPICS: tuple[Topic, ...] = (
    Topic("medtop:01000000", "arts", "arts, culture, entertainment and media"),
    Topic("medtop:02000000", "crime", "crime, law and justice"),
    Topic("medtop:03000000", "disaster", "disaster, accident and emergency incident"),
    Topic("medtop:04000000", "economy", "economy, business and finance"),
    Topic("medtop:05000000", "education", "education"),
    Topic("medtop:06000000", "environment", "environment"),
    Topic("medtop:07000000", "health", "health"),
    Topic("medtop:08000000", "people", "human interest"),
    Topic("medtop:09000000", "labour", "labour"),
    Topic("medtop:10000000", "lifestyle", "lifestyle and leisure"),
    Topic("medtop:11000000", "politics", "politics"),
    Topic("medtop:12000000", "religion", "religion"),
    Topic("medtop:13000000", "science", "science and technology"),
    Topic("medtop:14000000", "society", "society"),
    Topic("medtop:15000000", "sport", "sport"),
    Topic("medtop:16000000", "conflict", "conflict, war and peace"),
    Topic("medtop:17000000", "weather", "weather"),
)

BY_SLUG: dict[str, int] = {topic.slug: place for place, topic in enumerate(TOPICS)}
"""The place of a topic in ``TOPICS``, by its slug."""

BY_ID: dict[str, int] = {topic.id: place for place, topic in enumerate(TOPICS)}
"""The place of a topic in ``TOPICS``, by its Media Topic id."""
