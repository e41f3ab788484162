"""The card of weights: typed facts about them. JSON is read and written here alone."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from cattrs import BaseValidationError, Converter, transform_error
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn, override

from rn_core.common.checks import shown
from rn_core.common.errors import RNCoreError, cut
from rn_core.common.files import sha256
from rn_core.common.records import Accuracy, Evaluation
from rn_core.models import ModelConfig, QuestionAnsweringModel

#: Numbers beyond this are not measurements.
_LARGEST = 1e300


@dataclass(frozen=True)
class TrainingRecord:
    """How weights were trained.

    Attributes:
        settings: the fields of the run's config as JSON, without the model.
        questions: number of questions asked.
        minutes: training time.
        machine: processor and device.
        torch: its version.
    """

    settings: Mapping[str, object]
    questions: int
    minutes: float
    machine: str
    torch: str


@dataclass(frozen=True)
class CurvePoint:
    """One validation of a run.

    Attributes:
        minutes: training time so far.
        questions: asked so far.
        accuracy: question type -> accuracy, 0 to 1.
    """

    minutes: float
    questions: int
    accuracy: dict[str, float]

    def mean(self, kinds: Collection[str]) -> float:
        """Return the mean accuracy of some question types, 0 to 1."""
        return sum(self.accuracy[kind] for kind in kinds) / len(kinds)


@dataclass(frozen=True)
class FolderEvaluation(Evaluation):
    """An evaluation on a data folder.

    Attributes:
        split: of the folder.
    """

    split: str = ""


@dataclass(frozen=True)
class OriginalFile:
    """The file of others that weights were read from.

    Attributes:
        is_published_file: whether its hash is that of the published file.
        file: its name at its source; empty for another file.
        n_bytes: its size; 0 if unknown.
        sha256: its hash; empty if unknown.
    """

    is_published_file: bool
    file: str = ""
    n_bytes: int = 0
    sha256: str = ""


@dataclass(frozen=True, kw_only=True)
class CardFacts:
    """The facts that only the makers of weights know; texts are empty and values None where unknown.

    Attributes:
        task: the task they answer.
        license: of the weights.
        source: the paper or project that they come from.
        recipe: the command that reproduces them.
        data: their training data.
        start: what the network knew before it was trained on questions.
        training: how they were trained.
        curve: the run's validations.
        split: the split of `metrics`, if they are not about new test scenes.
        metrics: on held-out scenes.
        measured_on: the same in words.
        published_files: on the published files of the task.
        claims: group -> accuracy that an uploaded file claims, unchecked.
        original: the file of others that they were read from.
        words: of weights of others, in the order of the word table.
        answers: of weights of others, in the order of the logits.
        data_set: of weights of a set of anybody's, what makes its task, and some of its scenes.
        encoders_from: the weights that their encoders are taken from, unchanged.
        encoders_sha256: hash of the tensors that are not in their own file but in the file of those; empty if their own
            has all.
    """

    task: str
    license: str = ""
    source: str = ""
    recipe: str = ""
    data: str = ""
    start: str = ""
    training: TrainingRecord | None = None
    curve: tuple[CurvePoint, ...] = ()
    split: str = ""
    metrics: Evaluation | None = None
    measured_on: str = ""
    published_files: FolderEvaluation | None = None
    claims: Mapping[str, Accuracy] = field(default_factory=dict)
    original: OriginalFile | None = None
    words: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()
    data_set: Mapping[str, object] = field(default_factory=dict)
    encoders_from: str = ""
    encoders_sha256: str = ""


@dataclass(frozen=True, kw_only=True)
class Card(CardFacts):
    """The card of weights: `CardFacts`, and what is computed from the model and its files.

    Attributes:
        name: such as "sort-of-clevr/rn-pixels".
        model: encoders and core.
        parameters: learned values.
        n_bytes: size of the safetensors file.
        sha256: of that file.
        golden_sha256: of the golden logits; None without them.
    """

    name: str
    model: ModelConfig
    parameters: int
    n_bytes: int
    sha256: str
    golden_sha256: str | None = None

    @property
    def kind(self) -> str:
        """Return the kind of the model, a key of `rn_core.models.KINDS`."""
        return self.model.kind

    @property
    def is_other_file(self) -> bool:
        """Return whether the weights have the name of public ones but are not from the published file."""
        return self.original is not None and not self.original.is_published_file

    @property
    def measured(self) -> Evaluation:
        """Return the metrics; raises RNCoreError if there are none."""
        if self.metrics is None:
            raise RNCoreError(f"The card of '{self.name}' has no metrics; measure and publish the weights again.")
        return self.metrics

    @property
    def trained(self) -> TrainingRecord:
        """Return the training record; raises RNCoreError if there is none."""
        if self.training is None:
            raise RNCoreError(f"The card of '{self.name}' has no training record; publish the weights again.")
        return self.training

    def to_dict(self) -> dict[str, Any]:
        """Return plain values that JSON can hold, without empty ones; `from_dict` reads them back."""
        values: dict[str, Any] = {"kind": self.kind, **_CONVERTER.unstructure(self)}
        names = ("name", "kind", *("bytes" if one.name == "n_bytes" else one.name for one in fields(self)))
        return {name: values[name] for name in dict.fromkeys(names) if name in values}

    @staticmethod
    def from_dict(values: object) -> Card:
        """Read what `to_dict` wrote, or an older card; unknown fields are ignored.

        Raises:
            RNCoreError: if a field is missing or of another type, naming it.
        """
        if not isinstance(values, dict):
            raise RNCoreError(f"A card must be a table of named fields, got {shown(values)}; write it again.")
        try:
            return _CONVERTER.structure(values, Card)
        except (BaseValidationError, RNCoreError) as err:
            message, _, path = transform_error(err, format_exception=_describe)[0].partition(" @ $.")
            path = path.replace("n_bytes", "bytes")
            raise RNCoreError(f"A card's field '{cut(path)}' {message}; write the card again.") from err


def make_card(
    name: str, facts: CardFacts, model: QuestionAnsweringModel, content: bytes, golden: bytes | None = None
) -> Card:
    """Return the card of weights: given facts, and those computed from the model and its files.

    Args:
        name: of the weights.
        facts: the given facts; of a whole card, the part that its maker knew.
        model: the model with these weights.
        content: the safetensors file.
        golden: the file of golden logits; None for none.
    """
    said = {one.name: vars(facts)[one.name] for one in fields(CardFacts)}
    return Card(
        name=name,
        model=model.config,
        parameters=model.count_parameters(),
        n_bytes=len(content),
        sha256=sha256(content),
        golden_sha256=None if golden is None else sha256(golden),
        **said,
    )


def count_only(card: Card, name: str, **facts: Any) -> Card:
    """Return a card by another name with only computed facts and `facts`, fields of `CardFacts`."""
    return Card(
        name=name, task=card.task, model=card.model, parameters=card.parameters, n_bytes=card.n_bytes,
        sha256=card.sha256, **facts,
    )  # fmt: skip


def _describe(err: BaseException, _type: type | None) -> str:
    """Return what is wrong with a field, as the end of a sentence that begins with it."""
    if isinstance(err, KeyError) and not isinstance(err, RNCoreError):
        return "is missing"
    return str(err).rstrip(".") if isinstance(err, RNCoreError) else "does not read as what it should be"


def _exactly(kinds: type | tuple[type, ...], what: str) -> Callable[[object, type], Any]:
    """Return a converter that passes values of some types on; booleans are not numbers."""

    def check(value: object, _type: type) -> object:
        fits = isinstance(value, kinds) and (kinds is bool or not isinstance(value, bool))
        if not fits or (isinstance(value, int) and abs(value) > _LARGEST):
            raise RNCoreError(f"must be {what}, got {shown(value)}")
        return value

    return check


def _read_model(value: Any, _type: type) -> ModelConfig:
    """Read a model's config."""
    try:
        return ModelConfig.from_dict(value)
    except (RNCoreError, TypeError, ValueError, OverflowError) as err:
        raise RNCoreError(f"is no model that can be built ({str(err).rstrip('.')})") from err


def _write_training(record: TrainingRecord) -> dict[str, object]:
    """Return settings merged with results."""
    found = dict(vars(record))
    return {**found.pop("settings"), **found}


def _register_training(converter: Converter) -> None:
    """Register the conversion of the table in which settings stand beside results."""
    own = [one.name for one in fields(TrainingRecord) if one.name != "settings"]
    converter.register_structure_hook_func(lambda kind: kind == Mapping[str, object], lambda value, _: value)
    read = make_dict_structure_fn(TrainingRecord, converter)

    def split(values: object, kind: type) -> TrainingRecord:
        if not isinstance(values, dict):
            raise RNCoreError(f"must be a table, got {shown(values)}")
        settings = {name: value for name, value in values.items() if name not in own}
        return read({"settings": settings, **{name: values[name] for name in own if name in values}}, kind)

    converter.register_structure_hook(TrainingRecord, split)
    converter.register_unstructure_hook(TrainingRecord, _write_training)


def _make_converter() -> Converter:
    """Return the converter of cards, which accepts no types but those registered."""
    converter = Converter(omit_if_default=True)
    for kind, kinds, what in (
        (str, str, "text"),
        (bool, bool, "true or false"),
        (int, int, "a whole number"),
        (float, (int, float), "a number"),
    ):
        converter.register_structure_hook(kind, _exactly(kinds, what))
    _register_training(converter)
    converter.register_unstructure_hook(ModelConfig, ModelConfig.to_dict)
    converter.register_structure_hook(ModelConfig, _read_model)
    renamed = override(rename="bytes")
    for cls in (OriginalFile, Card):
        read = make_dict_structure_fn(cls, converter, n_bytes=renamed)
        write = make_dict_unstructure_fn(cls, converter, _cattrs_omit_if_default=True, n_bytes=renamed)
        converter.register_structure_hook(cls, read)
        converter.register_unstructure_hook(cls, write)
    return converter


_CONVERTER = _make_converter()
