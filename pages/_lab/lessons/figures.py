"""What lessons measure, as Plotly figures; no Streamlit. See `figures` for colors and words."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import cycle

import numpy as np
import plotly.graph_objects as go

from pages._lab.figures import Look, finish_figure
from pages._lab.shares import LEGEND, error_bars, hatch
from pages._lab.words import QUESTION_NAMES
from rn_core.experiments.cost import PairTime
from rn_core.experiments.limits import CrowdAccuracy, MarginAccuracy
from rn_core.tasks.sort_of_clevr.crowds import CrowdBatch
from rn_core.tasks.sort_of_clevr.questions import GROUPS
from rn_core.tasks.sort_of_clevr.rendering import PALETTE
from rn_core.tasks.sort_of_clevr.scene import COLORS, DEFAULT_MARGIN, IMAGE_SIZE, N_OBJECTS, RADIUS, SHAPES
from rn_core.weights.card import Card

#: Question type -> dash and symbol, so that no line is identified by its color alone.
_LINES = {
    "shape": ("dot", "circle"),
    "left": ("dot", "square"),
    "top": ("dot", "diamond"),
    "closest_shape": ("solid", "circle"),
    "furthest_shape": ("dash", "square"),
    "count_same_shape": ("solid", "x"),
}


def plot_crowds(
    found: Sequence[CrowdAccuracy], look: Look, trained: tuple[int, int] = (N_OBJECTS, N_OBJECTS)
) -> go.Figure:
    """Draw accuracy against the number of objects, one line per question type, the trained numbers marked.

    Args:
        found: of each number of objects.
        look: colors and sizes.
        trained: lowest and highest number of objects of a training scene.
    """
    lowest, highest = trained
    figure = go.Figure()
    colors = {"count_same_shape": look.color(-1), "closest_shape": look.color(1), "furthest_shape": look.color(1)}
    for kind, (dash, symbol) in _LINES.items():
        measured = [crowd for crowd in found if kind in crowd.types]
        shares = [crowd.types[kind] for crowd in measured]
        figure.add_scatter(
            x=[crowd.n_objects for crowd in measured], y=[100 * share.accuracy for share in shares],
            name=QUESTION_NAMES[kind], mode="lines+markers", error_y=error_bars(shares, look),
            line={"color": colors.get(kind, look.ink), "dash": dash, "width": 4 if kind in colors else 2},
            marker={"symbol": symbol, "size": 11}, hovertemplate="%{x} objects: %{y:.1f} %",
        )  # fmt: skip
    for end in dict.fromkeys(trained):
        figure.add_vline(x=end, line={"color": look.ink, "dash": "dot"})
    figure.update_layout(legend=LEGEND)
    sizes = [crowd.n_objects for crowd in found]
    names = [f"<b>{n}</b><br>trained" if lowest <= n <= highest else str(n) for n in sizes]
    figure.update_xaxes(title="objects in the scene", tickvals=sizes, ticktext=names, fixedrange=True)
    figure.update_yaxes(title="accuracy, %", range=[-3, 105], fixedrange=True)
    counts = ", ".join(f"{_percent(crowd, 'count_same_shape')} with {crowd.n_objects}" for crowd in found)
    nearest = ", ".join(f"{_percent(crowd, 'closest_shape')} with {crowd.n_objects}" for crowd in found)
    alt = f"Accuracy against objects in the scene. Counts: {counts}. Closest one's shape: {nearest}."
    return finish_figure(figure, look, alt, height=520 if look.large else 430)


def _percent(crowd: CrowdAccuracy, kind: str) -> str:
    """Return an accuracy in percent."""
    return f"{100 * crowd.types[kind].accuracy:.0f} %" if kind in crowd.types else "no word for the answer"


def plot_margins(found: Sequence[MarginAccuracy], look: Look) -> go.Figure:
    """Draw accuracy against the margin, as bars with intervals; bins below the training margin are hatched."""
    names = [_bin_name(part) for part in found]
    unseen = [part.high <= DEFAULT_MARGIN for part in found]
    shares = [part.accuracy for part in found]
    figure = go.Figure()
    for is_unseen, name in ((True, "nearer a tie than in training"), (False, "as in training")):
        figure.add_bar(
            x=[text for text, flag in zip(names, unseen, strict=True) if flag == is_unseen],
            y=[100 * share.accuracy for share, flag in zip(shares, unseen, strict=True) if flag == is_unseen],
            error_y=error_bars([share for share, flag in zip(shares, unseen, strict=True) if flag == is_unseen], look),
            name=name, hovertemplate="%{x} px: %{y:.1f} %",
            marker={"color": look.color(-1 if is_unseen else 1), "line": {"color": look.ink, "width": 1},
                    "pattern": hatch("/" if is_unseen else "", look.color(-1 if is_unseen else 1), look)},
        )  # fmt: skip
    figure.update_layout(legend=LEGEND, bargap=0.25)
    figure.update_xaxes(title="lead of the deciding object, pixels", type="category", fixedrange=True)
    figure.update_yaxes(title="accuracy, %", range=[0, 104], fixedrange=True)
    parts = ", ".join(f"{name} px {100 * share.accuracy:.0f} %" for name, share in zip(names, shares, strict=True))
    alt = f"Accuracy of closest and furthest against the margin: {parts}."
    return finish_figure(figure, look, alt, height=520 if look.large else 430)


def _bin_name(part: MarginAccuracy) -> str:
    """Return a bin in words."""
    return f"{part.low:g}–{part.high:g}" if np.isfinite(part.high) else f"{part.low:g} or more"


def plot_orders(paths: np.ndarray, target: str, look: Look) -> go.Figure:
    """Draw how the explained logit moves while the pairs are added, one line per order.

    Args:
        paths: (K, P + 1) logits after 0 to P pairs.
        target: what the logit speaks for, in words.
        look: colors and type size.
    """
    figure = go.Figure()
    dashes = cycle(("solid", "dash", "dot", "dashdot"))
    for number, (path, dash) in enumerate(zip(paths, dashes, strict=False), start=1):
        figure.add_scatter(
            x=np.arange(len(path)), y=path, mode="lines", name=f"order {number}",
            line={"color": look.color(1 if number % 2 else -1), "dash": dash, "width": 3},
            hovertemplate="%{x} pairs: %{y:.2f}",
        )  # fmt: skip
    end = paths.shape[1] - 1
    figure.add_scatter(
        x=[end], y=[paths[:, -1].mean()], mode="markers", hoverinfo="skip", showlegend=False,
        marker={"size": 16, "color": look.ink, "symbol": "circle-open", "line": {"width": 3}},
    )  # fmt: skip
    figure.update_layout(legend=LEGEND)
    figure.update_xaxes(title="pairs added so far", range=[0, end + 1], fixedrange=True)
    figure.update_yaxes(title=f"logit of {target}", fixedrange=True)
    alt = f"{len(paths)} orders of adding {end} pairs: each ends at {paths[:, -1].mean():.2f}, the logit of {target}."
    return finish_figure(figure, look, alt, height=470 if look.large else 390)


def plot_times(found: Sequence[PairTime], look: Look) -> go.Figure:
    """Draw the time of one answer against the number of objects, both axes in powers, with the line of n * n."""
    sizes = [part.n_objects for part in found]
    milliseconds = [1000 * part.seconds for part in found]
    line = [milliseconds[0] * (n / sizes[0]) ** 2 for n in sizes]
    figure = go.Figure()
    figure.add_scatter(
        x=sizes, y=line, mode="lines", name="n² through the first point", hoverinfo="skip",
        line={"color": look.color(-1), "dash": "dash", "width": 3},
    )  # fmt: skip
    figure.add_scatter(
        x=sizes, y=milliseconds, mode="lines+markers+text", name="measured", textposition="bottom right",
        text=[f"{value:.3g} ms" for value in milliseconds], hovertemplate="%{x} objects: %{y:.3g} ms",
        line={"color": look.color(1), "width": 4}, marker={"size": 12},
    )  # fmt: skip
    figure.update_layout(legend=LEGEND)
    ends = np.log10([0.8 * sizes[0], 1.6 * sizes[-1]]).tolist()
    figure.update_xaxes(title="objects n", type="log", tickvals=sizes, range=ends, fixedrange=True)
    figure.update_yaxes(title="one answer, ms", type="log", fixedrange=True, dtick=1)
    parts = ", ".join(f"{n} objects {value:.3g} ms" for n, value in zip(sizes, milliseconds, strict=True))
    return finish_figure(figure, look, f"Time of one answer: {parts}.", height=520 if look.large else 430)


def plot_learning(cards: Mapping[str, Card], look: Look) -> go.Figure:
    """Draw how networks learned, from the validations of their cards: relational questions thick, others thin.

    Args:
        cards: name -> card of a run that first asked about single objects only; two of them.
        look: colors and type size.
    """
    figure = go.Figure()
    parts = []
    for (name, card), color, dash in zip(
        cards.items(), (look.color(1), look.color(-1)), ("solid", "dash"), strict=True
    ):
        for group, kinds in GROUPS.items():
            thick = group == "relational"
            values = [100 * point.mean(kinds) for point in card.curve]
            figure.add_scatter(
                x=[point.questions / 1e6 for point in card.curve], y=values, mode="lines+markers",
                name=f"{name}, {'relational' if thick else 'others'}",
                line={"color": color, "dash": dash, "width": 5 if thick else 2},
                marker={"size": 8 if thick else 5, "symbol": "circle" if thick else "diamond"},
                hovertemplate="%{x:.2f} million questions: %{y:.1f} %",
            )  # fmt: skip
            if thick:
                parts.append(f"{name} ends at {values[-1]:.0f} % on relational questions")
    start = _all_types_from(next(iter(cards.values())))
    figure.add_vline(x=start, line={"color": look.ink, "dash": "dot"}, annotation_text="all questions from here")
    figure.update_layout(legend=LEGEND)
    figure.update_xaxes(title="questions answered, million", rangemode="tozero", fixedrange=True)
    figure.update_yaxes(title="accuracy, %", range=[0, 104], fixedrange=True)
    return finish_figure(figure, look, f"{'; '.join(parts)}.", height=520 if look.large else 430)


def _all_types_from(card: Card) -> float:
    """Return after how many million questions a run began to ask all types."""
    sizes = [card.trained.settings[name] for name in ("first_steps", "n_scenes", "n_questions")]
    return math.prod(size for size in sizes if isinstance(size, int)) / 1e6


def plot_crowd(crowd: CrowdBatch, look: Look) -> go.Figure:
    """Draw the first scene of a batch, the object asked about framed."""
    figure = go.Figure()
    ink = Look(dark=False).ink  # scenes are white on every page
    places = zip(crowd.centers[0].tolist(), crowd.shapes[0], crowd.colors[0], strict=True)
    for k, ((x, y), shape, color) in enumerate(places):
        ends = {"x0": x - RADIUS, "x1": x + RADIUS, "y0": y - RADIUS, "y1": y + RADIUS}
        kind = "circle" if SHAPES[shape] == "circle" else "rect"
        name = COLORS[color]
        outline = {"color": ink, "width": 4 if k == 0 else 1}
        figure.add_shape(type=kind, **ends, fillcolor=f"rgb{PALETTE[name]}", line=outline)
        figure.add_annotation(x=x, y=y + RADIUS, text=name, showarrow=False, yanchor="top", font={"color": ink})
    side = {"range": [0, IMAGE_SIZE - 1], "visible": False, "fixedrange": True, "constrain": "domain"}
    figure.add_shape(
        type="rect", x0=0, x1=IMAGE_SIZE - 1, y0=0, y1=IMAGE_SIZE + 3, layer="below", fillcolor="white",
        line={"color": look.edge},
    )  # fmt: skip
    figure.update_xaxes(**side)
    figure.update_yaxes(**{**side, "range": [IMAGE_SIZE + 3, 0], "scaleanchor": "x"})
    alt = f"Scene of {crowd.n_objects} objects; the {COLORS[crowd.colors[0, 0]]} one is asked about."
    return finish_figure(figure, look, alt, height=520 if look.large else 430)
