"""From pairs to objects: the pair matrix, its marginals, and Shapley values of whole objects.

A pair is (o_i, o_j), in the order of g_theta's arguments: i is the first, j the second.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import comb

import torch
from torch import Tensor, nn

from rn_core.attribution.base import Target
from rn_core.attribution.orders import MAX_COALITION_OBJECTS, mark_members, value_coalitions
from rn_core.common.errors import RNCoreError

MAX_SHAPLEY_OBJECTS = MAX_COALITION_OBJECTS


@dataclass(frozen=True)
class ObjectMarginals:
    """The contributions of each object's pairs; i = j separately, as it needs no second object.

    `first` and `itself` sum to the total over all pairs, and so do `second` and `itself`.

    Attributes:
        first: (N,) float64, sum over j other than i of the pairs (i, j).
        second: (N,) float64, sum over i other than j of the pairs (i, j), of object j.
        itself: (N,) float64, the pair (i, i).
    """

    first: Tensor
    second: Tensor
    itself: Tensor

    @property
    def halved(self) -> Tensor:
        """Return (N,): every pair split evenly between its two objects; sums to the total over all pairs."""
        return (self.first + self.second) / 2 + self.itself


def pair_matrix(contributions: Tensor, n_objects: int) -> Tensor:
    """Return contributions as a matrix.

    Args:
        contributions: (N * N,), row `i * N + j` is the pair (o_i, o_j).
        n_objects: N.

    Returns:
        (N, N), row i the first object, column j the second.

    Raises:
        RNCoreError: if there are not N * N contributions.
    """
    if contributions.shape != (n_objects**2,):
        raise RNCoreError(
            f"contributions must have shape ({n_objects**2},), one per pair of {n_objects} objects, "
            f"got {tuple(contributions.shape)}."
        )
    return contributions.reshape(n_objects, n_objects)


def object_marginals(matrix: Tensor) -> ObjectMarginals:
    """Return each object's contribution as the first of a pair, as the second, and paired with itself.

    Args:
        matrix: (N, N), row i the first object, column j the second.

    Raises:
        RNCoreError: if the matrix is not square.
    """
    check_square(matrix)
    itself = matrix.diagonal()
    others = matrix - torch.diag(itself)
    return ObjectMarginals(others.sum(dim=1), others.sum(dim=0), itself.clone())


def symmetrize(matrix: Tensor) -> Tensor:
    """Return (N, N), the mean of (i, j) and (j, i): the matrix without order; total and diagonal stay.

    Args:
        matrix: (N, N).

    Raises:
        RNCoreError: if the matrix is not square.
    """
    check_square(matrix)
    return (matrix + matrix.T) / 2


def mark_pairs_with(objects: Iterable[int], n_objects: int) -> Tensor:
    """Return which pairs hold at least one of some objects, so that they can be removed from the sum.

    Args:
        objects: indices 0 to N - 1.
        n_objects: N.

    Returns:
        (N * N,) bool.

    Raises:
        RNCoreError: for an index out of range.
    """
    chosen = torch.zeros(n_objects, dtype=torch.bool)
    for index in objects:
        if not 0 <= index < n_objects:
            raise RNCoreError(f"An object must be 0 to {n_objects - 1} in a scene of {n_objects}, got {index!r}.")
        chosen[index] = True
    return (chosen[:, None] | chosen[None, :]).flatten()


@torch.no_grad()
def shapley_objects(f_phi: nn.Sequential, relations: Tensor, target: Target) -> Tensor:
    """Return the exact Shapley value of each object, over all 2^N coalitions.

    Without an object the sum lacks every pair that holds it; the other relations stay unchanged, as g_theta takes
    two objects at a time. (A mean aggregate still divides by all N * N pairs.)
    Source: Shapley 1953, "A value for n-person games".

    Args:
        f_phi: the model's own; not changed.
        relations: (N, N, D_g), `relations[i, j]` is the relation of (o_i, o_j); all zero for padding, which then
            gets 0.
        target: a logit, or the difference of two.

    Returns:
        (N,) float64; they sum to z(S) - z(0).

    Raises:
        RNCoreError: for more than 12 objects, or if shapes or target are invalid.
    """
    if relations.dim() != 3 or relations.shape[0] != relations.shape[1]:
        raise RNCoreError(f"relations must have shape (N, N, D_g), got {tuple(relations.shape)}.")
    n_objects = len(relations)
    if n_objects > MAX_SHAPLEY_OBJECTS:
        raise RNCoreError(
            f"Shapley values over objects take at most {MAX_SHAPLEY_OBJECTS} objects, since N have 2^N coalitions, "
            f"got {n_objects}; use object_marginals instead."
        )
    pairs = torch.cartesian_prod(torch.arange(n_objects), torch.arange(n_objects))  # (N * N, 2)
    values = value_coalitions(f_phi, relations.flatten(0, 1), pairs, n_objects, target)  # (2^N,)
    member = mark_members(n_objects)  # (2^N, N)
    # Coalitions of s objects without the player weigh s! (N - s - 1)! / N! = 1 / (N * C(N - 1, s)).
    weight = torch.tensor([1 / (n_objects * comb(n_objects - 1, s)) for s in range(n_objects)], dtype=values.dtype)
    size = member.sum(dim=1, keepdim=True) - member.long()  # (2^N, N) others in the coalition
    return torch.where(member, weight[size], -weight[size.clamp(max=n_objects - 1)]).T @ values


def check_square(matrix: Tensor) -> int:
    """Return N of a matrix (N, N).

    Raises:
        RNCoreError: if it has another shape.
    """
    if matrix.dim() != 2 or matrix.shape[0] != matrix.shape[1]:
        raise RNCoreError(f"A pair matrix must have shape (N, N), got {tuple(matrix.shape)}.")
    return len(matrix)
