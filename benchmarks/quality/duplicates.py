"""Answers a stream of documents with what the product says about each: the harness's protocol.

Reads ``{id, url, title, text}`` (JSON lines, in order of arrival) on standard input and writes
``{id, duplicate_of, relation}``::

    python score_dedupe.py --data dev --cmd "python -m benchmarks.quality.duplicates"
    REDIS_URL=... python race_check.py --data dev --cmd "python -m benchmarks.quality.duplicates"

With ``REDIS_URL`` the index is the one of that server, shared by all processes that name it, and
the caller empties it between runs. Without it the index lies in this process, so that CPU time is
that of the comparisons alone; with ``--embedded`` it is that of a server which this process starts.
All of them answer alike: one suite of tests holds them to it.
"""

import argparse
import gc
import json
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from newsmill_enrich.duplicates import Index, MemoryIndex, fingerprint, judge
from newsmill_shared.identity import article_id
from newsmill_shared.urls import canonicalize

_PLAIN_URL = re.compile(
    r"(?i:https?)://(?i:www\.)?([^/?#:]+)(?::80|:443)?([^?#]*?)/?(\?[^#]*)?(?:#.*)?"
)


class Names(Protocol):
    """Remembers what the harness calls a document or page, the first time it is seen."""

    def first(self, kind: str, key: str, name: str) -> str:
        """Return the name that ``key`` got first, by now this one if none."""


class NamesHere:
    """Names in this process."""

    def __init__(self) -> None:
        self._names: dict[tuple[str, str], str] = {}

    def first(self, kind: str, key: str, name: str) -> str:
        """See :class:`Names`."""
        return self._names.setdefault((kind, key), name)


class NamesInRedis:
    """Names shared by all processes of a run."""

    def __init__(self, url: str) -> None:
        from redis import Redis  # noqa: PLC0415 - a run without a server needs no client

        self._redis = Redis.from_url(url, decode_responses=True)

    def first(self, kind: str, key: str, name: str) -> str:
        """See :class:`Names`."""
        field = f"{kind}:{key}"
        self._redis.hsetnx("benchmark:names", field, name)
        return str(self._redis.hget("benchmark:names", field))


def main() -> None:
    """Answer every line of standard input."""
    parser = argparse.ArgumentParser(description="Answer a stream of documents.")
    parser.add_argument("--embedded", action="store_true", help="start a server for this run")
    embedded = parser.parse_args().embedded
    with _opened(os.environ.get("REDIS_URL"), embedded=embedded) as (index, names):
        # What was loaded so far stays: a long-lived process looks through it once.
        gc.freeze()
        for line in sys.stdin:
            row = json.loads(line)
            answer = answer_for(row, index, names.first)
            sys.stdout.write(json.dumps(answer) + "\n")
            sys.stdout.flush()


def answer_for(
    row: dict[str, str], index: Index, first: Callable[[str, str, str], str]
) -> dict[str, str | None]:
    """Return the answer about one document.

    Another content of a page is a revision of it, the same content a refetch, as the store
    decides it; everything else is the verdict of enrichment.
    """
    name = row["id"]
    key = page_key(row["url"])
    mark = fingerprint(row["title"], row["text"], page_key=key)
    page = first("page", key, name)
    # Named before it is registered: another process may meet it at once.
    same = first("document", mark.document.hex(), name)
    verdict, _ = judge(mark, index.register(mark, article_id=article_id(key)))
    if page != name:
        return answer(name, page, "revision" if same == name else "refetch")
    if verdict.duplicate_of is None:
        return answer(name, None, "original")
    return answer(name, first("document", verdict.duplicate_of.document, ""), "duplicate")


def answer(name: str, duplicate_of: str | None, relation: str) -> dict[str, str | None]:
    """One row of the harness's protocol."""
    return {"id": name, "duplicate_of": duplicate_of, "relation": relation}


def page_key(url: str) -> str:
    """Return a key of the page that a site's redirects lead to.

    The product compares final URLs, which a fetch finds; this stream has only first ones. Sites
    redirect to https and to one spelling with or without ``www.`` and the final slash. Only a
    query needs the whole of canonicalisation, which is no work of enrichment.
    """
    plain = _PLAIN_URL.fullmatch(canonicalize(url).canonical if "?" in url else url)
    if plain is None:
        return url
    host, path, query = plain.groups()
    return f"{host.lower()}{path}{query or ''}"


@contextmanager
def _opened(url: str | None, *, embedded: bool) -> Iterator[tuple[Index, Names]]:
    if url is None and not embedded:
        yield MemoryIndex(), NamesHere()
        return
    # A run in memory needs neither client nor server.
    from newsmill_enrich.adapters.redis_index import RedisIndex  # noqa: PLC0415

    if url is not None:
        yield RedisIndex.open(url), NamesInRedis(url)
        return
    from newsmill_cli.engines import Engines, Given  # noqa: PLC0415
    from tests.support.engines import chosen, open_folder  # noqa: PLC0415

    others = Given(database_url="none", redis_url="none")
    with open_folder() as folder, Engines(folder, given=others, choice=chosen()) as engines:
        yield RedisIndex.open(engines.index_url), NamesHere()


if __name__ == "__main__":
    main()
