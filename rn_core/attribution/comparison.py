"""How much two methods disagree about the same pairs."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from rn_core.attribution.base import Attribution
from rn_core.attribution.pairs import METHODS
from rn_core.common.errors import RNCoreError


@dataclass(frozen=True)
class Disagreement:
    """Two rankings of the same pairs, compared.

    Attributes:
        rank_distance: 1 - Spearman's rank correlation: 0 for the same order, 1 for no relation, 2 for the reverse.
        same_top: whether both have the same strongest pair (largest absolute contribution, the first of equal ones).
    """

    rank_distance: float
    same_top: bool


def disagreement(one: Attribution, other: Attribution) -> Disagreement:
    """Compare two attributions of one question.

    Signed contributions are ranked with their sign. If one method has no signs (`norm`), both are ranked by strength.

    Args:
        one: by any method.
        other: by any method, for the same pairs.

    Raises:
        RNCoreError: if they are not about the same number of pairs.
    """
    if one.contributions.shape != other.contributions.shape:
        raise RNCoreError(
            "Only attributions of the same pairs can be compared, "
            f"got {len(one.contributions)} and {len(other.contributions)} pairs."
        )
    strengths = [part.contributions.abs() for part in (one, other)]
    signed = all(METHODS[part.method].is_share for part in (one, other))
    ranks = [_ranks(part) for part in ([one.contributions, other.contributions] if signed else strengths)]
    first, second = (strength.argsort(descending=True, stable=True)[0] for strength in strengths)
    return Disagreement(1 - _correlation(*ranks), bool(first == second))


def _ranks(values: Tensor) -> Tensor:
    """Return (P,) float64 ranks from 1; equal values share their mean rank."""
    place: Tensor
    counts: Tensor
    _, place, counts = torch.unique(values, return_inverse=True, return_counts=True)
    last = counts.cumsum(dim=0).to(torch.float64)
    return (last - (counts - 1) / 2)[place]


def _correlation(first: Tensor, second: Tensor) -> float:
    """Return Pearson's correlation of ranks; if one side is all ties, 1 if the other is too, else 0."""
    first, second = first - first.mean(), second - second.mean()
    spread = (first.square().sum() * second.square().sum()).sqrt().item()
    if not spread:
        return float(not first.any() and not second.any())
    return (first @ second).item() / spread
