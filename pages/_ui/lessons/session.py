"""What a person can do on the Lessons page: open a lesson, answer it, try again."""

from __future__ import annotations

from pathlib import Path

from pages._lab.lessons.file import Lesson, Lessons, find_files, read_folder
from pages._lab.lessons.state import LessonsState
from pages._ui.cache import make_once
from pages._ui.kept import Kept
from pages._ui.session import PageSession
from pages._ui.sharing import make_link

LESSONS = PageSession("lessons", LessonsState.from_query)
#: All answers of the session.
_ANSWERS: Kept[dict[str, int]] = Kept(LESSONS.key("answers"), dict)


def read_stamp(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """Return name, time and size of every lesson file; it changes when a teacher changes a file."""
    found = ((path.name, path.stat()) for path in find_files(folder))
    return tuple((name, info.st_mtime_ns, info.st_size) for name, info in found)


def find_lessons(folder: Path) -> Lessons:
    """Return the lessons of a folder, read again when a file has changed."""
    return make_once(("lessons", folder, read_stamp(folder)), lambda: read_folder(folder))


def get_answers(lessons: tuple[Lesson, ...]) -> dict[str, int]:
    """Return the session's answers: lesson -> index of a choice that the lesson still has."""
    sizes = {lesson.slug: len(lesson.quiz.choices) for lesson in lessons}
    return {slug: choice for slug, choice in _ANSWERS.get().items() if choice < sizes.get(slug, 0)}


def store_answer(slug: str, choice: int) -> None:
    """Keep the answer to a lesson's quiz."""
    _keep({**_ANSWERS.get(), slug: choice})


def drop_answer(slug: str) -> None:
    """Ask a lesson's quiz again."""
    _keep({name: choice for name, choice in _ANSWERS.get().items() if name != slug})


def open_lesson(slug: str) -> None:
    """Go to a lesson."""
    LESSONS.update(lesson=slug)


def make_class_link() -> str:
    """Return the full address of the open lesson, for a class: without the teacher's view of the answers."""
    return make_link(LESSONS.state.change(teacher=False).to_query())


def _keep(answers: dict[str, int]) -> None:
    """Replace all answers of the session; the state stays, and so does its URL."""
    _ANSWERS.set(answers)
    LESSONS.update()
