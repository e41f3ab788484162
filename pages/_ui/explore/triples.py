"""Explore's questions about three objects: the scene, the answer, and what each triple adds to it."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import streamlit as st

from pages._lab import layout
from pages._lab.components.stage import SceneEvent
from pages._lab.plain import plain
from pages._lab.sort_of_clevr.state import ExploreState
from pages._lab.sort_of_clevr.triples import (
    TripleView,
    list_triple_words,
    make_triple_stage,
)
from pages._lab.words import TRIPLE_NAMES
from pages._ui import asking
from pages._ui.components.scene import draw_scene
from pages._ui.explained import draw_explained
from pages._ui.explore import session
from pages._ui.explore.family import FamilyPage
from pages._ui.explore.sections import draw_family
from pages._ui.explore.session import EXPLORE
from pages._ui.options import named
from pages._ui.triple_reading import read_triple_view
from rn_core.common.seeding import MAX_SEED
from rn_core.tasks.sort_of_clevr import COLORS
from rn_core.tasks.sort_of_clevr.triple_language import TRIPLE_TEXTS, parse_triple, triple_text

#: The box in which these questions are typed.
_BOX = "typed_triple"


def _draw_picture(state: ExploreState, view: TripleView | None) -> None:
    """Draw the scene with the strongest triples."""
    draw_scene(make_triple_stage(state, view), key="explore.triples.scene", on_change=_take_event)


def _take_event(event: SceneEvent) -> None:
    """Do what a person did to the scene."""
    thing = event.thing
    if thing is not None and event.kind == "move":
        session.edit_scene(lambda scene: scene.replace(thing, x=event.x, y=event.y))
    elif thing is not None:
        session.toggle_shape(thing)


def _draw_question(state: ExploreState) -> None:
    """Draw the question, built from three menus or typed."""
    draw_family()
    question = state.triple
    st.html(layout.question_html(triple_text(question), is_old=EXPLORE.problem(_BOX) is not None))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.selectbox(
            "Ask", list(TRIPLE_NAMES), format_func=named(TRIPLE_NAMES), width=290 if state.projector else 240,
            **EXPLORE.bind("triple.type", question.type, partial(_choose, "type")),
        )  # fmt: skip
        for name, color in (("first", question.first), ("second", question.second)):
            bound = EXPLORE.bind(f"triple.{name}", color, partial(_choose, name))
            st.selectbox(plain({"first": "A", "second": "B"}[name]), COLORS, width=120, **bound)
        asking.draw_typed(EXPLORE, triple_text(question), TRIPLE_TEXTS, _read_typed, _BOX)
        asking.draw_words(list_triple_words())
    asking.draw_refusal(EXPLORE, _read_typed, _BOX)


def _choose(field: str, value: str) -> dict[str, Any]:
    """Return the change of state that a menu asks for; naming an object twice changes nothing."""
    EXPLORE.set_problem(None, _BOX)
    old = EXPLORE.state.triple
    if field != "type" and value in (old.first, old.second):
        return {"triple": old}
    return {"triple": replace(old, **{field: value})}


def _read_typed(sentence: str) -> dict[str, Any]:
    """Return the change of state that a typed question asks for; raises QuestionError."""
    return {"triple": parse_triple(sentence)}


def _draw_controls(state: ExploreState) -> None:
    """Draw what changes the scene."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.number_input("Scene", 0, MAX_SEED, step=1, width=140, **EXPLORE.bind("seed"))
        st.button("New scene", icon=":material/casino:", on_click=session.next_scene)
        if state.edited is not None:
            st.button("Undo edits", icon=":material/undo:", on_click=session.reset_scene)
        st.toggle("Mark the deciding triples", **EXPLORE.bind("truth"))


def _draw_shares(view: TripleView) -> None:
    """Draw what each triple adds, strongest first."""
    left, right = st.columns([6, 5], gap="large")
    with left:
        st.markdown("**What each triple adds**")
        st.html(view.rows_html())
    with right:
        draw_explained(view.describe_sum())
        st.caption(
            "The network sums over the triples (A, B, k): the two objects that the question names, and each object k, "
            "A and B among them. Triangles in the scene are the three strongest triples; blue speaks for the answer, "
            "orange against it. A network over pairs sees (A, k) and (B, k) alone, never all three at once."
        )


TRIPLES_PAGE = FamilyPage[TripleView](
    _BOX, lambda state: triple_text(state.triple), read_triple_view, _draw_question, _draw_controls, _draw_picture,
    _draw_shares,
)  # fmt: skip
