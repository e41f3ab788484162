"""The Results page as files: one CSV of every figure, and a picture; no Streamlit."""

from __future__ import annotations

from collections.abc import Sequence

from pages._lab.figures import Look
from pages._lab.lanes import Lane, describe_mark, describe_measure, describe_model
from pages._lab.results.figures import place_lanes
from pages._lab.saving import write_csv, write_figure

_COLUMNS = ("measure", "model", "origin", "value", "low", "high", "questions", "as_the_source_says", "note", "source")
_SYMBOLS = {"open": "x", "other": "+", "paper": "D", "now": "o", "ours": "o"}
_NAMES = {
    "open": "best open implementation",
    "other": "another open implementation",
    "paper": "paper",
    "now": "measured here",
    "ours": "ours, 95 % interval",
}


def export_csv(lanes: Sequence[Lane]) -> bytes:
    """Return one line per figure; blind floors are lines of their own; shares are 0 to 1."""
    rows = []
    for lane in lanes:
        for mark in lane.marks:
            measured = (mark.value, mark.low, mark.high, mark.n, mark.said, mark.note, mark.source)
            rows.append([lane.measure, lane.model, mark.kind, *measured])
        if lane.floor is not None:
            rows.append([lane.measure, lane.model, "blind floor", lane.floor, "", "", "", "", "", ""])
    return write_csv(_COLUMNS, rows)


def export_png(title: str, lanes: Sequence[Lane]) -> bytes:
    """Return the chart of some lanes as a picture, with its numbers beside it."""
    from matplotlib.figure import Figure

    places = place_lanes(lanes)
    figure = Figure(figsize=(12, 1.6 + 0.34 * places[-1]), layout="constrained")
    axes = figure.subplots()
    look, named = Look(), set()
    for place, lane in zip(places, lanes, strict=True):
        if lane.floor is not None:
            axes.plot([100 * lane.floor] * 2, [place - 0.4, place + 0.4], ":", color=look.ink)
        for mark in lane.marks:
            color = {"rn": look.color(1), "mlp": look.color(-1)}.get(lane.model.partition("-")[0], look.ink)
            axes.plot(
                100 * mark.value, place, _SYMBOLS[mark.kind], color=color, markersize=8, zorder=3,
                fillstyle="full" if mark.kind == "ours" else "none",
                label=None if mark.kind in named else _NAMES[mark.kind],
            )  # fmt: skip
            named.add(mark.kind)
            if mark.low is not None and mark.high is not None:
                axes.plot([100 * mark.low, 100 * mark.high], [place, place], color=look.ink, linewidth=2)
        said = "    ".join(f"{kind}: {describe_mark(lane.mark(kind))}" for kind in ("ours", "paper") if lane.mark(kind))
        axes.text(1.01, place, said, transform=axes.get_yaxis_transform(), va="center")
    names = [f"{describe_measure(lane.measure)}: {describe_model(lane.model)}" for lane in lanes]
    axes.set(yticks=places, yticklabels=names, xlim=(0, 101), xlabel="accuracy, %; dotted: guessing", title=title)
    axes.invert_yaxis()
    axes.grid(axis="x", alpha=0.4)
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=4, frameon=False)
    axes.title.set_position((0.5, 1.1))
    return write_figure(figure, dpi=140)
