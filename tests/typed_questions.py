"""Typing a question where Explore offers questions and takes any other text, too."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest


def type_question(app: AppTest, key: str, text: str) -> AppTest:
    """Type a text into a box and return the page that follows.

    Streamlit's test takes for a choice only what the box offers, so the text is offered first.
    """
    box = app.selectbox(key=key)
    box.options.append(text)
    return box.set_value(text).run()
