"""What every page has around its idea: style, projector type, sentences about a bad link."""

from __future__ import annotations

import streamlit as st

from pages._ui import layout
from pages._ui.figures import Look
from pages._ui.session import PageSession


def draw_frame(session: PageSession) -> Look:
    """Draw style, the projector switch and the page's notices; return how figures are to look."""
    state = session.state
    look = Look(dark=st.context.theme.type == "dark", large=state.projector)
    st.html(layout.STYLE + layout.scheme_style(look.dark) + (layout.PROJECTOR_STYLE if look.large else ""))
    with st.sidebar:
        st.toggle("Projector: large type", **session.bind("projector"))
    for sentence in session.notices():
        st.warning(sentence)
    return look
