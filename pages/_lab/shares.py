"""Shares with their intervals as bars: accuracies of several networks, side by side; no Streamlit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from pages._lab.figures import Look, finish_figure
from pages._lab.plain import escape
from pages._lab.words import QUESTION_NAMES
from rn_core.common.records import Accuracy

#: Above the bars.
LEGEND = {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0}
_PATTERNS = ("", "/", ".")


def plot_accuracies(
    series: Mapping[str, Mapping[str, Accuracy]],
    look: Look,
    floors: Mapping[str, float] | None = None,
    title: str = "accuracy, %",
    names: Mapping[str, str] = QUESTION_NAMES,
    below: str | None = None,
) -> go.Figure:
    """Draw shares as bars with their 95 % intervals, one group of bars per question type or other part.

    Args:
        series: name -> question type -> share; up to three names.
        look: colors and type size.
        floors: question type -> blind floor, drawn as a line across its group.
        title: of the axis of shares.
        names: question type -> its name as HTML; others are called as they are.
        below: title of the axis below; None for question types, which need none.
    """
    figure = go.Figure()
    colors = (look.color(1), look.color(-1), look.edge)
    for (name, shares), color, pattern in zip(series.items(), colors, _PATTERNS, strict=False):
        found = list(shares.values())
        figure.add_bar(
            x=[names.get(kind, escape(kind)) for kind in shares], y=[100 * share.accuracy for share in found],
            name=escape(name), error_y=error_bars(found, look), hovertemplate="%{x}: %{y:.1f} %",
            marker={"color": color, "line": {"color": look.ink, "width": 1},
                    "pattern": hatch(pattern, color, look)},
        )  # fmt: skip
    kinds = list(dict.fromkeys(kind for shares in series.values() for kind in shares))
    levels = floors or {}
    for place, kind in enumerate(kinds if levels else ()):
        figure.add_scatter(
            x=[place - 0.46, place + 0.46], y=[100 * levels[kind]] * 2, xaxis="x2", mode="lines", name="blind floor",
            showlegend=place == 0, line={"color": look.ink, "width": 3, "dash": "dot"}, hoverinfo="skip",
        )  # fmt: skip
    hidden = {"overlaying": "x", "range": [-0.5, len(kinds) - 0.5], "visible": False, "fixedrange": True}
    figure.update_layout(barmode="group", bargap=0.25, legend=LEGEND, xaxis2=hidden)
    figure.update_xaxes(fixedrange=True)
    figure.update_layout(xaxis={"type": "category", "title": {"text": below}})
    figure.update_yaxes(title=title, range=[0, 104], fixedrange=True)
    alt = "; ".join(f"{name}: {_describe(shares, names)}" for name, shares in series.items())
    return finish_figure(figure, look, f"Bars of shares. {alt}.", height=470 if look.large else 390)


def _describe(shares: Mapping[str, Accuracy], names: Mapping[str, str]) -> str:
    """Return shares in words."""
    said = {kind: names.get(kind, kind).replace("<br>", ", ") for kind in shares}
    return ", ".join(f"{said[kind]} {100 * share.accuracy:.0f} %" for kind, share in shares.items())


def hatch(shape: str, color: str, look: Look) -> dict[str, Any]:
    """Return a bar's hatching over its color."""
    return {"shape": shape, "bgcolor": color, "fgcolor": look.ink, "size": 9, "solidity": 0.15}


def error_bars(found: Sequence[Accuracy], look: Look) -> dict[str, Any]:
    """Return the error bars of shares, in percent."""
    above = [100 * (share.high - share.accuracy) for share in found]
    below = [100 * (share.accuracy - share.low) for share in found]
    return {"type": "data", "array": above, "arrayminus": below, "color": look.ink, "thickness": 1.5}
