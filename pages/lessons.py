"""Lessons: a scene, a question to the class, and only then what the network says and why."""

from __future__ import annotations

import streamlit as st

from pages._lab.figures import Look
from pages._lab.lessons import file as lesson_file
from pages._lab.lessons import layout as lesson_layout
from pages._lab.lessons.file import Lesson
from pages._lab.lessons.layout import LETTERS
from pages._lab.lessons.path import path_html
from pages._lab.lessons.print import make_quiz_page
from pages._lab.lessons.state import LessonsState
from pages._lab.plain import plain
from pages._ui.classroom.seats import find_room, is_following, is_student, may_see_key
from pages._ui.explained import draw_explained_markdown
from pages._ui.frame import draw_frame
from pages._ui.lessons import polls
from pages._ui.lessons import session as lesson_session
from pages._ui.lessons.session import LESSONS
from pages._ui.lessons.views import VIEWS, answers_html, ask_text, see
from pages._ui.options import named
from pages._ui.sharing import draw_link
from rn_core.common.errors import RNCoreError
from rn_core.tasks.registry import DOMAINS


def find_open(state: LessonsState, lessons: tuple[Lesson, ...]) -> Lesson | None:
    """Return the open lesson: the one of the state, or the first; None if its file is bad or there is none."""
    if not state.lesson:
        return next(iter(lessons), None)
    return next((lesson for lesson in lessons if lesson.slug == state.lesson), None)


def draw_list(lessons: tuple[Lesson, ...], opened: Lesson | None, answers: dict[str, int], large: bool) -> None:
    """Draw the lessons with what is answered: a list, or a menu where type is large."""
    names = {
        lesson.slug: f"{number} · {lesson.title}{lesson_layout.mark(lesson.quiz, answers.get(lesson.slug))}"
        for number, lesson in enumerate(lessons, start=1)
    }
    bound = LESSONS.bind("lesson", show=opened.slug if opened else None)
    if large:
        st.selectbox("Lesson", list(names), format_func=named(names), label_visibility="collapsed", **bound)
    else:
        st.radio("Lesson", list(names), format_func=named(names), label_visibility="collapsed", **bound)


def draw_menu(state: LessonsState, lessons: tuple[Lesson, ...], opened: Lesson | None, answers: dict[str, int]) -> None:
    """Draw the lessons, the progress and the tools, one under the other or, where type is large, side by side."""
    places = st.columns([6, 4, 4, 5], vertical_alignment="center") if state.projector else [st.container()] * 4
    with places[0]:
        draw_list(lessons, opened, answers, state.projector)
    with places[1]:
        st.progress(len(answers) / len(lessons), lesson_layout.describe_progress(lessons, answers))
    with places[2]:
        if may_see_key():
            st.toggle("Teacher view", **LESSONS.bind("teacher"))
    with places[3]:
        draw_share(state, lessons)


def draw_share(state: LessonsState, lessons: tuple[Lesson, ...]) -> None:
    """Draw the lesson's link and the page to print."""
    if is_following():
        return
    with st.popover("Share & print", icon=":material/ios_share:"):
        draw_link(lesson_session.make_class_link(), "A link to this lesson")
        has_key = shows_key(state)
        title = "Questions and answers to print" if has_key else "Questions to print"
        st.download_button(
            title, lambda: print_quizzes(lessons, has_key), "questions.html", "text/html",
            on_click="ignore", width="stretch", key=LESSONS.key("print"),
        )  # fmt: skip


def shows_key(state: LessonsState) -> bool:
    """Return whether all answers are shown: where the state says so, and in a class to its teacher only."""
    return state.teacher and may_see_key()


def print_quizzes(lessons: tuple[Lesson, ...], with_answers: bool) -> bytes:
    """Return the page to print; lessons that ask about a matrix have theirs on it."""
    views = {lesson.slug: see(lesson) for lesson in lessons if lesson.view == "matrix"}
    matrices = {slug: (view.nodes.labels, view.matrix) for slug, view in views.items()}
    return make_quiz_page(lessons, matrices, with_answers)


def draw_quiz(lesson: Lesson) -> None:
    """Draw the question to the class with a button for each choice."""
    st.html(lesson_layout.ask_html(lesson.quiz))
    with st.container(key="lessons-choices"):
        for number, choice in enumerate(lesson.quiz.choices):
            st.button(
                f"**{LETTERS[number]}** · {choice}", key=LESSONS.key(f"choice.{lesson.slug}.{number}"),
                width="stretch", on_click=lesson_session.store_answer, args=(lesson.slug, number),
            )  # fmt: skip


def draw_reveal(lesson: Lesson, chosen: int, following: Lesson | None) -> None:
    """Draw whether the choice was right, why, what the networks say, and where to go from here."""
    st.html(lesson_layout.ask_html(lesson.quiz))
    st.html(lesson_layout.verdict_html(lesson.quiz, chosen))
    with st.container(key="lessons-why"):
        draw_explained_markdown(lesson.quiz.why)
    if VIEWS[lesson.view].answers:
        st.html(lesson_layout.said_html(answers_html(lesson)))
    with st.container(horizontal=True, vertical_alignment="center"):
        if find_room() is None:
            st.button(
                "Try again", icon=":material/replay:", key=LESSONS.key("again"),
                on_click=lesson_session.drop_answer, args=(lesson.slug,),
            )  # fmt: skip
        else:
            polls.draw_again(lesson)
        if following is not None and not is_student():
            st.button(
                f"Next: {following.title}", icon=":material/arrow_forward:", type="primary", key=LESSONS.key("next"),
                on_click=lesson_session.open_lesson, args=(following.slug,),
            )  # fmt: skip
        draw_way_on(lesson)


def draw_way_on(lesson: Lesson) -> None:
    """Draw the link to the page where the lesson's question can be changed."""
    if lesson.view in lesson_file.FAMILY_VIEWS:
        query, label = lesson.state.to_query(), "Open this in Explore"
    elif lesson.page == "explore":
        query = lesson.explore.to_shared_query()
        label = "Open this in Explore" if VIEWS[lesson.view].answers else "Try six objects in Explore"
    else:
        query, label = lesson.state.to_query(), f"Open this on the page {DOMAINS[lesson.domain.name].title}"
    st.page_link(f"pages/{lesson.page}.py", label=label, icon=":material/hub:", query_params=query)


def draw_text(lesson: Lesson, folded: bool) -> None:
    """Draw the lesson's text; folded away once the answer has the stage."""
    with st.expander("The lesson's text") if folded else st.container(), st.container(key="lessons-text"):
        draw_explained_markdown(lesson.body)


def draw_lesson(lesson: Lesson, lessons: tuple[Lesson, ...], chosen: int | None, look: Look) -> None:
    """Draw one lesson: picture, text and quiz; after an answer, everything."""
    place = lessons.index(lesson)
    st.html(lesson_layout.head_html(lesson, place + 1, len(lessons)))
    view = VIEWS[lesson.view]
    picture, words = st.columns(2, gap="large")
    with picture:
        if view.answers:
            st.html(lesson_layout.asked_html(ask_text(lesson)))
        (view.before if chosen is None else view.after)(lesson, look)
    with words:
        draw_text(lesson, folded=chosen is not None)
        if chosen is None:
            with st.container(key="lessons-quiz"):
                (draw_quiz if find_room() is None else polls.draw_poll)(lesson)
        else:
            draw_reveal(lesson, chosen, next(iter(lessons[place + 1 :]), None))
    if chosen is not None:
        view.below(lesson, look)


def draw_page() -> None:
    """Draw the whole page from the session's state."""
    state = LESSONS.open()
    look = draw_frame(LESSONS)
    st.html(lesson_layout.STYLE)
    found = lesson_session.find_lessons(lesson_file.FOLDER)
    for sentence in found.problems:
        st.error(plain(sentence))
    lessons, opened = found.lessons, find_open(state, found.lessons)
    answers = lesson_session.get_answers(lessons)
    menu, body = (st.container(), st.container()) if state.projector else st.columns([2, 7], gap="large")
    with menu:
        if lessons:
            with st.container(key="lessons-menu"):
                draw_menu(state, lessons, opened, answers)
    with body:
        if opened is None:
            st.info("There is no such lesson to open here.")
        else:
            try:
                draw_lesson(opened, lessons, polls.shown_choice(opened, answers.get(opened.slug)), look)
            except RNCoreError as err:
                st.error(plain(err))
    if shows_key(state):
        st.html(lesson_layout.key_html(lessons))
        st.html(path_html(lessons))
        st.markdown(lesson_file.describe_format())
    LESSONS.write_url()


draw_page()
