"""The interface of tasks for training, evaluation and the pages, and optional capabilities.

Every task satisfies `Task`. Each capability is a protocol of its own, checked with `isinstance`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np
from torch import Tensor

from rn_core.common.reading import Reading
from rn_core.common.records import Batch, Example, LabeledPictures
from rn_core.tasks.domain import Domain, RaceSpec
from rn_core.tasks.pools import Pool, Source
from rn_core.tasks.scoring import Scoring

#: Wraps an iteration that takes long, such as a progress bar.
Progress = Callable[[Iterable[Any]], Iterable[Any]]


class CellReading(NamedTuple):
    """How a cell that holds one object reads as that object's row: row = A [facts; coordinates] + b.

    Attributes:
        matrix: A (D_row, F + 2).
        offset: b (D_row,).
        present: (F + 2,), whose product with [facts; coordinates] is the number of objects in the cell.
    """

    matrix: Tensor
    offset: Tensor
    present: Tensor


class KnownPair(NamedTuple):
    """One question about one scene whose deciding pair is known.

    Attributes:
        inputs: what the encoder takes, one row each.
        question: (1, D_q) or (1, L), as `Batch.question`.
        asked: the object that the other is found from.
        others: (N,) bool, the other object of the pair; for images (N + 1,), the ground last.
        masks: for images, (N, H, W) bool, the pixels of each object; None for object rows.
    """

    inputs: tuple[Tensor, ...]
    question: Tensor
    asked: int
    others: np.ndarray
    masks: np.ndarray | None = None


class Task(Protocol):
    """A source of scenes, questions and true answers as tensors.

    Attributes:
        name: key in `TASKS`.
        domain: the domain it belongs to.
        answers: the answers' texts, in the order of the logits.
        question_types: in the order of `Batch.type_index`.
        groups: group -> the question types in it.
        scoring: how logits are scored.
        overall_types: the question types that count for the overall accuracy.
        solved_above: the accuracy above which a group counts as solved; None if that is not counted.
    """

    @property
    def name(self) -> str:
        """Return the key in `TASKS`."""
        ...

    @property
    def domain(self) -> Domain:
        """Return the domain it belongs to."""
        ...

    @property
    def answers(self) -> tuple[str, ...]:
        """Return the answers' texts."""
        ...

    @property
    def question_types(self) -> tuple[str, ...]:
        """Return the question types."""
        ...

    @property
    def groups(self) -> Mapping[str, tuple[str, ...]]:
        """Return group -> question types."""
        ...

    @property
    def scoring(self) -> Scoring:
        """Return how logits are scored."""
        ...

    @property
    def overall_types(self) -> tuple[str, ...]:
        """Return the question types that count for the overall accuracy."""
        ...

    @property
    def solved_above(self) -> float | None:
        """Return the accuracy above which a group counts as solved."""
        ...

    def encode_scenes(self, scenes: Sequence[Any]) -> tuple[Tensor, ...]:
        """Return the encoder's inputs for scenes, at least one, in a form that the task reads; otherwise SceneError."""
        ...

    def encode_questions(self, texts: Sequence[str]) -> Tensor:
        """Return English questions as `Batch.question`; raises QuestionError for one that is not in its language."""
        ...

    def check_answerable(self, scene: Any, text: str) -> None:
        """Raise SceneError or QuestionError for what cannot be understood, or a scene without what is asked about."""
        ...

    def find_warnings(self, scene: Any, text: str) -> tuple[str, ...]:
        """Return `Answer.warnings` of a question that `check_answerable` accepts; usually empty."""
        ...

    def question_index(self, text: str) -> int:
        """Return the row of a question where something is stored per question; RNCoreError if there are too many."""
        ...

    def sample_batch(
        self,
        rng: np.random.Generator,
        n_scenes: int,
        n_questions: int | None = None,
        type_weights: np.ndarray | None = None,
        n_cells: int | None = None,
    ) -> Batch:
        """Draw new scenes and questions about them.

        Args:
            rng: generator of one split.
            n_scenes: scenes S.
            n_questions: different questions about each scene; None asks all.
            type_weights: (T,) the probability of each question type, above 0; None draws all equally often.
            n_cells: how many cells of an image take part (`Batch.kept`), those whose pixels vary most; None for all.
        """
        ...

    def sample_shown(self, rng: np.random.Generator) -> tuple[Any, Any]:
        """Draw one scene, which has `to_json`, and return it with the input of `encode_scenes` for it."""
        ...


@runtime_checkable
class ObjectsCounted(Task, Protocol):
    """A task whose training scenes have certain numbers of objects."""

    @property
    def trained_counts(self) -> tuple[int, int]:
        """Return the lowest and the highest number of objects of a training scene."""
        ...

    @property
    def objects_name(self) -> str:
        """Return what the objects are called, such as "balls"."""
        ...

    def count_objects(self, scene: Any) -> int | None:
        """Return the objects of a scene that `check_answerable` accepts; None for a picture, of which it is unknown."""
        ...


@runtime_checkable
class PatchesCounted(ObjectsCounted, Protocol):
    """A task in whose pictures objects can be counted without a network."""

    def count_patches(self, image: np.ndarray) -> int:
        """Return how many separate patches a picture (H, W, 3) uint8 shows, as many as objects unless some touch."""
        ...


@runtime_checkable
class PicturesTaken(Task, Protocol):
    """A task whose models see pictures, which may come from files."""

    def fit_picture(self, image: np.ndarray) -> np.ndarray:
        """Return a picture (H, W, 3) uint8 of any size as `encode_scenes` takes it; otherwise SceneError."""
        ...


@runtime_checkable
class ScenesRead(Task, Protocol):
    """A task whose `encode_scenes` does not take a scene's text as it is."""

    def read_scene(self, text: str) -> Any:
        """Return the scene of a text, as `encode_scenes` takes it; otherwise SceneError."""
        ...


@runtime_checkable
class Pooled(Task, Protocol):
    """A task whose scenes take longer to draw than to train on, so that a pool of them is used repeatedly.

    Attributes:
        pretrained_on: what the pool's pair batches say of a question or of what moves, beside facts about pairs; empty
            if nothing.
    """

    @property
    def pretrained_on(self) -> str:
        """Return the subject of pretraining beside facts about pairs."""
        ...

    def make_pool(self, seed: int, n_scenes: int, n_questions: int, progress: Progress = ...) -> Pool:
        """Draw scenes of split train and questions about each, for repeated use."""
        ...


@runtime_checkable
class Raceable(Task, Protocol):
    """A task with examples to watch while networks learn side by side.

    Attributes:
        race: settings of its race.
    """

    @property
    def race(self) -> RaceSpec:
        """Return the settings of its race."""
        ...

    def sample_examples(self, rng: np.random.Generator, n_examples: int) -> tuple[Batch, tuple[Example, ...]]:
        """Draw scenes with one question each, types in turn, relational ones first; as tensors and in words."""
        ...

    def narrow(self, question_types: Collection[str]) -> Raceable:
        """Return the task restricted to scenes for some question types, if a scene belongs to one; else the task."""
        ...


@runtime_checkable
class FolderBacked(Task, Protocol):
    """A task whose questions can be read from a folder in its published layout, for evaluation."""

    def read_batches(
        self, root: Path, split: str | None = None, progress: Progress = ..., reading: Reading | None = None
    ) -> Iterator[Batch]:
        """Yield the questions of a split; None for the only one, or the usual test split.

        `reading` leaves out what cannot be used; None refuses it.
        """
        ...


@runtime_checkable
class FolderTrained(FolderBacked, Protocol):
    """A task that can also be trained on such a folder."""

    def open_source(self, root: Path, progress: Progress = ..., cache: Path | None = None) -> Source:
        """Return a folder as training data; its caches are in `cache`, or in the folder itself."""
        ...


@runtime_checkable
class MultiLabel(Task, Protocol):
    """A task with many yes-or-no labels per question, which can also be asked about a single label."""

    def find_label(self, text: str) -> int | None:
        """Return which of `answers` alone a question is about; None if it is about all of them.

        Raises:
            QuestionError: if there is no such label.
        """
        ...


@runtime_checkable
class CellBacked(Task, Protocol):
    """A task of images whose cells' contents are known, so that an encoder can be pretrained to name them."""

    def sample_cells(self, rng: np.random.Generator, n_scenes: int) -> tuple[Tensor, Tensor]:
        """Draw images and the facts about each of their cells."""
        ...

    def cell_reading(self) -> CellReading:
        """Return how the facts and coordinates of a cell become an object row."""
        ...


@runtime_checkable
class Labeled(Protocol):
    """What has pictures whose objects are known: a task, or a folder of data."""

    def sample_labeled(self, rng: np.random.Generator, n_scenes: int) -> LabeledPictures:
        """Draw pictures with the place and the attributes of each object."""
        ...


@runtime_checkable
class ObjectsLabeled(Task, Labeled, Protocol):
    """A task of pictures whose objects are known, so that an encoder can learn to find them first."""


@runtime_checkable
class Restyled(Task, Protocol):
    """A task whose pictures can also be drawn as other people draw them."""

    def in_styles(self) -> Task:
        """Return the task with each picture in a style of its own: colors, ground, size, blur, noise, compression."""
        ...


@runtime_checkable
class Chained(Task, Protocol):
    """A task whose questions take a known number of relations, one after another.

    Attributes:
        n_relations: (T,) of each question type, 1 or more: what a network of fewer steps cannot know.
    """

    @property
    def n_relations(self) -> Sequence[int]:
        """Return the relations of each question type."""
        ...


@runtime_checkable
class PairsKnown(Task, Protocol):
    """A task with questions whose deciding pair is known, against which attributions are scored.

    Attributes:
        cell_grid: for images, cells per side and pixels from one to the next; None for object rows.
    """

    @property
    def cell_grid(self) -> tuple[int, int] | None:
        """Return the cells of an image."""
        ...

    def sample_known_pairs(self, rng: np.random.Generator, n_scenes: int) -> Iterator[KnownPair]:
        """Yield one such question per scene."""
        ...


@runtime_checkable
class FewQuestions(Task, Protocol):
    """A task with so few questions that values can be stored per question, in the order of `question_index`."""

    def sample_every_question(self, rng: np.random.Generator) -> tuple[tuple[Tensor, ...], Tensor]:
        """Draw one scene and return the encoder's inputs, with all questions (Q, D_q)."""
        ...
