"""Mount the line in which a question is typed, with the words that can end the one being typed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypedDict

import streamlit as st

from pages._ui.components.sources import read_sources
from pages._ui.kept import widget_event

#: Longest text that is taken from the browser.
_MOST = 2_000
_mount = st.components.v2.component("question_line", **read_sources("question_line"))


class _Line(TypedDict):
    """What the browser gets: the text, and the words that can end the one being typed."""

    text: str
    words: list[str]


def draw_question_line(text: str, words: Sequence[str], *, key: str, on_ask: Callable[[str], None]) -> None:
    """Draw the line.

    Args:
        text: what it shows until a person types.
        words: those that are suggested.
        key: widget key, unique on the page and the same in every run.
        on_ask: called with the text before the page runs again.
    """
    data: _Line = {"text": text, "words": list(words)}
    _mount(key=key, data=data, on_asked_change=lambda: _answer(key, on_ask))


def _answer(key: str, on_ask: Callable[[str], None]) -> None:
    """Pass on what the browser sent, if it is a text."""
    asked = read_asked(widget_event(key).get("asked"))
    if asked is not None:
        on_ask(asked)


def read_asked(state: object) -> str | None:
    """Return the text that the browser sent, or None for anything else."""
    text = state.get("text") if isinstance(state, Mapping) else None
    return text[:_MOST] if isinstance(text, str) else None
