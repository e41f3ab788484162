"""The loss of networks that answer step by step: a question counts where its answer can be known."""

from __future__ import annotations

import torch
from torch import Tensor

from rn_core.common.records import Batch
from rn_core.tasks import Task
from rn_core.tasks.base import Chained


def count_steps(task: Task, batch: Batch) -> Tensor | None:
    """Return how many relations, one after another, each question of a batch takes (M,) int64; None if unknown."""
    if not isinstance(task, Chained):
        return None
    return torch.tensor(task.n_relations, device=batch.type_index.device)[batch.type_index]


def mean_loss(task: Task, steps: Tensor, batch: Batch, needed: Tensor | None) -> Tensor:
    """Return the mean of the losses at all steps.

    Args:
        task: whose scoring it is.
        steps: (T, M, A) logits after each step.
        batch: M questions.
        needed: (M,) int64, the relations that each takes: a question counts from the step on at which its answer can
            be known, and at the last one; None if all count at every step.
    """
    if needed is None:
        return torch.stack([task.scoring.loss(step, batch) for step in steps]).mean()
    losses = []
    for step, logits in enumerate(steps, start=1):
        known = needed <= (step if step < len(steps) else needed.max())
        if known.any():
            losses.append(task.scoring.loss(logits[known], batch.ask(known)))
    return torch.stack(losses).mean()
