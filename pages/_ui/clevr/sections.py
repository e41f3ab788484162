"""The CLEVR page's own sections, and what those that all pages about pairs have need to know of it."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from pages._lab.clevr import html
from pages._lab.clevr.models import full_name, models_beside, sees_pixels
from pages._lab.clevr.nodes import describe_deciding
from pages._lab.clevr.pictures import Picture
from pages._lab.clevr.program import make_lanes
from pages._lab.clevr.stages import make_saved_stage
from pages._lab.clevr.state import BASELINES, ClevrState
from pages._lab.clevr.things import LETTERS, name_things
from pages._lab.clevr.truth import Truth, find_truth
from pages._lab.clevr.view import ClevrView, choose_target, make_clevr_view
from pages._lab.pairs.view import GroupReading, second_method
from pages._lab.plain import plain
from pages._ui.cache import (
    cached_answer_beside,
    cached_group_attribution,
    cached_group_ranking,
    cached_group_reading,
    find_answerer,
)
from pages._ui.clevr import session
from pages._ui.clevr.drawing import Drawing, draw_trouble, follow_picture
from pages._ui.clevr.session import CLEVR, COLUMNS, take_table
from pages._ui.kept import widget_event
from pages._ui.pairs.sections import PairPage
from rn_core.attribution.faithfulness import Faithfulness, KeepingSet
from rn_core.common.errors import RNCoreError, SceneError
from rn_core.tasks.clevr import ClevrScene
from rn_core.tasks.clevr.world import VALUES


def try_view(state: ClevrState, truth: Truth, drawing: Drawing) -> tuple[ClevrView | None, str | None]:
    """Return what the page shows, or the sentence that says why there is no answer.

    A model that sees pixels has neither yet while its picture is being drawn.
    """
    if sees_pixels(state.model) and drawing.picture is None:
        return None, drawing.trouble
    try:
        return read_view(state, truth, drawing.picture), None
    except RNCoreError as err:
        return None, str(err)


def read_models(state: ClevrState, truth: Truth, picture: Picture | None) -> GroupReading:
    """Ask the chosen model and those beside it; raises RNCoreError if the chosen one cannot answer."""
    reading = cached_group_reading(full_name(state.model), state.question, seen_by(state.model, state, picture))
    names = models_beside(state.model, state.scene is not None)
    others = {
        name: cached_answer_beside(full_name(name), state.question, seen_by(name, state, picture)) for name in names
    }
    return replace(reading, truth=truth.answer, others=others)


def seen_by(model: str, state: ClevrState, picture: Picture | None) -> ClevrScene | Picture:
    """Return what a model sees of the state's scene; raises SceneError if there is no such thing."""
    if not sees_pixels(model):
        return session.scene_of(state)
    if picture is None:
        raise SceneError("This network sees the picture, and there is none yet; wait until it is drawn.")
    return picture


def read_view(state: ClevrState, truth: Truth, picture: Picture | None) -> ClevrView:
    """Ask the models and put together what the page shows; raises RNCoreError if they cannot answer."""
    reading = read_models(state, truth, picture)
    target = choose_target(state, reading.answer, truth)
    asked = (full_name(state.model), state.question, seen_by(state.model, state, picture), target)
    methods = (state.method, second_method(state.method))
    return make_clevr_view(
        state, reading, truth, picture, *(cached_group_attribution(*asked, method) for method in methods)
    )


def read_smaller(view: ClevrView) -> GroupReading:
    """Return the reading of the scene without the objects taken away; raises RNCoreError if none is left."""
    left = tuple(thing for k, thing in enumerate(view.state.things) if LETTERS[k] not in view.state.without)
    if not left:
        raise SceneError("No object is left; keep one at least.")
    state = view.state.edit(left)
    drawing = follow_picture(state) if sees_pixels(state.model) else Drawing()
    if drawing.work is not None:
        raise SceneError(f"The picture without {view.removed_text} ({drawing.status}) comes first, then its answer.")
    if drawing.trouble is not None:
        raise SceneError(drawing.trouble)
    return read_models(state, find_truth(state.question, state.scene), drawing.picture)


def rank(view: ClevrView) -> tuple[Faithfulness, KeepingSet]:
    """Return how well the ranking of the view's pairs holds up."""
    state = view.state
    seen = seen_by(state.model, state, view.picture)
    return cached_group_ranking(full_name(state.model), state.question, seen, view.target, state.method)


CLEVR_PAGE = PairPage[ClevrView](
    session=CLEVR,
    f_phi=lambda view: find_answerer(full_name(view.state.model)).model.pair_core.f_phi,
    ranking=rank,
    removable=lambda view: dict(zip(view.state.letters, name_things(view.state.things), strict=True)),
    read_smaller=read_smaller,
    make_stage=make_saved_stage,
    baselines=BASELINES,
)


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
