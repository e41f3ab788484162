"""How it works: one question's forward pass, step by step, from the image to the answer."""

from __future__ import annotations

import streamlit as st

from pages._lab import layout
from pages._lab.domains.base import full_name
from pages._lab.domains.sort_of_clevr import DOMAIN
from pages._lab.figures import Look
from pages._lab.models import baseline_of, is_own
from pages._lab.plain import plain
from pages._lab.ready_figure import digest_inputs
from pages._lab.sort_of_clevr.state import ExploreState
from pages._lab.sort_of_clevr.view import make_case, make_reading
from pages._lab.walk import html as walk_html
from pages._lab.walk.diagram import make_diagram
from pages._lab.walk.state import WalkState, count_steps
from pages._lab.walk.steps import find_step
from pages._lab.walk.view import WalkView, choose_walk_target
from pages._lab.words import QUESTION_NAMES
from pages._ui.cache import cached_attribution, find_answerer, keep_view
from pages._ui.classroom.seats import is_following
from pages._ui.components.diagram import draw_diagram
from pages._ui.frame import draw_frame
from pages._ui.options import named
from pages._ui.own_models import model_names
from pages._ui.pairs.reading import read_models
from pages._ui.sharing import draw_link
from pages._ui.walk import sections as walk_sections
from pages._ui.walk import session as walk_session
from pages._ui.walk.passes import find_thought, find_walk
from pages._ui.walk.session import WALK
from rn_core.attribution.tracing import MLPTrace
from rn_core.common.errors import RNCoreError, WeightsError
from rn_core.common.seeding import MAX_SEED
from rn_core.tasks.sort_of_clevr import COLORS
from rn_core.tasks.sort_of_clevr.language import text
from rn_core.tasks.sort_of_clevr.questions import QUESTION_TYPES


def find_view(state: WalkState) -> WalkView:
    """Return what the page shows, which sessions share unless the model is the session's own; errors as `read_view`."""
    if is_own(state.model):
        return read_view(state)
    return keep_view(digest_inputs(state), lambda: read_view(state))


def read_view(state: WalkState) -> WalkView:
    """Ask the models and put together what the page shows; raises RNCoreError if they cannot answer."""
    case = make_case(ExploreState(seed=state.seed, edited=state.edited, question=state.question, model=state.model))
    reading = make_reading(case, read_models(DOMAIN, case))
    target = choose_walk_target(state, reading)
    name = full_name(DOMAIN, state.model)
    shares = cached_attribution(name, case.question, DOMAIN.show(case, state.model), target, "exact_path").contributions
    return WalkView(
        state=state,
        core=find_answerer(name).model.pair_core.last_hop,
        walk=find_walk(state, state.deal),
        plain=find_walk(state, 0),
        reading=reading,
        target=target,
        contributions=shares.numpy(),
        thought=read_thought(state, state.deal),
        plain_thought=read_thought(state, 0),
    )


def read_thought(state: WalkState, deal: int) -> MLPTrace | None:
    """Return the MLP's forward pass; None if its weights cannot be used: the page works without it."""
    try:
        return find_thought(state, baseline_of(state.model), deal)
    except WeightsError:
        return None


def draw_head(state: WalkState) -> None:
    """Draw the question, and the ways to another one, to Explore, and to a link."""
    words, tools = st.columns([5, 4], vertical_alignment="center")
    words.html(layout.question_html(text(state.question)))
    with tools.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center"):
        with st.popover("Change", icon=":material/tune:"):
            draw_settings(state)
        if not is_following():
            with st.popover("Share", icon=":material/ios_share:"):
                draw_link(WALK.link(), "A link to this step")
        st.page_link(
            "pages/explore.py", label="Explore it", icon=":material/hub:", query_params=state.to_shared_query()
        )


def draw_settings(state: WalkState) -> None:
    """Draw what changes scene, question and model."""
    names = model_names()
    st.segmented_control("The network sees", list(names), format_func=named(names), **WALK.bind("model"))
    question = state.question
    st.selectbox(
        "Ask", QUESTION_TYPES, format_func=named(QUESTION_NAMES),
        **WALK.bind("question.type", question.type, lambda name: walk_session.choose_question(type=name)),
    )  # fmt: skip
    st.selectbox(
        "about", COLORS,
        **WALK.bind("question.color", question.color, lambda name: walk_session.choose_question(color=name)),
    )  # fmt: skip
    st.number_input("Scene", 0, MAX_SEED, step=1, **WALK.bind("seed"))
    st.button("New scene", icon=":material/casino:", on_click=walk_session.next_scene)


def draw_steps(view: WalkView) -> None:
    """Draw the whole network, whose stages are the steps, and the buttons back and next, which arrow keys press too."""
    state, n_steps = view.state, count_steps(view.state.model)
    draw_diagram(make_diagram(view), n_steps, key="walk.diagram", on_step=lambda step: WALK.update(step=step))
    with st.container(horizontal=True, horizontal_alignment="distribute", key="walk.stepper"):
        st.button("Back", shortcut="Left", disabled=state.step == 1, on_click=walk_session.go, args=(-1,))
        st.button("Next", shortcut="Right", disabled=state.step == n_steps, on_click=walk_session.go, args=(1,))


def draw_walk(view: WalkView, look: Look) -> None:
    """Draw the step, and what stands under all of them."""
    picture, words = st.columns([6, 5], gap="large")
    with picture:
        walk_sections.DRAW[find_step(view).picture](view, look)
    with words:
        walk_sections.draw_explanation(view)
    walk_sections.draw_order(view)
    if view.state.mlp:
        walk_sections.draw_thought(view, look)


def draw_page() -> None:
    """Draw the whole page from the session's state."""
    state = WALK.open()
    look = draw_frame(WALK)
    st.html(walk_html.STYLE)
    draw_head(state)
    try:
        view = find_view(state)
    except RNCoreError as err:
        st.error(plain(err))
    else:
        draw_steps(view)
        draw_walk(view, look)
    WALK.write_url()


draw_page()
