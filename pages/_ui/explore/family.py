"""The page of questions about more than pairs: question and answers, scene, controls, and what stands below."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import streamlit as st

from pages._lab.plain import plain
from pages._lab.sort_of_clevr.state import ExploreState
from pages._ui import asking
from pages._ui.areas import make_areas
from pages._ui.explore.session import EXPLORE
from rn_core.common.errors import RNCoreError


class Answered(Protocol):
    """What a family's page shows of one question."""

    def answers_html(self) -> str:
        """Return truth and answers as HTML."""
        ...


View = TypeVar("View", bound=Answered)


@dataclass(frozen=True)
class FamilyPage(Generic[View]):
    """How one family of questions is drawn.

    Attributes:
        box: in which its questions are typed.
        text: state -> the question in English.
        read: state -> what is shown; raises RNCoreError where there is no answer.
        draw_question: draws the question, built from menus or typed.
        draw_controls: draws what changes scene and network.
        draw_picture: draws the scene; with None, as it is without an answer.
        draw_below: draws what explains the answer.
    """

    box: str
    text: Callable[[ExploreState], str]
    read: Callable[[ExploreState], View]
    draw_question: Callable[[ExploreState], None]
    draw_controls: Callable[[ExploreState], None]
    draw_picture: Callable[[ExploreState, View | None], None]
    draw_below: Callable[[View], None]

    def draw(self, state: ExploreState) -> None:
        """Draw the page of a state."""
        view, problem = None, None
        try:
            view = self.read(state)
        except RNCoreError as err:
            problem = str(err)
        areas = make_areas()
        with areas.answers:
            self.draw_question(state)
            if view is None:
                st.error(plain(problem))
            else:
                asking.draw_answers(EXPLORE, view.answers_html(), self.text(state), (self.box,))
        with areas.controls:
            self.draw_controls(state)
        with areas.picture:
            self.draw_picture(state, view)
        if view is not None:
            self.draw_below(view)
