"""How a network finds its objects, as figures and formulas: heatmap, peaks, and what is read there; no Streamlit."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from pages._lab.figures import Look
from pages._lab.walk.figures import ON_IMAGE, finish_square, lay_image, mark, scale_image
from pages._lab.walk.formulas import arrows, number
from pages._lab.walk.view import WalkView
from rn_core.attribution.tracing import FoundTrace
from rn_core.models.slots import LEAST_PROBABILITY, STRIDE
from rn_core.tasks.sort_of_clevr.scene import COLORS, IMAGE_SIZE, MIDDLE, SHAPES


def read_found(view: WalkView) -> FoundTrace:
    """Return how the view's objects were found; the view is of a network that finds them."""
    assert view.walk.found is not None
    return view.walk.found


def plot_heatmap(view: WalkView, look: Look) -> go.Figure:
    """Draw the heatmap over the image; a cell tells its probability on hover. The asked object is framed."""
    heatmap = read_found(view).heatmap
    rows, columns = heatmap.shape
    figure = go.Figure(
        go.Heatmap(
            z=heatmap, x=STRIDE * np.arange(columns), y=STRIDE * np.arange(rows), zmin=0, zmax=1, xgap=1, ygap=1,
            colorscale=[[0, "rgba(0,0,0,0.06)"], [1, "rgba(0,0,0,0.85)"]], showscale=False,
            hovertemplate="x %{x}, y %{y}: %{z:.3f}<extra></extra>",
        )
    )  # fmt: skip
    lay_image(figure, view)
    asked = view.state.scene.get(view.state.question.color)
    mark(figure, (asked.x, asked.y), 8, look.color(1), "solid")
    scale_image(figure, look)
    alt = (
        f"The image under a map of {rows} by {columns} cells, darker where an object's center is likelier; "
        f"{int((heatmap > LEAST_PROBABILITY).sum())} cells are above {LEAST_PROBABILITY:g}."
    )
    return finish_square(figure, look, alt, look.font_size)


def plot_peaks(view: WalkView, look: Look) -> go.Figure:
    """Draw the peaks that are objects with their probabilities, and faintly the next ones; the chosen one is framed."""
    found = read_found(view)
    figure = go.Figure()
    lay_image(figure, view)
    others = np.setdiff1d(np.flatnonzero(_are_peaks(found)), found.peaks)
    centers = STRIDE * (found.cells + found.offsets)
    for peaks, symbol, color in ((others, "x-thin", "#68727e"), (found.peaks, "cross-thin", ON_IMAGE)):
        texts = [f"{share:.2f}" for share in found.probabilities[peaks]]
        figure.add_scatter(
            x=centers[peaks, 0], y=centers[peaks, 1], mode="markers", text=texts, showlegend=False,
            marker={"symbol": symbol, "size": 12, "line": {"width": 2, "color": color}},
            hovertemplate="x %{x:.1f}, y %{y:.1f}: probability %{text}<extra></extra>",
        )  # fmt: skip
        for (x, y), text in zip(centers[peaks], texts, strict=True):
            figure.add_annotation(
                x=x, y=y, text=text, showarrow=False, yshift=16, bgcolor="rgba(255,255,255,0.82)", borderpad=1,
                font={"color": color, "size": look.font_size - 3},
            )  # fmt: skip
    mark(figure, tuple(view.places[view.pair[0]]), 8, look.color(1), "solid")
    scale_image(figure, look)
    alt = (
        f"The image with a cross at each of {len(found.peaks)} objects found: {', '.join(view.labels)}. "
        f"Framed: {view.labels[view.pair[0]]}. {len(others)} more peaks are too unlikely."
    )
    return finish_square(figure, look, alt, look.font_size)


def _are_peaks(found: FoundTrace) -> np.ndarray:
    """Return (K,) whether each of the cells is one that no neighbor exceeds, not one that fills up the list."""
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(found.heatmap, 1), (3, 3))  # (h, w, 3, 3)
    columns, rows = found.cells.T
    peaks: np.ndarray = (windows.max(axis=(2, 3)) == found.heatmap)[rows, columns]
    return peaks


def heatmap_formulas(view: WalkView) -> tuple[str, ...]:
    """Return what the convolutions do, their sizes, and the most probable cell."""
    maps, heatmap = view.walk.maps, read_found(view).heatmap
    sizes = [rf"{IMAGE_SIZE}^2 \!\times\! 3", *(rf"{layer.shape[1]}^2 \!\times\! {len(layer)}" for layer in maps)]
    middle = len(sizes) // 2 + 1
    row, column = np.unravel_index(heatmap.argmax(), heatmap.shape)
    return (
        r"f_k = \mathrm{relu}(\mathrm{norm}(K_k * f_{k-1}))",
        arrows(sizes[:middle]),
        r"\to " + arrows(sizes[middle:]),
        rf"p = \sigma(w \cdot f_{{{len(maps)}}} + b)",
        rf"\text{{highest: }} p[{row}, {column}] = {number(heatmap[row, column], 3)}",
    )


def peak_formulas(view: WalkView) -> tuple[str, ...]:
    """Return which peaks are objects, and where the center of the chosen one is."""
    found = read_found(view)
    peak = found.peaks[view.pair[0]]
    (column, row), (right, down) = found.cells[peak], found.offsets[peak]
    x, y = STRIDE * (found.cells[peak] + found.offsets[peak])
    left_out = np.delete(found.probabilities, found.peaks)
    rest = rf",\quad \text{{next: }} {number(left_out.max(), 3)}" if len(left_out) else ""
    return (
        rf"p > {LEAST_PROBABILITY:g}: \quad {len(found.peaks)} \text{{ objects}}",
        rf"\text{{least likely of them: }} {number(found.probabilities[found.peaks].min(), 3)}{rest}",
        rf"\text{{{view.labels[view.pair[0]]}: }} p[{row}, {column}] = {number(found.probabilities[peak], 3)}",
        rf"{STRIDE} \cdot ({column} {_signed(right)}) = {number(x)} \text{{ pixels right}}",
        rf"{STRIDE} \cdot ({row} {_signed(down)}) = {number(y)} \text{{ pixels down}}",
    )


def found_formulas(view: WalkView) -> tuple[str, ...]:
    """Return the chosen object's row, with what was read at its peak."""
    found, i = read_found(view), view.pair[0]
    row, peak = view.walk.objects[i], found.peaks[view.pair[0]]
    colors, shapes = np.split(found.values[peak], [len(COLORS)])
    x, y = STRIDE * (found.cells[peak] + found.offsets[peak])
    return (
        rf"o_{{{i}}} = [\;\text{{{len(COLORS)} colors}},\; \text{{{len(SHAPES)} shapes}},\; x,\; y\;]"
        rf" \in \mathbb{{R}}^{{{len(row)}}}",
        _likeliest(COLORS, colors),
        _likeliest(SHAPES, shapes),
        rf"x = \tfrac{{{number(x)} - {MIDDLE}}}{{{MIDDLE}}} = {number(row[-2])}",
        rf"y = \tfrac{{{number(y)} - {MIDDLE}}}{{{MIDDLE}}} = {number(row[-1])}",
    )


def _likeliest(names: tuple[str, ...], logits: np.ndarray) -> str:
    """Return the probability of the likeliest value of an attribute, which the row holds as a 1."""
    shares = np.exp(logits - logits.max())
    best = int(logits.argmax())
    return rf"\text{{{names[best]}: }} {number(shares[best] / shares.sum(), 3)} \;\to\; 1"


def _signed(value: float) -> str:
    """Return a number with its sign before it."""
    return f"{'-' if value < 0 else '+'} {number(abs(value))}"
