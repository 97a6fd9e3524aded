"""The operator's say: rules that add, force or forbid topics, and topics of their own.

One YAML file holds both; ``docs/topics.md`` describes it. A rule holds when all of its conditions
hold; a condition with several values holds when one of them does.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, JsonValue, ValidationError

from newsmill_enrich.topics.lexicon import SMOOTHING, Entry, Lexicon, ListData
from newsmill_enrich.topics.scoring import SURE
from newsmill_enrich.topics.sections import normalized
from newsmill_enrich.topics.taxonomy import BY_ID, TOPICS
from newsmill_enrich.topics.weighing import Story, read_tokens
from newsmill_enrich.topics.words import MAX_CHARACTERS, fold, tokens
from newsmill_shared.errors import SettingsError
from newsmill_shared.messages import Category

__all__ = [
    "Conditions",
    "Operator",
    "OwnTopic",
    "Rule",
    "Ruling",
    "parse_operator",
    "read_operator",
]

_WORD_WEIGHT = 6.0
_SECTION_WEIGHT = 20.0
_SECTION_PLACES = ("meta_section", "jsonld_section", "breadcrumb", "url_path")


def _several(value: object) -> object:
    return [value] if isinstance(value, str) else value


Values = Annotated[tuple[str, ...], BeforeValidator(_several)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Conditions(_Part):
    """What must hold; an empty condition always does.

    Attributes:
        host: Host names, with ``*`` and ``?`` (``*.example.com``); case does not count.
        url: URLs, with ``*`` and ``?``.
        section: Section names, compared as section names are.
        text: Regular expressions searched in title and text; case does not count.
        words: Words or phrases, of which one must occur in title or text.
        language: BCP 47 tags; only their first part counts.
    """

    host: Values = ()
    url: Values = ()
    section: Values = ()
    text: Values = ()
    words: Values = ()
    language: Values = ()


class Rule(_Part):
    """What to do when the conditions hold.

    Attributes:
        name: How evidence calls the rule.
        when: The conditions.
        action: ``add`` puts the topic beside those found, ``force`` in their place, ``forbid``
            takes it away.
        topic: Id of a Media Topic or of an own topic.
    """

    name: str
    when: Conditions
    action: Literal["add", "force", "forbid"]
    topic: str


class OwnTopic(_Part):
    """A topic of the operator's own taxonomy.

    Attributes:
        id: Its id, with a prefix of the operator's (``acme:shipping``).
        name: Its name.
        parent: The own topic above it, if any.
        maps_to: The Media Topic it belongs to, added with it.
        sections: Names that publishers give to it.
        words: Per language (``und``: any), words and phrases; ``word*`` is a beginning.
    """

    id: str
    name: str
    parent: str | None = None
    maps_to: str | None = None
    sections: Values = ()
    words: Mapping[str, Values] = {}


class _File(_Part):
    topics: tuple[OwnTopic, ...] = ()
    rules: tuple[Rule, ...] = ()


@dataclass(frozen=True, slots=True)
class Ruling:
    """Categories after the operator's say, best first, and which rules took part."""

    categories: tuple[Category, ...]
    rules: tuple[dict[str, JsonValue], ...]


class Operator:
    """The rules and topics of one file, ready for use."""

    def __init__(self, topics: Sequence[OwnTopic] = (), rules: Sequence[Rule] = ()) -> None:
        self._topics = {topic.id: topic for topic in topics}
        self._readers = {topic.id: Lexicon(_lists(topic)) for topic in topics if topic.words}
        self._sections = {topic.id: frozenset(map(normalized, topic.sections)) for topic in topics}
        self._rules = [
            (rule, [re.compile(each, re.I) for each in rule.when.text]) for rule in rules
        ]

    def rule(self, story: Story, categories: Sequence[Category], url: str | None) -> Ruling:
        """Return the categories with own topics found in the story, after all rules in order."""
        found = [*categories, *self._own(story)]
        found += [
            _category(topic.maps_to, topic.maps_to, category.score, {"own_topic": topic.id})
            for category in found
            if (topic := self._topics.get(category.id)) is not None
            and topic.maps_to is not None
            and topic.maps_to not in {each.id for each in found}
        ]
        followed: list[dict[str, JsonValue]] = []
        for rule, patterns in self._rules:
            if not _holds(rule.when, patterns, story, url):
                continue
            followed.append({"rule": rule.name, "action": rule.action, "topic": rule.topic})
            rest = [category for category in found if category.id != rule.topic]
            said = _category(rule.topic, self._name(rule.topic), 1.0, {"rule": rule.name})
            if rule.action == "forbid":
                found = rest
            else:
                found = [said] if rule.action == "force" else [said, *rest]
        found.sort(key=lambda category: -category.score)
        return Ruling(tuple(found), tuple(followed))

    def _name(self, topic: str) -> str:
        own = self._topics.get(topic)
        return own.name if own is not None else topic

    def _own(self, story: Story) -> list[Category]:
        """Return the own topics that words or sections of the story speak for."""
        title, text = read_tokens(story)
        said = _said_sections(story)
        found = []
        for topic in self._topics.values():
            terms: dict[str, float] = {}
            if (reader := self._readers.get(topic.id)) is not None:
                terms.update(reader.read(title, text, story.language).terms[0])
            terms |= {
                f"section: {name}": _SECTION_WEIGHT for name in said & self._sections[topic.id]
            }
            total = sum(terms.values())
            score = total / (total + SMOOTHING)
            if score >= SURE:
                rounded: dict[str, JsonValue] = {term: round(w, 2) for term, w in terms.items()}
                found.append(_category(topic.id, topic.name, score, {"terms": rounded}))
        return found


def read_operator(path: Path) -> Operator:
    """Return what a file says.

    Raises:
        SettingsError: It cannot be read, or says something that is no rule or topic.
    """
    try:
        return parse_operator(path.read_text("utf-8"))
    except OSError as error:
        raise SettingsError(f"{path}: {error.strerror}") from error
    except SettingsError as error:
        raise SettingsError(f"{path}: {error}") from error


def parse_operator(text: str) -> Operator:
    """Return what a file's text says.

    Raises:
        SettingsError: It says something that is no rule or topic; the message says where.
    """
    try:
        file = _File.model_validate(yaml.safe_load(text) or {})
        operator = Operator(file.topics, file.rules)
    except (yaml.YAMLError, ValidationError, re.error) as error:
        raise SettingsError(str(error)) from error
    own = {topic.id for topic in file.topics}
    named = [rule.topic for rule in file.rules]
    named += [topic.maps_to for topic in file.topics if topic.maps_to is not None]
    named += [topic.parent for topic in file.topics if topic.parent is not None]
    if unknown := sorted({topic for topic in named if topic not in own and not _is_media(topic)}):
        raise SettingsError(f"no such topic: {', '.join(unknown)}")
    return operator


def _is_media(topic: str) -> bool:
    return re.fullmatch(r"medtop:\d{8}", topic) is not None


def _category(topic: str, name: str, score: float, why: dict[str, JsonValue]) -> Category:
    if topic in BY_ID:
        name = TOPICS[BY_ID[topic]].name
    return Category(id=topic, name=name, score=round(score, 4), why=why)


def _lists(topic: OwnTopic) -> list[ListData]:
    """Return an own topic's words as lists with one topic, the first place standing for it."""
    return [
        ListData(
            language=language,
            related=(),
            leading=(),
            entries=tuple(
                Entry(" ".join(tokens(fold(word), 8)), word.endswith("*"), ((0, _WORD_WEIGHT),))
                for word in words
            ),
        )
        for language, words in topic.words.items()
    ]


def _said_sections(story: Story) -> frozenset[str]:
    said = [value for place in _SECTION_PLACES for value in story.signals.get(place, ())]
    if story.section is not None:
        said.append(story.section)
    return frozenset(map(normalized, said))


def _holds(
    when: Conditions, patterns: Sequence[re.Pattern[str]], story: Story, url: str | None
) -> bool:
    host = (urlsplit(url).hostname or "") if url is not None else ""
    said = _said_sections(story)
    whole = f"{story.title}\n{story.text}"[:MAX_CHARACTERS]
    words = f" {' '.join(tokens(fold(whole), MAX_CHARACTERS))} " if when.words else ""
    return all(
        (
            not when.host or any(fnmatchcase(host, each.lower()) for each in when.host),
            not when.url or any(fnmatchcase(url or "", each) for each in when.url),
            not when.section or any(normalized(each) in said for each in when.section),
            not when.language
            or story.language.partition("-")[0]
            in {each.partition("-")[0] for each in when.language},
            not patterns or any(each.search(whole) for each in patterns),
            not when.words
            or any(f" {' '.join(tokens(fold(each), 8))} " in words for each in when.words),
        )
    )
