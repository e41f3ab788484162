"""Mount the animated table of balls with its pair matrix; its html, css and js lie beside this file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, TypedDict

import streamlit as st

from pages._lab.components.table_view import TableEvent, make_table_data, read_event
from pages._ui.components.answering import Answering
from pages._ui.components.sources import read_sources

_TABLE = Answering[TableEvent](st.components.v2.component("relation_table", **read_sources("table")))


class Ball(TypedDict):
    """One ball: its name and its color."""

    name: str
    rgb: list[int]


class TrueLink(TypedDict):
    """Two balls that are connected, and whether rigidly."""

    i: int
    j: int
    rigid: bool


#: Nested lists of numbers, such as places (F, N, 2) or a matrix (N, N); None where there is no answer.
Numbers = list[Any]


class PredictedPaths(TypedDict):
    """Where a network says that balls go, and its errors beside those of constant velocity; None where not asked."""

    predicted: Numbers | None
    errors: Numbers | None
    baseline_errors: Numbers | None


class TablePayload(PredictedPaths):
    """What the table shows; `make_table_data` says what each entry means."""

    balls: list[Ball]
    half_side: float
    radius: float
    frame_rate: float
    seen: Numbers
    ahead: Numbers | None
    links: list[TrueLink] | None
    guess: Numbers | None
    shares: Numbers | None
    matrix: Literal["guess", "shares"]
    asked: tuple[int, int] | None
    show_links: bool
    show_predicted: bool
    can_pull: bool
    live: bool
    tells_connections: bool
    projector: bool


def draw_table(
    payload: TablePayload, *, key: str, on_change: Callable[[TableEvent], None] | None = None
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

    def read(state: object) -> TableEvent | None:
        return read_event(state, data)

    return _TABLE.draw(data, key=key, read=read, on_change=on_change)
