"""A whole page about the pairs of one question; a domain with controls of its own brings what draws a side of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any

import streamlit as st

from pages._lab import layout
from pages._lab.components.stage import SceneEvent
from pages._lab.domains.base import CaseT, Domain, StateT, ViewT, full_name
from pages._lab.figures import Look
from pages._lab.pairs.view import Case
from pages._lab.plain import plain
from pages._ui import asking
from pages._ui.components.scene import draw_scene
from pages._ui.frame import draw_frame
from pages._ui.kept import Kept
from pages._ui.options import named
from pages._ui.pairs import sections
from pages._ui.pairs.reading import try_view
from pages._ui.pairs.sections import PairPage
from pages._ui.session import PageSession
from rn_core.common.errors import RNCoreError

#: Draws the scene's side of a page: what is asked, what the page shows of it (None without an answer), colors and type.
DrawScene = Callable[[CaseT, ViewT | None, Look], None]
#: Draws the question's side: what is asked, what the page shows of it, and why it shows nothing.
DrawQuestion = Callable[[CaseT, ViewT | None, str | None], None]


def draw_pair_page(
    domain: Domain[StateT, CaseT, ViewT],
    session: PageSession[StateT],
    draw_scene_side: DrawScene[CaseT, ViewT] | None = None,
    draw_question_side: DrawQuestion[CaseT, ViewT] | None = None,
    own: Mapping[str, Callable[[StateT], None]] = MappingProxyType({}),
) -> None:
    """Draw the whole page from the session's state.

    Args:
        domain: what is asked.
        session: keeps the domain's state.
        draw_scene_side: draws the left side; None draws the interactive scene.
        draw_question_side: draws the right side; None draws question, answers and the controls of any domain.
        own: sections that are the page's alone -> what draws each.
    """
    page, state = PairPage(domain, session), session.open()
    look = draw_frame(session)
    case, view, problem = None, None, None
    try:
        case = domain.ask(state)
    except RNCoreError as err:
        problem = str(err)
    if case is not None:
        sections.draw_cards(full_name(domain, model) for model in domain.list_models(case))
        view, problem = try_view(domain, case)
    left, right = st.columns([6, 5], gap="large")
    if case is not None:
        with left:
            (draw_scene_side or partial(_draw_stage, page))(case, view, look)
    with right:
        if case is None or draw_question_side is None:
            _draw_question_side(page, session, case, view, problem)
        else:
            draw_question_side(case, view, problem)
    drawn = {name: partial(draw, state) for name, draw in own.items()}
    sections.draw_closer(page, domain.sections, state.section, view, look, drawn)
    session.write_url()


def _draw_question_side(
    page: PairPage[ViewT], session: PageSession[Any], case: Case | None, view: ViewT | None, problem: str | None
) -> None:
    """Draw the question, the answers or why there are none, and the controls."""
    _draw_question(page.domain, session, case)
    if view is not None:
        asking.draw_answers(session, view.answers_html(), view.case.question)
    elif problem is not None:
        st.error(plain(problem))
    _draw_controls(page, session, view)


def _draw_question(domain: Domain[Any, Any, ViewT], session: PageSession[Any], case: Case | None) -> None:
    """Draw the question, which can be typed, and a button that asks another one."""
    asked = "" if case is None else case.question
    st.html(layout.question_html(asked, is_old=session.problem() is not None))
    st.text_input("Type a question", **session.bind_typed(asked, domain.parse))
    asking.draw_refusal(session, domain.parse)
    st.button("Another question", icon=":material/casino:", on_click=_ask_another, args=(domain, session))


def _ask_another(domain: Domain[Any, Any, ViewT], session: PageSession[Any]) -> None:
    """Ask a suggested question, another one each time; if the scene has none, say so."""
    turns = Kept(session.key("turn"), int)
    try:
        changes = domain.parse(domain.suggest(session.state, turns.get()))
    except RNCoreError as err:
        session.notify(str(err))
        return
    turns.set(turns.get() + 1)
    session.set_problem(None)
    session.update(**changes)


def _draw_controls(page: PairPage[ViewT], session: PageSession[Any], view: ViewT | None) -> None:
    """Draw what changes scene and model, and what keeps the picture."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        names = dict(page.domain.offered_models(session.state))
        if len(names) > 1:
            st.segmented_control("Network", list(names), format_func=named(names), **session.bind("model"))
        st.button("New scene", icon=":material/casino:", on_click=_sample, args=(page.domain, session))
        st.toggle("Mark the deciding pairs", **session.bind("truth"))
        if view is not None:
            sections.draw_save(page, view)


def _sample(domain: Domain[Any, Any, ViewT], session: PageSession[Any]) -> None:
    """Go on to the next sampled scene."""
    session.set(domain.sample(session.state))


def _draw_stage(page: PairPage[ViewT], case: Case, view: ViewT | None, _: Look) -> None:
    """Draw the interactive scene; a click on a pair pins it."""

    def take(event: SceneEvent) -> None:
        if view is not None and event.kind in ("pin", "unpin"):
            page.pin(view, event.pair)

    draw_scene(page.domain.make_stage(case, view), key=page.session.key("scene"), on_change=take)
