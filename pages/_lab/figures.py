"""Results of the core as Plotly figures; no Streamlit.

Every figure carries its alternative text in `layout.meta["alt"]`. Signs are orange (against) and blue (for),
safe for color-blind readers, symmetric around zero, and always with a number or a word beside the color.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import isqrt
from typing import Any

import numpy as np
import plotly.graph_objects as go
import plotly.io as pio

from pages._lab.cells import CellFit, fit_cells, format_short, number_layer, outline_layer
from pages._lab.plain import escape
from pages._lab.scale import full_logits
from pages._lab.words import format_pair, format_signed, name_nodes
from rn_core.tasks.sort_of_clevr.rendering import PALETTE

# `finish_figure` sets this one; Plotly's own would be copied into every figure before.
pio.templates.default = "none"

#: A matrix of more nodes than this shows no numbers, and one of more than that short ones.
MOST_NUMBERS, _MOST_WHOLE = 11, 6
#: Markup in a label, such as a swatch's color.
_TAG = re.compile(r"<[^>]*>")
#: Ends of the diverging scale.
AGAINST = {False: "#d55e00", True: "#ff9a4d"}
FOR = {False: "#0072b2", True: "#5cb3ea"}
_MIDDLE = {False: "#ffffff", True: "#171b22"}
_INK = {False: "#1f2933", True: "#e8edf3"}
_EDGE = {False: "#8a93a1", True: "#6f7a89"}
_FAINT = {False: "#d5dae1", True: "#3a424e"}


@dataclass(frozen=True)
class Look:
    """How figures are drawn.

    Attributes:
        dark: whether they lie on a dark page.
        large: projector type.
    """

    dark: bool = False
    large: bool = False

    @property
    def ink(self) -> str:
        """Return the color of text and outlines."""
        return _INK[self.dark]

    @property
    def faint(self) -> str:
        """Return the color of grid lines."""
        return _FAINT[self.dark]

    @property
    def edge(self) -> str:
        """Return the color of marks and edges that stand back, at least 3:1 to the page and to an empty cell."""
        return _EDGE[self.dark]

    @property
    def font_size(self) -> int:
        """Return the size of text in pixels."""
        return 20 if self.large else 14

    @property
    def colorscale(self) -> list[list[float | str]]:
        """Return the diverging scale, orange through the page's ground to blue."""
        return [[0.0, AGAINST[self.dark]], [0.5, _MIDDLE[self.dark]], [1.0, FOR[self.dark]]]

    def color(self, value: float) -> str:
        """Return the end of the scale that a sign belongs to."""
        return FOR[self.dark] if value >= 0 else AGAINST[self.dark]


def plot_pair_matrix(
    matrix: np.ndarray,
    labels: Sequence[str],
    true_pairs: Sequence[tuple[int, int]] = (),
    pinned: tuple[int, int] | None = None,
    look: Look = Look(),
    names: Sequence[str] | None = None,
    ticks: tuple[Sequence[str], Sequence[str]] | None = None,
    noun: str = "object",
    limit: float | None = None,
) -> go.Figure:
    """Draw what every pair adds, one square per pair.

    A heatmap returns no clicks, so an invisible marker lies on every square, at x = j and y = i.

    Args:
        matrix: (n, n) contributions in logits; row i, column j is the pair (i, j).
        labels: n names, of colors or cells.
        true_pairs: pairs that decide the answer, framed.
        pinned: the pinned pair, framed twice.
        look: colors and type size.
        names: n names in words; None makes them from the labels.
        ticks: n names as they stand beside the rows, and n above the columns; None makes them from the labels.
        noun: what a node that is no cell is called.
        limit: end of the scale of colors, above 0; None takes the one that all pages share.
    """
    n, names = len(labels), names or name_nodes(labels)
    limit = limit or full_logits(list(labels))
    numbers = [[format_signed(value) for value in row] for row in matrix] if n <= MOST_NUMBERS else None
    bar = {"orientation": "h", "x": 0.5, "y": 0, "yanchor": "top", "thickness": 12, "outlinewidth": 0}
    heat = go.Heatmap(
        z=matrix, zmin=-limit, zmax=limit, colorscale=look.colorscale, xgap=1, ygap=1, hoverinfo="skip",
        text=numbers, showscale=numbers is None, colorbar={"title": {"text": "logit"}, **bar},
    )  # fmt: skip
    marks = [outline_layer(true_pairs, look.ink, 1.5)] if numbers is None and true_pairs else []
    frames = [] if numbers is None else [_frame(i, j, 0.46, look.ink, "solid", 3) for i, j in true_pairs]
    if pinned is not None:
        frames.append(_frame(*pinned, 0.9 if numbers is None else 0.38, look.ink, "dot", 3))
    written = numbers
    if numbers is not None and n > _MOST_WHOLE:
        written = [[format_short(value) for value in row] for row in matrix]
    layers = [] if written is None else [number_layer(matrix, written, limit, look.colorscale)]
    axis = {"fixedrange": True, "constrain": "domain", "showgrid": False}
    (rows, beside_texts), (columns, above_texts) = (_ticks(labels, each) for each in ticks or (None, None))
    beside = axis | {"tickvals": rows, "ticktext": beside_texts}
    above = axis | {"tickvals": columns, "ticktext": above_texts}
    node = "cell" if labels[0].isdigit() else noun
    layout = {
        "shapes": frames,
        "xaxis": {"side": "top", "title": {"text": f"second {node}, j"}, "range": [-0.5, n - 0.5], **above},
        "yaxis": {"title": {"text": f"first {node}, i", "standoff": 8}, "range": [n - 0.5, -0.5], "scaleanchor": "x"}
        | beside,
    }
    i, j = divmod(int(np.abs(matrix).argmax()), n)
    alt = (
        f"Matrix of {n} by {n} pairs. The strongest is {format_pair(names[i], names[j])} with "
        f"{format_signed(matrix[i, j])} logits."
    )
    complete = _complete(layout, look, alt, height=620 if look.large else 500)
    complete["plot_bgcolor"] = look.edge  # the gaps between cells
    figure = go.Figure([heat, _click_layer(matrix, names, look), *marks, *layers], complete)
    return fit_cells(figure, _fit(beside_texts, above_texts, n, written, look))


def _fit(
    beside: Sequence[str], above: Sequence[str], n: int, numbers: Sequence[Sequence[str]] | None, look: Look
) -> CellFit:
    """Return what the size of a matrix's cells depends on."""
    size, letter = look.font_size, 0.48 * look.font_size
    left, label = (max(len(_TAG.sub("", text)) for text in texts) * letter for texts in (beside, above))
    return CellFit(
        columns=n, rows=n, letters=0 if numbers is None else max(len(text) for row in numbers for text in row),
        beside=round(left + 2 * size + 20), above=round(3.6 * size + 28 + (4 * size if numbers is None else 0)),
        label=round(label), tallest=620 if look.large else 500, large=look.large,
    )  # fmt: skip


def _click_layer(matrix: np.ndarray, names: Sequence[str], look: Look) -> go.Scatter:
    """Return one invisible marker per square, with its name and value on hover in the color of its sign."""
    n = len(names)
    rows, columns = np.divmod(np.arange(n * n), n)
    values = map(format_signed, matrix.ravel())
    texts = [
        f"{escape(format_pair(names[i], names[j]))}: {value}" for i, j, value in zip(rows, columns, values, strict=True)
    ]
    see_through = {"marker": {"opacity": 0}}
    return go.Scatter(
        x=columns, y=rows, mode="markers", text=texts, hovertemplate="%{text}<extra></extra>",
        showlegend=False, hoverlabel={"bgcolor": [look.color(value) for value in matrix.ravel().tolist()]},
        marker={"symbol": "square", "size": 380 / n, "opacity": 0}, selected=see_through, unselected=see_through,
    )  # fmt: skip


def plot_relation_strip(relation: np.ndarray, look: Look = Look()) -> go.Figure:
    """Draw one pair's relation vector (D_g,) as a strip of bars, unit by unit."""
    figure = go.Figure(
        go.Bar(
            x=np.arange(len(relation)), y=relation, marker={"color": look.color(1), "line": {"width": 0}},
            hovertemplate="unit %{x}: %{y:.3f}<extra></extra>",
        )
    )  # fmt: skip
    figure.update_layout(bargap=0)
    figure.update_xaxes(title=f"unit of g_theta, 0 to {len(relation) - 1}")
    figure.update_yaxes(title="activation", rangemode="tozero")
    active = int((relation > 0).sum())
    alt = f"Relation vector: {active} of {len(relation)} units are active; the largest is {relation.max():.2f}."
    return finish_figure(figure, look, alt, height=220)


def plot_logit_shift(
    answers: Sequence[str], without: np.ndarray, full: np.ndarray, look: Look = Look(), removed: str = "the pair"
) -> go.Figure:
    """Draw every answer's logit without something and with it, joined by a line.

    Args:
        answers: A names.
        without: (A,) logits without it.
        full: (A,) logits with everything.
        look: colors and type size.
        removed: what is left out, in words.
    """
    figure, shown = go.Figure(), list(map(escape, answers))
    for k, answer in enumerate(shown):
        color = look.color(full[k] - without[k])
        figure.add_scatter(
            x=[without[k], full[k]], y=[answer, answer], mode="lines", line={"color": color, "width": 4},
            showlegend=False, hoverinfo="skip",
        )  # fmt: skip
    marks = ((f"without {escape(removed)}", without, "circle-open"), ("with all pairs", full, "circle"))
    for name, logits, symbol in marks:
        figure.add_scatter(
            x=logits, y=shown, mode="markers", name=name, hovertemplate="%{y}: %{x:.2f}",
            marker={"symbol": symbol, "size": 11, "color": look.ink, "line": {"width": 2, "color": look.ink}},
        )  # fmt: skip
    figure.update_yaxes(autorange="reversed", type="category")
    figure.update_xaxes(title="logit")
    figure.update_layout(legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0})
    first, now = answers[int(without.argmax())], answers[int(full.argmax())]
    alt = f"Logits of {len(answers)} answers. Without {removed} the answer is {first}; with all pairs it is {now}."
    return finish_figure(figure, look, alt, height=460 if look.large else 380)


def plot_hidden_change(changes: Sequence[np.ndarray], look: Look = Look()) -> go.Figure:
    """Draw what a pair adds to every hidden unit of f_phi, one strip per layer.

    Args:
        changes: for each hidden layer, (D,) activation with the pair minus without it.
        look: colors and type size.
    """
    width = max(map(len, changes))
    rows = np.full((len(changes), width), np.nan)
    for row, change in zip(rows, changes, strict=True):
        row[: len(change)] = change
    limit = max(float(np.nanmax(np.abs(rows))), 1e-9)
    names = [f"f_phi layer {k}" for k in range(1, len(changes) + 1)]
    figure = go.Figure(
        go.Heatmap(
            z=rows, y=names, zmin=-limit, zmax=limit, colorscale=look.colorscale, ygap=6,
            hovertemplate="%{y}, unit %{x}: %{z:+.3f}<extra></extra>",
            colorbar={"title": {"text": "change"}, "thickness": 12, "outlinewidth": 0},
        )
    )  # fmt: skip
    figure.update_yaxes(autorange="reversed")
    figure.update_xaxes(title="hidden unit")
    moved = ", ".join(
        f"{int((np.abs(change) > 1e-6).sum())} of {len(change)} units of layer {k} change"
        for k, change in enumerate(changes, start=1)
    )
    return finish_figure(figure, look, f"What the pair changes inside f_phi: {moved}.", height=120 + 70 * len(changes))


def plot_faithfulness(curves: Sequence[tuple[str, np.ndarray]], look: Look = Look()) -> go.Figure:
    """Draw how the explained logit falls or rises as pairs go or come, strongest first and at random.

    Args:
        curves: (name, (K,) values from no step to the last), up to four; names that hold "random" are dotted.
        look: colors and type size.
    """
    figure = go.Figure()
    for name, values in curves:
        is_random = "random" in name
        color = look.color(-1 if "taken" in name else 1)
        figure.add_scatter(
            x=np.linspace(0, 100, len(values)), y=values, name=name, mode="lines",
            line={"color": color, "width": 2 if is_random else 4, "dash": "dot" if is_random else "solid"},
            hovertemplate="%{x:.0f} % of the pairs: %{y:.2f}",
        )  # fmt: skip
    figure.update_xaxes(title="pairs moved, %", range=[0, 100])
    figure.update_yaxes(title="explained logit", zeroline=True, zerolinecolor=look.faint)
    figure.update_layout(legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0})
    ends = "; ".join(f"{name}: from {values[0]:.1f} to {values[-1]:.1f}" for name, values in curves)
    return finish_figure(figure, look, f"Faithfulness curves. {ends}.", height=460 if look.large else 380)


def alt_text(figure: go.Figure) -> str:
    """Return a figure's alternative text."""
    alt: str = figure.layout.meta["alt"]
    return alt


def _ticks(labels: Sequence[str], ticks: Sequence[str] | None) -> tuple[list[int], list[str]]:
    """Return where an axis has labels, and these: colors with their swatch, or for cells the rows of their grid."""
    if labels[0].isdigit():
        grid = isqrt(len(labels))
        middles = range(grid // 2, len(labels), grid)
        return list(middles), [f"row {k // grid + 1}" for k in middles]
    return list(range(len(labels))), list(ticks or map(swatch, labels))


def swatch(label: str) -> str:
    """Return a color's name behind its swatch; other labels as they are."""
    return swatch_text(PALETTE[label], label) if label in PALETTE else escape(label)


def swatch_text(rgb: tuple[int, int, int], text: str) -> str:
    """Return a text behind a swatch."""
    red, green, blue = rgb
    return f'<span style="color:rgb({red},{green},{blue})">■</span> {escape(text)}'


def _frame(i: int, j: int, half: float, color: str, dash: str, width: int) -> dict[str, Any]:
    """Return the outline of one square of the matrix."""
    return {
        "type": "rect", "x0": j - half, "x1": j + half, "y0": i - half, "y1": i + half,
        "line": {"color": color, "dash": dash, "width": width},
    }  # fmt: skip


def finish_figure(figure: go.Figure, look: Look, alt: str, height: int) -> go.Figure:
    """Set what all figures share.

    Args:
        figure: changed in place.
        look: colors and type size.
        alt: the figure in words, for people who cannot see it.
        height: in pixels.

    Returns:
        the same figure.
    """
    # The layout is checked once as a whole: Plotly's own updates check and copy it once for each property.
    figure.layout = _complete(figure.layout.to_plotly_json(), look, alt, height)
    return figure


def _complete(layout: dict[str, Any], look: Look, alt: str, height: int) -> dict[str, Any]:
    """Return a layout with what all figures share; arguments as `finish_figure`."""
    shared = {
        "height": height, "meta": {"alt": alt}, "dragmode": False, "uirevision": "keep",
        "margin": {"l": 10, "r": 10, "t": 10, "b": 10}, "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)", "hoverlabel": {"font": {"size": look.font_size}},
        "font": {"size": look.font_size, "color": look.ink, "family": "Source Sans, sans-serif"},
    }  # fmt: skip
    axis = {"automargin": True, "gridcolor": look.faint, "zeroline": False}
    axes = {"xaxis", "yaxis"} | {key for key in layout if key.startswith(("xaxis", "yaxis"))}
    return _merge(layout, shared | dict.fromkeys(axes, axis))


def _merge(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """Return settings with new ones in their place, dictionaries within them likewise."""
    both = {key: _merge(old[key], new[key]) for key in old.keys() & new.keys() if isinstance(new[key], dict)}
    return old | new | both
