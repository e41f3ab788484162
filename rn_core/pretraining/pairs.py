"""Pretraining of models that read questions: the content of the question and the facts about pairs, before answers.

Trained on answers only, a Relation Network on CLEVR stays on a plateau for many millions of questions: it must find at
once what the words mean, which objects they fit, and how to count. A program states all of it: each description, each
relation, and for each pair of objects whether it fits them. Linear layers learn to read these facts from the question
and from `g_theta`'s relations; because they are linear, `f_phi` finds in the sum of the relations what they read from
each. They are then discarded. The paper trains end to end, on answers only; cards say that ours do not.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from rn_core.common.errors import RNCoreError
from rn_core.common.records import PairBatch
from rn_core.common.seeding import fork_torch_rng, make_rng
from rn_core.models import QuestionAnsweringModel
from rn_core.pretraining.cells import PretrainingSteps
from rn_core.pretraining.type_errors import TypeErrors
from rn_core.tasks.pools import Pool

if TYPE_CHECKING:
    from lightning_fabric import Fabric

_CLIP_NORM = 10.0


@dataclass(frozen=True)
class PairPretrainingConfig:
    """Settings of the pretraining.

    Attributes:
        steps: optimizer steps.
        n_types: question types T; types with larger errors are sampled more often, where the pool can choose.
        seed: root seed of scenes, questions and pairs.
        n_scenes: scenes per step.
        n_pairs: pairs of objects per question.
        learning_rate: peak rate of AdamW; 200 steps of warm-up, then a cosine to 0.
        question_weight: weight of a question's facts relative to those of a pair.
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

    def __init__(self, model: QuestionAnsweringModel, batch: PairBatch) -> None:
        """Draw the two layers from torch's global generator; models without pairs get the first one only.

        Tasks without questions need only the second.
        """
        super().__init__()
        self.model = model
        self.layers = nn.ModuleDict()
        if batch.question_fact_sizes:
            self.layers["of_question"] = nn.Linear(model.core.config.d_question, sum(batch.question_fact_sizes))
        if model.has_pairs:
            self.layers["of_pair"] = nn.Linear(model.pair_core.config.g_widths[-1], batch.pair_facts.shape[-1])

    def forward(self, batch: PairBatch, question_weight: float) -> tuple[Tensor, Tensor]:
        """Return the loss: cross entropies of a question's facts plus squared errors of a pair's facts.

        A squared error, because the reading of the sum of the relations should be the sum of the facts.

        Returns:
            the loss, and each question's loss over its pairs (M,).
        """
        question = self.model.encode_question(batch.question)  # (M, D_q)
        loss = question_weight * self._reader_loss(batch, question) / len(question)
        if not self.model.has_pairs:
            return loss, loss.new_zeros(len(question))
        relations = self.model.relate(batch.inputs, batch.scene_index, batch.pairs, question)  # (M, K, D_g)
        shown: Tensor = self.layers["of_pair"](relations)  # (M, K, F_p)
        missed = (shown.float() - batch.pair_facts).square().sum(dim=-1).mean(dim=-1)  # (M,)
        return loss + missed.mean(), missed

    def _reader_loss(self, batch: PairBatch, question: Tensor) -> Tensor:
        """Return the cross entropies of the facts of all questions, added up."""
        if not batch.question_fact_sizes:
            return question.new_zeros(())
        said: Tensor = self.layers["of_question"](question)  # (M, values of all facts)
        each = torch.split(said.float(), [*batch.question_fact_sizes], dim=-1)
        entropies = (
            functional.cross_entropy(logits, fact, ignore_index=-1, reduction="sum")
            for logits, fact in zip(each, batch.question_facts.unbind(dim=-1), strict=True)
        )
        return reduce(torch.add, entropies)


def make_pair_steps(
    model: QuestionAnsweringModel, pool: Pool, config: PairPretrainingConfig, fabric: Fabric
) -> PretrainingSteps:
    """Return the steps of the pretraining, an iterator that takes them one by one and yields their losses.

    Args:
        model: reads words and object rows; moved to the fabric's device and changed in place.
        pool: the source of batches.
        config: steps, seed and sizes.
        fabric: gives device and precision; all processes of a run do the same work.

    Raises:
        RNCoreError: if there is nothing to learn, as the task has no questions and the model no pairs.
    """
    errors = TypeErrors(config.n_types)
    first = _sample_batch(pool, config, 0, errors.weights)
    if not (first.question_fact_sizes or model.has_pairs):
        raise RNCoreError("A model without pairs cannot be pretrained without questions; set warm_start to 0.")
    with fork_torch_rng(config.seed):
        readout = _Readout(model, first).to(fabric.device)
    model.train()

    def misread(step: int) -> Tensor:
        loss: Tensor
        batch = _sample_batch(pool, config, step, errors.weights).to(fabric.device)
        with fabric.autocast():
            loss, missed = readout(batch, config.question_weight)
        errors.add(batch.type_index, missed)
        return loss

    learning, layers = readout.parameters(), readout.layers
    return PretrainingSteps(
        learning, config.steps, config.learning_rate, misread, _CLIP_NORM, extra=layers, running=errors.missed
    )


def _sample_batch(pool: Pool, config: PairPretrainingConfig, step: int, type_weights: np.ndarray) -> PairBatch:
    """Return one step's batch."""
    rng = make_rng(config.seed, "train", step, 3)
    return pool.sample_pair_batch(rng, config.n_scenes, config.n_pairs, type_weights)
