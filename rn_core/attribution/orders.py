"""The order spectrum: how much of an answer takes one object, two together, three together, and so on.

An object that is masked out takes with it every tuple that holds it. The value v of a coalition of objects is the logit
(or difference of two) with all others masked out; its Harsanyi dividend is what its members add together beyond what
smaller coalitions of them do: d(T) = sum over subsets R of T of (-1)^(|T| - |R|) v(R), so that v(T) is the sum of the
dividends of T's subsets. All 2^N coalitions are computed, so the spectrum is exact. With a linear f_phi, a network over
pairs has no dividends of three or more objects, and one over triples none of four or more.
Source: Harsanyi 1963, "A simplified bargaining model for the n-person cooperative game" (https://doi.org/10.2307/2525487).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from rn_core.attribution.base import Target
from rn_core.attribution.readout import make_pair_sum
from rn_core.common.errors import RNCoreError

#: More objects would have more than 4,096 coalitions.
MAX_COALITION_OBJECTS = 12


@dataclass(frozen=True)
class OrderSpectrum:
    """The Harsanyi dividends of one value of one question.

    Attributes:
        dividends: (2^N,) float64, in logits; bit k of the place is 1 where object k is in the set. Place 0 holds the
            value without any object.
        n_objects: N.
    """

    dividends: Tensor
    n_objects: int

    @property
    def sizes(self) -> Tensor:
        """Return (2^N,) int64, the number of objects in each set."""
        return mark_members(self.n_objects).sum(dim=1)

    @property
    def orders(self) -> Tensor:
        """Return (N + 1,) float64, the sum of the dividends of all sets of 0, 1, ..., N objects; they sum to z(S)."""
        return torch.zeros(self.n_objects + 1, dtype=torch.float64).index_add(0, self.sizes, self.dividends)

    def list_sets(self, order: int) -> list[tuple[tuple[int, ...], float]]:
        """Return the sets of so many objects, each with its dividend, the largest in size first."""
        places = (self.sizes == order).nonzero()[:, 0]
        ranked = places[self.dividends[places].abs().argsort(descending=True, stable=True)].tolist()
        return [
            (tuple(k for k in range(self.n_objects) if place >> k & 1), float(self.dividends[place]))
            for place in ranked
        ]


@torch.no_grad()
def find_order_spectrum(
    f_phi: nn.Sequential, relations: Tensor, members: Tensor, n_objects: int, target: Target
) -> OrderSpectrum:
    """Return the order spectrum of one question, over all coalitions of its objects.

    Args:
        f_phi: the model's own; not changed.
        relations: (T, D_g), one row per tuple; the rows sum to the aggregate.
        members: (T, r) int64, the objects of each tuple.
        n_objects: N, up to 12.
        target: a logit, or the difference of two.

    Raises:
        RNCoreError: for more than 12 objects, or if shapes or target are invalid.
    """
    return OrderSpectrum(find_dividends(value_coalitions(f_phi, relations, members, n_objects, target)), n_objects)


def value_coalitions(
    f_phi: nn.Sequential, relations: Tensor, members: Tensor, n_objects: int, target: Target
) -> Tensor:
    """Return (2^N,) float64, the value of each coalition, of which bit k says whether object k is in it.

    Arguments and errors as `find_order_spectrum`.
    """
    if not 1 <= n_objects <= MAX_COALITION_OBJECTS:
        raise RNCoreError(
            f"Coalitions are counted for 1 to {MAX_COALITION_OBJECTS} objects, since N have 2^N, got {n_objects!r}; "
            "choose a scene or a network with fewer."
        )
    tuples = make_pair_sum(f_phi, relations)
    if members.dim() != 2 or len(members) != len(relations) or members.max() >= n_objects or members.min() < 0:
        raise RNCoreError(
            f"members must have one row per relation, {len(relations)}, with objects from 0 to {n_objects - 1}, got "
            f"shape {tuple(members.shape)}; give the objects of each tuple."
        )
    present = mark_members(n_objects)[:, members.cpu()].all(dim=2)  # (2^N, T)
    return tuples.value(target, present.to(tuples.shares.dtype) @ tuples.shares)


def find_dividends(values: Tensor) -> Tensor:
    """Return the Harsanyi dividends (2^N,) of coalition values (2^N,): their Moebius transform, object by object."""
    dividends = values.clone()
    for player in range((len(values) - 1).bit_length()):
        blocks = dividends.view(-1, 2, 2**player)
        blocks[:, 1] -= blocks[:, 0]  # with the object, less without it
    return dividends


def mark_members(n_objects: int) -> Tensor:
    """Return (2^N, N) bool, which objects are in each coalition."""
    return (torch.arange(2**n_objects)[:, None] >> torch.arange(n_objects) & 1).bool()
