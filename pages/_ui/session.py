"""The page's state in one browser session, and how widgets and the URL reach it.

All session keys live here. The state is the truth: before a widget is drawn it is set from the state, and when
a person moves it the state changes. The URL is read when a session starts or when a person edits it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import streamlit as st

from pages._ui.state import ExploreState, pair_labels, sampled_scene
from rn_core.errors import RNCoreError
from rn_core.seeding import MAX_SEED
from rn_core.tasks.sort_of_clevr import Scene
from rn_core.tasks.sort_of_clevr.language import parse, text

_STATE = "explore"
_WRITTEN = "explore.written"
_TOUCHED = "explore.touched"
_NOTICES = "explore.notices"
_TYPED_PROBLEM = "explore.typed_problem"
_TYPED = "explore.typed"
#: Stands for "what the field holds" where None is a value.
_FIELD = object()


def open_state() -> ExploreState:
    """Return the session's state, read from the URL if the session is new or the URL has been edited."""
    query = st.query_params.to_dict()
    # A control moved before the browser had the last URL comes with the one before it: that is no edit of the URL.
    touched = st.session_state.pop(_TOUCHED, False)
    edited = bool(query) and query != st.session_state.get(_WRITTEN) and not touched
    if _STATE not in st.session_state or edited:
        st.session_state[_STATE], st.session_state[_NOTICES] = ExploreState.from_query(query)
        st.session_state[_WRITTEN] = query
        st.session_state[_TYPED_PROBLEM] = None
    return st.session_state[_STATE]


def write_url(state: ExploreState) -> None:
    """Put the state into the URL, unless it is there already."""
    query = state.to_query()
    if st.query_params.to_dict() != query:
        st.query_params.from_dict(query)
    st.session_state[_WRITTEN] = query


def link_to(state: ExploreState) -> str:
    """Return the full address of the state."""
    base = (st.context.url or "").partition("?")[0]
    query = urlencode(state.to_query())
    return f"{base}?{query}" if query else base


def notices() -> list[str]:
    """Return the sentences to show, in order; they stay until the next change."""
    return st.session_state.get(_NOTICES, [])


def notify(sentence: str) -> None:
    """Show a sentence until the next change."""
    st.session_state.update({_NOTICES: [sentence], _TOUCHED: True})


def _set_state(state: ExploreState) -> None:
    """Take a new state that a control asked for."""
    st.session_state.update({_STATE: state, _NOTICES: [], _TOUCHED: True})


def update(**changes: Any) -> None:
    """Change fields of the state; see `ExploreState.change`."""
    _set_state(st.session_state[_STATE].change(**changes))
    if "question" in changes:
        st.session_state[_TYPED_PROBLEM] = None


def pin_nodes(pair: tuple[int, int] | None) -> None:
    """Pin a pair of nodes by number; None lets the pinned pair go, and so does the pinned pair itself."""
    state = st.session_state[_STATE]
    labels = pair_labels(state)
    named = None if pair is None else (labels[pair[0]], labels[pair[1]])
    update(pair=None if named == state.pair else named)


def edit_scene(make: Callable[[Scene], Scene]) -> None:
    """Replace the scene by `make(scene)`; if that breaks a rule, keep it and show the sentence."""
    state = st.session_state[_STATE]
    try:
        _set_state(state.edit(make(state.scene)))
    except RNCoreError as err:
        notify(str(err))


def next_scene() -> None:
    """Go on to the scene of the next seed."""
    update(seed=(st.session_state[_STATE].seed + 1) % (MAX_SEED + 1))


def toggle_shape(color: str) -> None:
    """Turn a square into a circle, or back."""
    other = {"square": "circle", "circle": "square"}
    edit_scene(lambda scene: scene.replace(color, shape=other[scene.get(color).shape]))


def reset_scene() -> None:
    """Go back to the sampled scene."""
    edit_scene(lambda _: sampled_scene(st.session_state[_STATE].seed))


def bind(field: str, show: Any = _FIELD, read: Callable[[Any], dict[str, Any]] | None = None) -> dict[str, Any]:
    """Return the keyword arguments that tie a widget to a field of the state.

    Args:
        field: a field of `ExploreState`.
        show: what the widget shows; left out, the field's value.
        read: the widget's value -> changes to the state; None sets the field to it.
    """
    key = f"explore.{field}"
    st.session_state[key] = getattr(st.session_state[_STATE], field) if show is _FIELD else show
    return {"key": key, "on_change": _store, "args": (key, field, read)}


def _store(key: str, field: str, read: Callable[[Any], dict[str, Any]] | None) -> None:
    """Take a widget's value into the state."""
    value = st.session_state[key]
    if value is not None or read is not None:
        update(**(read(value) if read else {field: value}))


def bind_typed_question() -> dict[str, Any]:
    """Return the keyword arguments that tie a text box to the question; a bad text stays there to be mended."""
    if typed_problem() is None:
        st.session_state[_TYPED] = text(st.session_state[_STATE].question)
    return {"key": _TYPED, "on_change": _store_typed}


def typed_problem() -> str | None:
    """Return what is wrong with the typed question, or None."""
    return st.session_state.get(_TYPED_PROBLEM)


def _store_typed() -> None:
    """Take a typed question; if it cannot be read, keep the last good one and the sentence why."""
    try:
        update(question=parse(st.session_state[_TYPED]))
    except RNCoreError as err:
        st.session_state.update({_TYPED_PROBLEM: str(err), _TOUCHED: True})
