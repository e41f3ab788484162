"""Pairs to contributions: five ways to attribute a logit to the relations in the sum.

The aggregate S is exactly the sum of the relations, so every method here works on f_phi alone: g_theta and the
encoder never run again. z is the target's value, P the number of pairs, B the baseline, g_p the relation of pair p;
B / P is subtracted from every relation, so that with a mean aggregate as B a pair is compared with an average pair.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import isqrt
from types import MappingProxyType

import torch
from torch import Tensor, nn

from rn_core.attribution.base import Attribution, Target
from rn_core.attribution.path import find_kinks, weigh_gradients
from rn_core.attribution.readout import PairSum, make_pair_sum
from rn_core.common.errors import RNCoreError, lookup


def exact_path(pairs: PairSum, target: Target, steps: int) -> Tensor:
    """Share_p = (g_p - B/P) . integral over a in [0, 1] of grad z(B + a (S - B)), split at f_phi's ReLU kinks.

    The Aumann-Shapley value of infinitesimal pairs; the limit of integrated gradients with ever more steps.
    Source: Sundararajan et al. 2017 (arXiv 1703.01365), equation 1; here the path runs over aggregates and the
    integral is exact. Completeness gap: rounding only, below 1e-9 for logits of ordinary size.

    Args:
        pairs: the question.
        target: the value z.
        steps: not used.

    Returns:
        (P,) float64.
    """
    readout = pairs.readout.toward(target)
    kinks = find_kinks(readout, pairs.baseline, pairs.aggregate)
    middles, lengths = (kinks[1:] + kinks[:-1]) / 2, kinks.diff()
    return pairs.shares @ weigh_gradients(readout, pairs.baseline, pairs.aggregate, middles, lengths)


def integrated_gradients(pairs: PairSum, target: Target, steps: int) -> Tensor:
    """As `exact_path`, with the integral by the midpoint rule with `steps` points.

    Source: Sundararajan et al. 2017 (arXiv 1703.01365), equation 3 (there at the right end of each step).
    Completeness gap: the error of the quadrature; it falls as `steps` grows.

    Arguments and result as `exact_path`, but for `steps`, the number of points m, 1 or more.

    Raises:
        RNCoreError: if `steps` is below 1.
    """
    if steps < 1:
        raise RNCoreError(f"steps must be 1 or more, got {steps!r}.")
    points = (torch.arange(steps, dtype=torch.float64) + 0.5) / steps
    weights = torch.full_like(points, 1 / steps)
    readout = pairs.readout.toward(target)
    return pairs.shares @ weigh_gradients(readout, pairs.baseline, pairs.aggregate, points, weights)


def leave_one_out(pairs: PairSum, target: Target, steps: int) -> Tensor:
    """z(S) - z(S - g_p + B/P): the exact loss without the pair.

    Completeness gap: the joint effect of pairs (positive where they need each other, negative where one could
    replace another). It is not an error.

    Arguments and result as `exact_path`.
    """
    return pairs.value(target, pairs.aggregate) - pairs.value(target, pairs.aggregate - pairs.shares)


def gradient(pairs: PairSum, target: Target, steps: int) -> Tensor:
    """(g_p - B/P) . grad z(S): gradient x relation.

    Source: "gradient x input" of Shrikumar et al. 2016 (arXiv 1605.01713), on relations.
    Completeness gap: how far z is from linear between B and S (biases and kinks of f_phi). It is not an error.

    Arguments and result as `exact_path`.
    """
    one = torch.ones(1, dtype=torch.float64)
    readout = pairs.readout.toward(target)
    return pairs.shares @ weigh_gradients(readout, pairs.baseline, pairs.aggregate, one, one)


def norm(pairs: PairSum, target: Target, steps: int) -> Tensor:
    """||g_p - B/P||: the strength of the relation, unsigned and for no particular answer.

    Completeness gap: none (None), as norms are not shares of a logit.

    Arguments as `exact_path`, whose target this does not use; returns (P,) float64, 0 or more.
    """
    strengths: Tensor = torch.linalg.vector_norm(pairs.shares, dim=1)
    return strengths


@dataclass(frozen=True)
class PairMethod:
    """A way to attribute a logit to pairs.

    Attributes:
        title: a short title for display.
        contribute: (question, target, steps) -> (P,) float64.
        is_share: whether contributions are signed parts of a logit; False for strengths.
    """

    title: str
    contribute: Callable[[PairSum, Target, int], Tensor]
    is_share: bool = True


#: Name -> method, the exact one first.
METHODS: Mapping[str, PairMethod] = MappingProxyType(
    {
        "exact_path": PairMethod("Exact path integral", exact_path),
        "integrated_gradients": PairMethod("Integrated gradients", integrated_gradients),
        "leave_one_out": PairMethod("Leave one pair out", leave_one_out),
        "gradient": PairMethod("Gradient × relation", gradient),
        "norm": PairMethod("Norm of the relation", norm, is_share=False),
    }
)


@torch.no_grad()
def attribute_pairs(
    f_phi: nn.Sequential,
    relations: Tensor,
    target: Target,
    method: str = "exact_path",
    baseline: Tensor | None = None,
    steps: int = 50,
) -> Attribution:
    """Return each pair's contribution to one value of one question.

    Args:
        f_phi: the model's own; not changed, so sessions may share it.
        relations: (P, D_g), one question of `RelationTrace.relations`.
        target: a logit, or the difference of two.
        method: key of `METHODS`.
        baseline: (D_g,), or None for zero (no pairs at all).
        steps: points of "integrated_gradients"; the other methods do not use it.

    Raises:
        UnknownNameError: if there is no such method.
        RNCoreError: if shapes, target or steps are invalid.
    """
    chosen = lookup(method, METHODS, "attribution method")
    pairs = make_pair_sum(f_phi, relations, baseline)
    contributions = chosen.contribute(pairs, target, steps)
    value, baseline_value = pairs.value(target, torch.stack([pairs.aggregate, pairs.baseline])).tolist()
    gap = value - baseline_value - contributions.sum().item() if chosen.is_share else None
    return Attribution(method, contributions, value, baseline_value, gap)


@torch.no_grad()
def leave_out_both(f_phi: nn.Sequential, relations: Tensor, target: Target, baseline: Tensor | None = None) -> Tensor:
    """Return what is lost without both (i, j) and (j, i).

    Two redundant relations hide each other from `leave_one_out`; this reveals them.

    Args:
        f_phi: the model's own.
        relations: (N * N, D_g), row `i * N + j` is the pair (o_i, o_j).
        target: a logit, or the difference of two.
        baseline: (D_g,), or None for zero.

    Returns:
        (N * N,) float64, the same for (i, j) and (j, i); for i = j the one relation is left out.

    Raises:
        RNCoreError: if shapes or target are invalid, or the pairs are not those of N objects.
    """
    pairs = make_pair_sum(f_phi, relations, baseline)
    n_objects = check_all_pairs(len(relations))
    order = torch.arange(len(relations)).view(n_objects, n_objects)
    both = pairs.shares + pairs.shares[order.T.flatten()]
    both[order.diagonal()] /= 2
    return pairs.value(target, pairs.aggregate) - pairs.value(target, pairs.aggregate - both)


def check_all_pairs(n_pairs: int) -> int:
    """Return the number of objects N of P = N * N ordered pairs.

    Raises:
        RNCoreError: if P is not a square of at least 1.
    """
    n_objects = isqrt(n_pairs)
    if n_objects < 1 or n_objects**2 != n_pairs:
        raise RNCoreError(f"The pairs must be all N * N ordered pairs of N objects, got {n_pairs}, not a square.")
    return n_objects
