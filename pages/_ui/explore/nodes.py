"""What pairs are made of on the page: scene objects (and the ground, for a pixel model) or grid cells.

A membership table (N, n) says how much of each model object belongs to each node. Contributions and relations of
model pairs are added up over it, so nothing is lost on the way from 625 pairs of cells to a few of objects.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from pages._ui.explore.state import ExploreState, pair_labels
from pages._ui.models import N_CELLS, sees_pixels
from rn_core.attribution.cells import cell_weights, merge_cells
from rn_core.attribution.ground_truth import make_true_pairs
from rn_core.attribution.objects import pair_matrix
from rn_core.tasks.sort_of_clevr import COLORS, Scene, stack_scenes
from rn_core.tasks.sort_of_clevr.rendering import BACKGROUND, render_scenes


@dataclass(frozen=True)
class Nodes:
    """The nodes of one view of one scene.

    Attributes:
        labels: n names: colours, "ground", or cell numbers.
        membership: (N, n) float64, how much of each model object belongs to each node; a row adds up to 1, or
            to 0 for a slot that the scene leaves empty.
    """

    labels: tuple[str, ...]
    membership: Tensor

    def merge(self, contributions: Tensor) -> np.ndarray:
        """Return (n, n) contributions of pairs of nodes from those of model pairs (P,); the total stays."""
        matrix = pair_matrix(contributions, len(self.membership))
        empty = 1 - self.membership.sum(dim=1, keepdim=True)
        return merge_cells(matrix, torch.cat([self.membership, empty], dim=1))[:-1, :-1].numpy()

    def merge_relations(self, relations: Tensor, pair: tuple[int, int]) -> Tensor:
        """Return the relation (D_g,) of one pair of nodes from those of model pairs (P, D_g)."""
        receiver, sender = self.membership[:, pair[0]], self.membership[:, pair[1]]
        share = torch.outer(receiver, sender).flatten()
        return share.to(relations.dtype) @ relations


def make_nodes(state: ExploreState) -> Nodes:
    """Return the nodes of the state's view of its scene."""
    labels = pair_labels(state)
    if state.view == "cells":
        return Nodes(labels, torch.eye(N_CELLS, dtype=torch.float64))
    if sees_pixels(state.model):
        return Nodes(labels, cell_weights(object_masks(state.scene)))
    slots = [COLORS.index(color) for color in labels]
    return Nodes(labels, torch.eye(len(COLORS), dtype=torch.float64)[:, slots])


def object_masks(scene: Scene) -> np.ndarray:
    """Return (K, 75, 75) bool, the pixels of each object of a scene."""
    alone = stack_scenes([Scene((thing,)) for thing in scene.objects])
    return (render_scenes(alone) != np.array(BACKGROUND, dtype=np.uint8)).any(axis=-1)


def find_true_pairs(state: ExploreState, targets: tuple[str, ...]) -> tuple[tuple[int, int], ...]:
    """Return the pairs of nodes that decide the answer (see `make_true_pairs`).

    A pair of cells counts if the object that fills most of one and that of the other make a true pair.

    Args:
        state: the view, scene and question.
        targets: colours that decide the answer together with the asked one; as `Reading.targets`.
    """
    by_object = make_nodes(state.change(view="objects"))
    labels = by_object.labels
    marked = make_true_pairs(labels.index(state.question.color), np.isin(labels, targets)).view(len(labels), -1)
    if state.view == "cells":
        most = by_object.membership.argmax(dim=1)  # (N,)
        marked = marked[most][:, most]
    return tuple((int(i), int(j)) for i, j in marked.nonzero())
