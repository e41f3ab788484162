"""A part of a page that follows what changes elsewhere, and is drawn again only then."""

from __future__ import annotations

from collections.abc import Callable, Hashable

import streamlit as st

from pages._ui.components.poll import draw_poll
from pages._ui.kept import Kept, nothing


def draw_live(key: str, draw: Callable[[], object], stamp: Callable[[], Hashable], every: float = 1.0) -> None:
    """Draw a part now, and again whenever its stamp is another than when it was drawn.

    Args:
        key: unique on the page and the same in every run.
        draw: draws it.
        stamp: equal as long as there is nothing new.
        every: seconds between two looks; a hidden tab does not look.
    """
    drawn: Kept[Hashable] = Kept(f"{key}.drawn", nothing)

    def draw_now() -> None:
        drawn.set(stamp())
        draw()

    def look() -> None:
        if stamp() != drawn.get():
            st.rerun(key)

    st.fragment(draw_now, key=key)()
    draw_poll(every, key=f"{key}.poll", on_ask=look)
