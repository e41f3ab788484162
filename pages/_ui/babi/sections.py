"""The bAbI page's own sections, and what those that all pages about pairs have need to know of it."""

from __future__ import annotations

import streamlit as st

from pages._lab.babi.state import BabiState
from pages._lab.babi.view import BabiView
from pages._lab.babi_tasks import tasks_html
from pages._lab.domains.babi import DOMAIN
from pages._lab.lanes import find_entries, make_lanes
from pages._lab.plain import plain
from pages._ui.babi import session
from pages._ui.babi.session import BABI
from pages._ui.classroom.seats import is_following
from pages._ui.pairs.sections import PairPage
from rn_core.common.errors import RNCoreError
from rn_core.weights.store import list_weights

BABI_PAGE = PairPage[BabiView](DOMAIN, BABI)


def draw_file() -> None:
    """Draw what opens a published file."""
    if is_following():
        return
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
