"""A run is drawn once for a report, however many tabs watch it, and a tab that finds nothing new draws nothing."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from pages._lab.figures import Look
from pages._lab.train import figures, html
from pages._lab.train.jobs import JobView
from pages._lab.train.moments import Drawn, Moment, drawn_of, poll_seconds, what_is_new
from pages._lab.train.runs import remember_run
from pages._lab.train.state import TrainState
from pages._ui.train import sections
from rn_core.race.records import Progress, Snapshot

pytestmark = pytest.mark.weights

#: Tabs that watch the race; other views are drawn the same way.
N_READERS, FEWER = 20, 3
VIEWS = {
    "race": (figures, "plot_race"),
    "types": (figures, "plot_types"),
    "loss": (figures, "plot_losses"),
    "examples": (html, "examples_html"),
    "pairs": (sections, "make_pair_picture"),
    "compare": (figures, "plot_runs"),
}


def draw() -> None:
    import streamlit as st

    from pages._ui.train.sections import draw_view

    draw_view(*st.session_state["arguments"])


def read(token: str, job, view: JobView, name: str) -> list[str]:
    """Return what one tab is sent, as text."""
    app = AppTest.from_function(draw, default_timeout=120)
    app.session_state["arguments"] = (TrainState(view=name), token, job.config, view, Look())
    app.session_state["train.runs"] = remember_run((), token, job.config, view)
    app.run()
    assert not app.exception
    elements = [*app.get("plotly_chart"), *app.get("html"), *app.get("bidi_component")]
    return [str(element.proto) for element in elements]


@pytest.mark.parametrize("name", [*VIEWS])
def test_a_report_is_drawn_once_for_all_tabs(play, monkeypatch, name):
    made = Counter()
    for owner, maker in {*VIEWS.values(), (sections, "plot_pair_matrix")}:
        real = getattr(owner, maker)
        monkeypatch.setattr(
            owner, maker, lambda *args, _real=real, _name=maker, **kw: (made.update([_name]), _real(*args, **kw))[1]
        )
    job = play()
    first, *others = [read(f"run {name}", job, job.shown, name) for _ in range(N_READERS if name == "race" else FEWER)]
    assert first and all(other == first for other in others)
    assert made[VIEWS[name][1]] == 1 and set(made.values()) == {1}
    earlier = replace(job.shown, snapshots=job.shown.snapshots[:-1], progress=job.shown.progress[:-1])
    assert read(f"run {name}", job, earlier, name) != first, "another report is another drawing"
    assert made[VIEWS[name][1]] == 2


def view_of(status: str = "running", report: int = 5, **changes: object) -> JobView:
    progress = (Progress(40, 80, 1.0, {}),)
    return JobView(status, report=report, progress=progress, has_weights=True, **changes)


def test_a_poll_that_finds_nothing_new_draws_nothing():
    assert what_is_new(view_of(), drawn_of(view_of()), None) == "nothing"
    waiting = view_of("waiting", place=2, line=3)
    assert what_is_new(waiting, drawn_of(waiting), None) == "nothing"


@pytest.mark.parametrize(
    ("view", "drawn", "new"),
    [
        (view_of(report=6), drawn_of(view_of()), "live"),
        (view_of("waiting", place=1, line=2), drawn_of(view_of("waiting", place=2, line=3)), "live"),
        (view_of("paused"), drawn_of(view_of()), "page"),
        (view_of(), drawn_of(replace(view_of(), has_weights=False)), "page"),
        (view_of("waiting", made_way=True), drawn_of(view_of("waiting")), "page"),
        (view_of(), None, "page"),
    ],
)
def test_a_poll_draws_as_much_as_is_new(view: JobView, drawn: Drawn | None, new: str):
    assert what_is_new(view, drawn, None) == new


def test_a_pressed_button_is_followed_by_the_whole_page():
    view = view_of("paused", snapshots=(Snapshot(40, 1.0, {}, {}, {}, {}),))
    assert what_is_new(view, drawn_of(view), Moment("running", 39, 39)) == "page"
    assert what_is_new(view, drawn_of(view), Moment("paused", 40, 40)) == "nothing", "it has not followed yet"


def test_tabs_ask_as_often_as_they_must():
    seconds = [
        poll_seconds(view_of(), None, is_owner=True),
        poll_seconds(view_of(), None, is_owner=False),
        poll_seconds(view_of("waiting"), None, is_owner=True),
        poll_seconds(view_of("paused"), None, is_owner=True),
    ]
    assert seconds == sorted(seconds) and 0.9 <= seconds[0] <= 1.1 and 2 <= seconds[1] <= 4 and seconds[2] >= 3
    assert poll_seconds(view_of("finished"), None, is_owner=True) is None
    assert poll_seconds(view_of(), Moment("running", 40, -1), is_owner=False) < 1
