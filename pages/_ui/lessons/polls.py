"""Votes on a lesson's quiz in a class: students choose, the teacher sees how many chose what and shows the answer."""

from __future__ import annotations

import streamlit as st

from pages._lab.classroom import html
from pages._lab.classroom.room import ClassroomError
from pages._lab.lessons import layout as lesson_layout
from pages._lab.lessons.file import Lesson
from pages._lab.lessons.layout import LETTERS
from pages._ui.classroom.live import draw_live
from pages._ui.classroom.seats import Student, Teacher, find_room, find_seat
from pages._ui.lessons.session import LESSONS


def shown_choice(lesson: Lesson, own: int | None) -> int | None:
    """Return the choice whose answer is shown, None before that.

    In a class it is the student's vote, or the right choice for whoever did not vote, once the teacher shows it.

    Args:
        lesson: the open one.
        own: what this session chose by itself; it counts outside of a class.
    """
    room, seat = find_room(), find_seat()
    if room is None:
        return own
    if not room.is_revealed(lesson.slug):
        return None
    voted = room.vote_of(seat.id, lesson.slug) if isinstance(seat, Student) else None
    return lesson.quiz.answer if voted is None or voted >= len(lesson.quiz.choices) else voted


def draw_poll(lesson: Lesson) -> None:
    """Draw the quiz as this session's seat has it: choices to vote on, or the votes as they come in."""
    st.html(lesson_layout.ask_html(lesson.quiz))
    match find_seat():
        case Teacher() as teacher:
            _draw_votes(lesson, teacher)
        case Student() as student:
            _draw_ballot(lesson, student)


def _draw_ballot(lesson: Lesson, student: Student) -> None:
    """Draw a button for each choice; they wait until the teacher is at this lesson."""
    is_open, voted = student.room.is_open(lesson.slug), student.room.vote_of(student.id, lesson.slug)
    with st.container(key="lessons-choices"):
        for number, choice in enumerate(lesson.quiz.choices):
            st.button(
                f"**{LETTERS[number]}** · {choice}", key=LESSONS.key(f"vote.{lesson.slug}.{number}"),
                width="stretch", type="primary" if number == voted else "secondary", disabled=not is_open,
                on_click=_vote, args=(student, lesson.slug, number),
            )  # fmt: skip
    if not is_open:
        st.caption("The vote opens when your teacher comes to this lesson.")
    elif voted is not None:
        st.caption("Your vote counts, without your name. You can change it until the answer is shown.")


def _vote(student: Student, slug: str, choice: int) -> None:
    """Cast a vote; why it does not count is said in one sentence."""
    try:
        student.room.vote(student.id, slug, choice)
        LESSONS.touch()
    except ClassroomError as err:
        LESSONS.notify(str(err))


def _draw_votes(lesson: Lesson, teacher: Teacher) -> None:
    """Draw the votes as they come in, and the button that shows the answer to all."""
    teacher.room.open_poll(teacher.key, lesson.slug, len(lesson.quiz.choices))
    draw_tally(lesson, teacher, None)
    st.button(
        "Show the answer", type="primary", icon=":material/visibility:", key=LESSONS.key("show"),
        on_click=teacher.room.reveal, args=(teacher.key, lesson.slug),
    )  # fmt: skip


def draw_tally(lesson: Lesson, teacher: Teacher, right: int | None) -> None:
    """Draw how many chose what, again whenever somebody votes.

    Args:
        lesson: the open one.
        teacher: who may see it.
        right: the right choice, once it is shown.
    """

    def count() -> tuple[int, ...]:
        return teacher.room.tally(teacher.key, lesson.slug)

    def draw() -> None:
        st.html(html.STYLE + html.votes_html(lesson.quiz.choices, count(), right))

    draw_live(LESSONS.key("votes"), draw, count)


def draw_again(lesson: Lesson) -> None:
    """Draw, for the teacher, the votes on a quiz whose answer is shown, and the button that asks it again."""
    seat = find_seat()
    if isinstance(seat, Teacher):
        draw_tally(lesson, seat, lesson.quiz.answer)
        st.button(
            "Ask again", icon=":material/replay:", key=LESSONS.key("again"),
            on_click=seat.room.clear, args=(seat.key, lesson.slug),
        )  # fmt: skip
