"""Scores against the pairs that are known to decide the answer.

Source: Arras et al. 2022 (CLEVR-XAI, arXiv 2003.07258) for relevance mass and rank accuracy, and the
pointing game of Zhang et al. 2016 (arXiv 1608.00507); here over pairs instead of pixels.
Only positive contributions count, as the truth is about evidence for the answer. Chance is the share of true pairs.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from rn_core.common.errors import RNCoreError


def make_true_pairs(asked: int, targets: np.ndarray | Tensor) -> Tensor:
    """Return the pairs that hold what the question needs.

    A question about other objects needs the object asked about and a target: both orders of each are true. A question
    about one object alone (its own target) can be answered from any pair with it: all these are true.

    Args:
        asked: index of the object asked about, 0 to N - 1.
        targets: (N,) bool, the objects that decide the answer together with it.

    Returns:
        (N * N,) bool, row `i * N + j` is the pair (o_i, o_j).

    Raises:
        RNCoreError: if the targets are not (N,) bool with at least one True, or there is no such object.
    """
    targets = torch.as_tensor(targets)
    if targets.dim() != 1 or targets.dtype != torch.bool or not targets.any():
        raise RNCoreError(
            f"targets must be (N,) bool with one or more objects, got {tuple(targets.shape)} {targets.dtype} "
            f"with {int(targets.count_nonzero())}."
        )
    if not 0 <= asked < len(targets):
        raise RNCoreError(f"asked must be 0 to {len(targets) - 1} in a scene of {len(targets)} objects, got {asked!r}.")
    others = targets.clone()
    others[asked] = False
    partner = others if others.any() else torch.ones_like(targets)
    true = torch.zeros(len(targets), len(targets), dtype=torch.bool)
    true[asked] = partner
    true[:, asked] = partner
    return true.flatten()


def pointing_game(contributions: Tensor, true_pairs: Tensor) -> bool:
    """Return whether the pair with the largest contribution is a true one.

    Args:
        contributions: (P,); if none is above 0, no pair is pointed at, which is a miss. Of equal ones the first counts.
        true_pairs: (P,) bool.

    Raises:
        RNCoreError: if the shapes do not fit.
    """
    _check_truth(contributions, true_pairs)
    top = contributions.argsort(descending=True, stable=True)[0]
    return bool(true_pairs[top] & (contributions[top] > 0))


def relevance_mass(contributions: Tensor, true_pairs: Tensor) -> float:
    """Return the share of all positive contributions that lies on true pairs, 0 to 1; 0 if there are none.

    Args:
        contributions: (P,).
        true_pairs: (P,) bool.

    Raises:
        RNCoreError: if the shapes do not fit.
    """
    _check_truth(contributions, true_pairs)
    positive = contributions.clamp(min=0)
    total = positive.sum().item()
    return positive[true_pairs].sum().item() / total if total else 0.0


def relevance_rank(contributions: Tensor, true_pairs: Tensor) -> float:
    """Return the share of true pairs among the T largest contributions, T the number of true pairs, 0 to 1.

    Args:
        contributions: (P,); those of 0 or less are never among the largest. Of equal ones the first counts.
        true_pairs: (P,) bool.

    Raises:
        RNCoreError: if the shapes do not fit.
    """
    _check_truth(contributions, true_pairs)
    n_true = int(true_pairs.sum())
    top = contributions.argsort(descending=True, stable=True)[:n_true]
    return int((true_pairs[top] & (contributions[top] > 0)).sum()) / n_true


def _check_truth(contributions: Tensor, true_pairs: Tensor) -> None:
    """Raise RNCoreError unless both are (P,), the second bool with at least one true pair."""
    if contributions.dim() != 1 or true_pairs.shape != contributions.shape or true_pairs.dtype != torch.bool:
        raise RNCoreError(
            f"contributions must be (P,) and true_pairs (P,) bool, got {tuple(contributions.shape)} and "
            f"{tuple(true_pairs.shape)} {true_pairs.dtype}."
        )
    if not true_pairs.any():
        raise RNCoreError(f"true_pairs must hold at least one true pair, got none among {len(true_pairs)}.")
