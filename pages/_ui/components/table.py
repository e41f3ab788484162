"""Mount the animated table of balls with its pair matrix; its html, css and js lie beside this file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import streamlit as st

from pages._lab.components.table_view import TableEvent, make_table_data, read_event
from pages._ui.components.answering import draw_answering
from pages._ui.components.sources import read_sources

_mount = st.components.v2.component("relation_table", **read_sources("table"))


def draw_table(
    payload: Mapping[str, Any], *, key: str, on_change: Callable[[TableEvent], None] | None = None
) -> TableEvent | None:
    """Draw balls that move on a table, lines of the pairs among them, and the matrix of all pairs.

    Args:
        payload: what to show; `make_table_data` says what it holds.
        key: widget key, unique on the page and the same in every run, so that the browser keeps its state.
        on_change: called with what a person did before the page runs again, as widget callbacks are: change the session
            state there and this one run shows the result. A payload whose seen frames are the same as before says
            that the pull was refused, and the ball goes back.

    Returns:
        The event that caused this run, or None; for pages that pass no `on_change`.

    Raises:
        RNCoreError: if the payload does not fit together.
    """
    data = make_table_data(payload)
    return draw_answering(_mount, data, key=key, read=partial(read_event, data=data), on_change=on_change)
