"""A warm start for models that read questions: before they answer, they learn what a question says and a pair shows.

From answers alone a Relation Network on CLEVR stays on a plateau for many millions of questions: it must find at once
what the words mean, which objects they fit, and how to count. A program tells all of it: each description, each
relation, and for each pair of objects whether it fits them. Linear layers learn to read these facts off the question
and off `g_theta`'s relations; because they are linear, `f_phi` finds in the sum of the relations what they read off
each. They are then thrown away. The paper trains from answers alone; cards say that ours do not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from rn_core.common.errors import RNCoreError
from rn_core.common.records import PairLesson
from rn_core.common.seeding import fork_torch_rng, make_rng
from rn_core.models import QuestionAnsweringModel
from rn_core.pretraining.cells import Keeper, PretrainingSteps
from rn_core.tasks.base import Pool

if TYPE_CHECKING:
    from lightning_fabric import Fabric

_CLIP_NORM = 10.0
#: Share of the worst question type's weight that each type has at least, and by how much a step moves the errors.
_LEAST, _RATE = 0.1, 0.02


@dataclass(frozen=True)
class LessonConfig:
    """The warm start.

    Attributes:
        steps: optimizer steps.
        n_types: question types T; those whose pairs are missed most are drawn most, where the pool can choose.
        seed: root seed of scenes, questions and pairs.
        n_scenes: scenes a step.
        n_pairs: pairs of objects a question.
        learning_rate: peak rate of AdamW; 200 steps of warm-up, then a cosine to 0.
        question_weight: weight of a question's facts beside those of a pair.
    """

    steps: int
    n_types: int
    seed: int = 0
    n_scenes: int = 64
    n_pairs: int = 8
    learning_rate: float = 1e-3
    question_weight: float = 0.5


class _Readout(nn.Module):
    """A model's question encoder and relations, with a linear layer behind each."""

    def __init__(self, model: QuestionAnsweringModel, lesson: PairLesson) -> None:
        """Draw the two layers from torch's global generator; models without pairs get the first one only.

        Where nothing is asked there is only the second.
        """
        super().__init__()
        self.model = model
        self.layers = nn.ModuleDict()
        if lesson.question_fact_sizes:
            self.layers["of_question"] = nn.Linear(model.core.config.d_question, sum(lesson.question_fact_sizes))
        if model.has_pairs:
            self.layers["of_pair"] = nn.Linear(model.pair_core.config.g_widths[-1], lesson.pair_facts.shape[-1])

    def forward(self, lesson: PairLesson, question_weight: float) -> tuple[Tensor, Tensor]:
        """Return the loss: of a question's facts their cross entropies, of a pair's their squared errors, added up.

        A squared error, because what is read off the sum of the relations is to be the sum of the facts.

        Returns:
            the loss, and what of it is each question's pairs' (M,).
        """
        question = self.model.encode_question(lesson.question)  # (M, D_q)
        loss = question_weight * self._misread(lesson, question) / len(question)
        if not self.model.has_pairs:
            return loss, loss.new_zeros(len(question))
        relations = self.model.relate(lesson.inputs, lesson.scene_index, lesson.pairs, question)  # (M, K, D_g)
        shown: Tensor = self.layers["of_pair"](relations)  # (M, K, F_p)
        missed = (shown.float() - lesson.pair_facts).square().sum(dim=-1).mean(dim=-1)  # (M,)
        return loss + missed.mean(), missed

    def _misread(self, lesson: PairLesson, question: Tensor) -> Tensor:
        """Return the cross entropies of the facts of all questions, added up."""
        if not lesson.question_fact_sizes:
            return question.new_zeros(())
        said: Tensor = self.layers["of_question"](question)  # (M, values of all facts)
        each = torch.split(said.float(), [*lesson.question_fact_sizes], dim=-1)
        entropies = (
            functional.cross_entropy(logits, fact, ignore_index=-1, reduction="sum")
            for logits, fact in zip(each, lesson.question_facts.unbind(dim=-1), strict=True)
        )
        return reduce(torch.add, entropies)


def teach(
    model: QuestionAnsweringModel,
    pool: Pool,
    config: LessonConfig,
    fabric: Fabric,
    progress: Callable[[Iterable[int]], Iterable[int]] = iter,
    keeper: Keeper | None = None,
) -> float:
    """Let a model learn what questions say and what pairs show.

    Args:
        model: as `take_lessons`, and so are the others.
        pool: where lessons come from.
        config: steps, seed and sizes.
        fabric: gives device and precision.
        progress: wraps the iteration over the steps (a progress bar).
        keeper: saves the steps and goes on from there; None for nobody.

    Returns:
        the last step's loss.

    Raises:
        RNCoreError: as `take_lessons`.
    """
    return take_lessons(model, pool, config, fabric).finish(keeper, progress)


def take_lessons(model: QuestionAnsweringModel, pool: Pool, config: LessonConfig, fabric: Fabric) -> PretrainingSteps:
    """Return an iterator that takes the lessons, one step at a time, and yields each step's loss.

    Args:
        model: reads words and object rows; put on the fabric's device and changed in place.
        pool: where lessons come from.
        config: steps, seed and sizes.
        fabric: gives device and precision; all processes of a run do the same.

    Raises:
        RNCoreError: if there is nothing to learn, as nothing is asked and the model has no pairs.
    """
    errors = _TypeErrors(config.n_types)
    first = _draw_lesson(pool, config, 0, errors.weights)
    if not (first.question_fact_sizes or model.has_pairs):
        raise RNCoreError("A model without pairs has no lessons where nothing is asked; set warm_start to 0.")
    with fork_torch_rng(config.seed):
        readout = _Readout(model, first).to(fabric.device)
    model.train()

    def misread(step: int) -> Tensor:
        loss: Tensor
        lesson = _draw_lesson(pool, config, step, errors.weights).to(fabric.device)
        with fabric.autocast():
            loss, missed = readout(lesson, config.question_weight)
        errors.add(lesson, missed)
        return loss

    learning, layers = readout.parameters(), readout.layers
    return PretrainingSteps(
        learning, config.steps, config.learning_rate, misread, _CLIP_NORM, extra=layers, running=errors.missed
    )


def _draw_lesson(pool: Pool, config: LessonConfig, step: int, type_weights: np.ndarray) -> PairLesson:
    """Return one step's lesson."""
    rng = make_rng(config.seed, "train", step, 3)
    return pool.sample_lesson(rng, config.n_scenes, config.n_pairs, type_weights)


class _TypeErrors:
    """How much each question type's pairs are missed, so that what is learned is drawn less."""

    def __init__(self, n_types: int) -> None:
        """Begin with all types alike."""
        self.missed = np.ones(n_types)

    @property
    def weights(self) -> np.ndarray:
        """Return (T,) how likely each type is to be drawn."""
        weights: np.ndarray = np.maximum(self.missed, _LEAST * self.missed.max())
        return weights

    def add(self, lesson: PairLesson, missed: Tensor) -> None:
        """Move the running means by one step's errors (M,)."""
        kinds, n_types = lesson.type_index.cpu().numpy(), len(self.missed)
        counts = np.bincount(kinds, minlength=n_types)
        sums = np.bincount(kinds, weights=missed.detach().cpu().numpy(), minlength=n_types)
        rate = _RATE * np.minimum(1, counts / 20)
        self.missed += rate * (sums / np.maximum(counts, 1) - self.missed)
