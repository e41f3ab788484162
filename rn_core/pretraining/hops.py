"""Pretraining of hops: each learns to pick one link of the chain of objects that answers a question.

Trained on answers only, no hop knows what the others will pick, and all stay on a plateau. The published files name the
statements that an answer follows from, in order; each hop's loss is the cross entropy of its weights with its link.
Encoders and the relations behind the hops stay as they are, so that they go on fitting each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import functional

from rn_core.common.errors import RNCoreError
from rn_core.common.seeding import make_rng
from rn_core.models import QuestionAnsweringModel
from rn_core.models.hops import HopRelationNetwork
from rn_core.pretraining.cells import PretrainingSteps
from rn_core.pretraining.type_errors import TypeErrors
from rn_core.tasks.pools import ChainPool

if TYPE_CHECKING:
    from lightning_fabric import Fabric

_CLIP_NORM = 10.0
#: Smallest weight of a question type as a share of the largest: few types have long chains.
_LEAST = 0.03


@dataclass(frozen=True)
class HopPretrainingConfig:
    """Settings of the pretraining.

    Attributes:
        steps: optimizer steps.
        n_types: question types T; types with larger errors are sampled more often.
        seed: root seed of the questions.
        n_scenes: scenes per step.
        learning_rate: peak rate of AdamW; 200 steps of warm-up, then a cosine to 0.
    """

    steps: int
    n_types: int
    seed: int = 0
    n_scenes: int = 256
    learning_rate: float = 2e-3


def make_hop_steps(
    model: QuestionAnsweringModel, pool: ChainPool, config: HopPretrainingConfig, fabric: Fabric
) -> PretrainingSteps:
    """Return the steps of the pretraining, an iterator that takes them one by one and yields their losses.

    Args:
        model: with hops; moved to the fabric's device, its hops changed in place.
        pool: the source of batches.
        config: steps, seed and sizes.
        fabric: gives device and precision; all processes of a run do the same work.

    Raises:
        RNCoreError: if the core has no hops.
    """
    core = model.core
    if not isinstance(core, HopRelationNetwork):
        raise RNCoreError(f"A {type(core).__name__} has no hops to pretrain; choose a model that has.")
    model.to(fabric.device).train()
    errors = TypeErrors(config.n_types, _LEAST)

    def misled(step: int) -> Tensor:
        rng = make_rng(config.seed, "train", step, 4)
        batch = pool.sample_chain_batch(rng, config.n_scenes, errors.weights).to(fabric.device)
        with fabric.autocast():
            with torch.no_grad():
                objects, mask = model.encoder(*batch.inputs)
                asked = model.encode_question(batch.question)
            scores = core.score(objects, mask, asked, batch.scene_index)  # (M, T, N)
        missed = chain_losses(scores, batch.links)
        errors.add(batch.type_index, missed)
        return missed.mean()

    return PretrainingSteps(
        core.hops.parameters(), config.steps, config.learning_rate, misled, _CLIP_NORM, running=errors.missed
    )


def chain_losses(scores: Tensor, links: Tensor) -> Tensor:
    """Return the loss of each question (M,): the cross entropy of every hop, added up; 0 for links not known.

    Args:
        scores: (M, T, N) float, minus infinity in padding.
        links: (M, L) int64, L at least T; the first T are the hops'.
    """
    n_hops = scores.shape[1]
    return functional.cross_entropy(scores.transpose(1, 2), links[:, :n_hops], ignore_index=-1, reduction="none").sum(
        dim=1
    )
