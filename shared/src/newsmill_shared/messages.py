"""The messages that stages exchange: frozen, versioned by name, with committed JSON Schemas.

A command is imperative, an event past tense. The wire type (``page.fetched.v1``) is also the
Celery task name: services meet at a name, not at an import. Unknown fields are ignored, so a
field with a default may be added; any other change makes a new version.
"""

from typing import ClassVar, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, JsonValue

from newsmill_shared.reasons import Reason

__all__ = [
    "INLINE_TEXT_BYTES",
    "MAX_TEXT_BYTES",
    "MESSAGES",
    "Alias",
    "AliasKind",
    "Article",
    "ArticleEnriched",
    "Category",
    "DuplicateVerdict",
    "Evidence",
    "FetchPage",
    "Hop",
    "HostSettings",
    "JobFinished",
    "Language",
    "Message",
    "Page",
    "PageFetched",
    "Relation",
    "Rework",
    "Span",
    "StoredFetch",
    "Work",
]

MAX_TEXT_BYTES = 1024 * 1024
"""An article's text is cut here (UTF-8 bytes) and marked as truncated."""

INLINE_TEXT_BYTES = 32 * 1024
"""A text up to this size (UTF-8 bytes) travels in its message, a longer one by reference."""


class Frozen(BaseModel):
    """A value at the wire."""

    # What cannot be read is named in logs by its place alone: it may be a page, or a cookie.
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class Work(Frozen):
    """Which attempt of which job a message is about, and in which life of Redis it was sent."""

    job_id: UUID
    attempt: int = Field(ge=0)
    epoch: str


class Message(Work):
    """A message between stages."""

    TYPE: ClassVar[str]
    QUEUE: ClassVar[str]


class Span(Frozen):
    """Which process worked on an attempt at a stage, from when, and for how long."""

    worker: str
    """Its incarnation, as in its heartbeat."""
    began_at: AwareDatetime | None = None
    """By the worker's own clock: to be shown, and never to decide by. None if it is not known."""
    seconds: float | None = None
    """From the claim to the answer, by its monotonic clock; None if nobody could measure it."""


class Hop(Frozen):
    """One redirect that was followed."""

    url: str
    status: int


class StoredFetch(Frozen):
    """The newest fetch of a page that became an article: the host may say that it is still so."""

    fetch_id: UUID
    url_key: str
    """Of the page that was fetched, after redirects: only there is its body the same page's."""
    sha256: str
    """Of the body, hex."""
    etag: str | None = None
    last_modified: str | None = None


class HostSettings(Frozen):
    """How the host of a fetch is asked, as its operator here has set it."""

    headers: dict[str, str] = Field(default={}, repr=False)
    """Sent to this host alone."""
    cookies: dict[str, str] = Field(default={}, repr=False)
    """Sent to this host alone."""
    ignore_robots: bool = False
    """Fetch whatever robots.txt says; it is not read then."""


class FetchPage(Message):
    """Fetch this page now: its host is held for you until the claim or the chain runs out."""

    TYPE: ClassVar[str] = "page.fetch.v1"
    QUEUE: ClassVar[str] = "ingest"

    url: str
    """The URL as handed in."""
    url_key: str
    """sha256 (hex) of the canonical form of ``url``."""
    target: str
    """Where to ask: ``url``, or where an earlier chain was redirected to on another host."""
    hops: tuple[Hop, ...] = ()
    cookies: dict[str, str] = {}
    """Cookies of this chain so far, carried over a move to another host."""
    claim_by: int
    """When the message must be claimed, in milliseconds of Redis' own clock."""
    fetch_seconds: float
    """The whole chain, from claim to note, must end within this."""
    timezone: str | None = None
    """IANA zone of the site's local times, if its operator or submitter said so."""
    stored: StoredFetch | None = None
    """What is known of the page; None if nothing is, or if it is to be fetched in any case."""
    host: HostSettings = HostSettings()
    """For the host of ``target``."""
    languages: dict[str, int] = {}
    """In how many stored articles of that host each language was told (BCP 47)."""


class Page(Frozen):
    """One retrieval of a page, or one supplied document; its body lies in the page store."""

    fetch_id: UUID
    url: str
    url_key: str
    final_url: str
    final_key: str
    hops: tuple[Hop, ...] = ()
    status: int = 200
    headers: dict[str, str] = {}
    """Response headers worth keeping, names in lower case."""
    fetched_at: AwareDatetime
    sha256: str
    """Of the body as stored, hex."""
    object: str
    """The body's key in the page store."""
    size: int
    """Of the body, in bytes."""
    media_type: str
    """``text/html``, ``application/xhtml+xml``, ``text/plain``, ..."""
    supplied: bool = False
    """Handed in with its content, rather than fetched by us."""
    noarchive: bool = False
    """Its response headers ask that no copy of the page be kept."""
    timezone: str | None = None


Rework = Literal["preview", "write"]
"""A stored page is enriched again, to see what would change, or to write it. ``job_id`` names the
page within its run then: there is no job."""


class PageFetched(Message):
    """A page's body is in the page store: make an article of it."""

    TYPE: ClassVar[str] = "page.fetched.v1"
    QUEUE: ClassVar[str] = "enrich"

    page: Page
    languages: dict[str, int] = {}
    """In how many stored articles of its host each language was told (BCP 47)."""
    rework: Rework | None = None


class Language(Frozen):
    """The language of a text: BCP 47 tag (``und`` when it cannot be told) and confidence 0-1."""

    tag: str
    confidence: float


class Category(Frozen):
    """An IPTC Media Topic, its score 0-1, and the terms and signals that speak for it."""

    id: str
    name: str
    score: float
    why: dict[str, JsonValue] = {}


class Relation(Frozen):
    """How a document stands to an earlier one that it was compared with."""

    article_id: UUID
    document: str
    """Index key of the earlier document, 16 hex digits."""
    similarity: float
    """Share of the smaller document's passages found in the larger, 0-1; 1 = same content."""
    rule: str
    """Which rule decided, e.g. ``exact``, ``containment``."""


class DuplicateVerdict(Frozen):
    """Where a document stands among those seen before."""

    document: str
    """Index key of this document (URL key and exact content), 16 hex digits."""
    sequence: int
    """Its place in the order of registration; kept when it is registered again."""
    duplicate_of: Relation | None = None
    """The earliest earlier document at another URL that tells the same story."""
    related: tuple[Relation, ...] = ()
    registered_at: AwareDatetime | None = None
    """When it was registered: what is older than the index' window is not loaded again."""
    keys: str = ""
    """What the index finds it by, in base64: the index is rebuilt from this and the sketch."""
    sketch: str = ""
    """What later documents are compared with, in base64; its first byte is its version."""


AliasKind = Literal["amp", "mobile", "print", "variant"]
"""What a second address of a page is for; ``variant`` is any that the page gives no purpose."""


class Alias(Frozen):
    """Another address that is the same page, by its own word and by rule."""

    url: str
    key: str
    """sha256 (hex) of the canonical form of ``url``."""
    kind: AliasKind = "variant"


class Evidence(Frozen):
    """Why each thing was decided, part by part, as plain JSON."""

    extraction: dict[str, JsonValue] = {}
    language: dict[str, JsonValue] = {}
    duplicates: dict[str, JsonValue] = {}
    categories: dict[str, JsonValue] = {}


class Article(Frozen):
    """What a page says."""

    title: str
    text: str | None
    """Paragraphs separated by one newline; None when ``text_object`` holds it."""
    text_object: str | None = None
    text_truncated: bool = False
    content_hash: str
    """sha256 (hex) over title and text: equal means the page says the same as before."""
    published_at: AwareDatetime | None = None
    modified_at: AwareDatetime | None = None
    authors: tuple[str, ...] = ()
    section_raw: str | None = None
    site_name: str | None = None
    canonical_url: str | None = None
    """The address that the page declares to be its own, whatever that is worth."""
    home: Alias | None = None
    """The page that this one is a variant of, and what kind of: the article belongs there."""
    aliases: tuple[Alias, ...] = ()
    """Addresses of this page's variants."""
    noarchive: bool = False
    """The publisher asks that no copy of the page be kept."""
    image: str | None = None
    language: Language
    categories: tuple[Category, ...] = ()
    duplicates: DuplicateVerdict
    evidence: Evidence


class ArticleEnriched(Message):
    """A page has become an article: record it."""

    TYPE: ClassVar[str] = "article.enriched.v1"
    QUEUE: ClassVar[str] = "store"

    page: Page
    article: Article
    span: Span | None = None
    rework: Rework | None = None


class JobFinished(Message):
    """A job ended without an article, for this reason: record it."""

    TYPE: ClassVar[str] = "job.finished.v1"
    QUEUE: ClassVar[str] = "store"

    reason: Reason
    detail: str = ""
    evidence: dict[str, JsonValue] = {}
    page: Page | None = None
    span: Span | None = None
    rework: Rework | None = None


MESSAGES: tuple[type[Message], ...] = (FetchPage, PageFetched, ArticleEnriched, JobFinished)
