"""What a network needs to know of a set to read its scenes and questions: columns, words, answers; JSON in cards."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any

from rn_core.common.errors import QuestionError, RNCoreError, SceneError, did_you_mean, quote
from rn_core.tasks.own.faults import (
    MAX_ABOUT,
    MAX_ANSWERS,
    MAX_FEATURES,
    MAX_NAME,
    MAX_NUMBER,
    MAX_OBJECTS,
    MAX_PAIR_FEATURES,
    MAX_TEXT,
    MAX_TYPES,
    MAX_VALUES,
    MAX_WORDS,
)
from rn_core.tasks.own.scene import make_template

#: Different questions, names aside, up to which each has an input of its own; more are read as words.
MAX_TEMPLATES = 64
_WORD = re.compile(r"[^\W_]+|\{\}")
#: Texts of a schema -> most letters of one.
_TEXTS = MappingProxyType({"templates": MAX_TEXT, "words": MAX_TEXT, "answers": MAX_NAME, "types": MAX_NAME})
#: What `Gatherer.add_text` counts no further than one above its limit.
_COUNTED_TO_LIMIT = frozenset({"different answers", "question types", "words of questions"})
#: Letters of a schema as JSON, so that a card can hold it.
_MAX_LETTERS = 90_000
#: Most inputs that an object's features become.
_MAX_INPUTS = 1024


@dataclass(frozen=True)
class Column:
    """One feature of objects: a number, which is centered and scaled, or a category, which becomes one-hot.

    Attributes:
        name: as in the file.
        values: of a category, in order; empty for a number.
        unseen: those of them that no training scene has.
        mean: of a number over the training scenes.
        scale: its standard deviation there; 1 where that is 0.
    """

    name: str
    values: tuple[str, ...] = ()
    mean: float = 0.0
    scale: float = 1.0
    unseen: tuple[str, ...] = ()

    @property
    def width(self) -> int:
        """Return how many inputs the feature becomes."""
        return len(self.values) or 1

    @cached_property
    def index(self) -> Mapping[str, int]:
        """Return category -> its place."""
        return {value: place for place, value in enumerate(self.values)}

    def encode(self, value: object) -> float:
        """Return a number as a z-score, or a category's place; raises SceneError for what the column cannot hold."""
        if not self.values:
            if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= MAX_NUMBER:
                return (value - self.mean) / self.scale
            raise SceneError(f"Feature {quote(self.name)} must be a number, got {quote(str(value))}; give one.")
        if not isinstance(value, str) or value not in self.index:
            raise SceneError(
                f"Feature {quote(self.name)} must be one of the categories seen in training, "
                f"{', '.join(self.values[:10])}{', …' if len(self.values) > 10 else ''}, got {quote(str(value))}; "
                f"change it, or train with it.{did_you_mean(str(value), list(self.values))}"
            )
        return self.index[value]


@dataclass(frozen=True)
class Schema:
    """How scenes and questions of one set become tensors.

    Attributes:
        name: of the set.
        columns: features of objects.
        pair_columns: features of pairs, which are scaled but not centered, because pairs that are not listed have 0.
        n_objects: most objects of a scene.
        n_about: most objects that a question names.
        templates: the different questions, names aside; empty where there are too many of them.
        words: of questions that are read as words, numbered from 1; empty otherwise.
        unseen: those templates or words that no training question has.
        answers: in the order of the logits.
        types: question types.
        placed: whether objects have a place in a drawing.
    """

    name: str
    columns: tuple[Column, ...]
    pair_columns: tuple[Column, ...]
    n_objects: int
    n_about: int
    templates: tuple[str, ...]
    words: tuple[str, ...]
    answers: tuple[str, ...]
    types: tuple[str, ...]
    placed: bool
    unseen: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Raise RNCoreError for a set that is beyond the limits."""
        for what, found, low, high in (
            ("features", len(self.columns), 1, MAX_FEATURES),
            ("pair features", len(self.pair_columns), 0, MAX_PAIR_FEATURES),
            ("objects", self.n_objects, 1, MAX_OBJECTS),
            ("objects in a question", self.n_about, 0, MAX_ABOUT),
            ("different answers", len(self.answers), 2, MAX_ANSWERS),
            ("question types", len(self.types), 1, MAX_TYPES),
            ("words of questions", len(self.words), 0, MAX_WORDS),
            ("different questions", len(self.templates), 0 if self.words else 1, MAX_TEMPLATES),
            ("inputs of an object", self.d_object, 1, _MAX_INPUTS),
        ):
            if not low <= found <= high:
                got = f"more than {high:,}" if found > high and what in _COUNTED_TO_LIMIT else f"{found:,}"
                allowed = f"{low} to {high:,} {what}"
                raise RNCoreError(f"The set {quote(self.name)} must have {allowed}, got {got}; change it.")

    @property
    def d_features(self) -> int:
        """Return the inputs that an object's own features become."""
        return sum(column.width for column in self.columns)

    @property
    def d_object(self) -> int:
        """Return the inputs of an object: features, marks of what is asked about, and with pair features those."""
        beside = self.n_objects * (1 + len(self.pair_columns)) if self.pair_columns else 0
        return self.d_features + self.n_about + beside

    @cached_property
    def digest(self) -> str:
        """Return 32 hexadecimal digits that stand for all that the schema says."""
        return hashlib.sha256(json.dumps(self.to_dict(), sort_keys=True).encode()).hexdigest()[:32]

    @cached_property
    def template_index(self) -> Mapping[str, int]:
        """Return template -> its place."""
        return {text: place for place, text in enumerate(self.templates)}

    @cached_property
    def word_index(self) -> Mapping[str, int]:
        """Return word -> its number, from 1."""
        return {word: place for place, word in enumerate(self.words, 1)}

    def find_template(self, text: str) -> int:
        """Return the place of a question's template; raises QuestionError, with the nearest one, if it is not known."""
        template = make_template(text)
        if template not in self.template_index:
            near = did_you_mean(template, list(self.templates))
            known = f"{', '.join(self.templates[:8])}{', …' if len(self.templates) > 8 else ''}"
            raise QuestionError(f"{quote(text)} is not a question of this set.{near} Ask one of: {known}.")
        return self.template_index[template]

    def find_words(self, text: str) -> list[int]:
        """Return the numbers of a question's words; raises QuestionError for one that was not seen in training."""
        words = split_words(make_template(text))
        for word in words:
            if word not in self.word_index:
                near = did_you_mean(word, list(self.words))
                raise QuestionError(f"The word {quote(word)} does not occur in this set's questions.{near} Use others.")
        return [self.word_index[word] for word in words]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values that JSON can hold; `from_dict` reads them back."""
        values = asdict(self)
        for table in (values, *values["columns"], *values["pair_columns"]):
            if not table["unseen"]:  # so that a set without any is named as before there was this field
                del table["unseen"]
        return values

    @staticmethod
    def from_dict(values: Any) -> Schema:
        """Read what `to_dict` wrote, from any file; raises RNCoreError if a field is missing or invalid."""
        try:
            columns, pairs = ([_read_column(each) for each in values[key]] for key in ("columns", "pair_columns"))
            texts = {key: _read_texts(values[key], longest) for key, longest in _TEXTS.items()}
            (name,) = _read_texts([values["name"]], MAX_TEXT)
            return Schema(
                name=name,
                columns=tuple(columns),
                pair_columns=tuple(pairs),
                n_objects=_read_size(values["n_objects"]),
                n_about=_read_size(values["n_about"]),
                templates=texts["templates"],
                words=texts["words"],
                answers=texts["answers"],
                types=texts["types"],
                placed=values["placed"] is True,
                unseen=_read_texts(values.get("unseen", []), MAX_TEXT),
            )
        except (LookupError, TypeError, ValueError, AttributeError) as err:
            if isinstance(err, RNCoreError):
                raise
            raise RNCoreError(
                f"This is no description of a set ({type(err).__name__}); export the weights again."
            ) from err


def split_words(template: str) -> list[str]:
    """Return the words of a question's template, in small letters; a gap for a name is a word."""
    return _WORD.findall(template.lower())


def _read_column(values: Any) -> Column:
    """Return a column; raises ValueError and others if it is none."""
    name, *rest = _read_texts([values["name"], *values["values"]], MAX_NAME)
    mean, scale = float(values["mean"]), float(values["scale"])
    if not abs(mean) <= MAX_NUMBER or not 0 < scale <= MAX_NUMBER or len(rest) > MAX_VALUES:
        raise ValueError(name)
    return Column(name, tuple(rest), mean, scale, _read_texts(values.get("unseen", []), MAX_NAME))


def _read_texts(values: Sequence[Any], longest: int) -> tuple[str, ...]:
    """Return different texts; raises TypeError or ValueError for anything else."""
    if not isinstance(values, list) or not all(isinstance(each, str) and len(each) <= longest for each in values):
        raise TypeError
    if len({*values}) < len(values):
        raise ValueError
    return tuple(values)


def _read_size(value: Any) -> int:
    """Return a whole number; raises TypeError for anything else."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError
    return value


class Gatherer:
    """Gathers a schema from the scenes of a set: categories and texts from all, means and scales from training."""

    def __init__(self, name: str) -> None:
        """Start a set."""
        self.name = name
        self._sums: dict[str, list[float]] = {}
        self._pair_sums: dict[str, list[float]] = {}
        #: Feature -> category -> whether a training scene has it; the same of texts.
        self._values: dict[str, dict[str, bool]] = {}
        self._texts: dict[str, dict[str, bool]] = {key: {} for key in ("templates", "words", "answers", "types")}
        self._order: list[str] = []
        self.n_objects = self.n_about = 0
        self.placed = False

    def add_number(self, name: str, value: float, trains: bool) -> None:
        """Count the value of a number."""
        self._note(name)
        if trains:
            _count(self._sums, name, value)

    def add_category(self, name: str, value: str, trains: bool) -> None:
        """Count the value of a category."""
        self._note(name)
        known = self._values.setdefault(name, {})
        known[value] = known.get(value, False) or trains
        if len(known) > MAX_VALUES:
            raise RNCoreError(
                f"Feature {quote(name)} of set {quote(self.name)} has more than {MAX_VALUES} categories, such as "
                f"{quote(value)}; leave it out, or write it as numbers."
            )

    def add_pair(self, name: str, value: float, trains: bool) -> None:
        """Count the value of a pair feature."""
        self._pair_sums.setdefault(name, [0, 0.0, 0.0])
        if trains:
            _count(self._pair_sums, name, value)

    def add_text(self, key: str, text: str, most: int, trains: bool) -> None:
        """Count a template, a word, an answer or a type; no more are kept than one above `most`."""
        known = self._texts[key]
        if len(known) <= most:
            known[text] = known.get(text, False) or trains

    def _note(self, name: str) -> None:
        """Note the order of features."""
        if name not in self._sums and name not in self._values:
            self._order.append(name)
            self._sums[name] = [0, 0.0, 0.0]

    def make(self) -> Schema:
        """Return the schema; raises RNCoreError for a set that is beyond the limits."""
        reads_words = len(self._texts["templates"]) > MAX_TEMPLATES
        columns = [self._make_column(name) for name in self._order]
        pairs = [Column(name, (), 0.0, _root(*self._pair_sums[name])) for name in sorted(self._pair_sums)]
        made = Schema(
            name=self.name,
            columns=tuple(columns),
            pair_columns=tuple(pairs),
            n_objects=self.n_objects,
            n_about=self.n_about,
            templates=() if reads_words else tuple(self._texts["templates"]),
            words=tuple(sorted(self._texts["words"])) if reads_words else (),
            answers=tuple(sorted(self._texts["answers"])),
            types=tuple(self._texts["types"]),
            placed=self.placed,
            unseen=_list_unseen(self._texts["words" if reads_words else "templates"]),
        )
        n_letters = len(json.dumps(made.to_dict()))
        if n_letters > _MAX_LETTERS:
            raise RNCoreError(
                f"All names, categories, questions and answers of set {quote(self.name)} have {n_letters:,} letters "
                f"and can have {_MAX_LETTERS:,}; shorten them, or leave features out."
            )
        return made

    def _make_column(self, name: str) -> Column:
        """Return one feature."""
        if name in self._values:
            return Column(name, tuple(sorted(self._values[name])), unseen=_list_unseen(self._values[name]))
        n, mean, squares = self._sums[name]
        deviation = math.sqrt(squares / n) if n else 0.0
        return Column(name, (), mean, deviation if deviation > 1e-9 * max(1.0, abs(mean)) else 1.0)


def _list_unseen(known: Mapping[str, bool]) -> tuple[str, ...]:
    """Return what no training scene has."""
    return tuple(sorted(text for text, trains in known.items() if not trains))


def _count(sums: dict[str, list[float]], name: str, value: float) -> None:
    """Add a value to [count, mean, sum of squared differences from it] (Welford 1962)."""
    row = sums.setdefault(name, [0, 0.0, 0.0])
    row[0] += 1
    step = value - row[1]
    row[1] += step / row[0]
    row[2] += step * (value - row[1])


def _root(n: float, mean: float, squares: float) -> float:
    """Return the root of the mean square; 1 where that is 0."""
    return math.sqrt(squares / n + mean**2) if n and (squares or mean) else 1.0
