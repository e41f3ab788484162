"""Scoring of logits: the training loss, which outputs are right, and the answer that they give."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from rn_core.common.records import Batch

#: Answers to yes-or-no questions, in the order of `split_logit`.
NO_YES = ("no", "yes")
#: The answer is yes from this probability on.
YES_THRESHOLD = 0.5


class Marks(NamedTuple):
    """The K outputs of some logits that can be right or wrong.

    Attributes:
        question: (K,) int64, the row of logits that each belongs to.
        type_index: (K,) int64, index into the task's question types.
        right: (K,) bool.
    """

    question: Tensor
    type_index: Tensor
    right: Tensor


class Scoring(Protocol):
    """How a task scores logits."""

    def loss(self, logits: Tensor, batch: Batch) -> Tensor:
        """Return the training loss of logits (M, A), a scalar."""
        ...

    def mark(self, logits: Tensor, batch: Batch) -> Marks:
        """Return which outputs of logits (M, A) are right."""
        ...

    def count_floors(self, batch: Batch) -> np.ndarray:
        """Return (T, C) int64: per question type, how many marks each of C constant answers would get."""
        ...

    def read(self, logits: Tensor, answers: Sequence[str]) -> tuple[str, dict[str, float]]:
        """Return the answer that (A,) logits give, and the probability of each of the task's answers."""
        ...


@runtime_checkable
class DistanceScoring(Scoring, Protocol):
    """How a task of path prediction scores logits."""

    def distances(self, logits: Tensor, batch: Batch) -> dict[str, np.ndarray]:
        """Return predictor, "model" among them -> its mean distance (S, K) from the truth in each scene and frame."""
        ...


class OneAnswer:
    """Each question has one answer: softmax and cross-entropy."""

    def __init__(self, n_types: int, n_answers: int) -> None:
        """Set the numbers of question types and answers."""
        self._shape = (n_types, n_answers)

    def loss(self, logits: Tensor, batch: Batch) -> Tensor:
        """Return the cross-entropy, averaged over questions."""
        return functional.cross_entropy(logits.float(), batch.answer)

    def mark(self, logits: Tensor, batch: Batch) -> Marks:
        """Return whether each question's largest logit is its answer's."""
        questions = torch.arange(len(logits), device=logits.device)
        return Marks(questions, batch.type_index, logits.argmax(dim=1) == batch.answer)

    def count_floors(self, batch: Batch) -> np.ndarray:
        """Return how often each answer is true, of questions whose type and answer are known."""
        counts = np.zeros(self._shape, dtype=np.int64)
        types, answers = batch.type_index.cpu().numpy(), batch.answer.cpu().numpy()
        known = (types >= 0) & (answers >= 0)
        np.add.at(counts, (types[known], answers[known]), 1)
        return counts

    def read(self, logits: Tensor, answers: Sequence[str]) -> tuple[str, dict[str, float]]:
        """Return the answer with the largest logit, and probabilities that sum to 1."""
        probabilities = dict(zip(answers, logits.softmax(dim=0).tolist(), strict=True))
        return answers[int(logits.argmax())], probabilities


class MultiLabelScoring:
    """Each question has many yes-or-no labels: sigmoids. Types are the single labels, then all together."""

    def loss(self, logits: Tensor, batch: Batch) -> Tensor:
        """Return the sigmoid cross-entropy, averaged over labels and questions; `batch.answer` is (M, A) bool."""
        return functional.binary_cross_entropy_with_logits(logits.float(), batch.answer.float())

    def mark(self, logits: Tensor, batch: Batch) -> Marks:
        """Return whether each of the M * A labels is right, then whether all labels of each question are."""
        right = (logits > 0) == batch.answer  # (M, A)
        questions = torch.arange(len(logits), device=logits.device)
        single = questions.repeat_interleave(logits.shape[1])  # (M * A,)
        kinds = torch.cat([torch.zeros_like(single), torch.ones_like(questions)])
        return Marks(torch.cat([single, questions]), kinds, torch.cat([right.flatten(), right.all(dim=1)]))

    def count_floors(self, batch: Batch) -> np.ndarray:
        """Return the marks of constant "no" and constant "yes"."""
        yes = batch.answer.cpu().numpy()
        return np.array([[(~yes).sum(), yes.sum()], [(~yes).all(axis=1).sum(), yes.all(axis=1).sum()]])

    def read(self, logits: Tensor, answers: Sequence[str]) -> tuple[str, dict[str, float]]:
        """Return the labels above probability 1/2, joined by commas, and each label's own probability."""
        probabilities = dict(zip(answers, logits.sigmoid().tolist(), strict=True))
        return ", ".join(
            name for name, share in probabilities.items() if share > YES_THRESHOLD
        ) or "none", probabilities
