"""What pairs are made of on the Explore page, and which of them decide the answer."""

from __future__ import annotations

import numpy as np
import torch

from pages._lab.models import N_CELLS, finds_objects, sees_pixels
from pages._lab.pairs.nodes import Nodes, mark_cells
from pages._lab.sort_of_clevr.state import ExploreState, pair_labels
from pages._lab.words import name_nodes
from rn_core.attribution.cells import cell_weights, found_weights
from rn_core.attribution.ground_truth import make_true_pairs
from rn_core.tasks.sort_of_clevr import COLORS, Scene, stack_scenes
from rn_core.tasks.sort_of_clevr.rendering import BACKGROUND, render_scenes


def make_nodes(state: ExploreState, places: torch.Tensor | None = None) -> Nodes:
    """Return the nodes of the state's view of its scene.

    Args:
        state: the scene and the view.
        places: (N, 2), where a model that finds objects found them, in pixels, NaN for none; None where it has not
            been asked, which takes each object as found.
    """
    labels = pair_labels(state)
    if state.view == "cells":
        membership = torch.eye(N_CELLS, dtype=torch.float64)
    elif sees_pixels(state.model):
        membership = cell_weights(object_masks(state.scene))
    elif finds_objects(state.model):
        masks = object_masks(state.scene)
        if places is None:
            places = torch.tensor([[thing.x, thing.y] for thing in state.scene.objects], dtype=torch.float32)
        there = places.isfinite().all(dim=1)  # (N,)
        membership = found_weights(places.nan_to_num(), masks) * there[:, None]
    else:
        membership = torch.eye(len(COLORS), dtype=torch.float64)[:, [COLORS.index(color) for color in labels]]
    return Nodes(labels, membership, name_nodes(labels))


def object_masks(scene: Scene) -> np.ndarray:
    """Return (K, 75, 75) bool, the pixels of each object of a scene."""
    alone = stack_scenes([Scene((thing,)) for thing in scene.objects])
    masks: np.ndarray = (render_scenes(alone) != np.array(BACKGROUND, dtype=np.uint8)).any(axis=-1)
    return masks


def find_true_pairs(state: ExploreState, targets: tuple[str, ...]) -> tuple[tuple[int, int], ...]:
    """Return the pairs of nodes that decide the answer (see `make_true_pairs`).

    A pair of cells counts if the object that fills most of one and that of the other make a true pair.

    Args:
        state: the view, scene and question.
        targets: colors that decide the answer together with the asked one; as `Reading.targets`.
    """
    by_object = state.change(view="objects")
    labels = pair_labels(by_object)
    marked = make_true_pairs(labels.index(state.question.color), np.isin(labels, targets)).view(len(labels), -1)
    if state.view == "cells":
        marked = mark_cells(marked, make_nodes(by_object).membership)
    return tuple((int(i), int(j)) for i, j in marked.nonzero())
