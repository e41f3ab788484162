"""Train: two networks learn from the same questions, and the class watches."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from types import MappingProxyType
from typing import Any

import streamlit as st

from pages._lab.figures import Look
from pages._lab.plain import plain
from pages._lab.train import html as train_html
from pages._lab.train.figures import plot_race
from pages._lab.train.jobs import Job, JobView
from pages._lab.train.moments import LIVE, drawn_of, poll_seconds, what_is_new
from pages._lab.train.state import VIEWS, TrainState, needs_head_start, shown_group
from pages._lab.train.view import describe_status, share_done, target_of
from pages._lab.train.words import describe_idea, describe_race, head_start_words
from pages._ui.classroom.seats import NO_TRAINING, is_student
from pages._ui.components.poll import draw_poll
from pages._ui.frame import draw_frame
from pages._ui.options import named
from pages._ui.pairs.sections import draw_figure
from pages._ui.sharing import draw_link
from pages._ui.train import models as train_models
from pages._ui.train import sections as train_sections
from pages._ui.train.session import (
    LIVE_PART,
    TRAIN,
    find_job,
    follow,
    look_at,
    note_drawn,
    owns,
    press,
    pressed,
    redraw,
    reset,
    runs,
    settings_link,
    start,
)
from pages._ui.train.settings import draw_settings

#: Width in pixels of the button that pauses and resumes, in plain and in projector type.
_WIDTH = MappingProxyType({False: 130, True: 170})
_GONE = "That run has ended and is no longer on this server. Its settings are still here: start it again."


def draw_ready(state: TrainState) -> None:
    """Draw what a race will be, the button that starts it, and the way to change it."""
    if is_student():
        st.info(NO_TRAINING)
    elif state.run:
        st.info(_GONE)
    problem = state.problem
    if problem is None:
        idea = head_start_words(state.task).advice if needs_head_start(state) else describe_idea(state.task)
        st.html(train_html.race_html(describe_race(state.config), idea))
    else:
        st.error(plain(problem))
    with st.container(horizontal=True, vertical_alignment="center"):
        label = "Start the race" if len(state.models) > 1 else "Start the training"
        barred = problem is not None or is_student()
        st.button(label, icon=":material/flag:", type="primary", disabled=barred, on_click=start)
        with st.popover("Change", icon=":material/tune:"):
            draw_settings(state)
        draw_share()
        train_models.draw_load()


def draw_share() -> None:
    """Draw the link to the settings."""
    with st.popover("Share", icon=":material/ios_share:"):
        draw_link(settings_link(), "A link to these settings; whoever opens it starts a new run")


def draw_steering(state: TrainState, job: Job, view: JobView) -> None:
    """Draw the buttons of a run that can go on.

    Pause and Resume are one button of one width: where two took turns, the others would slip away under the mouse.
    """
    is_paused = view.status == "paused"
    label, icon, act = ("Resume", "play_arrow", job.resume) if is_paused else ("Pause", "pause", job.pause)
    with st.container(horizontal=True, vertical_alignment="center"):
        draw_button(
            label, icon, partial(press, job, act), "pause", width=_WIDTH[state.projector],
            type="primary" if is_paused else "secondary", disabled=view.status not in ("running", "paused"),
        )  # fmt: skip
        draw_button("One step", "skip_next", partial(press, job, job.step), disabled=not is_paused or view.made_way)
        draw_button("Stop", "stop", partial(press, job, job.stop), disabled=view.status == "stopping")
        draw_button("Reset", "restart_alt", partial(reset, job))
        draw_share()


def draw_button(label: str, icon: str, act: Callable[[], None], key: str | None = None, **options: Any) -> None:
    """Draw one button with its sign; its key is the sign's name if there is no other."""
    st.button(label, icon=f":material/{icon}:", on_click=act, key=TRAIN.key(f"press.{key or icon}"), **options)


def draw_run(state: TrainState, job: Job, view: JobView) -> None:
    """Draw what runs, how far it is, and what can be done with it."""
    st.html(train_html.race_html(describe_race(job.config)))
    if view.is_active:
        draw_steering(state, job, view)
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        problem = state.problem
        draw_button("Start again", "flag", start, type="primary", disabled=problem is not None)
        with st.popover("Change", icon=":material/tune:"):
            draw_settings(state)
        draw_button("Reset", "restart_alt", partial(reset, job))
        draw_share()
        train_models.draw_load()
    if state.problem:
        st.error(plain(state.problem))


def draw_live(job: Job, around: JobView, look: Look) -> None:
    """Draw what changes by itself; where the page around it shows another status of the run, draw everything again."""
    view = look_at(job)
    state = TRAIN.state
    if what_is_new(view, drawn_of(around), pressed()) == "page":
        redraw()
    note_drawn(view)
    if view.problem:
        st.error(plain(view.problem))
    st.html(train_html.status_html(describe_status(view, job.config), share_done(view, job.config)))
    train_sections.draw_view(state, job.token, job.config, view, look)


def draw_views(state: TrainState, job: Job, view: JobView) -> None:
    """Draw the choice of views, and of what the chosen one is about."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.segmented_control(
            "View", list(VIEWS), format_func=named(VIEWS), wrap=True, label_visibility="collapsed", **TRAIN.bind("view")
        )
        if state.view in ("race", "compare"):
            train_sections.draw_group_choice(state, job.config)
    if state.view in ("examples", "pairs"):
        train_sections.draw_time(state, job.config, view)


def draw_page() -> None:
    """Draw the whole page from the session's state.

    What moves stands in a container that is always at the same place, so that a look at the run that began before a
    click cannot draw over what the click brought.
    """
    state = TRAIN.open()
    frame, head, views, live, foot, poll = (st.container() for _ in range(6))
    with frame:
        look = draw_frame(TRAIN)
        st.html(train_html.STYLE)
    job = find_job()
    if job is None:
        with head:
            draw_ready(state)
        with live:
            draw_before(state, look)
    else:
        view = look_at(job)
        with head:
            draw_run(state, job, view)
        with views:
            draw_views(state, job, view)
        with foot:
            if view.has_weights and view.status not in LIVE:
                train_models.draw_learned(job, view)
        with live:
            st.fragment(draw_live, key=LIVE_PART)(job, view, look)
        with poll:
            every = poll_seconds(view, pressed(), owns(job))
            if every is not None:
                draw_poll(every, key=TRAIN.key("poll"), on_ask=partial(follow, job))
    TRAIN.write_url()


def draw_before(state: TrainState, look: Look) -> None:
    """Draw the empty race, or the runs that there have been."""
    if runs():
        train_sections.draw_group_choice(state, state)
        train_sections.draw_runs(shown_group(state, state), look)
    else:
        expected = 0 if state.problem else state.config.expect_minutes()
        figure = plot_race((), None, shown_group(state, state), look, target_of(state.task), expected=expected)
        draw_figure(figure, key="train.race")


draw_page()
