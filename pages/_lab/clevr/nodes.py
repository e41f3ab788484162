"""What pairs are made of on the CLEVR page, and which of them decide the answer."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from pages._lab.clevr.found import found_membership
from pages._lab.clevr.models import GRID, IMAGE_SIDE, N_CELLS, STRIDE, locates_objects, sees_pixels
from pages._lab.clevr.state import ClevrState, pair_labels
from pages._lab.clevr.things import LETTERS, Thing, name_things, pixel_places
from pages._lab.clevr.truth import Truth
from pages._lab.figures import swatch_text
from pages._lab.pairs.nodes import Nodes, mark_cells
from pages._lab.pairs.state import GROUND
from pages._lab.words import join_words, name_nodes
from rn_core.attribution.cells import cell_weights
from rn_core.attribution.ground_truth import make_true_pairs
from rn_core.tasks.clevr import ClevrScene
from rn_core.tasks.clevr.bodies import TINTS
from rn_core.tasks.clevr.camera import FOCAL, HEIGHT, WIDTH
from rn_core.tasks.clevr.world import COLORS

#: The colors of CLEVR's objects on a page; gray a little lighter, to be distinguishable from black.
PALETTE = {**dict(zip(COLORS, TINTS, strict=True)), "gray": (118, 118, 118)}


def make_nodes(state: ClevrState, places: Tensor | None = None) -> Nodes:
    """Return the nodes of the state's view of its scene; no ground where all that was found is the scene's.

    Args:
        state: the scene and the view.
        places: (K, 2), as `found_membership`; of interest only for a model that finds objects.
    """
    labels = pair_labels(state)
    if state.view == "cells":
        return Nodes(labels, torch.eye(N_CELLS, dtype=torch.float64), name_nodes(labels))
    found = found_membership(state.scene, places) if locates_objects(state.model) else None
    if found is not None and not found[:, -1].any() and GROUND not in (state.pair or ()) and state.things:
        labels, found = labels[:-1], found[:, :-1]
    ground = labels[len(state.things) :]
    names = (*name_things(state.things), *ground)
    ticks = ((*_paint(names, state.things), *ground), (*_paint(labels, state.things), *ground))
    if sees_pixels(state.model):
        return Nodes(labels, cell_weights(object_masks(state.known_scene), GRID, STRIDE), names, ticks)
    membership = torch.eye(len(labels), dtype=torch.float64) if found is None else found
    return Nodes(labels, membership, names, ticks)


def _paint(names: tuple[str, ...], things: tuple[Thing, ...]) -> tuple[str, ...]:
    """Return what things are called behind a swatch of their color."""
    return tuple(swatch_text(PALETTE[thing.color], name) for thing, name in zip(things, names, strict=False))


def object_masks(scene: ClevrScene) -> np.ndarray:
    """Return (N, 128, 128) bool, about the pixels of each object in the image that a pixel model sees.

    Each object counts as the disc of its radius around its center; nearer ones hide those behind them.
    """
    columns, rows = (np.arange(IMAGE_SIDE) * size / IMAGE_SIDE for size in (WIDTH, HEIGHT))
    masks = np.zeros((scene.n_objects, IMAGE_SIDE, IMAGE_SIDE), dtype=bool)
    places = pixel_places(scene)
    for k in np.argsort(-places[:, 2]):
        x, y, depth = places[k]
        radius = scene.coords[k, 2] * FOCAL / depth
        disc = (columns - x) ** 2 + (rows[:, None] - y) ** 2 <= radius**2
        masks[:, disc] = False
        masks[k] = disc
    return masks


def find_true_pairs(state: ClevrState, truth: Truth) -> tuple[tuple[int, int], ...]:
    """Return the pairs of nodes that decide the answer.

    A pair of cells counts if the object that fills most of one and that of the other make such a pair.

    Args:
        state: the view and the scene.
        truth: of the question on that scene.
    """
    if not truth.deciding:
        return ()
    by_object = state.change(view="objects")
    marked = mark_pairs(len(pair_labels(by_object)), truth.deciding, truth.links, truth.is_comparison)
    if state.view == "cells":
        marked = mark_cells(marked, make_nodes(by_object).membership)
    return tuple((int(i), int(j)) for i, j in marked.nonzero())


def mark_pairs(
    n_nodes: int, deciding: tuple[int, ...], links: tuple[tuple[int, int], ...], is_comparison: bool
) -> Tensor:
    """Return (n, n) bool, the deciding pairs of n nodes, of which the objects come first.

    - Objects that were found by another one, "left of the cube" or "as big as the cube": each with that one.
    - Two whose attributes are compared: both, too.
    - One object that was found by itself: every pair that holds it, as any of them can tell what it is.
    - A set of such: every pair of two of its objects, or of one with itself.

    Args:
        n_nodes: objects and, behind them, the ground where there is one.
        deciding: as `rn_core.tasks.clevr.deciding_objects` names them, one or more.
        links: as `rn_core.tasks.clevr.last_links` gives them.
        is_comparison: whether attributes of two objects are compared.
    """
    chosen = torch.zeros(n_nodes, dtype=torch.bool)
    chosen[list(deciding)] = True
    if links and not is_comparison:
        marked = torch.zeros(n_nodes, n_nodes, dtype=torch.bool)
    elif is_comparison or len(deciding) == 1:
        marked = make_true_pairs(deciding[0], chosen).view(n_nodes, n_nodes)
    else:
        marked = torch.outer(chosen, chosen)
    for i, j in links:
        marked[i, j] = marked[j, i] = True
    return marked


def describe_deciding(truth: Truth) -> str:
    """Return in one sentence or two which pairs are framed."""
    letters = join_words([LETTERS[k] for k in truth.deciding])
    landmarks = sorted({j for _, j in truth.links})
    by = join_words([LETTERS[k] for k in landmarks]) if landmarks else ""
    if truth.is_comparison and len(truth.deciding) > 1:
        return f"The answer compares {letters}. Framed: their two pairs{f', and those with {by}' if by else ''}."
    if by:
        return f"Found from {by}; answered by {letters}. Framed: the pairs joining them."
    if len(truth.deciding) == 1:
        return f"Answered by {letters}. Framed: every pair that contains it."
    return f"Answered by {letters}. Framed: every pair among them."
