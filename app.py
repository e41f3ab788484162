"""Entry: `python -m streamlit run app.py`."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

st.set_page_config(
    page_title="Relation Networks",
    page_icon=str(Path(__file__).parent / "pages/_ui/icon.svg"),
    layout="wide",
    initial_sidebar_state="collapsed",
)

explore = st.Page("pages/explore.py", title="Explore", icon=":material/hub:", default=True)
st.navigation([explore], position="top").run()
