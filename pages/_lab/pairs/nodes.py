"""What pairs are made of on a page: scene objects (and the ground, for a pixel model), grid cells, or sentences.

A membership table (N, n) says how much of each model object belongs to each node. Contributions and relations of
model pairs are added up over it, so nothing is lost on the way from hundreds of pairs of cells to a few of objects.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from rn_core.attribution.cells import merge_cells
from rn_core.attribution.objects import pair_matrix


@dataclass(frozen=True)
class Nodes:
    """The nodes of one view of one scene.

    Attributes:
        labels: n short names that stand in URLs and files: colors or letters, "ground", or cell numbers.
        membership: (N, n) float64, how much of each model object belongs to each node; a row adds up to 1, or
            to 0 for a slot that the scene leaves empty.
        names: n names in words.
        ticks: n names as they stand beside the rows of a matrix, and n above its columns; None makes them from the
            labels.
        noun: what a node is called, in the singular.
        short: n names where pairs are named; None takes those in words.
    """

    labels: tuple[str, ...]
    membership: Tensor
    names: tuple[str, ...]
    ticks: tuple[tuple[str, ...], tuple[str, ...]] | None = None
    noun: str = "object"
    short: tuple[str, ...] | None = None

    @property
    def called(self) -> tuple[str, ...]:
        """Return what nodes are called where pairs are named."""
        return self.short or self.names

    def merge(self, contributions: Tensor) -> np.ndarray:
        """Return (n, n) contributions of pairs of nodes from those of model pairs (P,); the total stays."""
        matrix = pair_matrix(contributions, len(self.membership))
        empty = 1 - self.membership.sum(dim=1, keepdim=True)
        return merge_cells(matrix, torch.cat([self.membership, empty], dim=1))[:-1, :-1].numpy()

    def merge_relations(self, relations: Tensor, pair: tuple[int, int]) -> Tensor:
        """Return the relation (D_g,) of one pair of nodes from those of model pairs (P, D_g)."""
        first, second = self.membership[:, pair[0]], self.membership[:, pair[1]]
        share = torch.outer(first, second).flatten()
        return share.to(relations.dtype) @ relations


def mark_cells(marked: Tensor, membership: Tensor) -> Tensor:
    """Return which pairs of cells are marked: those whose cells are mostly filled by a marked pair of nodes.

    Args:
        marked: (n, n) bool, of pairs of nodes.
        membership: (N, n), how much of each cell belongs to each node.

    Returns:
        (N, N) bool.
    """
    most = membership.argmax(dim=1)  # (N,)
    return marked[most][:, most]
