"""What the diagram of the whole network shows: its eight steps with one scene's numbers; plain data, no Streamlit."""

from __future__ import annotations

from collections.abc import Iterable
from math import ceil, sqrt
from typing import Any

import numpy as np

from pages._lab.components.stage import paint
from pages._lab.layout import format_share, likeliest
from pages._lab.scale import full_logits
from pages._lab.walk.steps import STEPS
from pages._lab.walk.view import STRIDE, WalkView
from pages._lab.words import GRID, format_pair, format_signed, tag_cell
from rn_core.tasks.sort_of_clevr.rendering import PALETTE
from rn_core.tasks.sort_of_clevr.scene import IMAGE_SIZE


def make_diagram(view: WalkView) -> dict[str, Any]:
    """Return the JSON that the browser draws; all numbers are those of the view's one forward pass.

    The stages are the page's steps in their order. Each has a name, one or two lines of text, and one picture: `scene`
    (things on a ground, with marks), `grid` (numbers from -1 to 1, row by row) or `bars` (names and shares).
    """
    pictures = (_image(view), _features(view), _objects(view), _pairs(view), *_vectors(view), _answer(view))
    lines = _make_lines(view)
    return {
        "step": view.state.step,
        "projector": view.state.projector,
        "pair": _name_pair(view),
        "stages": [
            {"name": step.side(view.has_cells).name, "lines": list(said), **picture}
            for step, said, picture in zip(STEPS, lines, pictures, strict=True)
        ],
    }


def _make_lines(view: WalkView) -> tuple[tuple[str, ...], ...]:
    """Return what stands under each stage."""
    n, walk = len(view.labels), view.walk
    shape = walk.maps[-1].shape if walk.maps else walk.objects.shape
    share = view.ranked_strengths[view.pair[0] * n + view.pair[1]]
    widths = [len(layer) for layer in view.readout]
    return (
        (f"{IMAGE_SIZE} × {IMAGE_SIZE} pixels" if view.has_cells else f"{n} objects",),
        (f"{' × '.join(map(str, shape))}", "numbers"),
        (f"{n} {'cells' if view.has_cells else 'rows'}", f"of {walk.objects.shape[1]} numbers"),
        (f"{n * n} pairs", _name_pair(view)),
        (_name_pair(view), f"{walk.relations.shape[1]} numbers"),
        (f"of {n * n} vectors", f"this pair: {format_signed(float(share))}"),
        (f"{' → '.join(map(str, widths))}",),
        (view.reading.answer.text, f"truth: {view.reading.truth}"),
    )


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
    """Return the mean of the last feature maps, or the rows, one per object."""
    return _grid(view.walk.maps[-1].mean(axis=0) if view.has_cells else view.walk.objects)


def _pairs(view: WalkView) -> dict[str, Any]:
    """Return what each pair adds, on the scale that all pages share, with the followed pair marked."""
    n = len(view.labels)
    shares = np.clip(view.ranked_strengths.reshape(n, n) / full_logits(view.labels), -1, 1)
    return {**_grid(shares, 1), "marked": [int(node) for node in view.pair]}


def _vectors(view: WalkView) -> tuple[dict[str, Any], ...]:
    """Return the followed pair's vector, the sum, and f_phi's hidden units, each folded into a square."""
    n = len(view.labels)
    relation = view.walk.relations[view.pair[0] * n + view.pair[1]]
    hidden = np.concatenate(view.readout[:-1])
    return tuple(_grid(_fold(vector)) for vector in (relation, view.walk.aggregate, hidden))


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
