"""Which other addresses are the same page: what a page says of itself, believed by rule.

A page's word alone is not enough: templates name the home page, the section or page one as the
canonical address of everything. So an address is believed only if it is the same owner's and
shows a mark of the same story: a number, a telling name, or the words of the headline.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import unquote

from pydantic import JsonValue

from newsmill_enrich.extraction import Links
from newsmill_shared.domains import registered_domain
from newsmill_shared.messages import Alias, AliasKind
from newsmill_shared.urls import CanonicalURL, URLRefusedError, canonicalize

__all__ = ["Aliases", "read_aliases"]

MAX_VARIANTS = 8
"""Variants of a page that are recorded; no site has more."""

_FORMS: dict[str, AliasKind] = {
    **dict.fromkeys(("amp", "ampstory", "outputtype-amp"), "amp"),
    **dict.fromkeys(("m", "mobile", "mobi", "wap", "touch", "handheld"), "mobile"),
    **dict.fromkeys(
        ("print", "printable", "printview", "printpage", "print-version", "drucken", "imprimir"),
        "print",
    ),
}
"""Words in hosts, paths and parameters that name a form of a page."""

_NOISE = frozenset({"index", "default", "www", "html", "full", "story.html"})
_ENDING = re.compile(r"\.(?:s?html?|php\d?|aspx?|jsp|jspx|cms|ece|do|story|amp)$")
_FORM_SUFFIX = re.compile(r"[-_.,](amp|print|mobile)$|^(amp|print|mobile)[-_.]")
_HOME = re.compile(r"/?(?:[a-z]{2}(?:[-_][a-z]{2})?/?)?(?:(?:index|home|default)(?:\.\w+)?/?)?")
_NUMBER = re.compile(r"\d{4,}")
_YEAR_OR_DATE = re.compile(
    r"(?:19|20)\d\d(?:(?:0[1-9]|1[0-2])(?:(?:0[1-9]|[12]\d|3[01])(?:\d{4}|\d{6})?)?)?"
)
_PART = re.compile(r"(?:/(?:page|p|seite|pagina|part|teil)?[/_-]?|,)\d{1,2}/?")
_PART_NAMES = frozenset(
    {"page", "p", "pg", "paged", "seite", "pagina", "pagenum", "pageno", "part", "start", "offset"}
)
_FEW_DIGITS = re.compile(r"\d{1,3}")
_WORD = re.compile(r"[^\W\d_]{2,}|\d+")
_TELLING_WORDS = 3
_TELLING_LETTERS = 12
_TITLE_SHARE = 0.6


@dataclass(frozen=True, slots=True)
class Aliases:
    """What is believed, and what is not."""

    home: Alias | None
    """The page that this one is a form of."""
    variants: tuple[Alias, ...]
    """Other forms of this page."""
    evidence: dict[str, JsonValue]
    """The ground for each address that was looked at."""


def read_aliases(links: Links, own: CanonicalURL, title: str) -> Aliases:
    """Judge what a page says about its other addresses.

    Args:
        links: What it says.
        own: Where it was found.
        title: Its headline.
    """
    page = _Place(own, title)
    home, ground = _home(links, page)
    evidence: dict[str, JsonValue] = {"home": ground} if ground else {}
    kept: dict[str, Alias] = {}
    refused: list[JsonValue] = []
    for kind, url in links.variants:
        other = _readable(url)
        if other is None or other.key in (own.key, home.key if home else None):
            continue
        why = _objection(page, _Place(other, title))
        if why is None and len(kept) < MAX_VARIANTS:
            kept.setdefault(other.key, Alias(url=other.url, key=other.key, kind=kind))
        elif why is not None:
            refused.append({"url": other.url, "why": why})
    if refused:
        evidence["refused"] = refused[:MAX_VARIANTS]
    return Aliases(home, tuple(kept.values()), evidence)


def _home(links: Links, page: "_Place") -> tuple[Alias | None, dict[str, JsonValue]]:
    """Return the page that a page belongs to, unless that is itself, and the ground."""
    if not links.canonical:
        return None, {}
    readable = [url for url in map(_readable, links.canonical) if url is not None]
    if not readable:
        return None, {"url": links.canonical[0], "why": "it is no URL that can be fetched"}
    if len({url.key for url in readable}) > 1:
        return None, {"url": readable[0].url, "why": "the page names several"}
    named = readable[0]
    if named.key == page.url.key:
        return None, {}
    objection = _objection(page, _Place(named, page.title))
    if objection is not None:
        return None, {"url": named.url, "why": objection}
    kind: AliasKind = "amp" if links.is_amp else page.form
    return Alias(url=named.url, key=named.key, kind=kind), {"url": named.url, "kind": kind}


def _readable(url: str) -> CanonicalURL | None:
    try:
        return canonicalize(url)
    except URLRefusedError:
        return None


def _objection(page: "_Place", other: "_Place") -> str | None:
    """Return why two addresses are not believed to be one page; None if they are."""
    if page.domain != other.domain:
        return "it is another owner's"
    if _HOME.fullmatch(other.path) and not other.parameters:
        return "it is a home page"
    if page.bare == other.bare:
        return None
    if page.is_part_of(other) or other.is_part_of(page):
        return "one is a part of the other"
    return _difference(page, other)


def _difference(page: "_Place", other: "_Place") -> str | None:
    if page.numbers and other.numbers:
        return None if page.numbers & other.numbers else "it has another number"
    alike = other.says_title() or page.shares_name_with(other) or other.has_parameters_of(page)
    return None if alike else "nothing shows that it is the same"


@dataclass(frozen=True)
class _Place:
    """What can be told from a page's address."""

    url: CanonicalURL
    title: str

    @cached_property
    def domain(self) -> str:
        return registered_domain(self.url.hostname)

    @cached_property
    def path(self) -> str:
        return unquote(self._target.partition("?")[0]).lower()

    @cached_property
    def parameters(self) -> dict[str, str]:
        """By name, without those that only name a form of the page."""
        pairs = (part.partition("=") for part in self._target.partition("?")[2].split("&") if part)
        named = {unquote(name).lower(): unquote(value).lower() for name, _, value in pairs}
        return {
            name: value
            for name, value in named.items()
            if name not in _FORMS and value not in _FORMS
        }

    @cached_property
    def segments(self) -> tuple[str, ...]:
        """Of the path, without endings and forms of the page."""
        found = (_FORM_SUFFIX.sub("", _ENDING.sub("", part)) for part in self.path.split("/"))
        return tuple(part for part in found if part and part not in _FORMS and part not in _NOISE)

    @cached_property
    def bare(self) -> tuple[tuple[str, ...], dict[str, str]]:
        return self.segments, self.parameters

    @cached_property
    def name(self) -> str:
        return self.segments[-1] if self.segments else ""

    @cached_property
    def numbers(self) -> frozenset[str]:
        """Long numbers, but for dates: articles have them, and share them with no other."""
        texts: Iterable[str] = (*self.segments, *self.parameters.values())
        found = (number for text in texts for number in _NUMBER.findall(text))
        return frozenset(number for number in found if not _YEAR_OR_DATE.fullmatch(number))

    @cached_property
    def form(self) -> AliasKind:
        """What the address itself says that the page is for."""
        host = self.url.hostname.split(".")[:1]
        raw = [*host, *re.split(r"[/?&=.,_-]", self._target.lower())]
        return next((_FORMS[word] for word in raw if word in _FORMS), "variant")

    def is_part_of(self, other: "_Place") -> bool:
        """Whether this is page two, or further, of a longer article."""
        rest = self.path.removeprefix(other.path.rstrip("/"))
        if rest != self.path and _PART.fullmatch(rest):
            return True
        more = self.parameters.items() - other.parameters.items()
        return any(name in _PART_NAMES and _FEW_DIGITS.fullmatch(value) for name, value in more)

    def says_title(self) -> bool:
        """Whether the address spells the page's headline."""
        words = _WORD.findall(self.name)
        told = set(_WORD.findall(self.title.casefold()))
        shared = sum(word in told for word in words)
        return shared >= _TELLING_WORDS and shared >= _TITLE_SHARE * len(words)

    def shares_name_with(self, other: "_Place") -> bool:
        """Whether both addresses spell one telling name."""
        short, long = sorted((self.name, other.name), key=len)
        return _is_telling(short) and short in long

    def has_parameters_of(self, page: "_Place") -> bool:
        """Whether it is the page's path with some of its parameters, a number among them."""
        own = self.parameters.items()
        numbered = any(value.isdecimal() for value in self.parameters.values())
        return self.segments == page.segments and numbered and own <= page.parameters.items()

    @property
    def _target(self) -> str:
        return "/" + self.url.canonical.split("/", 3)[3]


def _is_telling(name: str) -> bool:
    """Whether a name is too particular to stand for two stories."""
    letters = sum(map(str.isalpha, name))
    if name.isascii():
        return len(_WORD.findall(name)) >= _TELLING_WORDS and letters >= _TELLING_LETTERS
    return letters >= _TELLING_LETTERS
