"""The small app of component tests: one component, with which a test begins anew without loading the page again."""

from urllib.parse import parse_qsl

import streamlit as st

from tests.browser import scene_app, table_app

DRAW = {"scene": scene_app.draw, "table": table_app.draw}
#: "NUMBER?COMPONENT&QUERY"; a new number empties the session's state, and no test has touched its component.
number, _, query = st.text_input("Begin anew", key="begin").partition("?")
if st.session_state.get("number") != number:
    for key in {*st.session_state} - {"begin"}:
        del st.session_state[key]
    st.session_state.number = number
if query:
    name, _, rest = query.partition("&")
    DRAW[name](f"component-{number}", dict(parse_qsl(rest, keep_blank_values=True)))
