"""The Class page, which only a server with a class has: how students join, and how many have."""

from __future__ import annotations

import streamlit as st

from pages._lab.classroom import html
from pages._lab.classroom.room import Room
from pages._lab.classroom.state import ClassState
from pages._lab.sharing import qr_html
from pages._ui.classroom.live import draw_live
from pages._ui.classroom.seats import Teacher, find_room, find_seat
from pages._ui.frame import draw_frame
from pages._ui.session import PageSession
from rn_core.serving.invitation import Invitation, find_class

CLASS = PageSession("class", ClassState.from_query)
_TEACHER_WORDS = (
    "Students see each page that you open, with its scene, question and step. On **Lessons** they vote, and you see "
    "how many chose what; **Show the answer** shows it to all. They steer nothing here, and nothing is kept afterwards."
)
_STUDENT_WORDS = "**You are in.** Your teacher's pages appear here by themselves; in lessons, tap an answer to vote."


def draw_class_page() -> None:
    """Draw the QR code, address and code, and what the class can do."""
    CLASS.open()
    draw_frame(CLASS)
    st.html(html.STYLE)
    invitation, room = find_class(), find_room()
    if invitation is not None and room is not None:
        _draw_invitation(invitation, room)
    CLASS.write_url()


def _draw_invitation(invitation: Invitation, room: Room) -> None:
    """Draw how to join on one side, and what happens then on the other."""
    words, picture = st.columns([5, 6], gap="large")
    with words:
        is_teacher = isinstance(find_seat(), Teacher)
        if is_teacher:
            st.markdown(_TEACHER_WORDS)
        else:
            st.markdown(_STUDENT_WORDS)
        st.html(html.join_html(invitation.base, invitation.code))
        if is_teacher:
            draw_live("class.count", lambda: st.html(html.count_html(room.n_students)), lambda: room.n_students)
    with picture:
        st.html(qr_html(invitation.student_url))
