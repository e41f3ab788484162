"""bAbI's 20 tasks in one table: ours beside what others measured; no Streamlit."""

from __future__ import annotations

from collections.abc import Sequence

from pages._lab.lanes import (
    Lane,
    Mark,
    describe_mark,
    describe_measure,
    describe_model,
    format_interval,
    format_percent,
)
from pages._lab.plain import escape
from pages._lab.tables import NONE, make_table
from rn_core.tasks.babi.spec import SOLVED_ABOVE
from rn_core.tasks.babi.task import Babi

#: The domain and the level of measures that the table is about.
TASKS_LEVEL = (Babi.domain.name, "types")
#: Origin of a published figure -> head of its column.
_CITED = {"paper": "Paper", "open": "Best open-source", "other": "Another open-source"}


def tasks_html(lanes: Sequence[Lane], current: int | None = None) -> str:
    """Return a table with one row per task and one column per network, then guessing and published figures.

    Args:
        lanes: bAbI's.
        current: a task, 1 to 20, whose line is marked.
    """
    by_task = {kind: [lane for lane in lanes if lane.measure == kind] for kind in (*Babi.question_types, "solved")}
    ours = list(dict.fromkeys(lane.model for lane in lanes if lane.mark("ours")))
    head = ("Task", *map(describe_model, ours), "Guessing", *_CITED.values())
    rows = []
    for number, kind in enumerate(Babi.question_types, start=1):
        mark = "▶ " if number == current else ""
        floor = next((lane.floor for lane in by_task[kind] if lane.floor is not None), None)
        name = f"{mark}{escape(describe_measure(kind))}"
        rows.append([f"<b>{name}</b>" if mark else name, *_cells(by_task[kind], ours, floor)])
    rows.append(["<b>Solved, above 95 %</b>", *_cells(by_task["solved"], ours, None)])
    return f"{make_table(head, rows)}<p>✓ above 95 %. {_describe_sources(by_task['solved'])}</p>"


def _cells(lanes: Sequence[Lane], ours: Sequence[str], floor: float | None) -> list[str]:
    """Return the cells of one measure, behind its name."""
    own = {lane.model: lane.mark("ours") for lane in lanes}
    cited = {kind: next((lane.mark(kind) for lane in lanes if lane.mark(kind)), None) for kind in _CITED}
    guess = NONE if floor is None else format_percent(floor)
    return [*(_cell(own.get(model)) for model in ours), guess, *map(_cell, cited.values())]


def _cell(mark: Mark | None) -> str:
    """Return a share with its interval, ticked where it counts as solved."""
    if mark is None:
        return NONE
    is_share = "of" not in mark.said
    tick = "✓ " if is_share and (mark.value > SOLVED_ABOVE or mark.said) else ""
    interval = f" <small>{format_interval(mark)}</small>" if mark.low is not None else ""
    return f'<span style="white-space: nowrap">{tick}{escape(describe_mark(mark))}</span>{interval}'


def _describe_sources(lanes: Sequence[Lane]) -> str:
    """Return where the published figures stand."""
    marks = {kind: lane.mark(kind) for lane in lanes for kind in _CITED if lane.mark(kind)}
    parts = [f"{_CITED[kind]}: {escape(mark.source)}" for kind, mark in marks.items() if mark is not None]
    return f"{'; '.join(parts)}." if parts else ""
