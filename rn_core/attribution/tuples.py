"""From tuples to pairs and objects: the marginals of contributions.

Contributions themselves are those of `attribute_pairs`, which takes the relations of tuples as it takes those of pairs:
the aggregate is their sum, so their shares of a logit add up in the same way.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import torch
from torch import Tensor

from rn_core.common.errors import RNCoreError


@dataclass(frozen=True)
class TupleMarginals:
    """The contributions of tuples, divided among what they are made of. Both sum to the total over all tuples.

    Attributes:
        pairs: (N, N) float64; a tuple's contribution is split evenly among its pairs of positions, row the earlier one.
            Of pairs it is the pair matrix.
        objects: (N,) float64; a tuple's contribution is split evenly among its positions. It is what remains if each of
            `pairs` is split between its two objects.
    """

    pairs: Tensor
    objects: Tensor


def find_tuple_marginals(contributions: Tensor, members: Tensor, n_objects: int) -> TupleMarginals:
    """Return what pairs and objects contribute, from the contributions of tuples.

    Args:
        contributions: (T,) float.
        members: (T, r) int64, the objects of each tuple, r at least 2; one object may be there several times.
        n_objects: N.

    Raises:
        RNCoreError: if there is not one row of members per contribution, or tuples have one object.
    """
    if members.dim() != 2 or contributions.shape != members.shape[:1] or members.shape[1] < 2:
        raise RNCoreError(
            f"members must be (T, r) for T contributions of tuples of r objects, 2 or more, got {tuple(members.shape)} "
            f"for {tuple(contributions.shape)}; give the objects of each tuple."
        )
    order, shares = members.shape[1], contributions.double()
    objects = torch.zeros(n_objects, dtype=torch.float64)
    objects.index_add_(0, members.flatten(), (shares / order).repeat_interleave(order))
    places = list(combinations(range(order), 2))
    pairs = torch.zeros(n_objects**2, dtype=torch.float64)
    for first, second in places:
        pairs.index_add_(0, members[:, first] * n_objects + members[:, second], shares / len(places))
    return TupleMarginals(pairs.view(n_objects, n_objects), objects)
