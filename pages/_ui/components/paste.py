"""Mount the place where a picture is pasted from the clipboard."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from typing import TypedDict

import streamlit as st

from pages._ui.components.sources import read_sources
from pages._ui.kept import widget_event

#: The browser makes the longer side of a picture at most so many pixels before it sends it.
LONGEST_SIDE = 1_200
#: Most characters that are taken from the browser; a picture of noise with such sides has fewer.
_MOST = 8_000_000
_mount = st.components.v2.component("paste", **read_sources("paste"))


class _Paste(TypedDict):
    """What the browser gets: the most pixels of a picture's longer side."""

    longest: int


def draw_paste(*, key: str, on_paste: Callable[[bytes], None]) -> None:
    """Draw the place.

    Args:
        key: widget key, unique on the page and the same in every run.
        on_paste: called with a PNG file before the page runs again.
    """
    data: _Paste = {"longest": LONGEST_SIDE}
    _mount(key=key, data=data, on_pasted_change=lambda: _answer(key, on_paste))


def _answer(key: str, on_paste: Callable[[bytes], None]) -> None:
    """Pass on what the browser sent, if it is a file."""
    content = read_pasted(widget_event(key).get("pasted"))
    if content is not None:
        on_paste(content)


def read_pasted(state: object) -> bytes | None:
    """Return the file that the browser sent in base64, or None for anything else; whoever takes it decodes it."""
    text = state.get("content") if isinstance(state, Mapping) else None
    if not isinstance(text, str) or len(text) > _MOST:
        return None
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
