"""Facts about a domain beside its tasks.

Its title, its models in each size, how they are trained, what others published on it, how it is raced and written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from torch import Tensor

from rn_core.common.errors import RNCoreError, Value, lookup
from rn_core.models import KINDS, ModelConfig

#: Who measured -> in words; "floor" is what answering by question type alone gets.
ORIGINS = MappingProxyType(
    {
        "paper": "paper",
        "floor": "blind floor of the paper",
        "open": "best open implementation",
        "other": "another open implementation",
    }
)
#: Measures are of groups of questions (or all), or of one question type each.
LEVELS = ("groups", "types")


@dataclass(frozen=True)
class PublishedFigure:
    """One published accuracy.

    Attributes:
        domain: the name of its `Domain`.
        level: "groups" or "types".
        measure: group, question type, or "overall".
        model: such as "rn-pixels"; empty for a floor, which belongs to no model.
        value: 0 to 1; of a figure given as a bound, the bound.
        source: table or section, or the repository.
        origin: key of `ORIGINS`.
        said: the figure as the source puts it, in a few words, where the number alone would say more or less.
        note: a further note.
    """

    domain: str
    level: str
    measure: str
    model: str
    value: float
    source: str
    origin: str = "paper"
    said: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        """Raise RNCoreError for an unknown level or origin, or a share out of range."""
        lookup(self.level, dict.fromkeys(LEVELS), "level of measures")
        lookup(self.origin, ORIGINS, "origin")
        if not 0 <= self.value <= 1:
            raise RNCoreError(f"A share must be 0 to 1, got {self.value!r}; divide a percentage by 100.")


@dataclass(frozen=True)
class DataOption:
    """One option of a domain's data writer.

    Attributes:
        name: such as "margin".
        default: its value where none is given; its type is the option's.
        text: what it says, in a few words.
    """

    name: str
    default: int | float | str
    text: str


@dataclass(frozen=True)
class DataOrder:
    """What a data writer is asked for.

    Attributes:
        output: file or folder.
        n_scenes: scenes or, where there are such, stories per task.
        seed: root seed.
        split: key of `SPLITS`.
        options: name -> value of the writer's own options, and maybe of others'.
    """

    output: Path
    n_scenes: int
    seed: int
    split: str
    options: Mapping[str, Any]


@dataclass(frozen=True)
class Written:
    """What was written.

    Attributes:
        facts: for machines, beside output, scenes and seed.
        lines: for people.
    """

    facts: Mapping[str, Any]
    lines: tuple[str, ...]


#: What is done, in a word -> what wraps the iteration over it, such as a progress bar.
MakeProgress = Callable[[str], Callable[[Iterable[Any]], Iterable[Any]]]


@dataclass(frozen=True)
class DataWriter:
    """Writes scenes of a domain to be read elsewhere.

    Attributes:
        write: writes them whole or raises RNCoreError.
        options: its own.
    """

    write: Callable[[DataOrder, MakeProgress], Written]
    options: tuple[DataOption, ...] = ()


@dataclass(frozen=True)
class Recipe:
    """How weights of one name are trained.

    Attributes:
        task: what they learn.
        model: key of the task's models, such as "rn".
        settings: fields of `TrainConfig` beside task and model.
        size: of the model, as it ships.
    """

    task: str
    model: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    size: str = "small"


@dataclass(frozen=True)
class PublicWeights:
    """One file of weights that others published, and how it becomes a model of this project.

    Attributes:
        home: URL of the folder that it lies in.
        file: its name there.
        sha256: its hash.
        task: what its model answers.
        config: of that model.
        names: name of each tensor in the file -> its name in the model.
        reorder: the model's tensors, words and answers in the file's order -> the same in this project's order.
        license: of the published file.
        source: who published it, and after what.
        data: what it was trained on, and by whom.
        start: what training began from.
        words: of questions, in this project's order.
        answers: in this project's order.
    """

    home: str
    file: str
    sha256: str
    task: str
    config: ModelConfig
    names: Mapping[str, str]
    reorder: Callable[[Mapping[str, Tensor]], dict[str, Tensor]]
    license: str
    source: str
    data: str
    start: str
    words: tuple[str, ...]
    answers: tuple[str, ...]


@dataclass(frozen=True)
class Titles:
    """A domain's names in words, for tables of results.

    Attributes:
        views: last part of a model's name -> what the model sees or is asked.
        models: model -> its whole name, where its kind and the last part do not tell.
        measures: group, question type or other measure -> what it is.
        shown_as: task and question type -> the measure that it is shown as, for tasks that ask different things by the
            same name.
    """

    views: Mapping[str, str] = field(default_factory=dict)
    models: Mapping[str, str] = field(default_factory=dict)
    measures: Mapping[str, str] = field(default_factory=dict)
    shown_as: Mapping[tuple[str, str], str] = field(default_factory=dict)


#: Model -> its config. A model is called by its kind, a key of `KINDS`; a second one of that kind has a word more, such
#: as "rn-2hop".
Models = Mapping[str, ModelConfig]


@dataclass(frozen=True)
class Domain:
    """What all tasks of one domain share.

    Attributes:
        name: the first part of its tasks' and weights' names.
        title: in words.
        models: task -> size ("small" is what ships, "paper" the paper's, "tiny" learns in front of a class) -> models.
        recipes: name of weights -> how they are trained.
        figures: what others published on it.
        data: writes its scenes; None where nothing does.
        titles: of models and measures.
        public: name -> weights of others, which do not ship: a person downloads them.
    """

    name: str
    title: str
    models: Mapping[str, Mapping[str, Models]]
    recipes: Mapping[str, Recipe] = field(default_factory=dict)
    figures: tuple[PublishedFigure, ...] = ()
    data: DataWriter | None = None
    titles: Titles = Titles()
    public: Mapping[str, PublicWeights] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Raise RNCoreError for another domain's names, a model by another kind's, or a recipe without one."""
        for figure in self.figures:
            lookup(figure.domain, {self.name: self.title}, "domain")
        for models in (models for sizes in self.models.values() for models in sizes.values()):
            for name, config in models.items():
                lookup(name.partition("-")[0], {config.kind: KINDS[config.kind]}, "model kind")
        for name in (*self.recipes, *self.public):
            lookup(name.partition("/")[0], {self.name: self.title}, "domain")
        for recipe in self.recipes.values():
            sizes = lookup(recipe.task, self.models, "task")
            lookup(recipe.model, lookup(recipe.size, sizes, "model size"), "model")
        frozen = {
            task: _freeze({size: _freeze(found) for size, found in sizes.items()})
            for task, sizes in self.models.items()
        }
        object.__setattr__(self, "models", _freeze(frozen))


def _freeze(table: Mapping[str, Value]) -> Mapping[str, Value]:
    """Return a table that nobody changes."""
    return MappingProxyType(dict(table))


#: The group of all question types of a race, where each type is a group and all are asked equally often.
MEAN = "mean"
_TWO_GROUPS = MappingProxyType({"relational": "relational", "non_relational": "non-relational"})


@dataclass(frozen=True)
class RaceSpec:
    """How a task is raced.

    Attributes:
        title: what is learned from, in words.
        scene: what one scene is, in words.
        scenes: several.
        objects: what pairs are made of, in words.
        groups: group of question types that a race can be watched by -> its name, the usual one first. With `MEAN`
            among them, the others are the question types, and only those that are asked can be watched.
        models: the Relation Network's kind, then its baseline's.
        first_types: the question types that can be asked alone at first; none where there is no such order.
        usual: what races begin with, where it differs from `RaceConfig`'s own defaults.
        answers_only: settings that differ from the usual ones in a race that trains end-to-end, on answers only; none
            where the usual race does so.
        fewer_cells: settings of `TrainConfig` by which a race on answers only reads few cells in most steps.
        all_cores: whether a step uses all cores, at most four, instead of half of them: it pays where steps are long.
        look_scenes: validation scenes per look; where a scene has one question, the most of all types together.
        look_per_type: validation scenes per look and question type at most, where a scene has one question; else None.
        minutes: about how long the usual race takes on two idle cores.
        one_question: why a scene has one question, as the beginning of a sentence; empty where it has several.
    """

    title: str
    scene: str = "scene"
    scenes: str = "scenes"
    objects: str = "objects"
    groups: Mapping[str, str] = field(default_factory=lambda: _TWO_GROUPS)
    models: tuple[str, str] = ("rn", "mlp")
    first_types: tuple[str, ...] = ()
    usual: Mapping[str, Any] = field(default_factory=dict)
    answers_only: Mapping[str, Any] = field(default_factory=dict)
    fewer_cells: Mapping[str, Any] = field(default_factory=dict)
    all_cores: bool = False
    look_scenes: int = 100
    look_per_type: int | None = None
    minutes: float = 3
    one_question: str = ""

    def count_look_scenes(self, n_types: int) -> int:
        """Return the validation scenes per look if questions of `n_types` types are asked."""
        if self.look_per_type is None:
            return self.look_scenes
        return n_types * min(self.look_per_type, self.look_scenes // n_types)
