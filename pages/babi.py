"""bAbI: a story, a question in English, the answer, and which pairs of sentences made it."""

from __future__ import annotations

import streamlit as st

from pages._lab.babi import html
from pages._lab.babi.hops import hops_html
from pages._lab.babi.models import EXTENSIONS
from pages._lab.babi.state import STAGES, BabiState
from pages._lab.babi.stories import word_groups
from pages._lab.babi.view import BabiCase, BabiView
from pages._lab.components.stage import SceneEvent
from pages._lab.domains.babi import DOMAIN
from pages._lab.figures import Look
from pages._lab.plain import plain
from pages._ui import asking
from pages._ui.babi import sections
from pages._ui.babi import session as babi_session
from pages._ui.babi.session import BABI, STORY_BOX
from pages._ui.components.scene import draw_scene
from pages._ui.options import named
from pages._ui.pairs import sections as pair_sections
from pages._ui.pairs.page import draw_pair_page
from rn_core.common.seeding import MAX_SEED
from rn_core.tasks.babi.story import TASK_NAMES
from rn_core.tasks.babi.words import WORDS


def take_event(event: SceneEvent, view: BabiView | None) -> None:
    """Do what a person did to the story."""
    if event.thing is not None:
        babi_session.take_edit(event)
    elif view is not None:
        sections.BABI_PAGE.pin(view, event.pair)


def draw_sources(state: BabiState) -> None:
    """Draw where the story comes from."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.selectbox(
            "Task", list(TASK_NAMES), format_func=lambda task: f"{task} · {TASK_NAMES[task]}", width=270,
            **BABI.bind("task"),
        )  # fmt: skip
        st.number_input("Story", 0, MAX_SEED, step=1, width=130, **BABI.bind("seed"))
        st.button("New story", icon=":material/casino:", on_click=babi_session.next_story)
        if state.told is not None or state.question is not None:
            st.button("Undo edits", icon=":material/undo:", on_click=babi_session.reset_story)


def draw_story(case: BabiCase, view: BabiView | None, look: Look) -> None:
    """Draw the sentences with their pairs, or the box in which they are written."""
    state = case.state
    with st.container(horizontal=True, vertical_alignment="center"):
        st.segmented_control(
            "Show",
            list(STAGES),
            format_func=named(STAGES),
            wrap=True,
            label_visibility="collapsed",
            **BABI.bind("stage"),
        )
        st.toggle("Mark the supporting facts", **BABI.bind("truth"))
    if state.stage == "text":
        text = "\n".join(state.statements)
        st.text_area(
            "Sentences, each with its full stop or on its own line",
            height=420,
            **BABI.bind_typed(text, babi_session.read_told, STORY_BOX),
        )
        asking.draw_refusal(BABI, babi_session.read_told, STORY_BOX)
        return
    stage = DOMAIN.make_stage(case, view, dark=look.dark)
    draw_scene(stage, key="babi.story", on_change=lambda event: take_event(event, view))


def draw_question(state: BabiState) -> None:
    """Draw the question: the story's own, typed, or one that has an answer here."""
    asking.draw_line(BABI, state.text, WORDS, babi_session.read_typed)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        suggested = DOMAIN.list_suggested(state)
        chosen = BABI.bind("suggested", None, babi_session.read_suggested)
        st.selectbox("Or pick a question this story answers", suggested, index=None, placeholder="Choose", **chosen)
        st.button("Draw", icon=":material/casino:", on_click=babi_session.draw_anew)
        asking.draw_words(word_groups())


def draw_turns(state: BabiState) -> None:
    """Draw the way to the drawn story's other questions."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Earlier question", icon=":material/chevron_left:", on_click=babi_session.turn_by, args=(-1,),
            disabled=state.turn == 0,
        )  # fmt: skip
        st.button(
            "Later question", icon=":material/chevron_right:", on_click=babi_session.turn_by, args=(1,),
            disabled=state.turn + 1 >= state.n_turns,
        )  # fmt: skip
        st.markdown(f"{state.turn + 1} of {state.n_turns}", width="content")


def draw_answers(case: BabiCase, view: BabiView | None, problem: str | None) -> None:
    """Draw truth and answers; without an answer, the truth and why."""
    shown = html.truth_html(case.truth) if view is None else view.answers_html()
    asking.draw_answers(BABI, shown, case.question, ("typed", STORY_BOX))
    if view is None:
        st.error(plain(problem))
    elif view.hops:
        st.html(hops_html(view.hops, case.truth.support if case.state.truth else ()))


def draw_tools(state: BabiState, view: BabiView | None) -> None:
    """Draw the choice of model, where a file is opened, and what keeps the picture."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        names = DOMAIN.offered_models(state)
        if len(names) > 1:
            st.segmented_control("Relations", list(names), format_func=named(names), wrap=True, **BABI.bind("model"))
        sections.draw_file()
        if view is not None:
            pair_sections.draw_save(sections.BABI_PAGE, view)
    if state.model in EXTENSIONS:
        st.caption(EXTENSIONS[state.model])


def draw_left(case: BabiCase, view: BabiView | None, look: Look) -> None:
    """Draw the story and where it comes from."""
    draw_sources(case.state)
    draw_story(case, view, look)


def draw_right(case: BabiCase, view: BabiView | None, problem: str | None) -> None:
    """Draw the question, its answers, and what keeps them."""
    draw_question(case.state)
    draw_answers(case, view, problem)
    if case.state.told is None:
        draw_turns(case.state)
    draw_tools(case.state, view)


draw_pair_page(DOMAIN, BABI, draw_left, draw_right, {"tasks": sections.draw_tasks})
