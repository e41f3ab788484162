"""A class on the pages: students follow and vote, only the teacher steers, and without a class nothing changes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pages._lab.classroom.room import Room, make_place
from pages._lab.lessons.file import FOLDER, read_folder
from pages._ui.classroom.seats import NO_TRAINING, find_room
from pages._ui.train import session as train_session
from rn_core.serving.invitation import Invitation, hold_class, invite
from tests.pages.test_plain import walk

pytestmark = pytest.mark.weights

ROOT = Path(__file__).resolve().parents[2]
LESSON = next(lesson for lesson in read_folder(FOLDER).lessons if lesson.slug == "why-pairs")
WRONG = next(number for number in range(len(LESSON.quiz.choices)) if number != LESSON.quiz.answer)
AT_LESSON = make_place("lessons", {"lesson": LESSON.slug})


@pytest.fixture
def invitation() -> Iterator[Invitation]:
    """Hold a class while a test runs."""
    made = invite("192.0.2.7")
    hold_class(made)
    yield made
    hold_class(None)


@pytest.fixture
def room(invitation: Invitation) -> Room:
    """Return the class's room."""
    found = find_room()
    assert found is not None
    return found


def open_app(page: str = "explore", **query: str) -> AppTest:
    """Return a browser's session on a page."""
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    app.query_params.update(query)
    app.run()  # by the entry script; a page that runs alone is in no class
    if page != "explore":
        app.switch_page(f"pages/{page}.py").run()
    assert [error.message for error in app.exception] == []
    return app


def html(app: AppTest) -> str:
    """Return all the HTML of the page."""
    return "".join(element.proto.body for element in app.get("html"))


def labels(app: AppTest) -> list[str]:
    """Return the labels of all buttons."""
    return [button.label for button in app.button]


def test_a_student_sees_the_teachers_lesson_votes_and_sees_the_answer_when_it_is_shown(room, invitation):
    room.show(invitation.key, AT_LESSON)
    student = open_app("lessons", room=room.code)
    assert "room" not in student.query_params
    assert student.query_params["lesson"] == LESSON.slug
    student.query_params["teacher"] = "on"  # typed into the address
    student.run()
    assert "<table" not in html(student)
    votes = [button for button in student.button if button.label.startswith("**")]
    assert len(votes) == len(LESSON.quiz.choices) and all(button.disabled for button in votes)
    room.open_poll(invitation.key, LESSON.slug, len(LESSON.quiz.choices))
    student.run()
    student.button(key=f"lessons.vote.{LESSON.slug}.{WRONG}").click().run()
    assert sum(room.tally(invitation.key, LESSON.slug)) == room.tally(invitation.key, LESSON.slug)[WRONG] == 1
    for told in ('class="rn-verdict', "<table", 'class="rn-card"'):
        assert told not in html(student)  # neither the answer, nor the key, nor what the networks say
    assert "Teacher view" not in [toggle.label for toggle in student.toggle]
    assert not {"Show the answer", "Ask again", "Try again"} & {*labels(student)}
    room.reveal(invitation.key, LESSON.slug)
    student.run()
    assert f"You said: {LESSON.quiz.choices[WRONG]}" in html(student)
    assert not {"Show the answer", "Ask again", "Try again"} & {*labels(student)}


def test_a_student_starts_no_training(room, monkeypatch):
    told: list[str] = []
    student = open_app("train", room=room.code)
    start = next(button for button in student.button if button.label.startswith("Start the"))
    assert start.disabled
    monkeypatch.setattr(train_session, "find_board", lambda: pytest.fail("a student's run came to the board"))
    monkeypatch.setattr(train_session, "is_student", lambda: True)
    monkeypatch.setattr(train_session.TRAIN, "notify", told.append)
    train_session.start()  # as a message that no button sent would
    assert told == [NO_TRAINING]


def test_outside_of_a_class_there_is_none_of_it():
    app = open_app("lessons")
    app.query_params["lesson"] = LESSON.slug
    app.run()
    assert not {"Follow the teacher", "Students see this page"} & {toggle.label for toggle in app.toggle}
    app.button(key=f"lessons.choice.{LESSON.slug}.{WRONG}").click().run()
    assert f"You said: {LESSON.quiz.choices[WRONG]}" in html(app)


def test_who_follows_sees_what_the_teacher_shows_without_what_keeps_and_opens_files(room, invitation):
    room.show(invitation.key, make_place("", {"seed": "3"}))
    student = open_app(room=room.code)
    assert "rn-said" in html(student) and student.get("plotly_chart")
    assert not student.get("download_button") and not student.get("file_uploader")
    n_parts = len([*walk(student._tree)])
    student.toggle(key="classroom.switch").set_value(False).run()
    assert student.get("download_button") and student.get("file_uploader")
    assert n_parts <= 0.85 * len([*walk(student._tree)])
