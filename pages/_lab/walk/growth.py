"""The growing sum as a film that plays in the browser; no Streamlit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from pages._lab.figures import AGAINST, FOR, Look, finish_figure
from pages._lab.walk.figures import scale_grid
from pages._lab.walk.strips import answer_names, share_texts
from pages._lab.walk.view import WalkView
from pages._lab.words import format_signed
from rn_core.tasks.sort_of_clevr.questions import ANSWERS

#: Milliseconds that a stop stays.
_PAUSE = 320


def plot_growth(view: WalkView, look: Look) -> go.Figure:
    """Draw the sum, the pairs in it, the answer's probabilities and its logits; a frame a stop, with buttons to play.

    The film opens at the state's number of pairs.

    Args:
        view: whose growth is drawn.
        look: colors and type size.
    """
    counts = view.growth.counts.tolist()
    start = int(np.searchsorted(counts, view.state.added))
    figure = make_subplots(
        3, 2, specs=[[{"colspan": 2}, None], [{}, {}], [{"colspan": 2}, None]], row_heights=[0.14, 0.6, 0.26],
        column_widths=[0.55, 0.45], vertical_spacing=0.1 if view.has_cells else 0.135, horizontal_spacing=0.22,
        subplot_titles=["the sum S", "pairs in it: i down, j right", "output of f_phi", "logits by pairs in the sum"],
    )  # fmt: skip
    places = ((1, 1), (2, 1), (2, 1), (2, 2), (3, 1))
    for trace, values, (row, column) in zip(_traces(view, look), _values(view, start), places, strict=True):
        figure.add_trace(trace.update(values), row=row, col=column)
    _add_lines(figure, view, look)
    figure.frames = [
        {"name": str(count), "data": _values(view, stop), "traces": list(range(len(places))),
         "layout": {"title": {"text": _caption(view, stop)}}}
        for stop, count in enumerate(counts)
    ]  # fmt: skip
    _set_axes(figure, view, look)
    figure.update_layout(showlegend=False, bargap=0.25, **_controls(counts, start, look))
    finish_figure(figure, look, _describe(view), 900 if look.large else 750)
    figure.update_annotations(font={"size": look.font_size})
    title = {"text": _caption(view, start), "x": 0, "xanchor": "left", "y": 0.99, "yanchor": "top"}
    return figure.update_layout(title=title, margin={"t": 80, "b": 130, "r": 90 if look.large else 60})


def _traces(view: WalkView, look: Look) -> list[Any]:
    """Return what moves, without its values: the sum, the pairs in it, the last of them, the bars, the cursor."""
    limit = max(float(view.growth.sums.max()), 1e-9)
    return [
        go.Heatmap(zmin=-limit, zmax=limit, colorscale=look.colorscale, showscale=False,
                   hovertemplate="unit %{x}: %{z:.2f}<extra></extra>"),
        go.Heatmap(zmin=0, zmax=1, xgap=1, ygap=1, showscale=False, hoverinfo="skip",
                   colorscale=[[0, look.faint], [1, FOR[look.dark]]]),
        go.Scatter(mode="markers", hoverinfo="skip",
                   marker={"symbol": "square-open", "size": max(14, 150 // len(view.labels)),
                           "color": AGAINST[look.dark], "line": {"width": 4}}),
        go.Bar(y=answer_names(view.reading.truth), orientation="h", hoverinfo="skip", textposition="outside",
               cliponaxis=False, marker={"color": FOR[look.dark]}),
        go.Scatter(mode="lines", line={"color": look.ink, "width": 2}, hoverinfo="skip"),
    ]  # fmt: skip


def _values(view: WalkView, stop: int) -> list[dict[str, Any]]:
    """Return the values of `_traces` at one stop."""
    growth, n = view.growth, len(view.labels)
    count = int(growth.counts[stop])
    inside = np.zeros(n * n, dtype=np.uint8)
    inside[growth.ranking[:count]] = 1
    last = growth.ranking[max(count - 1, 0) : count]
    shares = growth.probabilities[stop]
    return [
        {"type": "heatmap", "z": growth.sums[stop][None]},
        {"type": "heatmap", "z": inside.reshape(n, n)},
        {"type": "scatter", "x": last % n, "y": last // n},
        {"type": "bar", "x": shares, "text": share_texts(shares)},
        {"type": "scatter", "x": [count, count], "y": [growth.logits.min(), growth.logits.max()]},
    ]


def _add_lines(figure: go.Figure, view: WalkView, look: Look) -> None:
    """Add every answer's logit over the pairs added; the answer and its rival have their names and colors."""
    growth = view.growth
    best = [k for k in (view.target.answer, view.target.contrast) if k is not None]
    for k in [*(k for k in range(len(ANSWERS)) if k not in best), *best]:
        color, width = (look.edge, 1.5) if k not in best else (look.color(1 if k == best[0] else -1), 4)
        dash = "dash" if k in best[1:] else "solid"
        figure.add_scatter(
            x=growth.counts, y=growth.logits[:, k], mode="lines", line={"color": color, "width": width, "dash": dash},
            hovertemplate=f"{ANSWERS[k]} with %{{x}} pairs: %{{y:.2f}}<extra></extra>", row=3, col=1,
        )  # fmt: skip
    for k in best:
        figure.add_annotation(
            x=1.01, y=float(growth.logits[-1, k]), xref="x4 domain", yref="y4", text=ANSWERS[k], showarrow=False,
            xanchor="left", font={"color": look.color(1 if k == best[0] else -1)},
        )  # fmt: skip


def _set_axes(figure: go.Figure, view: WalkView, look: Look) -> None:
    """Set the axes of all four pictures; none moves while the film plays."""
    counts, logits = view.growth.counts, view.growth.logits
    bare = {"showticklabels": False, "ticks": "", "showgrid": False}
    figure.update_xaxes(**bare, showline=True, linecolor=look.faint, row=1, col=1)
    figure.update_yaxes(**bare, row=1, col=1)
    scale_grid(figure, view, look, row=2, col=1)
    figure.update_xaxes(title=None, side="bottom", tickangle=-90, row=2, col=1)
    figure.update_yaxes(title=None, row=2, col=1)
    if view.has_cells:
        figure.update_xaxes(**bare, row=2, col=1)
        figure.update_yaxes(**bare, row=2, col=1)
    figure.update_xaxes(range=[0, 1.35], tickvals=[0, 1], tickformat=".0%", tickangle=0, fixedrange=True, row=2, col=2)
    figure.update_yaxes(autorange="reversed", type="category", fixedrange=True, row=2, col=2)
    room = 0.05 * float(logits.max() - logits.min())
    figure.update_xaxes(range=[0, int(counts[-1])], fixedrange=True, row=3, col=1)
    ends = [float(logits.min()) - room, float(logits.max()) + room]
    figure.update_yaxes(range=ends, fixedrange=True, row=3, col=1)


def _controls(counts: Sequence[int], start: int, look: Look) -> dict[str, Any]:
    """Return the film's buttons and its slider."""
    play = {"frame": {"duration": _PAUSE, "redraw": True}, "transition": {"duration": 0}, "fromcurrent": True,
            "mode": "immediate"}  # fmt: skip
    halt = {"frame": {"duration": 0, "redraw": True}, "transition": {"duration": 0}, "mode": "immediate"}
    buttons = [
        {"label": "▶ Play", "method": "animate", "args": [None, play]},
        {"label": "❚❚ Pause", "method": "animate", "args": [[None], halt]},
    ]
    steps = [{"label": str(count), "method": "animate", "args": [[str(count)], halt]} for count in counts]
    ink = {"color": look.ink, "size": look.font_size}
    menu = {"type": "buttons", "direction": "left", "buttons": buttons, "x": 0, "xanchor": "left", "y": 0, "yanchor":
            "top", "pad": {"t": 84}, "showactive": False, "bgcolor": look.faint, "bordercolor": look.ink,
            "font": {**ink, "color": look.ink}}  # fmt: skip
    slider = {"active": start, "steps": steps, "x": 0, "len": 1, "y": 0, "yanchor": "top", "pad": {"t": 40},
              "currentvalue": {"visible": False}, "font": {"color": "rgba(0,0,0,0)", "size": 1}, "ticklen": 0,
              "minorticklen": 0, "bgcolor": look.faint, "activebgcolor": FOR[look.dark]}  # fmt: skip
    return {"updatemenus": [menu], "sliders": [slider]}


def _caption(view: WalkView, stop: int) -> str:
    """Return how many pairs are in the sum, which came last, and what f_phi says to it."""
    growth, n = view.growth, len(view.labels)
    count = int(growth.counts[stop])
    said = ANSWERS[int(growth.logits[stop].argmax())]
    if count == 0:
        return f"<b>0</b> of {n * n} pairs: <b>{said}</b>"
    i, j = divmod(int(growth.ranking[count - 1]), n)
    return f"<b>{count}</b> of {n * n} pairs: <b>{said}</b> · last ({view.tag(i)}, {view.tag(j)})"


def _describe(view: WalkView) -> str:
    """Return the film in words."""
    growth = view.growth
    said = growth.logits.argmax(axis=1)
    others = np.flatnonzero(said != said[-1])
    settled = f"from {growth.counts[others[-1] + 1]} pairs on it is" if len(others) else "it stays"
    return (
        f"The sum as {growth.counts[-1]} pairs join it. Without a pair the answer would be {ANSWERS[said[0]]}; "
        f"{settled} {ANSWERS[said[-1]]}, in the end with a logit of {format_signed(growth.logits[-1].max())}."
    )
