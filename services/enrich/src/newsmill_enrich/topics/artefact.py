"""The model file: everything a tagger needs in one ``.npz`` without pickle, and its card."""

import hashlib
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from newsmill_enrich.topics.lexicon import Entry, Lexicon, ListData
from newsmill_enrich.topics.linear import Linear
from newsmill_enrich.topics.scoring import Join
from newsmill_enrich.topics.sections import NamedTopic, SectionNames
from newsmill_shared.errors import NewsmillError

__all__ = [
    "MODEL",
    "Contents",
    "Model",
    "ModelFileError",
    "card_of",
    "load",
    "made",
    "pack",
    "unpack",
]

MODEL = Path(__file__).resolve().parent / "data" / "topics.npz"
"""The model that comes with the product; its card lies beside it as ``topics.json``."""


class ModelFileError(NewsmillError):
    """A model file and its card do not belong together, or one of them cannot be read."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What a model file holds, as plain values."""

    lists: tuple[ListData, ...]
    linear: Linear
    names: Mapping[str, int]
    media_topics: Mapping[str, NamedTopic]
    join: Join


@dataclass(frozen=True, slots=True)
class Model:
    """A model ready for use; ``id`` names it in stored evidence."""

    id: str
    lexicon: Lexicon
    linear: Linear
    names: SectionNames
    join: Join


def card_of(path: Path) -> Path:
    """Return where the card of a model file lies."""
    return path.with_suffix(".json")


def load(path: Path = MODEL) -> Model:
    """Return the model in a file, checked against its card.

    Raises:
        ModelFileError: File or card is missing or damaged, or they do not belong together.
    """
    try:
        content = path.read_bytes()
        card = json.loads(card_of(path).read_text("utf-8"))
        version, expected = card["version"], card["sha256"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelFileError(f"{path}: {error!r}") from error
    digest = hashlib.sha256(content).hexdigest()
    if digest != expected:
        raise ModelFileError(f"{path}: its sha256 is {digest}, the card says {expected}")
    return made(unpack(content, str(path)), f"topics-{version}+sha256:{digest[:16]}")


def made(contents: Contents, name: str = "topics") -> Model:
    """Return the model that contents make, ready for use."""
    return Model(
        id=name,
        lexicon=Lexicon(contents.lists),
        linear=contents.linear,
        names=SectionNames(contents.names, contents.media_topics),
        join=contents.join,
    )


def pack(contents: Contents) -> bytes:
    """Return the file's bytes; the same contents give the same bytes."""
    linear = contents.linear
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer,
        lists=_text(_list_lines(contents.lists)),
        features=_text(linear.rows),
        weights=linear.weights,
        scale=linear.scale.astype(np.float32),
        rarity=linear.rarity.astype(np.float16),
        bias=linear.bias.astype(np.float32),
        mean=linear.mean.astype(np.float32),
        deviation=linear.deviation.astype(np.float32),
        names=_text(f"{name}\t{topic}" for name, topic in contents.names.items()),
        media_topics=_text(
            f"{key}\t{topic.id}\t{topic.name}\t{topic.top}"
            for key, topic in contents.media_topics.items()
        ),
        join=np.array(
            [
                contents.join.model,
                contents.join.lexicon,
                contents.join.signals,
                contents.join.gap,
                contents.join.bias,
            ]
        ),
    )
    return buffer.getvalue()


def unpack(content: bytes, source: str) -> Contents:
    """Return what a file's bytes hold.

    Raises:
        ModelFileError: They are no model file; the message begins with ``source``.
    """
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            return Contents(
                lists=tuple(_lists(_lines(arrays["lists"]))),
                linear=Linear(
                    rows={feature: row for row, feature in enumerate(_lines(arrays["features"]))},
                    weights=arrays["weights"],
                    scale=arrays["scale"].astype(np.float64),
                    rarity=arrays["rarity"].astype(np.float64),
                    bias=arrays["bias"].astype(np.float64),
                    mean=arrays["mean"].astype(np.float64),
                    deviation=arrays["deviation"].astype(np.float64),
                ),
                names={
                    key: int(topic)
                    for key, topic in (line.split("\t") for line in _lines(arrays["names"]))
                },
                media_topics={
                    key: NamedTopic(code, name, int(top))
                    for key, code, name, top in (
                        line.split("\t") for line in _lines(arrays["media_topics"])
                    )
                },
                join=Join(*(float(number) for number in arrays["join"])),
            )
    except (KeyError, ValueError, TypeError, OSError) as error:
        raise ModelFileError(f"{source}: {error!r}") from error


def _text(lines: Iterable[str]) -> NDArray[np.uint8]:
    return np.frombuffer("\n".join(lines).encode(), dtype=np.uint8)


def _lines(array: NDArray[np.uint8]) -> list[str]:
    return array.tobytes().decode().split("\n") if array.size else []


def _list_lines(lists: Iterable[ListData]) -> Iterator[str]:
    """Yield a head line per list, then a line per entry: ``term[*]``, topics with weights."""
    for each in lists:
        yield f"#{each.language}\t{' '.join(each.related)}\t{' '.join(each.leading)}"
        for entry in each.entries:
            weights = " ".join(f"{topic}:{weight:g}" for topic, weight in entry.weights)
            yield f"{entry.shown}\t{weights}"


def _lists(lines: Iterable[str]) -> Iterator[ListData]:
    head: list[str] | None = None
    entries: list[Entry] = []
    known: dict[str, tuple[tuple[int, float], ...]] = {}
    for line in lines:
        if line.startswith("#"):
            if head is not None:
                yield _list(head, entries)
            head, entries = line[1:].split("\t"), []
        else:
            term, weights = line.split("\t")
            if weights not in known:
                known[weights] = tuple(
                    (int(topic), float(weight))
                    for topic, weight in (each.split(":") for each in weights.split())
                )
            entries.append(Entry(term.removesuffix("*"), term.endswith("*"), known[weights]))
    if head is not None:
        yield _list(head, entries)


def _list(head: list[str], entries: list[Entry]) -> ListData:
    language, related, leading = head
    return ListData(language, tuple(related.split()), tuple(leading.split()), tuple(entries))
