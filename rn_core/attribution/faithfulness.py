"""Do the pairs that a method ranks first determine the answer? Deletion, insertion, and the smallest sufficient set.

Removing a pair from the sum is exact here, as no pixel has to be painted over; yet a sum of few relations may be one
that f_phi never met in training, so every curve is compared with those of random orders.
Source: Petsiuk et al. 2018 (RISE, arXiv 1806.07421), on pairs instead of pixels.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from rn_core.attribution.base import Target
from rn_core.attribution.readout import PairSum, make_pair_sum
from rn_core.common.errors import RNCoreError


@dataclass(frozen=True)
class Curve:
    """The answer while pairs leave the sum (deletion) or enter it (insertion).

    Attributes:
        counts: (K,) int64 ascending from 0 to P, pairs that have left or entered.
        values: (K,) float64, z at each count; over several orders their mean.
        kept: (K,) float64, 1 where f_phi's answer is that of all pairs, else 0; over several orders the mean.
    """

    counts: Tensor
    values: Tensor
    kept: Tensor

    @property
    def area(self) -> float:
        """Return the mean of z over the share of pairs from 0 to 1, in logits (trapezoids)."""
        return self._mean(self.values)

    @property
    def kept_area(self) -> float:
        """Return the mean of `kept` over the share of pairs, 0 to 1."""
        return self._mean(self.kept)

    def _mean(self, heights: Tensor) -> float:
        """Return the mean height over the counts."""
        return (torch.trapezoid(heights, self.counts.to(heights.dtype)) / self.counts[-1]).item()


@dataclass(frozen=True)
class Faithfulness:
    """The curves of a method and those of random orders of the same pairs.

    Attributes:
        deletion: strongest contribution leaves first; a small area is good.
        insertion: strongest contribution enters first; a large area is good.
        random_deletion: mean over random orders.
        random_insertion: mean over the same orders.
    """

    deletion: Curve
    insertion: Curve
    random_deletion: Curve
    random_insertion: Curve


@dataclass(frozen=True)
class KeepingSet:
    """The shortest prefix of a ranking whose relations alone give the answer of all pairs.

    Attributes:
        pairs: (k,) int64, strongest first; k is the smallest sufficient number. Empty if the baseline alone
            already gives the answer.
        stable_from: the smallest number, at least k, from which all larger ones are sufficient: with more pairs the
            answer may be lost again.
    """

    pairs: Tensor
    stable_from: int


def rank_pairs(contributions: Tensor) -> Tensor:
    """Return (P,) int64, pairs by descending contribution (signed: evidence against z comes last).

    Args:
        contributions: (P,); equal ones keep their order.
    """
    return contributions.argsort(descending=True, stable=True)


@torch.no_grad()
def measure_faithfulness(
    f_phi: nn.Sequential,
    relations: Tensor,
    contributions: Tensor,
    target: Target,
    generator: torch.Generator,
    baseline: Tensor | None = None,
    n_orders: int = 10,
    n_points: int | None = None,
) -> Faithfulness:
    """Return deletion and insertion curves of a ranking, and those of random ones.

    Args:
        f_phi: the model's own; not changed.
        relations: (P, D_g).
        contributions: (P,) of any method.
        target: the value z to follow.
        generator: draws the random orders.
        baseline: (D_g,), or None for zero.
        n_orders: random orders, 1 or more.
        n_points: counts to evaluate, evenly spaced from 0 to P; None for all.

    Raises:
        RNCoreError: if shapes, target or numbers are invalid.
    """
    pairs = make_pair_sum(f_phi, relations, baseline)
    check_contributions(contributions, len(relations))
    if n_orders < 1:
        raise RNCoreError(f"n_orders must be 1 or more, got {n_orders!r}.")
    counts = make_counts(len(relations), n_points)
    ranked = rank_pairs(contributions)
    orders = [torch.randperm(len(relations), generator=generator) for _ in range(n_orders)]
    random = [[_follow(pairs, target, order, counts, insert) for order in orders] for insert in (False, True)]
    return Faithfulness(
        _follow(pairs, target, ranked, counts, insert=False),
        _follow(pairs, target, ranked, counts, insert=True),
        *map(_mean_curve, random),
    )


@torch.no_grad()
def smallest_keeping_set(
    f_phi: nn.Sequential, relations: Tensor, contributions: Tensor, baseline: Tensor | None = None
) -> KeepingSet:
    """Return the shortest prefix of a ranking that keeps the answer (the largest logit) of all pairs.

    It is the smallest along this ranking, not among all sets of pairs.

    Args:
        f_phi: the model's own; not changed.
        relations: (P, D_g).
        contributions: (P,) that rank the pairs, largest first.
        baseline: (D_g,), or None for zero: the sum before the first pair enters.

    Raises:
        RNCoreError: if shapes do not match.
    """
    pairs = make_pair_sum(f_phi, relations, baseline)
    check_contributions(contributions, len(relations))
    order = rank_pairs(contributions)
    answers = pairs.readout.logits(_aggregates(pairs, order, insert=True)).argmax(dim=1)  # (P + 1,)
    kept = answers == answers[-1]
    lost = torch.nonzero(~kept)
    first = int(torch.nonzero(kept)[0])
    return KeepingSet(order[:first], int(lost[-1]) + 1 if len(lost) else 0)


def keep_pairs(relations: Tensor, keep: Tensor, baseline: Tensor | None = None) -> Tensor:
    """Return the aggregate of only some pairs; `answer_logits` gives f_phi's answer to it.

    Args:
        relations: (P, D_g).
        keep: (P,) bool.
        baseline: (D_g,), whose P-th part replaces each pair that is left out; None is zero.

    Returns:
        (D_g,) float64 on the CPU.

    Raises:
        RNCoreError: if `keep` is not (P,) bool.
    """
    if keep.shape != relations.shape[:1] or keep.dtype != torch.bool:
        raise RNCoreError(
            f"The pairs to keep or remove must be ({len(relations)},) bool, got {tuple(keep.shape)} {keep.dtype}."
        )
    keep = keep.cpu()
    aggregate = relations.detach().to("cpu", torch.float64)[keep].sum(dim=0)
    if baseline is None:
        return aggregate
    return aggregate + baseline.detach().to("cpu", torch.float64) * ((~keep).sum() / len(keep))


def remove_pairs(relations: Tensor, remove: Tensor, baseline: Tensor | None = None) -> Tensor:
    """Return the aggregate without some pairs; see `keep_pairs`."""
    return keep_pairs(relations, ~remove if remove.dtype == torch.bool else remove, baseline)


def make_counts(n_pairs: int, n_points: int | None) -> Tensor:
    """Return increasing numbers of pairs from 0 to P without duplicates.

    Args:
        n_pairs: P.
        n_points: how many, evenly spaced, 2 or more; None takes every number.

    Returns:
        (K,) int64.

    Raises:
        RNCoreError: if `n_points` is below 2.
    """
    if n_points is None:
        return torch.arange(n_pairs + 1)
    if n_points < 2:
        raise RNCoreError(f"n_points must be 2 or more, or None for every number of pairs, got {n_points!r}.")
    counts: Tensor = torch.unique(torch.linspace(0, n_pairs, n_points, dtype=torch.float64).round().long())
    return counts


def check_contributions(contributions: Tensor, n_pairs: int) -> None:
    """Raise RNCoreError unless there is one contribution per pair."""
    if contributions.shape != (n_pairs,):
        raise RNCoreError(f"contributions must have shape ({n_pairs},), got {tuple(contributions.shape)}.")


def _aggregates(pairs: PairSum, order: Tensor, insert: bool) -> Tensor:
    """Return (P + 1, D_g): the sum after the first k pairs of `order` left or entered; both ends are exact."""
    moved = pairs.shares[order].cumsum(dim=0)[:-1]  # (P - 1, D_g)
    if insert:
        return torch.cat([pairs.baseline[None], pairs.baseline + moved, pairs.aggregate[None]])
    return torch.cat([pairs.aggregate[None], pairs.aggregate - moved, pairs.baseline[None]])


def _follow(pairs: PairSum, target: Target, order: Tensor, counts: Tensor, insert: bool) -> Curve:
    """Return the curve of one order."""
    target.check_answers(pairs.readout.n_answers)
    logits = pairs.readout.logits(_aggregates(pairs, order, insert)[counts])  # (K, A)
    values, answers = target.value(logits), logits.argmax(dim=1)
    kept = (answers == answers[-1 if insert else 0]).to(values.dtype)
    return Curve(counts, values, kept)


def _mean_curve(curves: list[Curve]) -> Curve:
    """Return the mean of curves over the same counts and pairs."""
    values = torch.stack([curve.values for curve in curves]).mean(dim=0)
    kept = torch.stack([curve.kept for curve in curves]).mean(dim=0)
    return Curve(curves[0].counts, values, kept)
