"""CLEVR: a picture or a scene, a question in English, the answer, and which pairs made it."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages._lab.clevr import html
from pages._lab.clevr.models import (
    full_name,
    is_held_only,
    lacks_weights,
    sees_picture,
    sees_pixels,
)
from pages._lab.clevr.questions import family_names, word_groups
from pages._lab.clevr.stages import PlanStage, make_blank_stage
from pages._lab.clevr.state import SECTIONS, STAGES, ClevrState
from pages._lab.clevr.view import ClevrCase, ClevrView
from pages._lab.components.stage import SceneEvent
from pages._lab.domains.clevr import DOMAIN
from pages._lab.pairs.state import VIEWS
from pages._lab.plain import plain
from pages._ui import asking
from pages._ui.areas import make_areas
from pages._ui.clevr import drawing, sections
from pages._ui.clevr import session as clevr_session
from pages._ui.clevr.own_pixels import own_labels
from pages._ui.clevr.scene_files import draw_scene_file
from pages._ui.clevr.session import CLEVR, FOLLOWER
from pages._ui.components.scene import draw_scene
from pages._ui.frame import draw_frame
from pages._ui.options import named
from pages._ui.pairs import sections as pair_sections
from rn_core.common.seeding import MAX_SEED
from rn_core.tasks.clevr.vocabulary import WORDS

#: What is asked, what the page shows of it, and why it shows nothing.
Shown = tuple[ClevrCase, ClevrView | None, str | None]


def take_event(event: SceneEvent, view: ClevrView | None) -> None:
    """Do what a person did to the scene."""
    if event.kind == "move":
        clevr_session.take_move(event)
    elif event.kind == "drag":
        clevr_session.follow_move(event)
    elif view is not None:
        sections.CLEVR_PAGE.pin(view, event.pair)


def draw_stage_choice() -> None:
    """Draw the choice between picture and plan."""
    st.segmented_control(
        "Show", list(STAGES), format_func=named(STAGES), wrap=True, label_visibility="collapsed", **CLEVR.bind("stage")
    )


def draw_moving(shown: Shown, answers: DeltaGenerator, is_waited_for: bool, dragged: ClevrState | None) -> None:
    """Draw answers and stage; while an object is dragged on the plan, those of where it is now."""
    case, view, problem = shown
    if dragged is not None:
        case = DOMAIN.ask(dragged)
        view, problem = sections.try_view(case, drawing.Drawing(), is_passing=True)
    with answers:
        draw_answers(case, view, problem)
    draw_stage(case, view, is_waited_for)


def draw_stage(case: ClevrCase, view: ClevrView | None, is_waited_for: bool) -> None:
    """Draw picture or plan with its pairs, without an answer the scene alone; a blank picture until it is rendered."""
    is_blank = is_waited_for and case.state.stage == "picture"
    stage = make_blank_stage(case.state, view) if is_blank else DOMAIN.make_stage(case, view)
    key = "clevr.plan" if isinstance(stage, PlanStage) else "clevr.picture"
    draw_scene(stage, key=key, on_change=partial(take_event, view=view))


def draw_question(state: ClevrState) -> None:
    """Draw the question, typed or drawn."""
    asking.draw_line(CLEVR, state.question, WORDS, clevr_session.read_typed)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if state.scene is not None:
            names = family_names()
            st.selectbox("Or generate one", list(names), format_func=named(names), key=clevr_session.FAMILY)
            st.button("Draw", icon=":material/casino:", on_click=clevr_session.draw_anew)
        asking.draw_words(word_groups())


def draw_answers(case: ClevrCase, view: ClevrView | None, problem: str | None) -> None:
    """Draw truth and answers; without an answer, the truth and why."""
    shown = html.truth_html(case.truth) if view is None else view.answers_html()
    asking.draw_answers(CLEVR, shown, case.question)
    if view is not None:
        return
    if problem is None:
        st.info("This network sees the picture: its answer comes with it.")
    elif case.picture is not None and lacks_weights(case.state.model):
        st.info("Others trained this network, and the app comes without it: download it below, or choose its file.")
    else:
        st.error(plain(problem))


def draw_models(state: ClevrState, problem: str | None) -> None:
    """Draw the choice of model and, where public weights are missing, how to get them."""
    names = DOMAIN.offered_models(state) | own_labels()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.segmented_control(
            "The network sees", list(names), format_func=named(names), wrap=True, **CLEVR.bind("model")
        )
        if sees_pixels(state.model) and state.scene is not None:
            st.segmented_control("Pairs of", list(VIEWS), format_func=named(VIEWS), **CLEVR.bind("view"))
        st.toggle("Mark the deciding pairs", **CLEVR.bind("truth"))
    if problem is not None and lacks_weights(state.model):
        with st.container(horizontal=True, vertical_alignment="bottom"):
            st.button(
                "Download them", icon=":material/download:", on_click=clevr_session.fetch_weights, args=(state.model,)
            )
            st.file_uploader(
                "or choose the .pth file", type="pth", key=clevr_session.upload_key("weights"),
                on_change=clevr_session.take_weights, args=(state.model,),
            )  # fmt: skip
    if is_held_only(state.model):
        st.caption(f"Kept until the server stops; `python -m rn_core weights fetch {full_name(state.model)}` keeps it.")


def draw_sources(state: ClevrState, view: ClevrView | None) -> None:
    """Draw where the scene comes from, and what keeps the picture."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.number_input("Scene", 0, MAX_SEED, step=1, width=140, **CLEVR.bind("seed"))
        st.button("New scene", icon=":material/casino:", on_click=clevr_session.next_scene)
        draw_scene_file(state)
        if state.source == "image":
            st.button("Back to the scene", icon=":material/undo:", on_click=clevr_session.leave_picture)
        with st.popover("Own picture", icon=":material/image:"):
            st.file_uploader(
                "A picture in CLEVR's look, PNG or JPEG", type=["png", "jpg", "jpeg"],
                key=clevr_session.upload_key("picture"), on_change=clevr_session.take_picture,
            )  # fmt: skip
            st.caption("It is brought to CLEVR's proportions, 3 : 2.")
        if view is not None:
            pair_sections.draw_save(sections.CLEVR_PAGE, view)


def draw_left(shown: Shown, drawn: drawing.Drawing, answers: DeltaGenerator) -> None:
    """Draw the scene, as far as there is a picture of it, with its answers, and the question's steps."""
    case, view, _ = shown
    state = case.state
    if drawn.trouble:
        drawing.draw_trouble(drawn, says_why=view is not None)
    if drawn.picture is not None and state.stage == "picture":
        clevr_session.keep_picture(state, drawn.picture)
    if state.source == "scene":
        draw_stage_choice()
    FOLLOWER.draw(partial(draw_moving, shown, answers, drawn.work is not None))
    if state.stage == "plan":
        sections.draw_thumbnail(state)
    sections.draw_steps(case)


def draw_page() -> None:
    """Draw the whole page from the session's state; a picture that has to be drawn first comes later."""
    state = CLEVR.open()
    look = draw_frame(CLEVR)
    drawing.begin_run()
    case = DOMAIN.ask(state)
    pair_sections.draw_cards(full_name(name) for name in DOMAIN.list_models(case) if not lacks_weights(name))
    areas = make_areas()
    below = st.container()
    needs_picture = state.stage == "picture" or sees_picture(state.model)
    drawn = drawing.follow_picture(state) if needs_picture else drawing.Drawing()
    case = replace(case, picture=drawn.picture)
    view, problem = sections.try_view(case, drawn)
    with areas.answers:
        draw_question(state)
        answers = st.container()
    with areas.picture:
        draw_left((case, view, problem), drawn, answers)
    with areas.controls:
        draw_models(state, problem)
        draw_sources(state, view)
        waiting = st.container()  # at the end of the shorter column, where nothing moves when it empties
    with below:
        own = {"edit": partial(sections.draw_table, state), "saw": partial(sections.draw_saw, case)}
        pair_sections.draw_closer(sections.CLEVR_PAGE, SECTIONS, state.section, view, look, own)
    with waiting:
        drawing.draw_waiting()
    CLEVR.write_url()


draw_page()
