"""What pairs are made of on the CLEVR page, and which of them decide the answer."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from pages._ui.clevr.models import GRID, IMAGE_SIDE, N_CELLS, STRIDE, sees_pixels
from pages._ui.clevr.state import ClevrState, pair_labels
from pages._ui.clevr.things import LETTERS, Thing, name_things
from pages._ui.figures import swatch_text
from pages._ui.pairs.nodes import Nodes, mark_cells
from pages._ui.words import join_words, name_nodes
from rn_core.attribution.cells import cell_weights
from rn_core.attribution.ground_truth import make_true_pairs
from rn_core.tasks.clevr import ClevrScene
from rn_core.tasks.clevr.camera import FOCAL, HEIGHT, WIDTH

#: The colours of CLEVR's objects on a page.
PALETTE = {
    "gray": (118, 118, 118),
    "red": (173, 35, 35),
    "blue": (42, 75, 215),
    "green": (29, 105, 20),
    "brown": (129, 74, 25),
    "purple": (129, 38, 192),
    "cyan": (41, 208, 208),
    "yellow": (255, 238, 51),
}


def make_nodes(state: ClevrState) -> Nodes:
    """Return the nodes of the state's view of its scene."""
    labels = pair_labels(state)
    if state.view == "cells":
        return Nodes(labels, torch.eye(N_CELLS, dtype=torch.float64), name_nodes(labels))
    ground = labels[len(state.things) :]
    names = (*name_things(state.things), *ground)
    ticks = ((*_paint(names, state.things), *ground), (*_paint(labels, state.things), *ground))
    if sees_pixels(state.model):
        return Nodes(labels, cell_weights(object_masks(state.scene), GRID, STRIDE), names, ticks)
    return Nodes(labels, torch.eye(len(labels), dtype=torch.float64), names, ticks)


def _paint(names: tuple[str, ...], things: tuple[Thing, ...]) -> tuple[str, ...]:
    """Return what things are called behind a swatch of their colour."""
    return tuple(swatch_text(PALETTE[thing.color], name) for thing, name in zip(things, names, strict=False))


def object_masks(scene: ClevrScene) -> np.ndarray:
    """Return (N, 128, 128) bool, about the pixels of each object in the image that a pixel model sees.

    Each object counts as the disc of its radius around its centre; nearer ones hide those behind them.
    """
    columns, rows = (np.arange(IMAGE_SIDE) * size / IMAGE_SIDE for size in (WIDTH, HEIGHT))
    masks = np.zeros((scene.n_objects, IMAGE_SIDE, IMAGE_SIDE), dtype=bool)
    depths = scene.pixel_coords[:, 2]
    for k in np.argsort(-depths):
        x, y, depth = scene.pixel_coords[k]
        radius = scene.coords[k, 2] * FOCAL / depth
        disc = (columns - x) ** 2 + (rows[:, None] - y) ** 2 <= radius**2
        masks[:, disc] = False
        masks[k] = disc
    return masks


def find_true_pairs(state: ClevrState, deciding: tuple[int, ...], is_comparison: bool) -> tuple[tuple[int, int], ...]:
    """Return the pairs of nodes that decide the answer.

    - One deciding object: every pair that holds it, as any of them can tell its attribute or that it is there.
    - Two that are compared: the two pairs of both.
    - A set that is counted or looked for: every pair of two of its objects, or of one with itself.

    A pair of cells counts if the object that fills most of one and that of the other make such a pair.

    Args:
        state: the view and the scene.
        deciding: as `rn_core.tasks.clevr.deciding_objects` names them; none where there is no truth.
        is_comparison: whether attributes of two objects are compared.
    """
    if not deciding:
        return ()
    by_object = make_nodes(state.change(view="objects"))
    chosen = torch.zeros(len(by_object.labels), dtype=torch.bool)
    chosen[list(deciding)] = True
    marked = mark_pairs(chosen, is_comparison)
    if state.view == "cells":
        marked = mark_cells(marked, by_object.membership)
    return tuple((int(i), int(j)) for i, j in marked.nonzero())


def mark_pairs(chosen: Tensor, is_comparison: bool) -> Tensor:
    """Return (n, n) bool, the deciding pairs of objects, of which `chosen` (n,) decide."""
    first = int(chosen.nonzero()[0])
    if int(chosen.sum()) == 1 or is_comparison:
        return make_true_pairs(first, chosen).view(len(chosen), -1)
    return torch.outer(chosen, chosen)


def describe_deciding(deciding: tuple[int, ...], is_comparison: bool) -> str:
    """Return in one sentence which pairs are framed."""
    letters = join_words([LETTERS[k] for k in deciding])
    if len(deciding) == 1:
        return f"The answer is read from {letters}. Framed: every pair that holds it."
    if is_comparison:
        return f"The answer compares {letters}. Framed: their two pairs."
    return f"The answer is read from {letters}. Framed: every pair among them."
