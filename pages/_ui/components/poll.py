"""Mount what asks a page now and then whether there is something new, while the tab is visible."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypedDict

import streamlit as st

from pages._ui.components.sources import read_sources

_mount = st.components.v2.component("poll", **read_sources("poll"))


class _Poll(TypedDict):
    """What the browser gets: seconds between two questions."""

    every: float


@st.fragment
def draw_poll(every: float, *, key: str, on_ask: Callable[[], None]) -> None:
    """Draw nothing that is seen; a question costs a run of this empty fragment unless `on_ask` asks for another.

    Args:
        every: seconds between two questions.
        key: widget key, unique on the page and the same in every run.
        on_ask: called at each question; `st.rerun` in it chooses what is drawn again in place of nothing.
    """
    data: _Poll = {"every": every}
    _mount(key=key, data=data, on_asked_change=on_ask)
