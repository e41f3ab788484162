"""Draw paragraphs in which the glossary's words are explained where each first stands on a page."""

from __future__ import annotations

import streamlit as st

from pages._lab.glossary import explain, explain_markdown, glossary_html
from pages._lab.plain import escape
from pages._ui.kept import Kept

_EXPLAINED: Kept[set[str]] = Kept("glossary.explained", set)


def begin_page() -> None:
    """Note that a page begins: no word is explained on it yet."""
    _EXPLAINED.set(set())


def draw_explained(text: str, alone: bool = False, head: str = "") -> None:
    """Draw one paragraph of plain text.

    Args:
        text: the paragraph.
        alone: whether it belongs to a part of the page that is drawn again without the rest.
        head: plain text in bold that it begins with, as it is.
    """
    known = set() if alone else _EXPLAINED.get()
    html, found = explain(text, known)
    if not alone:
        _EXPLAINED.set(known | found)
    bold = f"<b>{escape(head)}</b> " if head else ""
    st.html(f'<p class="rn-scheme rn-text">{bold}{html}</p>')


def draw_explained_markdown(text: str) -> None:
    """Draw Markdown of the project's own in which words are explained once, whatever stands around it."""
    st.markdown(explain_markdown(text)[0], unsafe_allow_html=True)


def draw_glossary() -> None:
    """Draw all words that are explained anywhere, folded away."""
    with st.expander("Glossary", icon=":material/dictionary:"):
        st.html(glossary_html())
