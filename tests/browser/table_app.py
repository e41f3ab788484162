"""The animated table, for the tests of its component: it keeps its pulls and counts its runs."""

import json

import numpy as np
import streamlit as st

from pages._lab.components.table_view import ConnectionsShown, PairAsked, TableEvent
from pages._ui.components.table import draw_table

COLORS = {"red": (214, 39, 40), "green": (44, 160, 44), "blue": (31, 119, 180), "gray": (127, 127, 127)}
GUESS = [[None, 0.9, 0.2, 0.05], [0.9, None, 0.02, 0.01], [0.2, 0.02, None, 0.6], [0.05, 0.01, 0.6, None]]
SHARES = [[0, 1.5, 0, -0.2], [1.5, 0, 0.1, 0], [0, 0.1, 0, -1], [-0.2, 0, -1, 0]]
CROSSING = [[0, 0, 0, 1.5], [0, 0, 1, 0], [0, 1, 0, 0], [1.5, 0, 0, 0]]


def follow(event: TableEvent) -> None:
    """Take a pull, or what is to be shown or asked, into the session."""
    state = st.session_state
    if isinstance(event, ConnectionsShown):
        state.connections = event.shown
    elif isinstance(event, PairAsked):
        state.asked = [event.i, event.j]
    else:
        state.pulls.append([event.ball, event.frame, *event.to])


def move_balls(crosses: bool) -> np.ndarray:
    """Return where the balls are, (20, 4, 2), in meters."""
    start = np.array([[-0.5, 0.5], [0.0, 0.5], [-0.4, -0.4], [0.6, -0.6]])
    if crosses:
        start[3] = 0.2, -0.4  # between red and gray lies what lies between green and blue
    for ball, _, x, y in st.session_state.pulls:
        if x > 0:  # others are refused
            start[ball] = x, y
    ways = np.array([[0.02, 0.0], [0.0, -0.01], [0.01, 0.01], [0.0, 0.02]])
    return start + ways * np.arange(20)[:, None, None]


def draw(key: str, query: dict[str, str]) -> None:
    """Draw the table that a query asks for, and what the session holds."""
    state = st.session_state
    state.setdefault("pulls", [])
    state.runs = state.get("runs", 0) + 1
    crosses, ahead = "crossing" in query, "ahead" in query
    frames = move_balls(crosses)
    draw_table(
        {
            "balls": [{"name": name, "rgb": rgb} for name, rgb in COLORS.items()],
            "half_side": 1.0,
            "radius": 0.06,
            "frame_rate": 10,
            "seen": frames[:16],
            "ahead": frames[16:] if ahead else None,
            "predicted": frames[16:] + 0.1 if ahead else None,
            "errors": [0.01, 0.02, 0.03, 0.04] if ahead else None,
            "baseline_errors": [0.1, 0.2, 0.3, 0.4] if ahead else None,
            "links": [{"i": 0, "j": 1, "rigid": False}, {"i": 2, "j": 3, "rigid": True}],
            "guess": None if ahead else GUESS,
            "shares": CROSSING if crosses else SHARES,
            "matrix": "shares" if "shares" in query else "guess",
            "asked": state.get("asked", [0, 1]) if "asks" in query else None,
            "show_links": state.get("connections", False),
            "tells_connections": "tells" in query,
            "can_pull": "frozen" not in query,
        },
        key=key,
        on_change=follow,
    )
    shown = {
        "runs": state.runs,
        "pulls": state.pulls,
        "connections": state.get("connections"),
        "asked": state.get("asked"),
    }
    st.text(json.dumps(shown))
