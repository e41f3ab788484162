"""Mount the diagram of the whole network, whose stages are the steps of a page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import streamlit as st

from pages._ui.components.answering import Answering
from pages._ui.components.sources import read_sources

_DIAGRAM = Answering[int](st.components.v2.component("relation_diagram", **read_sources("diagram")))


def draw_diagram(data: Mapping[str, object], n_steps: int, *, key: str, on_step: Callable[[int], None]) -> None:
    """Draw the diagram.

    Args:
        data: what `make_diagram` returned.
        n_steps: its stages.
        key: widget key, unique on the page and the same in every run.
        on_step: called with the number of the stage that was chosen, from 1, before the page runs again.
    """
    _DIAGRAM.draw(data, key=key, read=partial(read_step, n_steps), on_change=on_step)


def read_step(n_steps: int, state: object) -> int | None:
    """Return the step that the browser sent, 1 to `n_steps`, or None for anything else."""
    step = state.get("step") if isinstance(state, Mapping) else None
    if not isinstance(step, int) or isinstance(step, bool):
        return None
    return step if 1 <= step <= n_steps else None
