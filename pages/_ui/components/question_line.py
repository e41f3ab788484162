"""Mount the line in which a question is typed, with the words that can end the one being typed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import streamlit as st

from pages._ui.components.sources import read_sources

#: Longest text that is taken from the browser.
_MOST = 2_000
_mount = st.components.v2.component("question_line", **read_sources("question_line"))


def draw_question_line(text: str, words: Sequence[str], *, key: str, on_ask: Callable[[str], None]) -> None:
    """Draw the line.

    Args:
        text: what it shows until a person types.
        words: those that are suggested.
        key: widget key, unique on the page and the same in every run.
        on_ask: called with the text before the page runs again.
    """
    _mount(key=key, data={"text": text, "words": list(words)}, on_asked_change=lambda: _answer(key, on_ask))


def _answer(key: str, on_ask: Callable[[str], None]) -> None:
    """Pass on what the browser sent, if it is a text."""
    asked = read_asked(st.session_state[key].get("asked"))
    if asked is not None:
        on_ask(asked)


def read_asked(state: object) -> str | None:
    """Return the text that the browser sent, or None for anything else."""
    text = state.get("text") if isinstance(state, Mapping) else None
    return text[:_MOST] if isinstance(text, str) else None
