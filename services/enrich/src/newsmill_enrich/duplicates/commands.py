"""The commands of ``newsmill duplicates``, which need no running system."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from newsmill_enrich.duplicates.comparison import Comparison, Rule
from newsmill_enrich.duplicates.explaining import Document, Explanation, explain
from newsmill_shared.errors import NewsmillError

__all__ = ["app"]

app = typer.Typer(help="Look into how copies and updates of a story are found.")

_MEANING = {
    Rule.EXACT: "the same words",
    Rule.CONTAINMENT: "most of the shorter text is in the longer",
    Rule.EXCERPT: "the shorter text is an excerpt, or a grown version, of the other's beginning",
    Rule.SCRIPT: "they are written in different scripts",
    Rule.SHORT: "too short to tell without the same title",
    Rule.APART: "too little in common",
    Rule.FIGURES: "the same words around other numbers: another issue of a form",
    Rule.TITLE: "the same words around other names: another issue of a form",
    Rule.LEAD: "one contains the other, but not at its beginning: a digest, or background",
}

_FIGURES = {
    "similarity": "shorter text found in the longer",
    "figures": "numbers that agree, of those in the same words",
    "lead": "lead in common",
    "title": "title in common",
    "hours_apart": "hours between publications",
}


class UnreadableDocumentError(NewsmillError):
    """A file is no document that can be read."""


@app.callback()
def _commands() -> None:
    """Keep ``explain`` a word of its own while it is the only one."""


@app.command("explain")
def explain_files(
    a: Annotated[Path, typer.Argument(help="A text, its first line the title; or JSON.")],
    b: Annotated[Path, typer.Argument(help="Another.")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say whether two articles tell one story, by which rule, and what they share.

    Exits with 0 if they do and with 1 if not. A file that ends in .json holds an object with
    "title" and "text".
    """
    first, second = _read(a), _read(b)
    found = explain(first, second)
    if as_json:
        sys.stdout.write(json.dumps(_plain(found), ensure_ascii=False, indent=2) + "\n")
    else:
        _print(found, first, second)
    raise typer.Exit(0 if found.duplicates else 1)


def _read(path: Path) -> Document:
    try:
        content = path.read_text("utf-8-sig")
        if path.suffix == ".json":
            row = json.loads(content)
            return Document(str(row["title"]), str(row["text"]))
    except UnicodeDecodeError as error:
        raise UnreadableDocumentError(f"{path} is not UTF-8 text") from error
    except (ValueError, KeyError, TypeError) as error:
        raise UnreadableDocumentError(
            f'{path} is not a JSON object with "title" and "text"'
        ) from error
    title, _, text = content.strip().partition("\n")
    return Document(title.strip(), text.strip())


def _plain(found: Explanation) -> dict[str, object]:
    return {
        "duplicates": found.duplicates,
        "rule": found.comparison.rule.value,
        **_figures(found.comparison),
        "shared_keys": found.shared_keys,
        "passages": [asdict(passage) for passage in found.passages],
    }


def _figures(comparison: Comparison) -> dict[str, float]:
    values = {name: getattr(comparison, name) for name in _FIGURES}
    return {name: round(value, 4) for name, value in values.items() if value is not None}


def _print(found: Explanation, a: Document, b: Document) -> None:
    console = Console(highlight=False)
    verdict = "one story" if found.duplicates else "two stories"
    console.print(f"[bold]{verdict}[/]: {_MEANING[found.comparison.rule]}")
    for name, value in _figures(found.comparison).items():
        console.print(f"  {_FIGURES[name]}: {value:g}")
    if found.comparison.same and not found.shared_keys:
        console.print("  no key in common: the index would not find one for the other")
    if not found.passages:
        return
    table = Table("in the first", "in the second", "shared passage", title="Shared passages")
    for passage in found.passages:
        words = Text(" ".join(a.text[passage.start_a : passage.end_a].split()))
        table.add_row(
            f"{passage.start_a}-{passage.end_a}", f"{passage.start_b}-{passage.end_b}", words
        )
    console.print(table)
    shared = sum(passage.end_b - passage.start_b for passage in found.passages)
    console.print(f"{shared} of {len(b.text)} characters of the second")
