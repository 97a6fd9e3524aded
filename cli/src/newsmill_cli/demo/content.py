"""The demo's content: papers, stories, page forms and the manifest, read from data files."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from string import Template
from typing import Any

__all__ = [
    "Article",
    "Content",
    "File",
    "Form",
    "Page",
    "Publication",
    "Redirect",
    "Revision",
    "Story",
    "Submission",
    "Teaser",
    "load_content",
]

_FOLDER = files("newsmill_cli.demo").joinpath("content")
_RIGHT_TO_LEFT = frozenset({"ar"})


@dataclass(frozen=True, slots=True)
class Teaser:
    """A headline, a sentence and a date that stand around other stories."""

    title: str
    text: str
    shown: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """A paper: its address and the words around its stories."""

    name: str
    address: str
    language: str
    menu: tuple[str, ...]
    today: str
    teasers_title: str
    form_title: str
    form_button: str
    footer: str
    teasers: tuple[Teaser, ...]
    timezone: str | None = None
    """IANA zone of the paper's dates; given along where a page says no zone itself."""

    @property
    def direction(self) -> str:
        """The direction of its script, as HTML says it."""
        return "rtl" if self.language in _RIGHT_TO_LEFT else "ltr"


@dataclass(frozen=True, slots=True)
class Revision:
    """What a story says after its update."""

    title: str
    text: str
    modified: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A story and what is true of it."""

    name: str
    language: str
    category: str
    """Name of its top IPTC Media Topic."""
    section: str
    title: str
    text: str
    """Paragraphs, separated by an empty line."""
    published: datetime
    shown: str
    """The date as the page prints it."""
    author: str = ""
    revised: Revision | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """How a page is built: templates for the page and for what repeats in it."""

    page: Template
    paragraph: Template
    menu_item: Template
    teaser: Template
    modified: Template


@dataclass(frozen=True, slots=True)
class Page:
    """A page; without a story it is a list of headlines."""

    publication: Publication
    form: Form
    story: Story | None = None
    revised: bool = False


@dataclass(frozen=True, slots=True)
class Redirect:
    """A URL that leads to another."""

    to: str
    status: int


@dataclass(frozen=True, slots=True)
class File:
    """A file that is no page."""

    name: str
    media_type: str

    def read(self) -> bytes:
        """Return its bytes."""
        return _FOLDER.joinpath(self.name).read_bytes()


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """What the article of a page must say."""

    url: str
    title: str
    language: str
    published_at: datetime
    section: str
    category: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """A URL that is handed in, and what must become of it."""

    url: str
    round: int
    outcome: str
    reason: str | None = None
    timezone: str | None = None
    article: Article | None = None
    duplicate_of: str | None = None
    """The URL of the article that this one repeats."""


@dataclass(frozen=True, slots=True)
class Content:
    """All of the demo; every URL in it is a publication and a path, ``khazar/list/``."""

    publications: Mapping[str, Publication]
    resources: Mapping[str, Page | Redirect | File]
    submissions: tuple[Submission, ...]
    robots: str

    def address(self, url: str, port: int) -> str:
        """Return the address that ``url`` has when the site listens on ``port``."""
        publication, _, path = url.partition("/")
        return f"http://{self.publications[publication].address}:{port}/{path}"

    def hosts(self) -> tuple[str, ...]:
        """Return the loopback addresses that the site listens on."""
        return tuple(sorted({paper.address for paper in self.publications.values()}))


@cache
def load_content() -> Content:
    """Read the demo's files."""
    publications = {key: _publication(entry) for key, entry in _read("publications.toml").items()}
    manifest = _read("manifest.toml")
    resources: dict[str, Page | Redirect | File] = {
        entry["url"]: _page(entry, publications) for entry in manifest["page"]
    }
    for entry in manifest["redirect"]:
        resources[entry["url"]] = Redirect(entry["to"], entry["status"])
    for entry in manifest["file"]:
        resources[entry["url"]] = File(entry["name"], entry["media_type"])
    return Content(
        publications,
        resources,
        tuple(_submission(entry, resources, publications) for entry in manifest["submission"]),
        _FOLDER.joinpath("robots.txt").read_text(encoding="utf-8"),
    )


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads(_FOLDER.joinpath(name).read_text(encoding="utf-8"))


def _publication(entry: dict[str, Any]) -> Publication:
    teasers = tuple(Teaser(**teaser) for teaser in entry["teasers"])
    return Publication(**{**entry, "menu": tuple(entry["menu"]), "teasers": teasers})


def _page(entry: dict[str, Any], publications: Mapping[str, Publication]) -> Page:
    publication = publications[_publication_of(entry["url"])]
    story = _story(entry["story"]) if "story" in entry else None
    return Page(publication, _form(entry["form"]), story, entry.get("revised", False))


@cache
def _story(name: str) -> Story:
    entry = _read(f"stories/{name}.toml")
    if "revised" in entry:
        entry["revised"] = Revision(**entry["revised"])
    return Story(name=name, **entry)


@cache
def _form(name: str) -> Form:
    entry = {key: Template(text.lstrip("\n")) for key, text in _read(f"forms/{name}.toml").items()}
    return Form(**{"modified": Template(""), **entry})


def _submission(
    entry: dict[str, Any],
    resources: Mapping[str, Page | Redirect | File],
    publications: Mapping[str, Publication],
) -> Submission:
    url = entry["url"]
    round_number = entry.get("round", 1)
    return Submission(
        url=url,
        round=round_number,
        outcome=entry["outcome"],
        reason=entry.get("reason"),
        timezone=publications[_publication_of(url)].timezone,
        article=_article(entry["article"], round_number, resources) if "article" in entry else None,
        duplicate_of=entry.get("duplicate_of"),
    )


def _article(
    url: str, round_number: int, resources: Mapping[str, Page | Redirect | File]
) -> Article:
    page = resources[url]
    if not isinstance(page, Page) or page.story is None:
        raise ValueError(f"{url} has no story")
    story = page.story
    revised = story.revised if page.revised and round_number > 1 else None
    return Article(
        url=url,
        title=(revised or story).title,
        language=story.language,
        published_at=story.published.astimezone(UTC),
        section=story.section,
        category=story.category,
    )


def _publication_of(url: str) -> str:
    return url.partition("/")[0]
