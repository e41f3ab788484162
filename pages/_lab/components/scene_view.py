"""What the interactive scene of Sort-of-CLEVR shows; plain data, no Streamlit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from pages._lab.components.nodes import check_weights, is_whole
from pages._lab.components.stage import (
    Backdrop,
    Cast,
    Edit,
    Ground,
    Manner,
    PairLayer,
    SceneEvent,
    Spacing,
    make_cells,
    make_stage_data,
    paint,
)
from rn_core.common.errors import RNCoreError, SceneError, lookup
from rn_core.tasks.sort_of_clevr.rendering import PALETTE
from rn_core.tasks.sort_of_clevr.scene import (
    CLEARANCE,
    HIGHEST,
    IMAGE_SIZE,
    LOWEST,
    MIDDLE,
    SceneObject,
    check_objects,
)

#: The pixel model's grid: cell k = row * 5 + column sees a field centered at pixel (16 * column, 16 * row).
GRID = 5
CELL_STEP = 16
GROUND_LABEL = "ground"
MODES: Mapping[str, str] = {"objects": "one node per object", "cells": "one node per cell of the 5 x 5 grid"}
_RADIUS = 5.5  # to the outer edge of an object's rim
_EDGES = (-0.5, IMAGE_SIZE - 0.5)
_WORDS = (("left", 0.25, -2.5, 0), ("right", 0.75, -2.5, 0), ("top", -2.5, 0.25, -90), ("bottom", -2.5, 0.75, -90))


@dataclass(frozen=True)
class SceneView:
    """One picture of a scene and of what its pairs contribute.

    Node k is object k in the order of `objects` (mode "objects"; one more node n - 1 is the ground when
    `weights` has one row more than there are objects) or cell k, row by row (mode "cells", 25 nodes).
    The pair (i, j) is g_theta(o_i, o_j, q), and its arrow runs from i to j.

    Attributes:
        objects: rows of {"color", "shape", "x", "y"}, whole pixels from 5 to 69; `asdict(SceneObject)`.
        weights: (n, n) signed contribution of every ordered pair to `target`, array or nested lists.
        mode: "objects" or "cells".
        target: what the contributions add up to, in words, shown in the legend and read out.
        against: what a negative contribution speaks for.
        labels: name of each node, n of them; None makes them from colors or from rows and columns.
        pinned: the pair (i, j) shown strongly, or None.
        true_pairs: the pairs that decide the question; every (asked, target) pair of nodes.
        show_truth: whether `true_pairs` are marked.
        deciding: nodes that are ringed as deciding ones; None rings all that are in true pairs.
        triples: three nodes and what they contribute together, for networks over triples.
        editable: whether objects can be moved and toggled.
        projector: large type, for the back row of a classroom.
        alt: the picture in words, for screen readers.
        image: a picture as a data URL, on which objects are rings; empty where they are drawn.
        live: whether the page follows an object while it is held.
    """

    objects: Sequence[Mapping[str, Any]]
    weights: np.ndarray | Sequence[Sequence[float]]
    mode: str = "objects"
    target: str = "the answer"
    against: str = "another answer"
    labels: Sequence[str] | None = None
    pinned: tuple[int, int] | None = None
    true_pairs: Sequence[tuple[int, int]] = ()
    show_truth: bool = False
    deciding: Sequence[int] | None = None
    triples: Sequence[tuple[tuple[int, int, int], float]] = ()
    editable: bool = True
    projector: bool = False
    alt: str = "Scene with six objects"
    image: str = ""
    live: bool = False
    component: ClassVar[str] = "scene"

    @property
    def n_nodes(self) -> int:
        """Number of nodes n."""
        return len(self.weights)

    def to_data(self) -> dict[str, Any]:
        """Return `make_scene_data` of this view."""
        return make_scene_data(self)

    def read_edit(self, kind: Edit, state: Mapping[str, object]) -> SceneEvent | None:
        """Read a move, a drag or a toggle; None if it would not leave a valid scene."""
        objects = {thing.color: thing for thing in _make_objects(self)}
        color = state.get("id")
        if not isinstance(color, str) or color not in objects:
            return None
        if kind == "toggle":
            return SceneEvent("toggle", thing=color)
        x, y = state.get("x"), state.get("y")
        if kind not in ("move", "drag") or not (is_whole(x) and is_whole(y)):
            return None
        moved = {**objects, color: replace(objects[color], x=x, y=y)}
        try:
            check_objects(tuple(moved.values()))
        except SceneError:
            return None
        return SceneEvent(kind, thing=color, x=x, y=y)

    def make_fixed(self) -> SceneView:
        """Return the same picture where nothing can be moved."""
        return replace(self, editable=False)


def make_scene_data(view: SceneView) -> dict[str, Any]:
    """Return the JSON that the browser draws `view` from; its keys are those of `make_stage_data`.

    Raises:
        RNCoreError: if the mode, a size, a pair or a contribution does not fit.
        SceneError: if the objects are not a valid scene.
    """
    lookup(view.mode, MODES, "scene mode")
    objects = _make_objects(view)
    check_objects(objects)
    n_objects = len(view.objects)
    allowed = (GRID * GRID,) if view.mode == "cells" else (n_objects, n_objects + 1)
    layer = PairLayer(
        check_weights(view.weights, allowed, view.mode),
        view.target,
        view.against,
        view.pinned,
        view.true_pairs,
        view.show_truth,
        deciding=view.deciding,
        triples=view.triples,
    )
    grid = GRID if view.mode == "cells" else 0
    shown = [show_object(thing, PALETTE[thing.color]) | ({"shape": "spot"} if view.image else {}) for thing in objects]
    cast = Cast(view.mode, shown, _make_nodes(view, objects), grid)
    spacing = Spacing(box=CLEARANCE)
    manner = Manner(view.editable, not view.image, view.projector, view.alt, spacing, view.live)
    return make_stage_data(make_backdrop(view.image), cast, layer, manner)


def make_backdrop(image: str = "") -> Backdrop:
    """Return the white ground or a picture, with two middle lines and the names of its sides."""
    low, high = _EDGES
    lines = ((MIDDLE, low, MIDDLE, high), (low, MIDDLE, high, MIDDLE))
    words = [
        (word, x * IMAGE_SIZE if x > 0 else x, y * IMAGE_SIZE if y > 0 else y, turn) for word, x, y, turn in _WORDS
    ]
    ground = Ground((low, low, IMAGE_SIZE, IMAGE_SIZE), LOWEST, HIGHEST)
    return Backdrop(ground, (IMAGE_SIZE, IMAGE_SIZE), image, lines=lines, words=words)


def show_object(thing: SceneObject, color: tuple[int, int, int]) -> dict[str, Any]:
    """Return an object as the browser draws it in an RGB color."""
    return {
        "id": thing.color,
        "name": thing.color,
        "words": None,
        "shape": thing.shape,
        "x": int(thing.x),
        "y": int(thing.y),
        "radius": _RADIUS,
        "turn": 0,
        **paint(color),
    }


def _make_objects(view: SceneView) -> tuple[SceneObject, ...]:
    """Turn the view's rows into scene objects."""
    try:
        return tuple(SceneObject(**row) for row in view.objects)
    except TypeError as err:
        raise SceneError(
            f"An object of the view must be a row of color, shape, x and y, got {list(view.objects)!r:.80}."
        ) from err


def _make_nodes(view: SceneView, objects: tuple[SceneObject, ...]) -> list[dict[str, Any]]:
    """Return each node's label, kind and, for cells, its center; objects carry their own."""
    if view.mode == "cells":
        nodes = make_cells(GRID, (CELL_STEP, CELL_STEP), (IMAGE_SIZE, IMAGE_SIZE))
    else:
        nodes = [{"label": thing.color, "kind": "object"} for thing in objects]
        if view.n_nodes > len(objects):
            nodes.append({"label": GROUND_LABEL, "kind": "ground"})
    if view.labels is not None:
        if len(view.labels) != len(nodes):
            raise RNCoreError(f"A view of {len(nodes)} nodes must have {len(nodes)} labels, got {len(view.labels)}.")
        nodes = [{**node, "label": str(label)} for node, label in zip(nodes, view.labels, strict=True)]
    return nodes
