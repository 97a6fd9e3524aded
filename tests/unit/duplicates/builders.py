"""Stories for tests: made-up words in paragraphs, the same for the same number."""

import random
from datetime import UTC, datetime
from uuid import UUID

from newsmill_enrich.duplicates import Fingerprint, Index, Registered, fingerprint
from newsmill_shared.identity import article_id

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)

_SYLLABLES = "ba co du fe gi ha jo ku le mi na po ra su ti vo".split()  # noqa: SIM905
_THAI = [chr(point) for point in range(0x0E01, 0x0E2F)]
_HAN = [chr(point) for point in range(0x4E00, 0x4E00 + 900)]


def a_story(number: int, *, paragraphs: int = 6, sentences: int = 3) -> str:
    """A story of its own for every number; about 30 words a paragraph."""
    rng = random.Random(number)
    return "\n".join(" ".join(_sentence(rng) for _ in range(sentences)) for _ in range(paragraphs))


def a_headline(number: int) -> str:
    rng = random.Random(f"headline {number}")
    return " ".join(_word(rng) for _ in range(8)).capitalize()


def an_unspaced_story(number: int, *, thai: bool, paragraphs: int = 5, length: int = 260) -> str:
    """A story in a script without spaces."""
    rng = random.Random(number)
    letters = _THAI if thai else _HAN
    end = "" if thai else "。"
    return "\n".join(
        "".join(rng.choice(letters) for _ in range(length)) + end for _ in range(paragraphs)
    )


def a_fingerprint(number: int = 1, *, page: str = "page", text: str | None = None) -> Fingerprint:
    return fingerprint(a_headline(number), a_story(number) if text is None else text, page_key=page)


def registered_at(
    index: Index, document: Fingerprint, *, article: UUID | None = None, now: datetime = NOW
) -> Registered:
    """Register under the article of the document's page."""
    return index.register(document, article_id=article or article_id(document.page_key), now=now)


def _sentence(rng: random.Random) -> str:
    return " ".join(_word(rng) for _ in range(rng.randint(8, 12))).capitalize() + "."


def _word(rng: random.Random) -> str:
    return "".join(rng.choice(_SYLLABLES) for _ in range(rng.randint(1, 4)))
