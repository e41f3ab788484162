"""Mount the interactive pictures of pairs: components v2 whose html, css and js lie beside this file."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import streamlit as st

from pages._ui.components.sources import read_sources
from pages._ui.components.stage import SceneEvent, Stage

_TRIGGER = "event"

#: Kind of picture -> what mounts it.
_MOUNTS = {name: st.components.v2.component(f"relation_{name}", **read_sources(name)) for name in ("scene", "story")}


def draw_scene(view: Stage, *, key: str, on_change: Callable[[SceneEvent], None] | None = None) -> SceneEvent | None:
    """Draw an interactive scene or story.

    Args:
        view: what to show.
        key: widget key, unique on the page and the same in every run, so that the browser keeps its state.
        on_change: called with the event before the page runs again, as widget callbacks are: change the
            session state there and this one run shows the result.

    Returns:
        The event that caused this run, or None; for pages that pass no `on_change`.

    Raises:
        RNCoreError: if the view does not fit together (see `Stage.to_data`).
    """
    # The browser numbers its events and keeps showing an edit until the data carries its number back.
    answered = st.session_state.get(_answered_key(key))
    data = {**view.to_data(), "answered": answered}
    result = _MOUNTS[view.component](key=key, data=data, on_event_change=partial(_answer, view, key, on_change))
    return SceneEvent.from_state(result.get(_TRIGGER), view)


def _answered_key(key: str) -> str:
    """Return the session key that holds the number of the last event answered."""
    return f"{key}:answered"


def _answer(view: Stage, key: str, on_change: Callable[[SceneEvent], None] | None) -> None:
    """Note the event's number, then pass it on if it is a valid one on the view that the browser showed."""
    state = st.session_state[key].get(_TRIGGER)
    number = state.get("number") if isinstance(state, dict) else None
    if isinstance(number, int):
        st.session_state[_answered_key(key)] = number
    event = SceneEvent.from_state(state, view)
    if event is not None and on_change is not None:
        on_change(event)
