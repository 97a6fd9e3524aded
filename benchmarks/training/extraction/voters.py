"""Other extractors, whose agreement labels pages without gold texts."""

import gzip
import json
from collections.abc import Callable, Mapping
from pathlib import Path

from benchmarks.data import shared_data

__all__ = ["VOTERS", "texts_of"]


def _trafilatura(body: bytes, url: str) -> str:
    from trafilatura import extract  # noqa: PLC0415 - only needed when nothing is cached

    return extract(body, url=url, include_comments=False, favor_precision=True) or ""


def _readability(body: bytes, url: str) -> str:
    from lxml.html import fromstring  # noqa: PLC0415 - only needed when nothing is cached
    from readability import Document  # noqa: PLC0415 - only needed when nothing is cached

    summary = fromstring(Document(body.decode("utf-8", "replace"), url=url).summary())
    return "\n".join(text for node in summary.iter() for text in (node.text, node.tail) if text)


def _newspaper(body: bytes, url: str) -> str:
    import newspaper  # noqa: PLC0415 - only needed when nothing is cached

    article = newspaper.Article(url=url, fetch_images=False)
    article.download(input_html=body.decode("utf-8", "replace"))
    article.parse()
    return str(article.text)


VOTERS: Mapping[str, Callable[[bytes, str], str]] = {
    "trafilatura": _trafilatura,
    "readability": _readability,
    "newspaper": _newspaper,
}


def texts_of(voter: str, name: str, cache: Path) -> dict[str, str]:
    """Return page key -> text of a voter for a set; answers are cached in ``cache``."""
    path = cache / f"{voter}.{name}.jsonl"
    if not path.exists():
        cache.mkdir(parents=True, exist_ok=True)
        folder = shared_data("extraction", "dev", name)
        with path.with_suffix(".part").open("w", encoding="utf-8") as out:
            for line in (folder / "pages.jsonl").read_text("utf-8").splitlines():
                row = json.loads(line)
                body = gzip.decompress((folder / row["html"]).read_bytes())
                try:
                    text = VOTERS[voter](body, row["url"])
                except Exception as error:  # noqa: BLE001 - a voter that fails abstains
                    print(f"{voter} abstains on {name}/{row['id']}: {type(error).__name__}")
                    text = ""
                out.write(json.dumps({"id": f"{name}/{row['id']}", "text": text}) + "\n")
        path.with_suffix(".part").rename(path)
    rows = (json.loads(line) for line in path.read_text("utf-8").splitlines())
    return {row["id"]: row.get("text") or "" for row in rows}
