"""What stands around a box in which a question is typed: why a text was not read, another one, and the words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from pages._lab import layout
from pages._lab.plain import plain
from pages._ui.components.question_line import draw_question_line
from pages._ui.session import PageControls


def draw_refusal(session: PageControls, read: Callable[[str], dict[str, Any]], box: str = "typed") -> None:
    """Draw why a typed text was not read, and a button that takes what could be meant; nothing if it was read.

    Args:
        session: of the page.
        read: a text -> changes to the state; raises RNCoreError.
        box: the box's name, where a page has several.
    """
    problem, suggestion = session.problem(box), session.suggestion(box)
    if problem is None:
        return
    st.error(plain(problem))
    if suggestion is not None:
        st.button(
            plain(suggestion), icon=":material/subdirectory_arrow_right:", key=session.key(f"{box}.suggestion"),
            on_click=session.take_typed, args=(suggestion, read, box),
        )  # fmt: skip


def draw_typed(
    session: PageControls,
    show: str,
    questions: Sequence[str],
    read: Callable[[str], dict[str, Any]],
    box: str = "typed",
) -> None:
    """Draw the box in which a question is typed, with those questions that hold what is typed so far.

    Args:
        session: of the page.
        show: what the box shows while its text was read.
        questions: those that are offered; any other text can be typed, too.
        read: a text -> changes to the state; raises RNCoreError.
        box: the box's name, where a page has several.
    """
    shown = session.typed_text(show, box)
    options = questions if shown in questions else (shown, *questions)
    bound = session.bind_typed(show, read, box)
    st.selectbox("or type it", options, accept_new_options=True, filter_mode="contains", **bound)


def draw_line(session: PageControls, show: str, words: Sequence[str], read: Callable[[str], dict[str, Any]]) -> None:
    """Draw a question with the line in which it is typed, and why it was not read.

    Args:
        session: of the page.
        show: the question that was read last.
        words: those that the line completes.
        read: a text -> changes to the state; raises RNCoreError.
    """
    st.html(layout.question_html(show, is_old=session.problem() is not None))
    draw_question_line(
        session.typed_text(show), words, key=session.key("line"), on_ask=lambda text: session.take_typed(text, read)
    )
    draw_refusal(session, read)


def draw_words(groups: Mapping[str, Sequence[str]]) -> None:
    """Draw a button that shows the words that are understood, by what they are for."""
    with st.popover("Words", icon=":material/dictionary:", help="The words that questions are made of"):
        for name, words in groups.items():
            st.markdown(f"**{plain(name)}:** {plain(', '.join(words))}")


def draw_answers(session: PageControls, html: str, question: str, boxes: Sequence[str] = ("typed",)) -> None:
    """Draw truth and answers; gray and without marks while a text stands in one of the boxes that was not read."""
    is_old = any(session.problem(box) is not None for box in boxes)
    st.html(layout.old_html(html, question) if is_old else html)
