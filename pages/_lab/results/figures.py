"""The Results page's chart: one lane per model, a dot for ours, a diamond for the paper; no Streamlit."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import plotly.graph_objects as go

from pages._lab.figures import Look
from pages._lab.lanes import (
    Lane,
    describe_mark,
    describe_measure,
    describe_model,
    format_interval,
    format_percent,
)

#: Kind of mark -> name in the legend, symbol, size.
_MARKS = {
    "other": ("another open implementation", "cross-thin", 9),
    "open": ("best open implementation", "x-thin", 9),
    "paper": ("paper", "diamond-open", 14),
    "now": ("measured here", "circle-open", 17),
    "ours": ("ours, with its 95 % interval", "circle", 12),
}
#: Lanes between two measures, for the second one's title.
_GAP = 1.25
#: The axis starts here or below, in percent, so that small differences stay small.
_HIGHEST_START = 50
#: Where the columns' heads, the first measure's title and the chart's upper edge lie, in lanes above the first one.
_HEADS, _FIRST_TITLE, _EDGE = 1.7, 0.8, 2.2
#: About the width of a letter in sizes of its type; less than that of most names, so that no title begins before them.
_NAME_LETTER = 0.42
#: Pixels from the chart to the columns of numbers beside it, and on to the end; plain and projector type.
_COLUMNS = {False: (14, 84, 190), True: (20, 120, 265)}


def plot_results(lanes: Sequence[Lane], look: Look | None = None) -> go.Figure:
    """Draw the accuracy of each model, measure by measure.

    Args:
        lanes: those of one level, of one measure side by side.
        look: colors and type size.
    """
    look = look or Look()
    places = place_lanes(lanes)
    end = max(places) + 0.6
    figure = go.Figure()
    lowest = min([mark.value for lane in lanes for mark in lane.marks] + [lane.floor for lane in lanes if lane.floor])
    left = min(_HIGHEST_START, max(0, 10 * int(10 * lowest - 0.3)))
    labels, notes = [describe_model(lane.model) for lane in lanes], []
    beside = int(_NAME_LETTER * look.font_size * max(map(len, labels)))
    for measure, group in groupby(range(len(lanes)), key=lambda row: lanes[row].measure):
        rows = list(group)
        first, last = places[rows[0]], places[rows[-1]]
        notes.append(_title(describe_measure(measure), first - _FIRST_TITLE, beside, look))
        _add_floor(figure, lanes[rows[0]].floor, (first - 0.45, last + 0.45), look)
    for kind in _MARKS:
        _add_marks(figure, kind, lanes, places, look)
    shown = [kind for kind in ("ours", "paper") if any(lane.mark(kind) for lane in lanes)]
    for shift, kind in zip(_COLUMNS[look.large], shown, strict=False):
        notes += _column(kind, shift, lanes, places, look)
    figure.update_layout(annotations=notes)  # all at once: Plotly checks all that are there for each one added
    _finish(figure, look, (left, end), labels, places, _describe(lanes))
    return figure


def place_lanes(lanes: Sequence[Lane]) -> list[float]:
    """Return how far down each lane lies, in lanes; a new measure leaves room for its title."""
    places: list[float] = []
    for row, lane in enumerate(lanes):
        starts = row and lane.measure != lanes[row - 1].measure
        places.append(0.0 if not places else places[-1] + 1 + _GAP * bool(starts))
    return places


def _title(text: str, place: float, beside: int, look: Look) -> dict[str, object]:
    """Return a measure's name above its lanes, from `beside` pixels left of the chart, where their names begin."""
    return {
        "x": 0, "xref": "paper", "y": place, "text": f"<b>{text}</b>", "showarrow": False, "xanchor": "left",
        "xshift": -beside, "font": {"size": look.font_size + 2},
    }  # fmt: skip


def _column(
    kind: str, shift: int, lanes: Sequence[Lane], places: Sequence[float], look: Look
) -> list[dict[str, object]]:
    """Return the numbers of one kind of mark beside their lanes, `shift` pixels from the chart."""
    shared = {
        "x": 1, "xref": "paper", "showarrow": False, "xanchor": "left", "xshift": shift,
        "font": {"size": look.font_size},
    }  # fmt: skip
    texts = [f"<b>{kind}</b>", *(describe_mark(lane.mark(kind)) for lane in lanes)]
    return [shared | {"y": place, "text": text} for place, text in zip((-_HEADS, *places), texts, strict=True)]


def _add_floor(figure: go.Figure, floor: float | None, span: tuple[float, float], look: Look) -> None:
    """Draw what guessing gets across a measure's lanes."""
    if floor is None:
        return
    shown = not any(trace.name == "guessing blindly" for trace in figure.data)
    figure.add_scatter(
        x=[100 * floor] * 2, y=span, mode="lines", name="guessing blindly", showlegend=shown,
        line={"color": look.ink, "width": 2, "dash": "dot"},
        hovertemplate=f"guessing {format_percent(floor)}<extra></extra>",
    )  # fmt: skip


def _add_marks(figure: go.Figure, kind: str, lanes: Sequence[Lane], places: Sequence[float], look: Look) -> None:
    """Draw all marks of one kind."""
    name, symbol, size = _MARKS[kind]
    marked = ((lane, place, lane.mark(kind)) for lane, place in zip(lanes, places, strict=True))
    found = [(lane, place, mark) for lane, place, mark in marked if mark is not None]
    if not found:
        return
    colors = [_color(lane.model, look) for lane, _, _ in found]
    marks = [mark for _, _, mark in found]
    above = [100 * ((mark.high or mark.value) - mark.value) for mark in marks]
    below = [100 * (mark.value - (mark.low or mark.value)) for mark in marks]
    shape = {"symbol": symbol, "size": size * (1.4 if look.large else 1)}
    width = 0 if kind == "ours" else 3
    # The colors are the models'; the legend shows the symbol alone.
    figure.add_scatter(
        x=[None],
        y=[None],
        mode="markers",
        name=name,
        marker={**shape, "color": look.ink, "line": {"width": width, "color": look.ink}},
    )
    figure.add_scatter(
        x=[100 * mark.value for mark in marks], y=[place for _, place, _ in found], mode="markers", showlegend=False,
        cliponaxis=False, marker={**shape, "color": colors, "line": {"width": width, "color": colors}},
        error_x={"type": "data", "symmetric": False, "array": above, "arrayminus": below, "thickness": 3, "width": 5,
                 "color": look.ink, "visible": kind in ("ours", "now")},
        text=[f"{describe_model(lane.model)}, {name}: {describe_mark(mark, 2)} {format_interval(mark)}"
              for lane, _, mark in found],
        hovertemplate="%{text}<extra></extra>",
    )  # fmt: skip


def _color(model: str, look: Look) -> str:
    """Return the color of a model: one for Relation Networks, one for MLPs, ink for all else."""
    sign = {"rn": 1, "mlp": -1}.get(model.partition("-")[0])
    return look.ink if sign is None else look.color(sign)


def _finish(
    figure: go.Figure, look: Look, bounds: tuple[float, float], labels: list[str], places: list[float], alt: str
) -> None:
    """Set axes, legend, size and alternative text."""
    left, end = bounds
    lane = 40 if look.large else 29
    figure.update_layout(
        template="none", height=int(lane * (end + _EDGE)) + 91, meta={"alt": alt}, dragmode=False,
        margin={"l": 10, "r": _COLUMNS[look.large][2], "t": 40, "b": 50},
        paper_bgcolor="rgba(0,0,0,0)", plot_bgcolor="rgba(0,0,0,0)", hoverlabel={"font": {"size": look.font_size}},
        font={"size": look.font_size, "color": look.ink, "family": "Source Sans, sans-serif"},
        legend={"orientation": "h", "y": 1, "yanchor": "bottom", "x": 1, "xanchor": "right"},
    )  # fmt: skip
    figure.update_xaxes(
        range=[left, 100],
        title={"text": "accuracy, %", "standoff": 14, "font": {"size": look.font_size}},
        fixedrange=True,
        gridcolor=look.faint,
        zeroline=False,
        dtick=20,
    )
    figure.update_yaxes(
        range=[end, -_EDGE], tickvals=places, ticktext=labels, fixedrange=True, automargin=True, gridcolor=look.faint,
        zeroline=False, ticklabelstandoff=8,
    )  # fmt: skip


def _describe(lanes: Sequence[Lane]) -> str:
    """Return every lane in words."""
    parts = []
    for lane in lanes:
        ours = lane.mark("ours")
        words = [f"ours {describe_mark(ours)}"] if ours else []
        words += [f"paper {describe_mark(lane.mark('paper'))}"] if lane.mark("paper") else []
        words += [f"guessing {format_percent(lane.floor)}"] if lane.floor is not None else []
        parts.append(f"{describe_measure(lane.measure)}, {describe_model(lane.model)}: {', '.join(words)}")
    return f"Accuracy in percent. {'; '.join(parts)}."
