"""The offline commands ``newsmill tags``: build, check, train, measure and explain tagging."""

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from pydantic import JsonValue

from newsmill_enrich.topics.artefact import MODEL, ModelFileError, load
from newsmill_enrich.topics.making.background import Background
from newsmill_enrich.topics.making.build import build, media_topics
from newsmill_enrich.topics.making.check import check as check_lists
from newsmill_enrich.topics.making.lists import DATA, TopicListError, read_all
from newsmill_enrich.topics.making.measures import (
    LabelledError,
    Measures,
    measure,
    read_labelled,
    scores_of,
)
from newsmill_enrich.topics.making.store import write
from newsmill_enrich.topics.making.train import Ingredients
from newsmill_enrich.topics.making.train import train as train_model
from newsmill_enrich.topics.scoring import Join
from newsmill_enrich.topics.settings import TopicsSettings
from newsmill_enrich.topics.tagger import Tagger

__all__ = ["app"]

SOURCES: list[JsonValue] = [
    "topic lists written for newsmill, one a language (MIT)",
    "IPTC Media Topic names, edition of 2023-10-24 (CC BY 4.0)",
    "word rates from SIB-200 (CC BY-SA 4.0) and unlabelled news pages; no text is kept",
]

app = typer.Typer(
    help="Category tagging: explain decisions, train and measure models, check topic lists.",
    no_args_is_help=True,
)

Data = Annotated[Path, typer.Option("--data", help="JSONL: {title, text, lang, labels}")]
ModelFile = Annotated[Path | None, typer.Option("--model", help="Default: the installed one")]


@app.command()
def explain(
    title: Annotated[str, typer.Argument(help="The article's title")],
    text: Annotated[str, typer.Argument(help="Its text, or - for standard input")] = "-",
    language: Annotated[str, typer.Option(help="BCP 47 tag")] = "und",
    section: Annotated[str | None, typer.Option(help="The section line it shows")] = None,
    url: Annotated[str | None, typer.Option(help="Where it was found, for rules")] = None,
) -> None:
    """Print an article's categories with all that speaks for them, as JSON."""
    body = typer.get_text_stream("stdin").read() if text == "-" else text
    tagged = Tagger().categorize(
        title, body, language=language, section_raw=section, signals={}, url=url
    )
    _print(
        {
            "categories": [category.model_dump(mode="json") for category in tagged.categories],
            "evidence": tagged.evidence,
        }
    )


@app.command()
def check() -> None:
    """Print what is wrong or noteworthy in the product's topic lists; errors end with 1."""
    try:
        findings = check_lists(read_all())
    except TopicListError as error:
        _fail(str(error))
    for finding in findings:
        typer.echo(f"{finding.level}\t{finding.language}\t{finding.text}")
    if any(finding.level == "error" for finding in findings):
        raise typer.Exit(1)


@app.command(name="build")
def build_command(
    out: Annotated[Path, typer.Option(help="Where the model goes, its card beside it")] = MODEL,
) -> None:
    """Make the model file from the product's topic lists (needs the extra ``train``)."""
    parts = ingredients()
    contents = build(parts.lists, parts.topics, parts.background, parts.join)
    fitted = json.loads((DATA / "join.json").read_text("utf-8"))
    digest = write(contents, out, {"sources": SOURCES, **fitted})
    typer.echo(f"{out} sha256 {digest}")


@app.command(name="eval")
def evaluate(data: Data, model: ModelFile = None) -> None:
    """Print how the installed model, or another one, does on labelled articles."""
    try:
        labelled = read_labelled(data)
        found = load(model or TopicsSettings().topics_model)
    except (LabelledError, ModelFileError) as error:
        _fail(str(error))
    _print({"model": found.id, **_figures(measure(scores_of(found, labelled), labelled))})


@app.command()
def train(
    data: Data,
    out: Annotated[Path, typer.Option(help="Where the model goes, its card beside it")],
    seed: Annotated[int, typer.Option(help="Which articles are kept out")] = 0,
) -> None:
    """Train a model on your own labelled articles; one that is worse is not written.

    A quarter of the articles is kept out of training. The new model is written only if it does no
    worse on them than the installed one. Set NEWSMILL_TOPICS_MODEL to use it.
    """
    try:
        labelled = read_labelled(data)
        trained = train_model(labelled, load(), ingredients(), seed=seed)
    except (LabelledError, ModelFileError, ValueError) as error:
        _fail(str(error))
    _print({"installed": _figures(trained.before), "trained": _figures(trained.after)})
    if trained.worse:
        _fail("the trained model is worse on the articles kept out: not written")
    source = f"{data.name} sha256 {hashlib.sha256(data.read_bytes()).hexdigest()[:16]}"
    write(
        trained.contents,
        out,
        {
            "sources": [*SOURCES, source],
            "join": _plain(trained.contents.join),
            "kept_out": {
                "installed": _figures(trained.before),
                "trained": _figures(trained.after),
            },
        },
    )
    typer.echo(f"written: {out}")


def ingredients() -> Ingredients:
    """Return what the product's own model is made from."""
    fitted = json.loads((DATA / "join.json").read_text("utf-8"))
    return Ingredients(read_all(), media_topics(), Background.read(), Join(**fitted["join"]))


def _plain(join: Join) -> dict[str, JsonValue]:
    return dict(asdict(join))


def _figures(measures: Measures) -> dict[str, JsonValue]:
    return {name: round(value, 4) for name, value in asdict(measures).items()}


def _print(answer: dict[str, JsonValue]) -> None:
    typer.echo(json.dumps(answer, ensure_ascii=False, indent=2))


def _fail(message: str) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(1)
