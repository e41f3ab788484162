"""What every task offers to training, evaluation and the pages, and what only some of them can.

`Task` is what all have. What else a task can is a protocol of its own, asked for with `isinstance`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np
from torch import Tensor

from rn_core.common.records import Batch, Example, LabeledPictures, MotionLesson, PairLesson
from rn_core.tasks.domain import Domain, RaceSpec
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


class Source(Protocol):
    """Questions that were made before training: all come once an epoch, in another order each time.

    They are asked in turns: in each, one scene is asked some of its questions.

    Attributes:
        fingerprint: stands for the data, so that a run is not resumed on other data.
        n_questions: questions of an epoch.
    """

    @property
    def fingerprint(self) -> str:
        """Return what stands for the data."""
        ...

    @property
    def n_questions(self) -> int:
        """Return the questions of an epoch."""
        ...

    def count_turns(self, n_questions: int) -> int:
        """Return the turns of an epoch if a scene is asked up to `n_questions` questions a turn."""
        ...

    def take_batch(self, seed: int, first: int, n_turns: int, n_questions: int) -> Batch:
        """Return some turns of the endless row of epochs, each with its scene.

        Args:
            seed: root seed of the row.
            first: the first turn, from 0; the row goes on past the end of an epoch.
            n_turns: turns, which are the scenes S of the batch.
            n_questions: questions a turn at most.
        """
        ...

    def validation_batches(self, seed: int, n_scenes: int) -> Iterator[Batch]:
        """Yield all questions about `n_scenes` scenes that are never trained on, or about all where there are fewer."""
        ...


class Pool(Protocol):
    """Scenes and questions that were drawn once, for tasks where drawing takes longer than learning."""

    def sample_batch(self, rng: np.random.Generator, n_scenes: int, type_weights: np.ndarray | None = None) -> Batch:
        """Draw scenes, each perhaps more than once, with all their questions.

        Args:
            rng: generator of one split.
            n_scenes: scenes S.
            type_weights: as `Task.sample_batch`; for scenes with questions of many types they may not count.
        """
        ...

    def sample_lesson(
        self, rng: np.random.Generator, n_scenes: int, n_pairs: int, type_weights: np.ndarray | None = None
    ) -> PairLesson:
        """Draw scenes as `sample_batch` does, and `n_pairs` pairs of objects for each question."""
        ...


@runtime_checkable
class MotionPool(Pool, Protocol):
    """Scenes of things that move."""

    def sample_motion_lesson(self, rng: np.random.Generator, n_scenes: int) -> MotionLesson:
        """Draw scenes, each perhaps more than once, with what ties their balls and how these move."""
        ...


class Task(Protocol):
    """A source of scenes, questions and true answers as tensors.

    Attributes:
        name: key in `TASKS`.
        domain: what it shares with its domain's other tasks.
        answers: the answers' texts, in the order of the logits.
        question_types: in the order of `Batch.type_index`.
        groups: group -> the question types in it.
        scoring: how logits are judged.
        overall_types: the question types whose questions the overall accuracy counts.
        solved_above: the accuracy from which a group counts as solved; None where nobody counts that.
    """

    @property
    def name(self) -> str:
        """Return the key in `TASKS`."""
        ...

    @property
    def domain(self) -> Domain:
        """Return what it shares with its domain's other tasks."""
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
        """Return how logits are judged."""
        ...

    @property
    def overall_types(self) -> tuple[str, ...]:
        """Return the question types that count for the overall accuracy."""
        ...

    @property
    def solved_above(self) -> float | None:
        """Return the accuracy from which a group counts as solved."""
        ...

    def encode_scenes(self, scenes: Sequence[Any]) -> tuple[Tensor, ...]:
        """Return the encoder's inputs for 1 or more scenes in a form that the task reads; raises SceneError else."""
        ...

    def encode_questions(self, texts: Sequence[str]) -> Tensor:
        """Return English questions as `Batch.question`; raises QuestionError for what is not in its language."""
        ...

    def check_answerable(self, scene: Any, text: str) -> None:
        """Raise SceneError or QuestionError for what cannot be understood, or a scene without what is asked about."""
        ...

    def find_warnings(self, scene: Any, text: str) -> tuple[str, ...]:
        """Return `Answer.warnings` of a question that `check_answerable` lets pass; mostly none."""
        ...

    def question_index(self, text: str) -> int:
        """Return the row that a question has where something is kept for each; RNCoreError if they are too many."""
        ...

    def sample_batch(
        self,
        rng: np.random.Generator,
        n_scenes: int,
        n_questions: int | None = None,
        type_weights: np.ndarray | None = None,
        n_cells: int | None = None,
    ) -> Batch:
        """Draw fresh scenes and questions about them.

        Args:
            rng: generator of one split.
            n_scenes: scenes S.
            n_questions: different questions about each scene; None asks all there are.
            type_weights: (T,) how likely each question type is drawn, above 0; None draws all alike.
            n_cells: how many cells of an image take part (`Batch.kept`), those with an object first; None for all.
        """
        ...

    def sample_shown(self, rng: np.random.Generator) -> tuple[Any, Any]:
        """Draw one scene, which has `to_json`, and return it with what `encode_scenes` reads of it."""
        ...


@runtime_checkable
class Pooled(Task, Protocol):
    """A task whose scenes take longer to draw than to learn from: a pool of them is asked again and again.

    Attributes:
        taught: what the pool's lessons say of a question or of what moves, as the end of "first learned what"; empty
            where they say only what pairs show.
    """

    @property
    def taught(self) -> str:
        """Return what lessons say beside what pairs show."""
        ...

    def make_pool(self, seed: int, n_scenes: int, n_questions: int, progress: Progress = ...) -> Pool:
        """Draw scenes of split train and questions about each, to be asked again and again."""
        ...


@runtime_checkable
class Raceable(Task, Protocol):
    """A task with examples to watch while networks learn side by side.

    Attributes:
        race: how it is raced.
    """

    @property
    def race(self) -> RaceSpec:
        """Return how it is raced."""
        ...

    def sample_examples(self, rng: np.random.Generator, n_examples: int) -> tuple[Batch, tuple[Example, ...]]:
        """Draw scenes with one question each, types in turn, relational ones first; as tensors and in words."""
        ...

    def narrow(self, question_types: Collection[str]) -> Raceable:
        """Return the task with scenes for only some question types, where a scene belongs to one; else the task."""
        ...


@runtime_checkable
class FolderBacked(Task, Protocol):
    """A task whose questions can be read from a folder in its published layout, to be measured on."""

    def read_batches(self, root: Path, split: str | None = None, progress: Progress = ...) -> Iterator[Batch]:
        """Yield the questions of a split; None for the only one, or the one that is usually measured."""
        ...


@runtime_checkable
class FolderTrained(FolderBacked, Protocol):
    """A task that can also learn from such a folder."""

    def open_source(self, root: Path, progress: Progress = ...) -> Source:
        """Return a folder as training data."""
        ...


@runtime_checkable
class MultiLabel(Task, Protocol):
    """A task that asks of many things at once whether they are so, and can be asked about one of them."""

    def find_thing(self, text: str) -> int | None:
        """Return which of `answers` a question asks about alone; None where it asks about all of them.

        Raises:
            QuestionError: if there is no such thing.
        """
        ...


@runtime_checkable
class CellBacked(Task, Protocol):
    """A task of images whose cells' contents are known, so that an encoder can learn to name them first."""

    def sample_cells(self, rng: np.random.Generator, n_scenes: int) -> tuple[Tensor, Tensor]:
        """Draw images and the facts that each cell of them holds."""
        ...

    def cell_reading(self) -> CellReading:
        """Return how the facts and coordinates of a cell read as one object row."""
        ...


@runtime_checkable
class ObjectsLabeled(Task, Protocol):
    """A task of pictures whose objects are known, so that an encoder can learn to find them first."""

    def sample_labeled(self, rng: np.random.Generator, n_scenes: int) -> LabeledPictures:
        """Draw pictures with the place and the attributes of each object."""
        ...


@runtime_checkable
class Restyled(Task, Protocol):
    """A task whose pictures can also be drawn as other people draw them."""

    def in_styles(self) -> Task:
        """Return the task with each picture in a style of its own: colors, ground, size, blur, noise, compression."""
        ...


@runtime_checkable
class PairsKnown(Task, Protocol):
    """A task with questions whose deciding pair is known, which attributions are scored on.

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
    """A task with so few questions that something is kept for each, in the order of `question_index`."""

    def sample_every_question(self, rng: np.random.Generator) -> tuple[tuple[Tensor, ...], Tensor]:
        """Draw one scene and return the encoder's inputs, with all questions (Q, D_q)."""
        ...
