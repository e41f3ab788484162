"""Entry: `python -m streamlit run app.py`."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from pages._ui.classroom.follow import CLASS_PAGE, in_class
from pages._ui.classroom.page import draw_class_page
from pages._ui.frame import mark_entry
from rn_core.serving.invitation import find_class

st.set_page_config(
    page_title="Relation Networks",
    page_icon=str(Path(__file__).parent / "pages/_ui/icon.svg"),
    layout="wide",
    initial_sidebar_state="collapsed",
)

mark_entry()
pages = [
    st.Page("pages/explore.py", title="Explore", icon=":material/hub:", default=True),
    st.Page("pages/clevr.py", title="CLEVR", icon=":material/deployed_code:"),
    st.Page("pages/babi.py", title="bAbI", icon=":material/menu_book:"),
    st.Page("pages/physics.py", title="Physics", icon=":material/animation:"),
    st.Page("pages/own.py", title="Your data", icon=":material/upload_file:"),
    st.Page("pages/how_it_works.py", title="How it works", icon=":material/account_tree:"),
    st.Page("pages/train.py", title="Train", icon=":material/speed:"),
    st.Page("pages/lessons.py", title="Lessons", icon=":material/school:"),
    st.Page("pages/results.py", title="Results", icon=":material/fact_check:"),
]
if find_class() is not None:
    pages.insert(0, st.Page(draw_class_page, title="Class", icon=":material/groups:", url_path=CLASS_PAGE))
page = st.navigation(pages, position="top")
st.set_page_config(page_title=f"{page.title} · Relation Networks")
st.html(f'<h1 class="rn-title">{page.title}</h1>')
with in_class(page, {each.url_path: each for each in pages}):
    page.run()
