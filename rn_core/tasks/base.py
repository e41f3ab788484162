"""What every task offers to training, evaluation and the pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Protocol

import numpy as np
from torch import Tensor

from rn_core.records import Batch, Example


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


class Task(Protocol):
    """A source of scenes, questions and true answers as tensors.

    Attributes:
        name: key in `TASKS`.
        answers: the answers' texts, in the order of the logits.
        question_types: in the order of `Batch.type_index`.
        groups: group -> the question types in it.
    """

    name: str
    answers: tuple[str, ...]
    question_types: tuple[str, ...]
    groups: Mapping[str, tuple[str, ...]]

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

    def sample_examples(self, rng: np.random.Generator, n_examples: int) -> tuple[Batch, tuple[Example, ...]]:
        """Draw scenes with one question each, types in turn, relational ones first; as tensors and in words."""
        ...

    def sample_cells(self, rng: np.random.Generator, n_scenes: int) -> tuple[Tensor, Tensor]:
        """Draw images and, for the warm start of an encoder, the facts that each cell of them holds."""
        ...

    def cell_reading(self) -> CellReading:
        """Return how the facts and coordinates of a cell read as one object row."""
        ...
