"""The Train page's figures; no Streamlit.

Runners differ in color, dash and width, and every line has its name at its end. Axes stay where they are while
lines grow.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from pages._lab.figures import AGAINST, FOR, Look, finish_figure
from pages._lab.train.runs import RunRecord
from pages._lab.train.state import GROUPS
from pages._lab.train.view import TARGET, Curve, Panel, describe_race_result

#: Ends of the time axis in minutes; beyond the last one, whole hours.
_STOPS = (3, 5, 10, 15, 20, 30, 45, 60)
#: Runner -> color of light and dark pages, dash, width.
_NETWORK = "rn"
#: Okabe and Ito's colors (2008), in the order of the app's theme, for runs side by side.
_RUN_COLORS = MappingProxyType(
    {
        False: ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#5b5b5b"),
        True: ("#56b4e9", "#e69f00", "#009e73", "#cc79a7", "#f0e442", "#d55e00", "#bdbdbd"),
    }
)
#: Upper end of an axis in percent: a line at 100 keeps its width.
_TOP = 104.0
_TICKS = (0, 25, 50, 75, 100)
_PERCENT = MappingProxyType({"range": [0, _TOP], "tickvals": _TICKS, "ticktext": [f"{tick} %" for tick in _TICKS]})
_COLUMNS = 3
#: Pixels of a figure's height that axis titles and margins take.
_AROUND = 70


@dataclass(frozen=True)
class _Line:
    """A curve, what stands behind its end, its width, and its color if it is not its runner's."""

    curve: Curve
    label: str
    width: int
    color: str | None = None


def runner_color(model: str, look: Look) -> str:
    """Return the color of a runner's lines and words."""
    return (FOR if model == _NETWORK else AGAINST)[look.dark]


def plot_race(
    curves: Sequence[Curve],
    floor: float | None,
    group: str,
    look: Look,
    target: float = TARGET,
    stage: float | None = None,
    expected: float = 0,
) -> go.Figure:
    """Draw the runners' accuracy over time, between guessing and the target.

    Args:
        curves: one a runner, in percent; none before the race.
        floor: accuracy of the best constant answers, in percent; None if it is not known yet.
        group: key of `GROUPS`, the questions asked.
        look: colors and type size.
        target: what counts as having learned, in percent.
        stage: the minute at which all questions began to be asked; None for none.
        expected: about how many minutes the race takes, which the time axis shows from the start.
    """
    figure = go.Figure()
    lines = [_Line(curve, f"{curve.name} {curve.values[-1]:.0f} %", 5) for curve in curves]
    _add_target(figure, look, target)
    if floor is not None:
        _add_level(figure, floor, f"guessing {floor:.0f} %", look, _floor_line(look))
    if stage is not None:
        figure.add_vline(
            stage, line=_floor_line(look), annotation_text="all questions from here", annotation_position="top left",
            annotation_font={"size": look.font_size, "color": look.ink},
        )  # fmt: skip
    _add_lines(figure, lines, look, _height(look))
    _scale_axes(figure, lines, f"accuracy on {GROUPS[group]} questions", _PERCENT, expected)
    return _finish(figure, look, describe_race_result(curves, floor, group), _height(look))


def plot_types(panels: Sequence[Panel], look: Look) -> go.Figure:
    """Draw one small race per question type, each with its own floor; three in a row, four in two rows."""
    columns = 2 if len(panels) == 4 else min(_COLUMNS, len(panels))
    rows = math.ceil(len(panels) / columns)
    places: list[list[dict[str, Any] | None]] = [
        [{} if row * columns + col < len(panels) else None for col in range(columns)] for row in range(rows)
    ]
    figure = make_subplots(
        rows, columns, specs=places, shared_xaxes="all", shared_yaxes="all",
        horizontal_spacing=0.1, vertical_spacing=0.28 / rows,
        subplot_titles=[panel.name if panel.is_asked else f"{panel.name} (not trained)" for panel in panels],
    )  # fmt: skip
    figure.update_annotations(font={"size": look.font_size + 2, "color": look.ink})
    row_height = 350 if look.large else 270
    for place, panel in enumerate(panels):
        at = {"row": place // columns + 1, "col": place % columns + 1}
        lines = [_Line(curve, f"{curve.name} {curve.values[-1]:.0f}", 3) for curve in panel.curves]
        _add_lines(figure, lines, look, row_height, **at)
        figure.add_hline(panel.floor, line=_floor_line(look), **at)
    figure.update_xaxes(range=[0, axis_end(_last_minute(curve for panel in panels for curve in panel.curves))])
    figure.update_xaxes(title="minutes", row=rows)
    figure.update_yaxes(**_PERCENT)
    words = "; ".join(f"{panel.name}: {_ends_text(panel.curves)}, guessing {panel.floor:.0f} %" for panel in panels)
    figure = _finish(figure, look, f"Accuracy per question type. {words}.", row_height * rows)
    return figure.update_layout(margin={"t": 40})


def plot_losses(curves: Sequence[Curve], look: Look) -> go.Figure:
    """Draw the runners' loss over time."""
    figure = go.Figure()
    top = math.ceil(2 * max((max(curve.values) for curve in curves), default=1)) / 2
    lines = [_Line(curve, f"{curve.name} {curve.values[-1]:.2f}", 4) for curve in curves]
    _add_lines(figure, lines, look, _height(look), top)
    _scale_axes(figure, lines, "loss (cross-entropy)", {"range": [0, top]})
    words = "; ".join(f"{curve.name} {curve.values[-1]:.3f}" for curve in curves)
    return _finish(figure, look, f"Loss over time, now {words or 'not known yet'}.", _height(look))


def plot_runs(runs: Sequence[RunRecord], group: str, look: Look) -> go.Figure:
    """Draw the accuracy of all runs of a session; lines end in the run's number and runner."""
    figure = go.Figure()
    colors = _RUN_COLORS[look.dark]
    lines = [
        _Line(curve, f"{record.number} {curve.name}", 3, colors[(record.number - 1) % len(colors)])
        for record in runs
        for curve in record.curves(group)
    ]
    _add_target(figure, look, max((line.curve.target for line in lines), default=TARGET))
    _add_lines(figure, lines, look, _height(look))
    _scale_axes(figure, lines, f"accuracy on {GROUPS[group]} questions", _PERCENT)
    words = "; ".join(f"{record.title}: {_ends_text(record.curves(group))}" for record in runs)
    return _finish(figure, look, f"Accuracy on {GROUPS[group]} questions. {words}.", _height(look))


def axis_end(minutes: float) -> float:
    """Return where a time axis ends: a round number of minutes that seldom changes."""
    return next((float(stop) for stop in _STOPS if minutes <= stop), 60.0 * math.ceil(minutes / 60))


def spread(heights: Sequence[float], gap: float, top: float) -> list[float]:
    """Return heights at least `gap` apart and at most `top`, in the same order; moved up, or down where they must."""
    order = sorted(range(len(heights)), key=heights.__getitem__)
    placed = [float(height) for height in heights]
    for below, above in itertools.pairwise(order):
        placed[above] = max(placed[above], placed[below] + gap)
    for rank, place in enumerate(reversed(order)):
        placed[place] = min(placed[place], top - rank * gap)
    return placed


def _last_minute(curves: Iterable[Curve]) -> float:
    """Return the last minute of any curve."""
    return max((curve.minutes[-1] for curve in curves if curve.minutes), default=0.0)


def _ends_text(curves: Sequence[Curve]) -> str:
    """Return where curves end, in words."""
    return ", ".join(f"{curve.name} {curve.values[-1]:.0f} %" for curve in curves)


def _height(look: Look) -> int:
    """Return the height of a large figure in pixels."""
    return 560 if look.large else 440


def _add_lines(
    figure: go.Figure, lines: Sequence[_Line], look: Look, height: int, top: float = _TOP, **place: int
) -> None:
    """Draw lines, each with its label behind its end, no label over another.

    Args:
        figure: where to.
        lines: what.
        look: colors and type size.
        height: of the figure or of its row, in pixels.
        top: upper end of the value axis.
        place: "row" and "col" of one of several panels.
    """
    size = look.font_size + (2 if place else 4)
    gap = 1.25 * size / (height - _AROUND) * top
    levels = spread([line.curve.values[-1] for line in lines], gap, top)
    for line, level in zip(lines, levels, strict=True):
        curve, color = line.curve, line.color or runner_color(line.curve.model, look)
        style = {"color": color, "width": line.width, "dash": "solid" if curve.model == _NETWORK else "dash"}
        trace = go.Scatter(
            x=curve.minutes, y=curve.values, mode="lines", line=style, showlegend=False, cliponaxis=False,
            hovertemplate=f"{curve.name}: %{{y:.3~g}} at minute %{{x:.2f}}<extra></extra>",
        )  # fmt: skip
        figure.add_trace(trace, **place)
        figure.add_annotation(
            x=curve.minutes[-1], y=level, text=f"<b>{line.label}</b>", showarrow=False, xanchor="left", xshift=6,
            font={"size": size, "color": color}, **place,
        )  # fmt: skip


def _add_target(figure: go.Figure, look: Look, target: float) -> None:
    """Add the line that counts as having learned, in percent."""
    _add_level(figure, target, f"{target:.0f} %", look, {"color": look.edge, "width": 3})


def _floor_line(look: Look) -> dict[str, Any]:
    """Return how guessing is drawn."""
    return {"color": look.ink, "width": 2, "dash": "dot"}


def _add_level(figure: go.Figure, height: float, text: str, look: Look, line: dict[str, Any]) -> None:
    """Add a level line with its name under its right end."""
    figure.add_hline(
        height, line=line, annotation_text=text, annotation_position="bottom right",
        annotation_font={"size": look.font_size, "color": look.ink},
    )  # fmt: skip


def _scale_axes(
    figure: go.Figure, lines: Sequence[_Line], title: str, values: Mapping[str, Any], expected: float = 0
) -> None:
    """Set axes that stay where they are while lines grow; that of time shows the `expected` minutes at least."""
    last = _last_minute(line.curve for line in lines)
    figure.update_xaxes(title="minutes of training", range=[0, axis_end(max(last, expected))])
    figure.update_yaxes(title=title, **values)


def _finish(figure: go.Figure, look: Look, alt: str, height: int) -> go.Figure:
    """Set what all figures share, with room for labels behind the last minute."""
    finish_figure(figure, look, alt, height)
    figure.update_xaxes(fixedrange=True)
    figure.update_yaxes(fixedrange=True)
    return figure.update_layout(margin={"r": 130 if look.large else 90})
