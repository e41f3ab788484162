"""Explore's questions about a chain of jumps: the path, the answers, and the answer after each step."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import streamlit as st

from pages._lab import layout
from pages._lab.components.stage import SceneEvent
from pages._lab.plain import plain
from pages._lab.sort_of_clevr.chain import (
    ChainTruth,
    ChainView,
    find_chain_truth,
    installed_chains,
    list_chain_words,
    make_shown_chain,
)
from pages._lab.sort_of_clevr.state import ExploreState
from pages._ui import asking
from pages._ui.chain_reading import read_chain_view
from pages._ui.components.scene import draw_scene
from pages._ui.explore import session
from pages._ui.explore.family import FamilyPage
from pages._ui.explore.sections import draw_family
from pages._ui.explore.session import EXPLORE
from pages._ui.options import named
from rn_core.common.errors import RNCoreError
from rn_core.common.seeding import MAX_SEED
from rn_core.tasks.sort_of_clevr.chain import CHAIN_STARTS, N_JUMPS, ChainQuestion
from rn_core.tasks.sort_of_clevr.chain_language import CHAIN_TEXTS, chain_text, parse_chain

#: The box in which these questions are typed.
_BOX = "typed_chain"


def _draw_picture(state: ExploreState, view: ChainView | None) -> None:
    """Draw the scene with the true path, which needs no network."""
    truth = _find_truth(state) if view is None else view.truth
    draw_scene(make_shown_chain(state, truth), key="explore.chain.scene", on_change=_take_event)


def _find_truth(state: ExploreState) -> ChainTruth | None:
    """Return the truth of a question; None where it cannot be asked of the scene."""
    try:
        return find_chain_truth(state)
    except RNCoreError:
        return None


def _take_event(event: SceneEvent) -> None:
    """Move an object of the scene."""
    if event.kind == "move" and event.thing is not None and event.x is not None and event.y is not None:
        session.move_in_chain(event.thing, int(event.x), int(event.y))


def _draw_question(state: ExploreState) -> None:
    """Draw the question, built from two menus or typed."""
    draw_family()
    question = state.chain
    st.html(layout.question_html(chain_text(question), is_old=EXPLORE.problem(_BOX) is not None))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        jumps = EXPLORE.bind("chain.jumps", question.jumps, lambda n: _choose(replace(EXPLORE.state.chain, jumps=n)))
        st.selectbox("Jumps", list(range(N_JUMPS)), width=130, **jumps)
        start = EXPLORE.bind(
            "chain.start", question.start, lambda name: _choose(replace(EXPLORE.state.chain, start=name))
        )
        st.selectbox("from", list(CHAIN_STARTS), width=130, **start)
        asking.draw_typed(EXPLORE, chain_text(question), CHAIN_TEXTS, _read_typed, _BOX)
        asking.draw_words(list_chain_words())
    asking.draw_refusal(EXPLORE, _read_typed, _BOX)


def _choose(question: ChainQuestion) -> dict[str, Any]:
    """Return the change of state that a menu asks for; a typed question's trouble is over."""
    EXPLORE.set_problem(None, _BOX)
    return {"chain": question}


def _read_typed(sentence: str) -> dict[str, Any]:
    """Return the change of state that a typed question asks for; raises QuestionError."""
    return {"chain": parse_chain(sentence)}


def _draw_controls(state: ExploreState) -> None:
    """Draw what changes the network and the scene."""
    names = installed_chains()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.selectbox("Network", list(names), format_func=named(names), width=240, **EXPLORE.bind("chain_model"))
        st.number_input("Scene", 0, MAX_SEED, step=1, width=140, **EXPLORE.bind("seed"))
        st.button("New scene", icon=":material/casino:", on_click=session.next_scene)
        if state.moved is not None:
            st.button("Undo moves", icon=":material/undo:", on_click=lambda: EXPLORE.update(moved=None))
        st.toggle("Draw the true path", **EXPLORE.bind("truth"))


def _draw_steps(view: ChainView) -> None:
    """Draw the answer after each layer or step."""
    left, right = st.columns([6, 5], gap="large")
    with left:
        st.markdown(f"**The answer after each {plain(view.reading.part)}**")
        st.html(view.steps_html())
    with right:
        st.markdown(plain(view.explanation))
        st.caption(plain(view.exactness))


CHAIN_PAGE = FamilyPage[ChainView](
    _BOX, lambda state: chain_text(state.chain), read_chain_view, _draw_question, _draw_controls, _draw_picture,
    _draw_steps,
)  # fmt: skip
