"""Mount the interactive pictures of pairs: components v2 whose html, css and js lie beside this file."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import streamlit as st

from pages._lab.components.stage import SceneEvent, Stage
from pages._ui.components.answering import Answering
from pages._ui.components.sources import read_sources

#: Kind of picture -> its component.
_PICTURES = {
    name: Answering[SceneEvent](st.components.v2.component(f"relation_{name}", **read_sources(name)))
    for name in ("scene", "story")
}


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
    read = partial(SceneEvent.from_state, view=view)
    return _PICTURES[view.component].draw(view.to_data(), key=key, read=read, on_change=on_change)
