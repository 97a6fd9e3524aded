"""Reads the topic lists that people write: one YAML file per language.

A file says for each topic which ``sections`` publishers name so and which ``words`` speak for it,
comma-separated. ``word*`` is a stem; in a file with ``match: stems`` every word of four letters or
more is one, except ``word=``. Among sections, ``name=`` counts only as the whole name.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from newsmill_enrich.topics.sections import normalized
from newsmill_enrich.topics.taxonomy import BY_SLUG
from newsmill_enrich.topics.words import fold, is_run, tokens
from newsmill_shared.errors import NewsmillError

__all__ = ["DATA", "Term", "TopicList", "TopicListError", "parse", "read_all"]

DATA = Path(__file__).resolve().parent.parent / "data"
"""Where the product's lists and the model made from them lie."""

_SHORTEST_STEM = {"ko": 2, "am": 3, "ti": 3, "he": 3, "th": 99, "zh": 99, "ja": 99}
_DEFAULT_SHORTEST_STEM = 4
_KEYS = frozenset({"language", "match", "related", "leading", "ignored", "sections", "words"})


class TopicListError(NewsmillError):
    """A topic list cannot be read; the message names the file and what is wrong in it."""


@dataclass(frozen=True, slots=True)
class Term:
    """A listed word or phrase, folded; a stem matches every word that begins with it."""

    text: str
    stem: bool


@dataclass(frozen=True, slots=True)
class TopicList:
    """One language's list.

    Attributes:
        language: BCP 47 tag, ``und`` for the international list.
        related: Languages whose lists are asked for words that this one lacks.
        leading: What is written together with, and before, a word.
        ignored: Names, in their normal form, that map to nothing although a Media Topic is
            called so.
        sections: Per topic (place in ``TOPICS``), section names in their normal form; a name with
            a leading ``=`` may also decide as one word of a longer name.
        words: Per topic, the terms in the order in which they were written.
    """

    language: str
    related: tuple[str, ...]
    leading: tuple[str, ...]
    ignored: frozenset[str]
    sections: Mapping[int, tuple[str, ...]]
    words: Mapping[int, tuple[Term, ...]]


def read_all(folder: Path = DATA / "words") -> tuple[TopicList, ...]:
    """Return the lists of a folder, by language.

    Raises:
        TopicListError: A file is no list.
    """
    return tuple(
        parse(path.read_text("utf-8"), path.name) for path in sorted(folder.glob("*.yaml"))
    )


def parse(text: str, name: str) -> TopicList:
    """Return the list in a file's text.

    Raises:
        TopicListError: It is no list; the message names the file.
    """
    try:
        raw = yaml.load(text, Loader=yaml.CSafeLoader)
    except yaml.YAMLError as error:
        raise TopicListError(f"{name}: {error}") from error
    if not isinstance(raw, dict) or not isinstance(raw.get("language"), str):
        raise TopicListError(f"{name}: needs a mapping with a language")
    if unknown := sorted(set(raw) - _KEYS):
        raise TopicListError(f"{name}: unknown keys {', '.join(unknown)}")
    language = raw["language"]
    stems = raw.get("match") == "stems"
    return TopicList(
        language=language,
        related=tuple(_split(raw.get("related"), name)),
        leading=tuple(fold(prefix) for prefix in _split(raw.get("leading"), name)),
        ignored=frozenset(normalized(each) for each in _split(raw.get("ignored"), name)),
        sections={
            topic: tuple(dict.fromkeys(form for each in names for form in _section_forms(each)))
            for topic, names in _by_topic(raw.get("sections"), name)
        },
        words={
            topic: tuple(dict.fromkeys(_term(each, language, stems, name) for each in words))
            for topic, words in _by_topic(raw.get("words"), name)
        },
    )


def _by_topic(raw: object, name: str) -> Iterator[tuple[int, list[str]]]:
    if raw is None:
        return
    if not isinstance(raw, dict):
        raise TopicListError(f"{name}: sections and words are mappings from topic to list")
    for slug, value in raw.items():
        if slug not in BY_SLUG:
            raise TopicListError(f"{name}: no topic is called {slug!r}")
        yield BY_SLUG[slug], _split(value, name)


def _split(value: object, name: str) -> list[str]:
    if value is None:
        return []
    if not isinstance(value, str):
        raise TopicListError(f"{name}: {value!r} is no comma-separated text")
    return [part for each in value.replace("、", ",").split(",") if (part := each.strip())]


def _section_forms(raw: str) -> Iterator[str]:
    whole_only = raw.endswith("=")
    key = normalized(raw.removesuffix("="))
    yield key
    if not whole_only and " " not in key:
        yield "=" + key


def _term(raw: str, language: str, stems: bool, name: str) -> Term:
    text = " ".join(tokens(fold(raw), 8))
    if not text:
        raise TopicListError(f"{name}: {raw!r} has no letters")
    shortest = _SHORTEST_STEM.get(language, _DEFAULT_SHORTEST_STEM)
    by_file = stems and not raw.endswith("=") and len(text) >= shortest
    return Term(text, stem=(raw.endswith("*") or by_file) and not is_run(text))
