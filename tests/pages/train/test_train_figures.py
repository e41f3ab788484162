"""The Train page's figures: the run's numbers, names beside lines, axes that stay, and no Streamlit."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages._lab.figures import Look, alt_text
from pages._lab.train import figures
from pages._lab.train.runs import MOST_RUNS, export_csv, export_png, remember_run, table_rows
from pages._lab.train.view import Curve, loss_curves, race_curves, type_panels
from rn_core.race.records import usual_config

LOOKS = [Look(), Look(dark=True, large=True)]
CURVES = (Curve("rn", (0, 1.5), (4.0, 93.2)), Curve("mlp", (0, 1.5), (3.0, 71.0)))


def labels(figure) -> list[str]:
    """Return the words written into a figure."""
    return [note.text for note in figure.layout.annotations]


@pytest.mark.parametrize("look", LOOKS)
def test_the_race_shows_its_curves_floor_and_target(look):
    figure = figures.plot_race(CURVES, 45.0, "relational", look)
    assert [trace.y for trace in figure.data] == [curve.values for curve in CURVES]
    assert [trace.x for trace in figure.data] == [curve.minutes for curve in CURVES]
    assert [shape.y0 for shape in figure.layout.shapes] == [90, 45]
    assert labels(figure) == ["90 %", "guessing 45 %", "<b>RN 93 %</b>", "<b>MLP 71 %</b>"]
    assert alt_text(figure) == ("Accuracy on relational questions after 90 s: RN 93 %, MLP 71 %; guessing gives 45 %.")


def test_runners_differ_in_more_than_color():
    rn, mlp = figures.plot_race(CURVES, None, "relational", Look()).data
    assert rn.line.dash != mlp.line.dash
    assert rn.line.color != mlp.line.color


def test_axes_stay_while_a_race_goes_on():
    empty = figures.plot_race((), None, "relational", Look())
    later = figures.plot_race(CURVES, 45.0, "relational", Look())
    assert empty.layout.xaxis.range == later.layout.xaxis.range == (0, 3)
    assert empty.layout.yaxis.range == later.layout.yaxis.range == (0, 104)
    assert later.layout.uirevision == "keep"


@pytest.mark.parametrize(
    ("task", "answers_only", "shown"),
    [("sort-of-clevr/objects", None, 3), ("sort-of-clevr/pixels", True, 15), ("sort-of-clevr/pixels", False, 15),
     ("sort-of-clevr/triples", None, 3), ("babi", None, 5)],
)  # fmt: skip
def test_the_time_axis_of_a_race_holds_all_of_it_from_the_start(task, answers_only, shown):
    race = usual_config(task, answers_only)
    empty, later = (
        figures.plot_race(curves, None, "relational", Look(), expected=race.expect_minutes()) for curves in ((), CURVES)
    )
    assert empty.layout.xaxis.range == later.layout.xaxis.range == (0, shown)
    twice = replace(race, steps=2 * race.steps)
    assert twice.expect_minutes() == 2 * race.expect_minutes()


@given(st.lists(st.floats(0, 5000), min_size=2).map(sorted))
def test_the_time_axis_holds_its_minutes_and_never_shrinks(minutes):
    ends = [figures.axis_end(minute) for minute in minutes]
    assert all(end >= minute for end, minute in zip(ends, minutes, strict=True))
    assert ends == sorted(ends)


@given(st.lists(st.floats(0, 100), max_size=8), st.floats(0.1, 20))
def test_labels_lie_apart_in_the_order_of_their_lines(heights, gap):
    placed = figures.spread(heights, gap, 104)
    assert all(height <= 104 for height in placed)
    order = sorted(range(len(heights)), key=heights.__getitem__)
    assert all(placed[above] - placed[below] >= gap - 1e-9 for below, above in pairwise(order))


def test_labels_that_do_not_meet_stay_where_their_lines_end():
    assert figures.spread([80, 10, 50], 5, 104) == [80, 10, 50]
    assert figures.spread([2, 3, 50], 5, 104) == [2, 7, 50]
    assert figures.spread([100, 99, 50], 5, 104) == [104, 99, 50]


@pytest.mark.parametrize("look", LOOKS)
def test_every_question_type_has_its_panel_with_its_floor(play, look):
    job = play()
    panels = type_panels(job.shown.snapshots, job.config)
    figure = figures.plot_types(panels, look)
    assert [trace.y for trace in figure.data] == [curve.values for panel in panels for curve in panel.curves]
    assert [shape.y0 for shape in figure.layout.shapes] == [panel.floor for panel in panels]
    assert [shape.xref.split()[0] for shape in figure.layout.shapes] == ["x", "x2", "x3", "x4", "x5", "x6"]
    for panel in panels:
        assert panel.name in labels(figure)
        assert f"{panel.name}: RN" in alt_text(figure)


def test_losses_start_at_zero_and_fit(play):
    curves = loss_curves(play().shown.progress)
    figure = figures.plot_losses(curves, Look())
    low, high = figure.layout.yaxis.range
    assert low == 0
    assert high >= max(max(curve.values) for curve in curves)
    assert figures.plot_losses((), Look()).layout.meta["alt"].endswith("not known yet.")


def test_a_session_remembers_each_run_once_and_not_for_ever(play):
    job, runs = play(), ()
    for token in ("one", "two", "one"):
        runs = remember_run(runs, token, job.config, job.shown)
    assert [(record.number, record.token) for record in runs] == [(1, "one"), (2, "two")]
    for number in range(MOST_RUNS):
        runs = remember_run(runs, f"more {number}", job.config, job.shown)
    assert len(runs) == MOST_RUNS
    assert [record.number for record in runs] == [*range(3, 3 + MOST_RUNS)]
    unseen = play("starting", snapshots=()).shown
    assert remember_run((), "three", job.config, unseen) == ()


@pytest.fixture
def runs(play):
    """Two runs: a race, and a Relation Network alone."""
    race, alone = play("finished"), play("stopped", config={"models": ("rn",), "aggregate": "mean"})
    return remember_run(remember_run((), "one", race.config, race.shown), "two", alone.config, alone.shown)


def test_runs_side_by_side(runs):
    figure = figures.plot_runs(runs, "relational", Look())
    assert [text for text in labels(figure) if text != "90 %"] == ["<b>1 RN</b>", "<b>1 MLP</b>", "<b>2 RN</b>"]
    first, second = table_rows(runs)
    assert first["Settings"].startswith("RN against MLP")
    assert "mean over pairs" in second["Settings"]
    last = runs[0].snapshots[-1]
    assert first["MLP relational"] == f"{100 * last.groups['mlp']['relational']:.0f} %"
    assert second["MLP relational"] == ""
    assert first["Steps"] == "4"


def test_runs_on_stories_stand_beside_others(runs, play):
    stories = play("finished", config={"task": "babi"})
    records = remember_run(runs, "three", stories.config, stories.shown)
    first, _, third = table_rows(records)
    assert [*first] == [*third]
    last = stories.shown.snapshots[-1].groups["lstm"].values()
    assert third["LSTM all"] == f"{100 * sum(last) / len(last):.0f} %"
    assert (first["LSTM all"], third["MLP relational"]) == ("", "")
    assert {"RN at 90 % after", "RN at 95 % after"} <= {*first}
    ends = [text for text in labels(figures.plot_runs(records, "mean", Look())) if "<b>" in text]
    assert ends == ["<b>3 RN</b>", "<b>3 LSTM</b>"]


@pytest.mark.parametrize(("n_panels", "columns"), [(1, 1), (2, 2), (3, 3), (4, 2), (5, 3), (20, 3)])
def test_panels_fill_their_rows_and_leave_no_empty_axes(play, n_panels, columns):
    job = play()
    panels = type_panels(job.shown.snapshots, job.config)[:1] * n_panels
    figure = figures.plot_types(panels, Look())
    axes = [name for name in figure.layout.to_plotly_json() if name.startswith("xaxis")]
    assert len(axes) == n_panels
    assert len({figure.layout[name].domain[0] for name in axes}) == columns


def test_the_csv_holds_every_look(runs):
    rows = list(csv.DictReader(io.StringIO(export_csv(runs).decode())))
    expected = [
        (str(record.number), str(look.step), kind, group, share)
        for record in runs
        for look in record.snapshots
        for kind, groups in look.groups.items()
        for group, share in groups.items()
    ]
    found = [(row["run"], row["step"], row["model"], row["questions"], float(row["accuracy"])) for row in rows]
    assert found == expected


@pytest.mark.parametrize("group", ["relational", "non_relational"])
def test_the_picture_is_a_png(runs, group):
    assert export_png(runs, group).startswith(b"\x89PNG")


def test_curves_of_a_run_are_those_of_its_looks(runs, play):
    assert runs[0].curves("relational") == race_curves(play().shown.snapshots, "relational")
