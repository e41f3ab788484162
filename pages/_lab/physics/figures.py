"""The physics page's own figures; no Streamlit."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import plotly.graph_objects as go

from pages._lab.figures import Look, finish_figure
from pages._lab.layout import format_share
from pages._lab.physics.models import TITLES
from rn_core.tasks.physics.world import FRAME_RATE

#: Name of balls at constant velocity, wherever errors are compared.
KEPT = "Constant velocity"
_WRONG = "#9aa3ad"
_DASHES = ("solid", "dash", "dashdot")


def plot_count(probabilities: Mapping[str, float], truth: str | None, look: Look) -> go.Figure:
    """Draw how likely each number of connected groups is to a network, the true one marked.

    Args:
        probabilities: number -> 0 to 1.
        truth: the true number, which may be none of them; None where nobody knows.
        look: colors and type size.
    """
    numbers, shares = list(probabilities), list(probabilities.values())
    colors = [look.color(1) if number == truth else _WRONG for number in numbers]
    figure = go.Figure(
        go.Bar(
            x=numbers, y=shares, marker={"color": colors, "line": {"width": 0}}, cliponaxis=False,
            text=[f"{share:.0%}".replace("%", " %") if share >= 0.005 else "" for share in shares],
            textposition="outside", constraintext="none",
            hovertemplate="%{x} groups: %{y:.1%}<extra></extra>",
        )
    )  # fmt: skip
    ticks = [f"<b>{number}<br>▲ true</b>" if number == truth else number for number in numbers]
    figure.update_xaxes(type="category", tickvals=numbers, ticktext=ticks, showgrid=False, fixedrange=True)
    figure.update_yaxes(range=[0, 1.12], visible=False, fixedrange=True)
    best = int(np.argmax(shares))
    alt = f"Probabilities of 1 to {len(numbers)} connected groups: the likeliest is {numbers[best]} with "
    alt += f"{format_share(shares[best])}; the true number is {truth or 'unknown'}."
    return finish_figure(figure, look, alt, height=300 if look.large else 230)


def plot_errors(errors: Mapping[str, np.ndarray], kept: np.ndarray, look: Look) -> go.Figure:
    """Draw how predictions drift from the truth, frame by frame.

    Args:
        errors: model -> (K,) in table widths.
        kept: (K,), of balls at constant velocity.
        look: colors and type size.
    """
    seconds = np.arange(1, len(kept) + 1) / FRAME_RATE
    figure = go.Figure()
    lines = [*((TITLES.get(model, model), line) for model, line in errors.items()), (KEPT, kept)]
    for k, (name, line) in enumerate(lines):
        color, dash = (look.color(1), _DASHES[k % len(_DASHES)]) if line is not kept else (look.color(-1), "dot")
        figure.add_scatter(
            x=seconds, y=line, name=name, mode="lines", line={"color": color, "width": 4, "dash": dash},
            hovertemplate="%{x:.1f} s: %{y:.3f}",
        )  # fmt: skip
    figure.update_xaxes(title="seconds ahead", range=[0, seconds[-1] * 1.02], fixedrange=True)
    figure.update_yaxes(title="mean error, table widths", rangemode="tozero", fixedrange=True)
    figure.update_layout(legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0})
    ends = "; ".join(f"{name} {line[-1]:.3f}" for name, line in lines)
    alt = f"Mean distance from the simulated balls, in table widths; after {seconds[-1]:.1f} seconds: {ends}."
    return finish_figure(figure, look, alt, height=380 if look.large else 320)
