"""Explore: a scene, a question, the answer, and which pairs made it."""

from __future__ import annotations

from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages._lab import layout
from pages._lab.components.stage import SceneEvent
from pages._lab.domains.base import full_name
from pages._lab.domains.sort_of_clevr import DOMAIN
from pages._lab.models import baseline_of, sees_pixels
from pages._lab.pairs.state import VIEWS
from pages._lab.plain import plain
from pages._lab.sort_of_clevr.picture import make_plain_view, make_scene_view
from pages._lab.sort_of_clevr.state import SECTIONS, ExploreState
from pages._lab.sort_of_clevr.triples import NETWORK
from pages._lab.sort_of_clevr.view import ExploreView
from pages._lab.sort_of_clevr.wording import word_groups
from pages._lab.words import QUESTION_NAMES
from pages._ui import asking
from pages._ui.areas import make_areas
from pages._ui.classroom.seats import is_following
from pages._ui.components.scene import draw_scene
from pages._ui.explore import opening
from pages._ui.explore import session as explore_session
from pages._ui.explore.chain import CHAIN_PAGE
from pages._ui.explore.orders import draw_orders
from pages._ui.explore.sections import EXPLORE_PAGE, draw_family, draw_found, draw_own_picture
from pages._ui.explore.session import EXPLORE
from pages._ui.explore.triples import TRIPLES_PAGE
from pages._ui.following import Follower
from pages._ui.frame import draw_frame
from pages._ui.options import named
from pages._ui.own_models import draw_upload, model_names
from pages._ui.pairs import sections
from pages._ui.pairs.reading import read_view
from rn_core.common.device import choose_device, describe_device
from rn_core.common.errors import RNCoreError
from rn_core.common.seeding import MAX_SEED
from rn_core.tasks.sort_of_clevr import COLORS
from rn_core.tasks.sort_of_clevr.language import ALL_TEXTS, text
from rn_core.tasks.sort_of_clevr.questions import QUESTION_TYPES

FOLLOWER = Follower(EXPLORE)
#: Questions about more than pairs -> what draws their page.
_FAMILY_PAGES = {"triples": TRIPLES_PAGE.draw, "chain": CHAIN_PAGE.draw}


def take_event(event: SceneEvent, view: ExploreView | None) -> None:
    """Do what a person did to the scene."""
    thing = event.thing
    if thing is None:
        if view is not None:
            EXPLORE_PAGE.pin(view, event.pair)
    elif event.kind == "drag":
        state = EXPLORE.state
        FOLLOWER.follow(state.edit(state.scene.replace(thing, x=event.x, y=event.y)))
    elif event.kind == "move":
        explore_session.edit_scene(lambda scene: scene.replace(thing, x=event.x, y=event.y))
    elif event.kind == "toggle":
        explore_session.toggle_shape(thing)


def draw_picture(state: ExploreState, view: ExploreView | None) -> None:
    """Draw the interactive scene; without an answer, the scene alone."""
    own = explore_session.find_picture(state)
    shown = make_plain_view(state, own) if view is None else make_scene_view(view)
    draw_scene(shown, key="explore.scene", on_change=lambda event: take_event(event, view))


def read_page(state: ExploreState, is_passing: bool = False) -> tuple[ExploreView | None, str]:
    """Return what the page shows, or None and the sentence that says why there is no answer."""
    try:
        return read_view(DOMAIN, explore_session.ask(state), is_passing), ""
    except RNCoreError as err:
        return None, str(err)


def draw_moving(answers: DeltaGenerator, view: ExploreView | None, problem: str, dragged: ExploreState | None) -> None:
    """Draw answers and picture; while an object is dragged, those of where it is now."""
    state = EXPLORE.state if dragged is None else dragged
    if dragged is not None:
        view, problem = read_page(dragged, is_passing=True)
    with answers:
        if view is None:
            st.error(plain(problem))
        else:
            asking.draw_answers(EXPLORE, view.answers_html(), text(state.question))
    draw_picture(state, view)


def draw_scene_controls(state: ExploreState, view: ExploreView | None) -> None:
    """Draw what changes the scene and the models, and what keeps the picture."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        names = model_names()
        st.segmented_control("Networks see", list(names), format_func=named(names), wrap=True, **EXPLORE.bind("model"))
        if sees_pixels(state.model):
            st.segmented_control("Pairs of", list(VIEWS), format_func=named(VIEWS), **EXPLORE.bind("view"))
        st.toggle("Mark the deciding pairs", **EXPLORE.bind("truth"))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.number_input("Scene", 0, MAX_SEED, step=1, width=140, **EXPLORE.bind("seed"))
        st.button("New scene", icon=":material/casino:", on_click=explore_session.next_scene)
        draw_own_picture(state)
        if state.edited is not None and state.picture is None:
            st.button("Undo edits", icon=":material/undo:", on_click=explore_session.reset_scene)
        if view is not None:
            sections.draw_save(EXPLORE_PAGE, view)
        st.page_link(
            "pages/how_it_works.py", label="See how it is computed", icon=":material/account_tree:",
            query_params=state.to_shared_query(),
        )  # fmt: skip


def draw_question(state: ExploreState) -> None:
    """Draw the question, built from two menus or typed."""
    question = state.question
    draw_family()
    st.html(layout.question_html(text(question), is_old=EXPLORE.problem() is not None))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.selectbox(
            "Ask", QUESTION_TYPES, format_func=named(QUESTION_NAMES), width=290 if state.projector else 215,
            **EXPLORE.bind("question.type", question.type, lambda name: explore_session.choose_question(type=name)),
        )  # fmt: skip
        st.selectbox(
            "about", COLORS, width=130,
            **EXPLORE.bind("question.color", question.color, lambda name: explore_session.choose_question(color=name)),
        )  # fmt: skip
        asking.draw_typed(EXPLORE, text(question), ALL_TEXTS, explore_session.read_typed)
        asking.draw_words(word_groups())
    asking.draw_refusal(EXPLORE, explore_session.read_typed)


def draw_sidebar(state: ExploreState) -> None:
    """Draw the models' cards, where own ones are uploaded, and the device."""
    if is_following():
        return
    with st.sidebar:
        if state.family in _FAMILY_PAGES:
            network = NETWORK if state.family == "triples" else state.chain_model
            sections.draw_card(full_name(DOMAIN, network), shows_recipe=True)
            return
        for model in (state.model, baseline_of(state.model)):
            sections.draw_card(full_name(DOMAIN, model), shows_recipe=True)
        st.button("Show the first minute again", icon=":material/replay:", on_click=opening.start)
        draw_upload(lambda own: EXPLORE.update(model=own.name), EXPLORE.notify)
        st.caption(f"Computes on {plain(describe_device(choose_device()))}.")


def draw_page() -> None:
    """Draw the whole page from the session's state."""
    state = EXPLORE.open()
    look = draw_frame(EXPLORE)
    draw_sidebar(state)
    if opening.is_open():
        opening.draw_opening()
        return
    opening.note_seen()
    if state.family in _FAMILY_PAGES:
        _FAMILY_PAGES[state.family](state)
        EXPLORE.write_url()
        return
    view, problem = read_page(state)
    areas = make_areas()
    with areas.answers:
        draw_question(state)
        answers = st.container()
    with areas.controls:
        draw_scene_controls(state, view)
    with areas.picture:
        FOLLOWER.draw(partial(draw_moving, answers, view, problem))
        draw_found(state)
    if view is not None:
        own = {"orders": partial(draw_orders, view, look)}
        sections.draw_closer(EXPLORE_PAGE, SECTIONS, state.section, view, look, own)
    EXPLORE.write_url()


draw_page()
