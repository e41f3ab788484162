"""The first minute on Explore: a browser's first visit begins with a few steps, which can be skipped."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import streamlit as st

from pages._lab.domains.sort_of_clevr import DOMAIN
from pages._lab.plain import escape, plain
from pages._lab.sort_of_clevr.opening import OPENING, Step, make_steps, strongest_pair
from pages._lab.sort_of_clevr.picture import make_plain_view, make_scene_view
from pages._lab.sort_of_clevr.view import ExploreView
from pages._ui.classroom.seats import is_student
from pages._ui.components.scene import draw_scene
from pages._ui.explore.session import EXPLORE
from pages._ui.kept import Kept, nothing
from pages._ui.pairs.reading import read_view
from rn_core.common.errors import RNCoreError

#: The step that is shown, from 0; None while the opening is closed.
_STEP: Kept[int | None] = Kept(EXPLORE.key("opening"), nothing)
#: Whether this session has been asked whether it is a browser's first visit.
_ASKED = Kept(EXPLORE.key("opening.asked"), bool)
#: Whether the browser is still to be told that it has seen the opening.
_TO_NOTE = Kept(EXPLORE.key("opening.to_note"), bool)
_COOKIE = "rn_opening"
_NOTE = f"<script>document.cookie = '{_COOKIE}=seen; max-age=31536000; path=/; SameSite=Lax'</script>"
_STYLE = """
<style>
.rn-step {font-size: 1.9rem; font-weight: 700; line-height: 1.15; margin: 0 0 .4rem}
.rn-told {font-size: 1.35rem; line-height: 1.4; margin: 0 0 .6rem; max-width: 34rem}
</style>
"""


def is_first_visit() -> bool:
    """Return whether a browser opens the plain address and has not seen the opening.

    Who has no browser sends no headers, and nothing could be noted there. Students in a class see the teacher's page.
    """
    is_plain = bool(st.context.headers.to_dict()) and not st.query_params.to_dict()
    return is_plain and _COOKIE not in st.context.cookies and not is_student()


def is_open() -> bool:
    """Return whether the opening is shown; a first visit opens it."""
    if not _ASKED.get():
        _ASKED.set(True)
        if is_first_visit():
            _STEP.set(0)
    return _STEP.get() is not None


def start() -> None:
    """Show the opening from its first step."""
    _STEP.set(0)


def close() -> None:
    """Close the opening and leave its scene on the page."""
    _STEP.set(None)
    _TO_NOTE.set(True)
    EXPLORE.set(OPENING.change(projector=EXPLORE.state.projector))


def turn_to(step: int) -> None:
    """Show another step."""
    _STEP.set(step)


def note_seen() -> None:
    """Let the browser remember that it has seen the opening."""
    if _TO_NOTE.drop():
        st.html(_NOTE, unsafe_allow_javascript=True)


def draw_opening() -> None:
    """Draw the step that is shown; without an answer there is no opening."""
    try:
        view = read_view(DOMAIN, DOMAIN.ask(OPENING.change(projector=EXPLORE.state.projector)))
    except RNCoreError as err:
        close()
        st.error(plain(err))
        return
    steps = make_steps(view)
    number = min(_STEP.get() or 0, len(steps) - 1)
    st.html(_STYLE)
    words, picture = st.columns([5, 6], gap="large")
    with picture:
        _draw_picture(view, steps[number])
    with words:
        _draw_words(view, steps, number)


def _draw_picture(view: ExploreView, step: Step) -> None:
    """Draw the scene as a step shows it; nothing can be moved here."""
    stage = make_plain_view(view.state)
    if step.pairs:
        kept = np.zeros_like(view.matrix)
        kept[strongest_pair(view)] = 1
        weights = view.matrix * kept if step.alone else view.matrix
        stage = replace(make_scene_view(view), weights=weights, show_truth=False)
    draw_scene(stage.make_fixed(), key=EXPLORE.key("opening.scene"))


def _draw_words(view: ExploreView, steps: tuple[Step, ...], number: int) -> None:
    """Draw what a step says, and the ways on."""
    step = steps[number]
    st.html(
        f'<p class="rn-aside">A Relation Network in one minute · {number + 1} of {len(steps)}</p>'
        f'<h2 class="rn-step">{escape(step.name)}</h2><p class="rn-told">{escape(step.sentence)}</p>'
    )
    if step.answers:
        st.html(view.answers_html())
    with st.container(horizontal=True, vertical_alignment="center"):
        if number + 1 < len(steps):
            st.button(
                "Next", type="primary", icon=":material/arrow_forward:", key=EXPLORE.key("opening.next"),
                on_click=turn_to, args=(number + 1,),
            )  # fmt: skip
        if number:
            st.button(
                "Back", icon=":material/arrow_back:", key=EXPLORE.key("opening.back"),
                on_click=turn_to, args=(number - 1,),
            )  # fmt: skip
        last = number + 1 == len(steps)
        st.button(
            "Start" if last else "Skip", type="primary" if last else "tertiary", key=EXPLORE.key("opening.close"),
            on_click=close,
        )  # fmt: skip
