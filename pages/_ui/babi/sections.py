"""The bAbI page's own sections, and what those that all pages about pairs have need to know of it."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from pages._lab.babi.models import full_name, models_beside
from pages._lab.babi.stage import make_saved_stage
from pages._lab.babi.state import BASELINES, LABELS, BabiState
from pages._lab.babi.truth import Truth, find_truth
from pages._lab.babi.view import BabiView, choose_target, make_babi_view
from pages._lab.pairs.view import GroupReading, second_method
from pages._lab.plain import plain
from pages._lab.results.tasks import tasks_html
from pages._lab.results.view import find_entries, make_lanes
from pages._ui.babi import session
from pages._ui.babi.session import BABI
from pages._ui.cache import (
    cached_answer_beside,
    cached_group_attribution,
    cached_group_ranking,
    cached_group_reading,
    domain_answerer,
)
from pages._ui.pairs.sections import PairPage
from rn_core.attribution.faithfulness import Faithfulness, KeepingSet
from rn_core.common.errors import RNCoreError
from rn_core.weights.store import list_weights


def try_view(state: BabiState, truth: Truth) -> tuple[BabiView | None, str | None]:
    """Return what the page shows, or the sentence that says why there is no answer."""
    try:
        return read_view(state, truth), None
    except RNCoreError as err:
        return None, str(err)


def read_models(state: BabiState, truth: Truth) -> GroupReading:
    """Ask the chosen model and those beside it; raises RNCoreError if the chosen one cannot answer."""
    asked = (state.text, state.statements)
    reading = cached_group_reading(full_name(state.model), *asked)
    others = {name: cached_answer_beside(full_name(name), *asked) for name in models_beside(state.model)}
    return replace(reading, truth=truth.answer, others=others)


def read_view(state: BabiState, truth: Truth) -> BabiView:
    """Ask the models and put together what the page shows; raises RNCoreError if they cannot answer."""
    reading = read_models(state, truth)
    asked = (full_name(state.model), state.text, state.statements, choose_target(state, reading.answer))
    methods = (state.method, second_method(state.method))
    return make_babi_view(state, reading, truth, *(cached_group_attribution(*asked, method) for method in methods))


def read_smaller(view: BabiView) -> GroupReading:
    """Return the reading of the story without the sentences taken away; raises RNCoreError if none is left."""
    state = view.state
    for label in view.state.without:
        state = state.mark(LABELS.index(label), dropped=True)
    return read_models(state, find_truth(state))


def rank(view: BabiView) -> tuple[Faithfulness, KeepingSet]:
    """Return how well the ranking of the view's pairs holds up."""
    state = view.state
    return cached_group_ranking(full_name(state.model), state.text, state.statements, view.target, state.method)


BABI_PAGE = PairPage[BabiView](
    session=BABI,
    f_phi=lambda view: domain_answerer(full_name(view.state.model)).model.pair_core.f_phi,
    ranking=rank,
    removable=lambda view: dict(zip(view.nodes.labels, view.nodes.names, strict=True)),
    read_smaller=read_smaller,
    make_stage=make_saved_stage,
    baselines=BASELINES,
)


def draw_file() -> None:
    """Draw what opens a published file."""
    with st.popover("Open a bAbI file", icon=":material/upload_file:"):
        st.file_uploader("A published file, such as qa2_train.txt", key=session.FILE, on_change=session.take_file)
        st.number_input("Which of its stories", 1, step=1, key=session.NUMBER, on_change=session.take_file)


def draw_tasks(state: BabiState) -> None:
    """Draw the table of all tasks, ours beside what others measured."""
    try:
        entries = find_entries("babi", list_weights())
    except RNCoreError as err:
        st.error(plain(err))
        entries = {}
    st.html(tasks_html(make_lanes("babi", entries), state.task))
