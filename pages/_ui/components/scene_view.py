"""What the interactive scene shows and what it reports back; plain data, no Streamlit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from rn_core.errors import RNCoreError, SceneError, lookup
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

#: The pixel model's grid: cell k = row * 5 + column sees a field centred at pixel (16 * column, 16 * row).
GRID = 5
CELL_STEP = 16
GROUND_LABEL = "ground"
MODES: Mapping[str, str] = {"objects": "one node an object", "cells": "one node a cell of the 5 x 5 grid"}
_LIGHT_INK, _DARK_INK = "#ffffff", "#111111"


@dataclass(frozen=True)
class SceneView:
    """One picture of a scene and of what its pairs contribute.

    Node k is object k in the order of `objects` (mode "objects"; one more node n - 1 is the ground when
    `weights` has one row more than there are objects) or cell k, row by row (mode "cells", 25 nodes).
    The pair (i, j) is g_theta(o_i, o_j, q): i receives, j sends, and its arrow runs from j to i.

    Attributes:
        objects: rows of {"color", "shape", "x", "y"}, whole pixels from 5 to 69; `asdict(SceneObject)`.
        weights: (n, n) signed contribution of every ordered pair to `target`, array or nested lists.
        mode: "objects" or "cells".
        target: what the contributions add up to, in words, shown in the legend and read out.
        against: what a negative contribution speaks for.
        labels: name of each node, n of them; None makes them from colours or from rows and columns.
        pinned: the pair (i, j) shown strongly, or None.
        true_pairs: the pairs that decide the question; every (asked, target) pair of nodes.
        show_truth: whether `true_pairs` are marked.
        editable: whether objects can be moved and toggled.
        projector: large type, for the back row of a classroom.
        alt: the picture in words, for screen readers.
    """

    objects: Sequence[Mapping[str, object]]
    weights: np.ndarray | Sequence[Sequence[float]]
    mode: str = "objects"
    target: str = "the answer"
    against: str = "another answer"
    labels: Sequence[str] | None = None
    pinned: tuple[int, int] | None = None
    true_pairs: Sequence[tuple[int, int]] = ()
    show_truth: bool = False
    editable: bool = True
    projector: bool = False
    alt: str = "Scene with six objects"

    @property
    def n_nodes(self) -> int:
        """Number of nodes n."""
        return len(self.weights)


@dataclass(frozen=True)
class SceneEvent:
    """One thing a person did to the scene; fields that its kind does not use are None.

    Attributes:
        kind: "move" (color, x, y), "toggle" (color: square to circle and back), "pin" (pair) or "unpin".
        color: the object meant.
        x: new centre, whole pixels from 5 to 69, right.
        y: the same, down.
        pair: nodes (i, j), each from 0 to n - 1.
    """

    kind: Literal["move", "toggle", "pin", "unpin"]
    color: str | None = None
    x: int | None = None
    y: int | None = None
    pair: tuple[int, int] | None = None

    @staticmethod
    def from_state(state: object, view: SceneView) -> SceneEvent | None:
        """Read what the browser sent about `view`.

        Returns:
            The event, or None for anything that is not an allowed event on that view: unknown kinds and
            colours, numbers that are not whole or out of range, moves onto another object, edits of a
            view that is not editable.
        """
        if not isinstance(state, Mapping):
            return None
        kind = state.get("kind")
        if kind == "unpin":
            return SceneEvent("unpin")
        if kind == "pin":
            pair = tuple(state.get(name) for name in ("i", "j"))
            inside = all(_is_whole(node) and 0 <= node < view.n_nodes for node in pair)
            return SceneEvent("pin", pair=pair) if inside else None
        if kind in ("move", "toggle") and view.editable:
            return _read_edit(kind, state, view)
        return None


def make_scene_data(view: SceneView) -> dict[str, object]:
    """Return the JSON that the browser draws `view` from; the keys are read by `scene.js`.

    Raises:
        RNCoreError: if the mode, a size, a pair or a contribution does not fit.
        SceneError: if the objects are not a valid scene.
    """
    lookup(view.mode, MODES, "scene mode")
    objects = _make_objects(view)
    check_objects(objects)
    weights = _check_weights(view)
    nodes = _make_nodes(view, objects)
    return {
        "mode": view.mode,
        "objects": [
            {"color": thing.color, "shape": thing.shape, "x": int(thing.x), "y": int(thing.y), **_paint(thing.color)}
            for thing in objects
        ],
        "nodes": nodes,
        "weights": [[round(value, 6) for value in row] for row in weights.tolist()],
        "pinned": None if view.pinned is None else _check_pair(view.pinned, view),
        "truePairs": [_check_pair(pair, view) for pair in view.true_pairs],
        "showTruth": bool(view.show_truth),
        "target": str(view.target),
        "against": str(view.against),
        "editable": bool(view.editable),
        "projector": bool(view.projector),
        "alt": str(view.alt),
        "size": IMAGE_SIZE,
        "middle": MIDDLE,
        "lowest": LOWEST,
        "highest": HIGHEST,
        "clearance": CLEARANCE,
        "step": CELL_STEP,
        "grid": GRID,
    }


def _make_objects(view: SceneView) -> tuple[SceneObject, ...]:
    """Turn the view's rows into scene objects."""
    try:
        return tuple(SceneObject(**row) for row in view.objects)
    except TypeError as err:
        raise SceneError(
            f"An object of the view must be a row of color, shape, x and y, got {list(view.objects)!r:.80}."
        ) from err


def _check_weights(view: SceneView) -> np.ndarray:
    """Return the contributions as a checked (n, n) float64 array."""
    n_objects = len(view.objects)
    allowed = (GRID * GRID,) if view.mode == "cells" else (n_objects, n_objects + 1)
    try:
        weights = np.asarray(view.weights, dtype=np.float64)
    except (TypeError, ValueError):
        weights = np.empty(0)
    if weights.ndim != 2 or weights.shape[0] != weights.shape[1] or len(weights) not in allowed:
        sizes = " or ".join(f"{n} x {n}" for n in allowed)
        raise RNCoreError(
            f"Contributions in mode '{view.mode}' must be {sizes} numbers, got shape {weights.shape}; "
            "pass one row and one column a node."
        )
    if not np.isfinite(weights).all():
        raise RNCoreError("Contributions must be finite numbers, got NaN or infinity; check the attribution.")
    return weights


def _make_nodes(view: SceneView, objects: tuple[SceneObject, ...]) -> list[dict[str, object]]:
    """Return each node's label, kind and, for cells, its centre; objects carry their own."""
    if view.mode == "cells":
        nodes = [
            {"label": f"row {k // GRID + 1}, column {k % GRID + 1}", "kind": "cell", **_cell_center(k)}
            for k in range(GRID * GRID)
        ]
    else:
        nodes = [{"label": thing.color, "kind": "object"} for thing in objects]
        if view.n_nodes > len(objects):
            nodes.append({"label": GROUND_LABEL, "kind": "ground"})
    if view.labels is not None:
        if len(view.labels) != len(nodes):
            raise RNCoreError(f"A view of {len(nodes)} nodes must have {len(nodes)} labels, got {len(view.labels)}.")
        nodes = [{**node, "label": str(label)} for node, label in zip(nodes, view.labels, strict=True)]
    return nodes


def _cell_center(cell: int) -> dict[str, int]:
    """Return the pixel at the middle of what a cell sees."""
    row, column = divmod(cell, GRID)
    return {"x": CELL_STEP * column, "y": CELL_STEP * row}


def _check_pair(pair: Sequence[int], view: SceneView) -> list[int]:
    """Return a pair of nodes as a list; raise RNCoreError if it names a node that is not there."""
    if len(pair) != 2 or not all(_is_whole(node) and 0 <= node < view.n_nodes for node in pair):
        raise RNCoreError(f"A pair must name two nodes from 0 to {view.n_nodes - 1}, got {tuple(pair)!r}.")
    return [int(node) for node in pair]


def _is_whole(value: object) -> bool:
    """Tell whole numbers from everything else; True and False are no numbers here."""
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def _paint(color: str) -> dict[str, str]:
    """Return an object's fill and the ink, white or near black, that reads best on it."""
    rgb = PALETTE[color]
    linear = [part / 255 / 12.92 if part <= 10 else ((part / 255 + 0.055) / 1.055) ** 2.4 for part in rgb]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]  # WCAG 2.2, relative luminance
    return {"fill": f"rgb{rgb}", "ink": _LIGHT_INK if luminance < 0.18 else _DARK_INK}


def _read_edit(kind: str, state: Mapping[str, object], view: SceneView) -> SceneEvent | None:
    """Read a move or a toggle; None if it would not leave a valid scene."""
    objects = {thing.color: thing for thing in _make_objects(view)}
    color = state.get("color")
    if not isinstance(color, str) or color not in objects:
        return None
    if kind == "toggle":
        return SceneEvent("toggle", color=color)
    x, y = state.get("x"), state.get("y")
    moved = {**objects, color: replace(objects[color], x=x, y=y)}
    try:
        check_objects(tuple(moved.values()))
    except SceneError:
        return None
    return SceneEvent("move", color=color, x=x, y=y)
