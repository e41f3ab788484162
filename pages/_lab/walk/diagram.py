"""What the diagram of the whole network shows: its steps with one scene's numbers; plain data, no Streamlit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from math import ceil, sqrt
from types import MappingProxyType
from typing import Any

import numpy as np

from pages._lab.components.stage import paint
from pages._lab.layout import format_share, likeliest
from pages._lab.scale import full_logits
from pages._lab.walk.found import read_found
from pages._lab.walk.state import N_SHARED
from pages._lab.walk.steps import find_steps
from pages._lab.walk.view import STRIDE, WalkView
from pages._lab.words import GRID, format_pair, format_signed, tag_cell
from rn_core.models.slots import LEAST_PROBABILITY
from rn_core.tasks.sort_of_clevr.rendering import PALETTE
from rn_core.tasks.sort_of_clevr.scene import IMAGE_SIZE


def make_diagram(view: WalkView) -> dict[str, Any]:
    """Return the JSON that the browser draws; all numbers are those of the view's one forward pass.

    The stages are the page's steps in their order. Each has a name, one or two lines of text, and one picture: `scene`
    (things on a ground, with marks), `grid` (numbers from -1 to 1, row by row) or `bars` (names and shares).
    """
    steps = find_steps(view)
    return {
        "step": view.state.step,
        "projector": view.state.projector,
        "pair": _name_pair(view),
        "followed": [len(steps) - N_SHARED - 1, len(steps) - 3],
        "stages": [
            {"name": step.name, "lines": list(_LINES[step.picture](view)), **_PICTURES[step.picture](view)}
            for step in steps
        ],
    }


def _describe_image(view: WalkView) -> tuple[str, ...]:
    """Return the size of what the network is given."""
    is_scene = view.walk.image is None
    return (f"{len(view.labels)} objects" if is_scene else f"{IMAGE_SIZE} × {IMAGE_SIZE} pixels",)


def _describe_features(view: WalkView) -> tuple[str, ...]:
    """Return the shape of the last feature maps or of the rows."""
    shape = view.walk.maps[-1].shape if view.walk.maps else view.walk.objects.shape
    return f"{' × '.join(map(str, shape))}", "numbers"


def _describe_objects(view: WalkView) -> tuple[str, ...]:
    """Return how many objects there are."""
    n, d_object = view.walk.objects.shape
    return f"{n} {'cells' if view.has_cells else 'rows'}", f"of {d_object} numbers"


def _describe_heatmap(view: WalkView) -> tuple[str, ...]:
    """Return the shape of the heatmap and its largest number."""
    heatmap = read_found(view).heatmap
    return f"{' × '.join(map(str, heatmap.shape))} cells", f"highest: {heatmap.max():.3f}"


def _describe_peaks(view: WalkView) -> tuple[str, ...]:
    """Return how many peaks are objects."""
    return f"{len(view.labels)} peaks", f"above {LEAST_PROBABILITY:g}"


def _describe_sum(view: WalkView) -> tuple[str, ...]:
    """Return how many vectors are summed, and what the followed pair adds."""
    n = len(view.labels)
    share = view.ranked_strengths[view.pair[0] * n + view.pair[1]]
    return f"of {n * n} vectors", f"this pair: {format_signed(float(share))}"


def _name_pair(view: WalkView) -> str:
    """Return the followed pair in words that are short."""
    first, second = (tag_cell(label, GRID) if view.has_cells else label for label in view.pair_labels)
    return format_pair(first, second)


def _image(view: WalkView, marks: Iterable[dict[str, Any]] = (), cells: int = 0) -> dict[str, Any]:
    """Return the scene, maybe with cells over it and marks on objects."""
    things = [
        {"x": thing.x, "y": thing.y, "shape": thing.shape, "fill": paint(PALETTE[thing.color])["fill"]}
        for thing in view.state.scene.objects
    ]
    return {"kind": "scene", "things": things, "cells": cells, "marks": list(marks)}


def _objects(view: WalkView) -> dict[str, Any]:
    """Return the scene with the two objects of the followed pair marked by i and j."""
    i, j = view.pair
    named = {i: "i=j"} if i == j else {i: "i", j: "j"}
    reach = STRIDE / 2 if view.has_cells else 7
    marks = (
        {"x": int(view.places[node][0]), "y": int(view.places[node][1]), "reach": reach, "text": text}
        for node, text in named.items()
    )
    return _image(view, marks, GRID if view.has_cells else 0)


def _features(view: WalkView) -> dict[str, Any]:
    """Return the mean of the last feature maps."""
    return _grid(view.walk.maps[-1].mean(axis=0))


def _rows(view: WalkView) -> dict[str, Any]:
    """Return the rows, one per object."""
    return _grid(view.walk.objects)


def _heatmap(view: WalkView) -> dict[str, Any]:
    """Return the heatmap."""
    return _grid(read_found(view).heatmap, 1)


def _peaks(view: WalkView) -> dict[str, Any]:
    """Return the scene with the objects found marked."""
    return _image(view, ({"x": int(x), "y": int(y), "reach": 7, "text": ""} for x, y in view.places))


def _pairs(view: WalkView) -> dict[str, Any]:
    """Return what each pair adds, on the scale that all pages share, with the followed pair marked."""
    n = len(view.labels)
    shares = np.clip(view.ranked_strengths.reshape(n, n) / full_logits(view.labels), -1, 1)
    return {**_grid(shares, 1), "marked": [int(node) for node in view.pair]}


def _relation(view: WalkView) -> dict[str, Any]:
    """Return the followed pair's vector, folded into a square, as the sum and f_phi's hidden units are."""
    return _grid(_fold(view.walk.relations[view.pair[0] * len(view.labels) + view.pair[1]]))


def _fold(vector: np.ndarray) -> np.ndarray:
    """Return a vector row by row in a square, zeros at its end."""
    side = ceil(sqrt(len(vector)))
    whole = np.zeros(side * side)
    whole[: len(vector)] = vector
    return whole.reshape(side, side)


def _grid(values: np.ndarray, largest: float | None = None) -> dict[str, Any]:
    """Return a matrix in parts of its largest size, or of a given one."""
    limit = max(float(np.abs(values).max()), 1e-9) if largest is None else largest
    return {"kind": "grid", "values": np.round(values / limit, 2).tolist(), "marked": None}


def _answer(view: WalkView) -> dict[str, Any]:
    """Return the likeliest answers."""
    likely = likeliest(view.reading.answer)
    bars = [{"name": name, "share": round(share, 4), "text": format_share(share)} for name, share in likely]
    return {"kind": "bars", "bars": bars}


#: `Step.picture` -> the picture of its stage.
_PICTURES: Mapping[str, Callable[[WalkView], dict[str, Any]]] = MappingProxyType(
    {
        "image": _image,
        "maps": _features,
        "rows": _rows,
        "objects": _objects,
        "heatmap": _heatmap,
        "peaks": _peaks,
        "found": _rows,
        "pairs": _pairs,
        "g_theta": _relation,
        "sum": lambda view: _grid(_fold(view.walk.aggregate)),
        "f_phi": lambda view: _grid(_fold(np.concatenate(view.readout[:-1]))),
        "answer": _answer,
    }
)
#: `Step.picture` -> what stands under it, one or two lines.
_LINES: Mapping[str, Callable[[WalkView], tuple[str, ...]]] = MappingProxyType(
    {
        "image": _describe_image,
        "maps": _describe_features,
        "rows": _describe_features,
        "objects": _describe_objects,
        "heatmap": _describe_heatmap,
        "peaks": _describe_peaks,
        "found": _describe_objects,
        "pairs": lambda view: (f"{len(view.labels) ** 2} pairs", _name_pair(view)),
        "g_theta": lambda view: (_name_pair(view), f"{view.walk.relations.shape[1]} numbers"),
        "sum": _describe_sum,
        "f_phi": lambda view: (" → ".join(str(len(layer)) for layer in view.readout),),
        "answer": lambda view: (view.reading.answer.text, f"truth: {view.reading.truth}"),
    }
)
