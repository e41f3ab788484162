"""What every interactive scene shows and reports back, whatever its task; plain data, no Streamlit.

A stage is measured in units of which a scene of Sort-of-CLEVR has 75, one per pixel; the middle of its first pixel is
(0, 0), x runs to the right and y down.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Literal, Protocol, Self, TypeGuard

import numpy as np

from pages._lab.components.nodes import check_node, check_pair, check_weights, is_whole
from pages._lab.contrast import luminance
from pages._lab.scale import FULL_LOGITS
from rn_core.common.errors import RNCoreError

Edit = Literal["move", "drag", "toggle", "drop", "restore"]
#: Events that change what is shown.
EDITS: tuple[Edit, ...] = ("move", "drag", "toggle", "drop", "restore")
_LIGHT_INK, _DARK_INK = "#ffffff", "#111111"


@dataclass(frozen=True)
class SceneEvent:
    """One thing a person did to a scene; fields that its kind does not use are None.

    Attributes:
        kind: "move" (thing, x, y; in a story thing, place), "drag" (the same of an object that is still held), "toggle"
            (thing: square to circle and back), "drop" and "restore" (thing: a sentence), "pin" (pair) or "unpin".
        thing: the object or sentence meant, by its id.
        x: its new center, right; in units of the stage.
        y: the same, down.
        place: where a sentence stands after its move, from 0.
        pair: nodes (i, j), each from 0 to n - 1.
    """

    kind: Edit | Literal["pin", "unpin"]
    thing: str | None = None
    x: float | None = None
    y: float | None = None
    place: int | None = None
    pair: tuple[int, int] | None = None

    @staticmethod
    def from_state(state: object, view: Stage) -> SceneEvent | None:
        """Read what the browser sent about `view`.

        Returns:
            The event, or None for anything that is not an allowed event on that view: unknown kinds and
            objects, numbers that are no places, moves onto another object, edits of a view that is not editable. One
            that the browser calls "stay" ends a drag without a move: it is none, and the page is drawn as it was.
        """
        if not isinstance(state, Mapping):
            return None
        kind = state.get("kind")
        if kind == "unpin":
            return SceneEvent("unpin")
        if kind == "pin":
            i, j = state.get("i"), state.get("j")
            return SceneEvent("pin", pair=(i, j)) if _is_node(i, view) and _is_node(j, view) else None
        edit = next((name for name in EDITS if name == kind), None)
        return view.read_edit(edit, state) if edit is not None and view.editable else None


def _is_node(value: object, view: Stage) -> TypeGuard[int]:
    """Return whether a value is the number of one of the view's nodes."""
    return is_whole(value) and 0 <= value < view.n_nodes


class Stage(Protocol):
    """One picture of a scene and of what its pairs contribute.

    Attributes:
        component: "scene" or "story", what draws it.
    """

    component: ClassVar[str]

    @property
    def editable(self) -> bool:
        """Return whether a person can change it."""
        ...

    @property
    def n_nodes(self) -> int:
        """Return the number of nodes n."""
        ...

    def to_data(self) -> dict[str, Any]:
        """Return the JSON that the browser draws; raises RNCoreError if the view does not fit together."""
        ...

    def read_edit(self, kind: Edit, state: Mapping[str, object]) -> SceneEvent | None:
        """Read one of `EDITS` that the browser sent; None if it is not allowed."""
        ...

    def make_fixed(self) -> Stage:
        """Return the same picture where nothing can be moved."""
        ...


@dataclass(frozen=True)
class Spacing:
    """How near two objects may come; None and 0 ask for nothing.

    Attributes:
        box: least offset of the centers along x or along y.
        gap: least distance between their circles.
        band: least offset along x, and along y.
        snaps: whether one that is dropped nearer goes to the nearest place that is allowed, not back.
        verb: what objects that come nearer would do, in words.
        rule: what is allowed, in words.
    """

    box: float = 0
    gap: float | None = None
    band: float = 0
    snaps: bool = False
    verb: str = "touch"
    rule: str = "objects must not touch"


@dataclass(frozen=True)
class Ground:
    """Where objects stand, and how places are counted.

    Attributes:
        box: x, y, width and height of the ground as it is drawn.
        lowest: least place of a center along each side of the ground.
        highest: greatest.
        turn: degrees by which the ground is turned about the stage's middle.
        grain: places are whole multiples of this from the origin, along the sides.
        origin: the place that is told as 0.
        scale: units of the stage in one unit of the places that are told.
    """

    box: tuple[float, float, float, float]
    lowest: float = 0
    highest: float = 0
    turn: float = 0
    grain: float = 1
    origin: float = 0
    scale: float = 1


@dataclass(frozen=True)
class Backdrop:
    """What lies behind the nodes.

    Attributes:
        ground: where objects stand.
        size: width and height of the stage.
        image: a picture as a data URL, over the whole stage; empty for none.
        lines: dashed lines, x1, y1, x2, y2.
        arrows: arrows, x1, y1, x2, y2.
        words: text, x, y and degrees of a turn.
    """

    ground: Ground
    size: tuple[float, float]
    image: str = ""
    lines: Sequence[tuple[float, float, float, float]] = ()
    arrows: Sequence[tuple[float, float, float, float]] = ()
    words: Sequence[tuple[str, float, float, float]] = ()


@dataclass(frozen=True)
class PairLayer:
    """What the pairs of a stage say.

    Attributes:
        weights: (n, n) signed contribution of every ordered pair to `target`; the pair (i, j) is g_theta(o_i, o_j, q),
            and its arrow runs from i to j.
        target: what the contributions add up to, in words, shown in the legend and read out.
        against: what a negative contribution speaks for.
        pinned: the pair (i, j) shown strongly, or None.
        true_pairs: the pairs that decide the question; every such pair of nodes.
        show_truth: whether `true_pairs` are marked.
        heat: whether all partners of a cell are colored, not the strongest alone joined to it.
        deciding: nodes that are ringed as deciding ones; None rings all that are in true pairs.
        triples: three nodes and what they contribute together, for networks over triples.
        path: nodes in the order of a chain of jumps, joined by lines and numbered from 0.
    """

    weights: np.ndarray | Sequence[Sequence[float]]
    target: str = "the answer"
    against: str = "another answer"
    pinned: tuple[int, int] | None = None
    true_pairs: Sequence[tuple[int, int]] = ()
    show_truth: bool = False
    heat: bool = False
    deciding: Sequence[int] | None = None
    triples: Sequence[tuple[tuple[int, int, int], float]] = ()
    path: Sequence[int] = ()


@dataclass(frozen=True)
class Cast:
    """The objects and nodes of a stage.

    Attributes:
        mode: "objects" or "cells", what the nodes are.
        objects: JSON objects with id, name, words (None: name and shape), x, y, radius, shape ("square", "circle", with
            a highlight "ball", with a ring "ringed", "spot", a mark on a picture, "triangle", "diamond", "star",
            "cross", "pentagon" or "hexagon"), turn in degrees, fill and ink.
        nodes: JSON objects with label and kind ("object", "cell" or "ground"); cells with x, y and box.
        grid: cells per side, or 0.
    """

    mode: str
    objects: Sequence[dict[str, Any]]
    nodes: Sequence[dict[str, Any]]
    grid: int = 0


@dataclass(frozen=True)
class Manner:
    """How a stage behaves.

    Attributes:
        editable: whether objects can be moved.
        toggles: whether a double click changes an object's shape.
        projector: large type, for the back row of a classroom.
        alt: the picture in words, for screen readers.
        spacing: how near objects may come.
        live: whether the page follows an object while it is held.
    """

    editable: bool = True
    toggles: bool = True
    projector: bool = False
    alt: str = ""
    spacing: Spacing = field(default_factory=Spacing)
    live: bool = False


def make_stage_data(backdrop: Backdrop, cast: Cast, layer: PairLayer, manner: Manner) -> dict[str, Any]:
    """Return the JSON that the browser draws; the keys are read by the scripts of this folder.

    Raises:
        RNCoreError: if a size, a pair or a contribution does not fit.
    """
    n_nodes = len(cast.nodes)
    weights = check_weights(layer.weights, (n_nodes,), cast.mode)
    ground, spacing = backdrop.ground, manner.spacing
    x, y, width, height = ground.box
    return {
        "mode": cast.mode,
        "objects": list(cast.objects),
        "nodes": list(cast.nodes),
        "grid": cast.grid,
        "weights": [[round(value, 6) for value in row] for row in weights.tolist()],
        "pinned": None if layer.pinned is None else check_pair(layer.pinned, n_nodes),
        "truePairs": [check_pair(pair, n_nodes) for pair in layer.true_pairs],
        "deciding": _deciding_nodes(layer),
        "triples": [_show_triple(members, share, n_nodes) for members, share in layer.triples],
        "path": [check_node(node, n_nodes) for node in layer.path],
        "showTruth": bool(layer.show_truth),
        "heat": layer.heat,
        "full": FULL_LOGITS[cast.mode],
        "target": str(layer.target),
        "against": str(layer.against),
        "editable": bool(manner.editable),
        "toggles": bool(manner.editable and manner.toggles),
        "live": bool(manner.editable and manner.live),
        "projector": bool(manner.projector),
        "alt": str(manner.alt),
        "spacing": {"box": spacing.box, "gap": spacing.gap, "band": spacing.band, "snaps": spacing.snaps},
        "refusal": {"verb": spacing.verb, "rule": spacing.rule},
        "width": backdrop.size[0],
        "height": backdrop.size[1],
        "image": backdrop.image,
        "lines": [list(line) for line in backdrop.lines],
        "arrows": [list(arrow) for arrow in backdrop.arrows],
        "words": [list(word) for word in backdrop.words],
        "ground": {"x": x, "y": y, "width": width, "height": height},
        "lowest": ground.lowest,
        "highest": ground.highest,
        "turn": ground.turn,
        "grain": ground.grain,
        "origin": ground.origin,
        "scale": ground.scale,
    }


def _deciding_nodes(layer: PairLayer) -> list[int]:
    """Return the nodes that are ringed as deciding ones."""
    if layer.deciding is not None:
        return sorted({int(node) for node in layer.deciding})
    return sorted({int(node) for pair in layer.true_pairs for node in pair})


@dataclass(frozen=True)
class DrawnStage:
    """A stage put together from its parts, in which nothing can be moved; see the parts' attributes."""

    backdrop: Backdrop
    cast: Cast
    layer: PairLayer
    manner: Manner
    component: ClassVar[str] = "scene"

    @property
    def editable(self) -> bool:
        """Return whether objects can be moved."""
        return self.manner.editable

    @property
    def n_nodes(self) -> int:
        """Return the number of nodes n."""
        return len(self.cast.nodes)

    def to_data(self) -> dict[str, Any]:
        """Return `make_stage_data` of the parts."""
        return make_stage_data(self.backdrop, self.cast, self.layer, self.manner)

    def read_edit(self, kind: Edit, state: Mapping[str, object]) -> SceneEvent | None:
        """Return None: nothing can be edited here."""
        return None

    def make_fixed(self) -> Self:
        """Return the same picture where nothing can be moved."""
        return replace(self, manner=replace(self.manner, editable=False))


def make_cells(grid: int, step: tuple[float, float], size: tuple[float, float]) -> list[dict[str, Any]]:
    """Return the cells of a grid, row by row; the first one of each row lies at x = 0.

    Args:
        grid: cells per side.
        step: way from one cell's middle to the next one's, along x and along y.
        size: width and height of the stage, which cells at the edge reach.
    """
    columns, rows = (_cell_sides(grid, step[axis], size[axis]) for axis in (0, 1))
    return [
        {
            "label": f"row {row + 1}, column {column + 1}",
            "kind": "cell",
            "x": step[0] * column,
            "y": step[1] * row,
            "box": {"x": left, "y": top, "width": width, "height": height},
        }
        for row, (top, height) in enumerate(rows)
        for column, (left, width) in enumerate(columns)
    ]


def _cell_sides(grid: int, step: float, size: float) -> list[tuple[float, float]]:
    """Return where each cell begins along an axis, and how long it is: all that is nearer to it than to another."""
    edges = [-0.5, *(step * (k + 0.5) for k in range(grid - 1)), size - 0.5]
    return [(edges[k], edges[k + 1] - edges[k]) for k in range(grid)]


def _show_triple(members: tuple[int, int, int], share: float, n_nodes: int) -> dict[str, Any]:
    """Return a triple as the browser draws it; raises RNCoreError if it names a node that is not there."""
    if len(members) != 3 or not all(is_whole(node) and 0 <= node < n_nodes for node in members):
        raise RNCoreError(f"A triple must name three nodes from 0 to {n_nodes - 1}, got {members!r}.")
    return {"members": [int(node) for node in members], "share": round(float(share), 6)}


def paint(rgb: tuple[int, int, int]) -> dict[str, str]:
    """Return an object's fill and the ink, white or near black, that reads best on it."""
    return {"fill": f"rgb{rgb}", "ink": _LIGHT_INK if luminance(rgb) < 0.18 else _DARK_INK}
