"""What the network sees, as figures: image, feature maps, objects, pairs; no Streamlit."""

from __future__ import annotations

import base64
import io

import numpy as np
import plotly.graph_objects as go
from PIL import Image
from plotly.subplots import make_subplots

from pages._lab.cells import CellFit, fit_cells, number_layer
from pages._lab.figures import Look, finish_figure, swatch
from pages._lab.sort_of_clevr.picture import describe_scene
from pages._lab.walk.view import STRIDE, WalkView
from pages._lab.words import GRID, format_pair, node_name
from rn_core.tasks.sort_of_clevr.encoding import ROW_COLUMNS
from rn_core.tasks.sort_of_clevr.scene import IMAGE_SIZE

#: Channels shown of the last feature map, and pictures in a row.
N_CHANNELS, _IN_ROW = 8, 4
#: Color of words and frames on the image, whose ground is white on every page.
ON_IMAGE = "#1f2933"
#: Screen pixels of an image pixel in a picture that stands behind a figure.
_ZOOM = 8
#: Borders between the cells' shares of the image, in pixels: half way between two centers.
_BORDERS = tuple(STRIDE * k - STRIDE // 2 for k in range(1, GRID))


def plot_image(view: WalkView, look: Look) -> go.Figure:
    """Draw the image itself; a pixel tells its three numbers on hover. The object asked about is framed."""
    figure = go.Figure(go.Image(z=view.image, hovertemplate="x %{x}, y %{y}: RGB %{z}<extra></extra>"))
    asked = view.state.scene.get(view.state.question.color)
    mark(figure, (asked.x, asked.y), 8, ON_IMAGE, "solid")
    figure.add_annotation(x=asked.x, y=asked.y - 9, text="asked", showarrow=False, yanchor="bottom",
                          font={"color": ON_IMAGE})  # fmt: skip
    scale_image(figure, look, ticks=True)
    return finish_square(figure, look, describe_scene(view.state.scene), 5 * look.font_size)


def plot_maps(view: WalkView, look: Look) -> go.Figure:
    """Draw the outputs of the convolutions: the mean of every layer, and the last one's strongest channels."""
    maps = view.walk.maps
    strongest = np.argsort(-maps[-1].max(axis=(1, 2)), kind="stable")[:N_CHANNELS]
    panels = [("×".join(map(str, layer.shape[1:])), layer.mean(axis=0)) for layer in maps]
    panels += [(f"kernel {channel}", maps[-1][channel]) for channel in strongest.tolist()]
    n_rows = -(-len(panels) // _IN_ROW)
    figure = make_subplots(
        n_rows, _IN_ROW, subplot_titles=[name for name, _ in panels], horizontal_spacing=0.03, vertical_spacing=0.09
    )
    for place, (name, values) in enumerate(panels):
        row, column = divmod(place, _IN_ROW)
        figure.add_heatmap(
            z=values, zmin=0, zmax=max(float(values.max()), 1e-9), colorscale=_ramp(look), showscale=False,
            hovertemplate=f"{name}, row %{{y}}, column %{{x}}: %{{z:.2f}}<extra></extra>", row=row + 1, col=column + 1,
        )  # fmt: skip
    bare = {"showticklabels": False, "ticks": "", "constrain": "domain", "fixedrange": True, "showgrid": False}
    bare |= {"showline": True, "linecolor": look.edge, "mirror": True}
    figure.update_xaxes(**bare)
    figure.update_yaxes(autorange="reversed", **bare)
    for place in range(len(panels)):
        suffix = "" if place == 0 else str(place + 1)
        figure.layout[f"yaxis{suffix}"].scaleanchor = f"x{suffix}"
    alt = f"Feature maps: means of {len(maps)} layers, {' then '.join(name for name, _ in panels[: len(maps)])}; "
    alt += f"then the {len(strongest)} strongest kernels of the last one."
    finish_figure(figure, look, alt, 200 * n_rows if look.large else 165 * n_rows)
    return _shift_titles(figure, look)


def plot_rows(view: WalkView, look: Look) -> go.Figure:
    """Draw the objects' rows as a table of numbers: one column per feature, as they reach the network."""
    values = view.walk.objects
    names = [meaning.split()[-1 if " is " in meaning else 0] for _, meaning, _ in ROW_COLUMNS]
    texts = [[f"{value:.2f}".removesuffix(".00").replace("-", "−") for value in row] for row in values]
    heat = go.Heatmap(
        z=values, zmin=-1, zmax=1, colorscale=look.colorscale, showscale=False, xgap=2, ygap=2, hoverinfo="skip",
        text=texts,
    )  # fmt: skip
    figure = go.Figure([heat, number_layer(values, texts, 1.0, look.colorscale)])
    ends = range(len(view.labels))
    figure.update_xaxes(
        side="top", tickvals=list(range(len(names))), ticktext=names, fixedrange=True, showgrid=False, tickangle=-50
    )
    figure.update_yaxes(
        autorange="reversed", tickvals=list(ends), ticktext=[swatch(label) for label in view.labels], fixedrange=True,
        showgrid=False,
    )  # fmt: skip
    alt = f"Table of {len(values)} rows, one per object, and {len(names)} columns: {', '.join(names)}."
    height = 120 + (62 if look.large else 48) * len(values)
    finish_figure(figure, look, alt, height)
    letters = max(len(text) for row in texts for text in row)
    fit = CellFit(len(names), len(values), letters, 6 * look.font_size + 30, 120, 0, height, look.large, square=False)
    return fit_cells(figure, fit)


def plot_objects(view: WalkView, look: Look, both: bool, height: int) -> go.Figure:
    """Draw the objects on the image, numbered in the order in which the network gets them; the followed pair is marked.

    Args:
        view: whose objects are drawn.
        look: colors and type size.
        both: whether the pair's second object is marked too.
        height: in pixels; a quarter more on a projector.
    """
    figure = go.Figure()
    lay_image(figure, view)
    _add_objects(figure, view, look)
    _mark_pair(figure, view, look, both)
    scale_image(figure, look)
    kind = "cells of the feature map" if view.has_cells else "objects"
    marked = format_pair(*map(view.name, view.pair)) if both else view.name(view.pair[0])
    alt = f"The image with its {len(view.labels)} {kind}. Marked: {marked}."
    return finish_figure(figure, look, alt, height * 5 // 4 if look.large else height)


def plot_pair_grid(view: WalkView, look: Look) -> go.Figure:
    """Draw every pair as one square with an invisible marker that takes clicks; the followed pair is marked."""
    n, (i, j) = len(view.labels), view.pair
    shade = np.zeros((n, n))
    shade[i], shade[:, j], shade[i, j] = 0.35, 0.35, 1
    figure = go.Figure(
        go.Heatmap(z=shade, zmin=0, zmax=1, colorscale=_ramp(look, look.edge), showscale=False, xgap=1, ygap=1,
                   hoverinfo="skip")
    )  # fmt: skip
    rows, columns = np.divmod(np.arange(n * n), n)
    names = [format_pair(*(node_name(view.labels[k]) for k in pair)) for pair in zip(rows, columns, strict=True)]
    see_through = {"marker": {"opacity": 0}}
    figure.add_scatter(
        x=columns, y=rows, mode="markers", text=names, hovertemplate="%{text}<extra></extra>", showlegend=False,
        marker={"symbol": "square", "size": 380 / n, "opacity": 0}, selected=see_through, unselected=see_through,
    )  # fmt: skip
    scale_grid(figure, view, look)
    alt = f"Grid of {n} by {n} = {n * n} pairs. Marked: {format_pair(*map(node_name, view.pair_labels))}."
    return finish_square(figure, look, alt, 6 * look.font_size)


def scale_grid(figure: go.Figure, view: WalkView, look: Look, **place: int) -> None:
    """Set the axes of a grid of pairs: i down, j to the right, with the objects' names.

    Args:
        figure: changed in place.
        view: names the objects.
        look: colors and type size.
        place: row and column of a subplot.
    """
    n = len(view.labels)
    small = {"tickfont": {"size": 15 if look.large else 11}} if view.has_cells else {}
    shown = range(0, n, 2 if look.large else 1) if view.has_cells else range(n)
    ticks = {"tickvals": list(shown), "ticktext": [swatch(view.tag(k)) for k in shown], "fixedrange": True,
             "constrain": "domain", "showgrid": False, **small}  # fmt: skip
    node = "cell" if view.has_cells else "object"
    figure.update_xaxes(side="top", title=f"second {node}, j", range=[-0.5, n - 0.5], **ticks, **place)
    figure.update_yaxes(title=f"first {node}, i", range=[n - 0.5, -0.5], **ticks, **place)
    axis = next(figure.select_xaxes(**place))
    figure.update_yaxes(scaleanchor=axis.plotly_name.replace("axis", ""), **place)


def _add_objects(figure: go.Figure, view: WalkView, look: Look) -> None:
    """Add the objects' numbers, and for cells the borders of their shares of the image."""
    if view.has_cells:
        for border in _BORDERS:
            line = {"type": "line", "line": {"color": "#8a94a0", "width": 1, "dash": "dot"}}
            figure.add_shape(**line, x0=border, x1=border, y0=0, y1=IMAGE_SIZE)
            figure.add_shape(**line, x0=0, x1=IMAGE_SIZE, y0=border, y1=border)
    x, y = _middles(view)
    texts = [str(number) for number in range(len(view.labels))]
    hover = [f"object {number}: {view.name(number)}" for number in range(len(view.labels))]
    figure.add_scatter(
        x=x, y=y, mode="markers+text", text=texts, hovertext=hover, hovertemplate="%{hovertext}<extra></extra>",
        marker={"size": 32 if look.large else 24, "color": "rgba(255,255,255,0.82)", "line": {"width": 0}},
        textfont={"color": ON_IMAGE, "size": look.font_size - 2}, showlegend=False,
    )  # fmt: skip


def _mark_pair(figure: go.Figure, view: WalkView, look: Look, both: bool) -> None:
    """Frame the first object of the followed pair, and the second with an arrow between them if `both` are meant."""
    x, y = _middles(view)
    i, j = view.pair
    half = 7 if view.has_cells else 8
    mark(figure, (x[i], y[i]), half, look.color(1), "solid")
    if not both:
        return
    mark(figure, (x[j], y[j]), half if i != j else half - 2, look.color(-1), "dot")
    if i != j:
        figure.add_annotation(
            x=x[j], y=y[j], ax=x[i], ay=y[i], xref="x", yref="y", axref="x", ayref="y", text="", showarrow=True,
            arrowwidth=3, arrowhead=2, arrowcolor=look.color(1), standoff=18, startstandoff=18,
        )  # fmt: skip


def _middles(view: WalkView) -> tuple[np.ndarray, np.ndarray]:
    """Return x and y of the objects' numbers on the image; those of cells in the middle of their shares."""
    x, y = view.places.T.astype(float)
    if not view.has_cells:
        return x, y
    edges = np.array([0, *_BORDERS, IMAGE_SIZE])
    middles = (edges[1:] + edges[:-1]) / 2
    return middles[(x // STRIDE).astype(int)], middles[(y // STRIDE).astype(int)]


def lay_image(figure: go.Figure, view: WalkView) -> None:
    """Lay the image behind a figure whose axes are its pixels."""
    content = io.BytesIO()
    Image.fromarray(view.image).resize((_ZOOM * IMAGE_SIZE,) * 2, Image.Resampling.NEAREST).save(content, "PNG")
    source = f"data:image/png;base64,{base64.b64encode(content.getvalue()).decode()}"
    figure.add_layout_image(
        source=source, x=-0.5, y=-0.5, xref="x", yref="y", sizex=IMAGE_SIZE, sizey=IMAGE_SIZE, layer="below"
    )


def scale_image(figure: go.Figure, look: Look, ticks: bool = False) -> None:
    """Set axes of image pixels, y down."""
    line = {"showline": True, "linecolor": look.edge, "mirror": True, "showgrid": False, "fixedrange": True,
            "showticklabels": ticks, "ticks": "outside" if ticks else "", "constrain": "domain"}  # fmt: skip
    figure.update_xaxes(range=[-0.5, IMAGE_SIZE - 0.5], side="top", title="x, pixels" if ticks else None, **line)
    figure.update_yaxes(range=[IMAGE_SIZE - 0.5, -0.5], scaleanchor="x", title="y, pixels" if ticks else None, **line)


def mark(figure: go.Figure, place: tuple[float, float], half: float, color: str, dash: str) -> None:
    """Frame a square of the image."""
    x, y = place
    figure.add_shape(
        type="rect", x0=x - half, x1=x + half, y0=y - half, y1=y + half, line={"color": color, "width": 4, "dash": dash}
    )


def _shift_titles(figure: go.Figure, look: Look) -> go.Figure:
    """Make room above subplots for their titles."""
    figure.update_annotations(font={"size": look.font_size, "color": look.ink})
    return figure.update_layout(margin={"t": 34 if look.large else 26})


def _ramp(look: Look, ground: str | None = None) -> list[list[float | str]]:
    """Return a scale from the page's ground (or another color) to blue, for values that are never negative."""
    _, (_, middle), (_, end) = look.colorscale
    return [[0.0, ground or middle], [1.0, end]]


def finish_square(figure: go.Figure, look: Look, alt: str, around: int) -> go.Figure:
    """Set what all figures share on a square picture with labels of so many pixels above and beside it."""
    height = 620 if look.large else 500
    finish_figure(figure, look, alt, height)
    return fit_cells(figure, CellFit(1, 1, 0, around, around, 0, height, look.large))
