"""Physics: balls on a table, which balls are connected, how many connected groups there are, and what happens next."""

from __future__ import annotations

from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages._lab import layout
from pages._lab.components.table_view import ConnectionsShown, PairAsked, TableEvent
from pages._lab.physics.models import QUESTIONS, find_models, full_name
from pages._lab.physics.scenes import COLOR_NAMES, MIN_BALLS, N_BUNDLED, find_trouble
from pages._lab.physics.state import PhysicsState
from pages._lab.plain import plain
from pages._ui.classroom.seats import is_following
from pages._ui.components.table import draw_table
from pages._ui.frame import draw_frame
from pages._ui.options import named
from pages._ui.pairs import sections as pair_sections
from pages._ui.physics import sections
from pages._ui.physics import session as physics_session
from pages._ui.physics.asking import Answers, ask
from pages._ui.physics.session import FOLLOWER, PHYSICS, find_scene
from pages._ui.physics.table import make_payload
from rn_core.common.seeding import MAX_SEED
from rn_core.tasks.physics import PhysicsScene
from rn_core.tasks.physics.world import MAX_BALLS


def draw_sources(state: PhysicsState, trouble: str | None) -> None:
    """Draw where the scene comes from."""
    if trouble is None:
        st.number_input(
            "Scene", 0, MAX_SEED, step=1, width=140, **PHYSICS.bind("seed", read=physics_session.read_drawn("seed"))
        )
        st.button("New scene", icon=":material/casino:", on_click=physics_session.next_scene)
        with st.container(width=220):
            st.slider(
                "Balls (trained on 10)", MIN_BALLS, MAX_BALLS,
                **PHYSICS.bind("balls", show=state.n_balls, read=physics_session.read_drawn("balls")),
            )  # fmt: skip
    else:
        st.button("Next bundled scene", icon=":material/skip_next:", on_click=physics_session.next_bundled)
    if is_following():
        return
    with st.popover("Open", icon=":material/folder_open:"):
        bundled = PHYSICS.bind("bundled", show=state.bundled or None, read=physics_session.read_bundled)
        st.selectbox("A scene that comes with the app", range(1, N_BUNDLED + 1), index=None, **bundled)
        st.file_uploader("A scene or paths from a file", key=physics_session.FILE, on_change=physics_session.take_file)


def draw_undo(state: PhysicsState) -> None:
    """Draw what takes pulls back."""
    with st.container(horizontal=True):
        st.button("Undo pull", icon=":material/undo:", on_click=physics_session.undo_pull)
        if len(state.pulls) > 1:
            st.button("Reset", icon=":material/restart_alt:", on_click=physics_session.undo_pulls)


def take_event(event: TableEvent, answers: Answers) -> None:
    """Do what a person did on the table."""
    if isinstance(event, ConnectionsShown):
        PHYSICS.update(truth=event.shown)
    elif isinstance(event, PairAsked):
        PHYSICS.update(connection=(COLOR_NAMES[event.i], COLOR_NAMES[event.j]))
    elif event.is_held:
        connection = None if answers.view is None else answers.view.connection
        physics_session.follow_pull(event.ball, event.frame, event.to, connection)
    else:
        physics_session.take_pull(event.ball, event.frame, event.to)


def draw_moving(
    places: tuple[DeltaGenerator, DeltaGenerator],
    scene: PhysicsScene,
    answers: Answers,
    can_pull: bool,
    dragged: PhysicsState | None,
) -> None:
    """Draw answers and table; while a ball is held, the answers about what would follow if it were let go there."""
    state = PHYSICS.state
    if dragged is not None:
        answers = ask(dragged, find_scene(dragged), is_passing=True)
    sections.fill_answers(places, state, answers)
    payload = make_payload(state, scene, answers, can_pull)
    draw_table(payload, key="physics.table", on_change=partial(take_event, answers=answers))


def draw_page() -> None:
    """Draw the whole page from the session's state."""
    state = PHYSICS.open()
    look = draw_frame(PHYSICS)
    trouble = find_trouble()
    if trouble is not None:
        st.info(f"{plain(trouble)} New scenes, other numbers of balls and pulling are unavailable.")
    pair_sections.draw_cards(map(full_name, find_models(state.question, state.n_balls)))
    scene = find_scene(state)
    answers = ask(state, scene)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.segmented_control(
            "Ask",
            list(QUESTIONS),
            format_func=named(QUESTIONS),
            label_visibility="collapsed",
            wrap=True,
            **PHYSICS.bind("question"),
        )
        draw_sources(state, trouble)
        pair_sections.draw_save(sections.PHYSICS_PAGE, answers.view, sections.list_files(state, scene, answers))
    left, right = st.columns([8, 4], gap="large")
    with right:
        st.html(layout.question_html(QUESTIONS[state.question]))
        places = sections.draw_answers(state, scene, answers, look)
    with left:
        FOLLOWER.draw(partial(draw_moving, places, scene, answers, trouble is None))
        if state.pulls:
            draw_undo(state)
    sections.draw_closer(state, answers, look)
    PHYSICS.write_url()


draw_page()
