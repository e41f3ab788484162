"""A small app with the animated table, for the tests of its component."""

import json

import numpy as np
import streamlit as st

from pages._lab.components.table_view import ConnectionsShown, PairAsked
from pages._ui.components.table import draw_table
from tests.browser.component_app import begin_anew

key, query = begin_anew()
state = st.session_state
state.setdefault("pulls", [])
state.runs = state.get("runs", 0) + 1


def follow(event):
    if isinstance(event, ConnectionsShown):
        state.connections = event.shown
    elif isinstance(event, PairAsked):
        state.asked = [event.i, event.j]
    else:
        state.pulls.append([event.ball, event.frame, *event.to])


colors = {"red": (214, 39, 40), "green": (44, 160, 44), "blue": (31, 119, 180), "gray": (127, 127, 127)}
start = np.array([[-0.5, 0.5], [0.0, 0.5], [-0.4, -0.4], [0.6, -0.6]])
if query.get("crossing") is not None:
    start[3] = 0.2, -0.4  # between red and gray lies what lies between green and blue
for ball, _, x, y in state.pulls:
    if x > 0:  # others are refused
        start[ball] = x, y
ways = np.array([[0.02, 0.0], [0.0, -0.01], [0.01, 0.01], [0.0, 0.02]])
frames = start + ways * np.arange(20)[:, None, None]
ahead = query.get("ahead") is not None
guess = [[None, 0.9, 0.2, 0.05], [0.9, None, 0.02, 0.01], [0.2, 0.02, None, 0.6], [0.05, 0.01, 0.6, None]]
shares = [[0, 1.5, 0, -0.2], [1.5, 0, 0.1, 0], [0, 0.1, 0, -1], [-0.2, 0, -1, 0]]
if query.get("crossing") is not None:
    shares = [[0, 0, 0, 1.5], [0, 0, 1, 0], [0, 1, 0, 0], [1.5, 0, 0, 0]]
draw_table(
    {
        "balls": [{"name": name, "rgb": rgb} for name, rgb in colors.items()],
        "half_side": 1.0,
        "radius": 0.06,
        "frame_rate": 10,
        "seen": frames[:16],
        "ahead": frames[16:] if ahead else None,
        "predicted": frames[16:] + 0.1 if ahead else None,
        "errors": [0.01, 0.02, 0.03, 0.04] if ahead else None,
        "baseline_errors": [0.1, 0.2, 0.3, 0.4] if ahead else None,
        "links": [{"i": 0, "j": 1, "rigid": False}, {"i": 2, "j": 3, "rigid": True}],
        "guess": None if ahead else guess,
        "shares": shares,
        "matrix": "guess" if query.get("shares") is None else "shares",
        "asked": state.get("asked", [0, 1]) if query.get("asks") is not None else None,
        "show_links": state.get("connections", False),
        "tells_connections": query.get("tells") is not None,
        "can_pull": query.get("frozen") is None,
    },
    key=key,
    on_change=follow,
)
st.text(json.dumps({name: state.get(name) for name in ("runs", "pulls", "connections", "asked")}))
