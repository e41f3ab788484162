"""Draw paragraphs in which the glossary's words are explained where each first stands on a page."""

from __future__ import annotations

import streamlit as st

from pages._lab.glossary import explain
from pages._ui.kept import Kept

_EXPLAINED: Kept[set[str]] = Kept("glossary.explained", set)


def begin_page() -> None:
    """Note that a page begins: no word is explained on it yet."""
    _EXPLAINED.set(set())


def draw_explained(text: str, alone: bool = False) -> None:
    """Draw one paragraph of plain text.

    Args:
        text: the paragraph.
        alone: whether it belongs to a part of the page that is drawn again without the rest.
    """
    known = set() if alone else _EXPLAINED.get()
    html, found = explain(text, known)
    _EXPLAINED.set(known | found)
    st.html(f'<p class="rn-scheme rn-text">{html}</p>')
