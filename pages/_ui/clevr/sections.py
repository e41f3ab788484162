"""The CLEVR page's own sections, and what those that all pages about pairs have need to know of it."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from pages._lab.clevr import html
from pages._lab.clevr.models import sees_pixels
from pages._lab.clevr.nodes import describe_deciding
from pages._lab.clevr.program import make_lanes
from pages._lab.clevr.state import ClevrState
from pages._lab.clevr.truth import Truth
from pages._lab.clevr.view import ClevrCase, ClevrView
from pages._lab.domains.clevr import DOMAIN
from pages._lab.plain import plain
from pages._ui.clevr import session
from pages._ui.clevr.drawing import Drawing, draw_trouble, follow_picture
from pages._ui.clevr.session import CLEVR, COLUMNS, take_table
from pages._ui.kept import widget_event
from pages._ui.pairs import reading
from pages._ui.pairs.sections import PairPage
from rn_core.common.errors import SceneError
from rn_core.tasks.clevr.world import VALUES


def try_view(case: ClevrCase, drawing: Drawing, is_passing: bool = False) -> tuple[ClevrView | None, str | None]:
    """Return what the page shows, or the sentence that says why there is no answer.

    A model that sees pixels has neither yet while its picture is being drawn. Arguments as `reading.read_view`.
    """
    if sees_pixels(case.state.model) and case.picture is None:
        return None, drawing.trouble
    return reading.try_view(DOMAIN, case, is_passing)


def take_away(view: ClevrView) -> ClevrCase:
    """Return the question about the scene without the objects removed, with its picture where one is needed.

    Raises:
        SceneError: if no object is left, or its picture is not there yet.
    """
    case = DOMAIN.take_away(view)
    drawing = follow_picture(case.state) if sees_pixels(case.state.model) else Drawing()
    if drawing.work is not None:
        raise SceneError(f"The picture without {view.removed_text} ({drawing.status}) is drawn before its answer.")
    if drawing.trouble is not None:
        raise SceneError(drawing.trouble)
    return replace(case, picture=drawing.picture)


CLEVR_PAGE = PairPage[ClevrView](DOMAIN, CLEVR, take_away)


def draw_steps(truth: Truth) -> None:
    """Draw the question's program, each step with what it gives on the scene."""
    st.html(html.steps_html(make_lanes(truth.program, truth.outputs)))
    if truth.deciding:
        st.caption(plain(describe_deciding(truth)))


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
    """Draw the table of the scene's objects, in which all but their places can be changed."""
    if state.scene is None:
        st.info("An uploaded picture has no objects to edit; go back to the scene first.")
        return
    rows = {"": list(state.letters)}
    rows |= {name: [getattr(thing, field) for thing in state.things] for name, field in COLUMNS.items()}
    options = {name: st.column_config.SelectboxColumn(options=list(VALUES[field])) for name, field in COLUMNS.items()}
    key = f"clevr.table.{hash(state.edited)}.{state.seed}"
    left, right = st.columns([6, 5], gap="large")
    with left:
        st.data_editor(
            rows, key=key, column_config={"": st.column_config.TextColumn(disabled=True, width=40), **options},
            num_rows="dynamic", hide_index=True, on_change=lambda: take_table(widget_event(key)),
        )  # fmt: skip
    with right:
        st.markdown("Change a cell, add a row, or choose rows and delete them.")
        st.markdown("Places are changed on the **plan**: drag an object there.")
