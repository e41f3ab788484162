"""Hand data to a component and read back what a person did to it; its events are numbered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeVar

import streamlit as st

Event = TypeVar("Event")
_TRIGGER = "event"


def draw_answering(
    mount: Callable[..., Mapping[str, Any]],
    data: Mapping[str, Any],
    *,
    key: str,
    read: Callable[[object], Event | None],
    on_change: Callable[[Event], None] | None = None,
) -> Event | None:
    """Mount a component that sends one event at a time.

    Args:
        mount: what `st.components.v2.component` returned.
        data: JSON that the browser draws.
        key: widget key, unique on the page and the same in every run, so that the browser keeps its state.
        read: makes an event of what the browser sent, or None if it is none.
        on_change: called with the event before the page runs again, as widget callbacks are.

    Returns:
        The event that caused this run, or None.
    """
    # The browser numbers its events and keeps showing an edit until the data carry its number back.
    answered = st.session_state.get(_answered_key(key))
    answer = partial(_answer, key, read, on_change)
    result = mount(key=key, data={**data, "answered": answered}, on_event_change=answer)
    return read(result.get(_TRIGGER))


def _answered_key(key: str) -> str:
    """Return the session key that holds the number of the last event answered."""
    return f"{key}:answered"


def _answer(key: str, read: Callable[[object], Event | None], on_change: Callable[[Event], None] | None) -> None:
    """Note the event's number, then pass it on if it is a valid one on what the browser showed."""
    state = st.session_state[key].get(_TRIGGER)
    number = state.get("number") if isinstance(state, dict) else None
    if isinstance(number, int):
        st.session_state[_answered_key(key)] = number
    event = read(state)
    if event is not None and on_change is not None:
        on_change(event)
