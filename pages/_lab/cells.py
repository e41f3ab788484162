"""Numbers on the cells of a heatmap: legible on every color, and as large as the cells allow.

Plotly sizes a figure's text in Python, where nobody knows how wide the screen is, and it writes on all cells of a
heatmap in one color. So the numbers are a layer of their own, whose ink follows each cell's color, and CSS fits height
and type to the width that the figure gets.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
import plotly.graph_objects as go

from pages._lab.contrast import ink_on

#: Width of a digit in sizes of its type, and the share of a cell that a number may take.
_DIGIT, _FILLED = 0.5, 0.88
#: Sizes of type in pixels between which numbers stay.
_SMALLEST, _LARGEST = 9, {False: 16, True: 22}


@dataclass(frozen=True)
class CellFit:
    """What the size of a heatmap's cells depends on, in pixels.

    Attributes:
        columns: number of cells in a row.
        rows: number of rows.
        letters: length of the longest number on a cell; 0 where there are none.
        beside: what stands to the left of the cells and right of them.
        above: what stands above and below them.
        label: width of the longest label above; a column narrower than that gets it turned.
        tallest: height of the figure where the screen is wide enough.
        large: projector type.
        square: whether cells are as high as wide; the figure's height then follows its width.
    """

    columns: int
    rows: int
    letters: int
    beside: int
    above: int
    label: int
    tallest: int
    large: bool
    square: bool = True

    def style(self, key: str) -> str:
        """Return the style sheet that fits the figure drawn under a widget key.

        Args:
            key: the figure's; Streamlit makes a class of it.
        """
        place = f".st-key-{re.sub(r'[^a-zA-Z0-9_-]', '-', key)}"
        wide = f"(100cqi - {self.beside}px) / {self.columns}"
        turned = f"clamp(0px, ({self.label}px - {wide}) * 99, {self.label}px)"
        cell = f"min({wide}, ({self.tallest - self.above}px - {turned}) / {self.rows})"
        rules = [f"{place} {{container-type: inline-size; height: auto !important; flex: none !important}}"]
        if self.square:
            height = f"calc({cell} * {self.rows} + {self.above}px + {turned})"
            rules.append(f"{place} [data-testid=stFullScreenFrame] {{height: auto !important}}")
            rules.append(f"{place} .stPlotlyChart {{height: {height} !important}}")
        if self.letters:
            size = f"{cell} * {_FILLED / (_DIGIT * self.letters):.3f}"
            fitted = f"clamp({_SMALLEST}px, {size}, {_LARGEST[self.large]}px)"
            rules.append(f"{place} .textpoint text {{font-size: {fitted} !important}}")
        # Streamlit puts a style sheet alone elsewhere, out of the reach of what a cached function draws.
        return f'<div class="rn-fit"><style>{" ".join(rules)}</style></div>'


def fit_cells(figure: go.Figure, fit: CellFit) -> go.Figure:
    """Keep with a figure what `fit_style` needs; return the same figure, whose layout has its `meta` already."""
    figure.layout.meta = {**figure.layout.meta, "fit": asdict(fit)}
    return figure


def fit_style(figure: go.Figure, key: str) -> str:
    """Return the style sheet that fits a figure with cells to the screen; empty for any other figure.

    Args:
        figure: one that is drawn under `key`.
        key: its widget key.
    """
    fit = figure.layout.meta.get("fit")
    return "" if fit is None else CellFit(**fit).style(key)


def color_at(share: float, colorscale: Sequence[Sequence[float | str]]) -> tuple[float, ...]:
    """Return a color (3,) of a scale, 0 to 255 each.

    Args:
        share: where on the scale, 0 to 1; beyond its ends, their colors.
        colorscale: places 0 to 1 in order with colors "#rrggbb", as Plotly takes them.
    """
    stops = [float(stop) for stop, _ in colorscale]
    colors = np.array([list(bytes.fromhex(str(color)[1:])) for _, color in colorscale])  # (K, 3)
    return tuple(float(np.interp(share, stops, part)) for part in colors.T)


def number_layer(
    values: np.ndarray, texts: Sequence[Sequence[str]], limit: float, colorscale: Sequence[Sequence[float | str]]
) -> go.Scatter:
    """Return the numbers on the cells of a heatmap from -limit to limit, each in ink that can be read there.

    Args:
        values: (n, m) what the cells show.
        texts: n rows of m numbers as they are written.
        limit: the largest absolute value of the scale; above 0.
        colorscale: the heatmap's.
    """
    rows, columns = np.indices(values.shape)
    inks = [ink_on(color_at((value / limit + 1) / 2, colorscale)) for value in values.ravel().tolist()]
    return go.Scatter(
        x=columns.ravel(), y=rows.ravel(), mode="text", text=[text for row in texts for text in row],
        textfont={"color": inks, "weight": 600}, hoverinfo="skip", showlegend=False,
    )  # fmt: skip


def outline_layer(cells: Sequence[tuple[int, int]], color: str, width: float, half: float = 0.46) -> go.Scatter:
    """Return outlines of many cells as one line, which frames of their own would take a page seconds.

    Args:
        cells: row and column of each.
        color: of the line.
        width: of the line, in pixels.
        half: half an outline's side, in cells, so that it fits cells of any size.
    """
    across, down = np.array([-1, 1, 1, -1, -1, np.nan]) * half, np.array([-1, -1, 1, 1, -1, np.nan]) * half
    rows, columns = np.array(cells, dtype=float).T
    return go.Scatter(
        x=np.add.outer(columns, across).ravel(), y=np.add.outer(rows, down).ravel(), mode="lines",
        line={"color": color, "width": width}, hoverinfo="skip", showlegend=False,
    )  # fmt: skip


def format_short(value: float) -> str:
    """Return a number in two digits with its sign and a true minus; what rounds to none is 0.0, and nothing is 0."""
    if value == 0:
        return "0"
    text = f"{value:+.0f}" if abs(value) >= 9.95 else f"{value:+.1f}"
    return "0.0" if float(text) == 0 else text.replace("-", "−")
