"""The CLEVR page's own sections, and what those that all pages about pairs have need to know of it."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from pages._lab.clevr import html, saw
from pages._lab.clevr.found import leave_out
from pages._lab.clevr.models import FINDER, MODELS, full_name, locates_objects, sees_picture
from pages._lab.clevr.nodes import describe_deciding
from pages._lab.clevr.program import make_lanes
from pages._lab.clevr.state import ClevrState
from pages._lab.clevr.view import ClevrCase, ClevrView
from pages._lab.domains.clevr import DOMAIN
from pages._lab.pairs.view import PairReading
from pages._lab.plain import plain
from pages._ui.cache import find_answerer
from pages._ui.clevr import session
from pages._ui.clevr.drawing import Drawing, draw_trouble, follow_picture
from pages._ui.clevr.seeing import see_objects
from pages._ui.clevr.session import CLEVR, COLUMNS, PLACES, take_table
from pages._ui.kept import widget_event
from pages._ui.pairs import reading
from pages._ui.pairs.sections import PairPage
from rn_core.attribution.readout import answer_logits
from rn_core.common.errors import RNCoreError, SceneError
from rn_core.tasks.clevr.placement import EXTENT
from rn_core.tasks.clevr.world import VALUES

_ABOUT_PLACES = "x and y are places on the ground, −3 to 3: more x is right and nearer, more y right and farther."


def try_view(case: ClevrCase, drawing: Drawing, is_passing: bool = False) -> tuple[ClevrView | None, str | None]:
    """Return what the page shows, or the sentence that says why there is no answer.

    A model that sees pictures has neither yet while its picture is being drawn. Arguments as `reading.read_view`.
    """
    if sees_picture(case.state.model) and case.picture is None:
        return None, drawing.trouble
    return reading.try_view(DOMAIN, case, is_passing)


def take_away(view: ClevrView) -> ClevrCase:
    """Return the question about the scene without the objects removed, with its picture where one is needed.

    Raises:
        SceneError: if no object is left, or its picture is not there yet.
    """
    case = DOMAIN.take_away(view)
    drawing = follow_picture(case.state) if sees_picture(case.state.model) else Drawing()
    if drawing.work is not None:
        raise SceneError(f"The picture without {view.removed_text} ({drawing.status}) is drawn before its answer.")
    if drawing.trouble is not None:
        raise SceneError(drawing.trouble)
    return replace(case, picture=drawing.picture)


class ClevrPage(PairPage[ClevrView]):
    """The page; from a network that finds objects, those that it found are taken away instead of drawing them anew."""

    def read_smaller(self, view: ClevrView) -> PairReading:
        """Return the reading of the scene without the objects of `state.without`; raises RNCoreError without answer."""
        if not locates_objects(view.state.model):
            return super().read_smaller(view)
        removed = [view.nodes.labels.index(label) for label in view.state.without]
        left = leave_out(view.reading.relations, view.nodes.membership, removed)
        answerer = find_answerer(full_name(view.state.model))
        answer = answerer.read_logits(answer_logits(self.f_phi(view), left), view.question_text)
        return PairReading(answer, view.reading.relations, DOMAIN.take_away(view).answer, {})


CLEVR_PAGE = ClevrPage(DOMAIN, CLEVR, take_away)


def draw_steps(case: ClevrCase) -> None:
    """Draw the question's program, each step with what it gives on the scene."""
    truth = case.truth
    if case.state.source == "image" and case.state.scene is not None:
        st.caption("Letters and truth are those of the objects that were found; “Edit the scene” corrects them.")
    st.html(html.steps_html(make_lanes(truth.program, truth.outputs)))
    if truth.deciding:
        st.caption(plain(describe_deciding(truth)))


def draw_saw(case: ClevrCase) -> None:
    """Draw what the network found in the picture, beside what there is."""
    state = case.state
    if not locates_objects(state.model):
        st.info(f"This network finds no objects by itself; choose “{MODELS[FINDER]}” to see what one finds.")
    elif case.picture is None:
        st.info("The picture is not there yet.")
    elif state.scene is None:
        st.info("Nothing is known of this picture's objects.")
    else:
        try:
            marks = saw.make_marks(state.scene, see_objects(state.model, case.picture))
        except RNCoreError as err:
            st.error(plain(err))
            return
        left, right = st.columns([6, 5], gap="large")
        left.html(saw.saw_html(case.picture.data_url, marks))
        right.markdown(plain(saw.describe_marks(marks)))
        right.html(saw.seen_html(marks, "The table says" if state.source == "image" else "There is"))


def draw_thumbnail(state: ClevrState) -> None:
    """Draw the picture small beside the plan; one of an older scene says so, and is drawn again on demand."""
    drawing = follow_picture(state) if session.is_picture_wanted(state) else Drawing()
    if drawing.trouble:
        draw_trouble(drawing)
    if drawing.picture is not None:
        session.keep_picture(state, drawing.picture)
    shown, picture = session.kept_picture()
    is_old = shown != session.scene_of(state).to_json()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.image(picture.pixels, width=300, output_format="JPEG")
        with st.container():
            st.markdown("⚠ The picture shows an **older scene**." if is_old else "The same scene as a picture.")
            if is_old and drawing == Drawing():
                st.button("Draw it again", icon=":material/photo_camera:", on_click=session.ask_for_picture)


def draw_table(state: ClevrState) -> None:
    """Draw the table of the scene's objects; places are changed there only where an uploaded picture was looked at."""
    if state.scene is None:
        st.info("An uploaded picture has no objects to edit; go back to the scene first.")
        return
    is_own = state.source == "image"
    rows = {"": list(state.letters)}
    rows |= {name: [getattr(thing, field) for thing in state.things] for name, field in COLUMNS.items()}
    options = {name: st.column_config.SelectboxColumn(options=list(VALUES[field])) for name, field in COLUMNS.items()}
    if is_own:
        rows |= {name: [getattr(thing, name) for thing in state.things] for name in PLACES}
        number = st.column_config.NumberColumn(min_value=-EXTENT, max_value=EXTENT, step=0.01)
        options |= dict.fromkeys(PLACES, number)
    key = f"clevr.table.{hash(state.edited)}.{state.seed}"
    left, right = st.columns([6, 5], gap="large")
    with left:
        st.data_editor(
            rows, key=key, column_config={"": st.column_config.TextColumn(disabled=True, width=40), **options},
            num_rows="dynamic", hide_index=True, on_change=lambda: take_table(widget_event(key)),
        )  # fmt: skip
    with right:
        if is_own:
            st.markdown(f"`{FINDER}` found these objects in the picture, and the truth is theirs: **correct them**.")
        st.markdown("Change a cell, add a row, or choose rows and delete them.")
        st.markdown(_ABOUT_PLACES if is_own else "Places are changed on the **plan**: drag an object there.")
