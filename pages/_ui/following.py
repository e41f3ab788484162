"""A part of a page that follows what is dragged in it, while the rest of the page stays as it is."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Generic

import streamlit as st

from pages._ui.kept import Kept, nothing
from pages._ui.session import PageSession, State


class Follower(Generic[State]):
    """Draws a part of a page alone while something in it is dragged.

    The page's state stays as it was until the release. This holds nothing itself, so all sessions share it.
    """

    def __init__(self, session: PageSession[State]) -> None:
        """Name the page by its session."""
        self._session = session
        self._dragged: Kept[State | None] = Kept(session.key("dragged"), nothing)

    def follow(self, state: State) -> None:
        """Let the next run, which an event of the part causes, draw the part alone, as a passing state says."""
        self._dragged.set(state)

    def draw(self, draw: Callable[[State | None], None]) -> None:
        """Draw the part; any event in it that nobody follows runs the whole page.

        Args:
            draw: draws it, from a passing state while something is dragged, else (None) from the page's. What it
                writes outside goes into containers into which it writes in every run.
        """
        runs = count()

        def draw_part() -> None:
            dragged, is_alone = self._dragged.drop(), next(runs) > 0
            if is_alone and dragged is None:
                st.rerun()
            is_elsewhere = is_alone and dragged != self._session.state
            draw(dragged if is_elsewhere else None)

        st.fragment(draw_part)()
