"""What the small apps of component tests share: a box by which a test begins anew without loading the page again."""

from urllib.parse import parse_qsl

import streamlit as st


def begin_anew() -> tuple[str, dict[str, str]]:
    """Draw the box, "NUMBER?QUERY"; a new number empties the session's state.

    Returns:
        key: of a component that no test has touched.
        query: name -> value.
    """
    number, _, query = st.text_input("Begin anew", key="begin").partition("?")
    if st.session_state.get("number") != number:
        for key in {*st.session_state} - {"begin"}:
            del st.session_state[key]
        st.session_state.number = number
    return f"component-{number}", dict(parse_qsl(query, keep_blank_values=True))
