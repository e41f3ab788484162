"""The page to print: every question with its choices, the answers only where asked for, and no markup from files."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from pages._lab.lessons.file import FOLDER, read_folder
from pages._lab.lessons.layout import describe_progress, key_html, verdict_html
from pages._lab.lessons.print import make_quiz_page

LESSONS = read_folder(FOLDER).lessons
MATRICES = {"the-pair-matrix": (("red", "blue"), np.array([[1.5, -2.0], [0.0, 0.25]]))}


class Reader(HTMLParser):
    """Collects what a page shows."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list) -> None:
        self.tags.append(tag)
        assert not {"src", "href", "onclick"} & {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def read(page: bytes) -> Reader:
    """Return what a page shows."""
    reader = Reader()
    reader.feed(page.decode())
    return reader


@pytest.mark.parametrize("with_answers", [False, True])
def test_every_question_has_its_choices(with_answers):
    page = read(make_quiz_page(LESSONS, MATRICES, with_answers))
    text = "".join(page.words)
    assert all(lesson.quiz.ask in text for lesson in LESSONS)
    assert all(f"☐ {'ABCD'[k]} · {choice}" in text for x in LESSONS for k, choice in enumerate(x.quiz.choices))
    assert page.tags.count("section") == len(LESSONS)
    assert page.tags.count("article") == with_answers
    assert all((lesson.quiz.why.replace("`", "") in text) == with_answers for lesson in LESSONS)
    assert "script" not in page.tags
    assert "`" not in text


def test_scenes_are_drawn_except_where_the_question_hides_or_needs_none():
    page = read(make_quiz_page(LESSONS, MATRICES, with_answers=False))
    on_explore = [lesson for lesson in LESSONS if lesson.page == "explore"]
    assert page.tags.count("svg") == len(on_explore) - 1 - 3 - ("chain" in {lesson.view for lesson in on_explore})
    story = next(lesson for lesson in LESSONS if lesson.page == "babi")
    assert all(any(line.text.rstrip(".") in word for word in page.words) for line in story.state.lines)
    assert page.tags.count("table") == 1
    assert "−2.00" in page.words


def test_text_of_files_is_no_markup():
    quiz = replace(LESSONS[0].quiz, ask="<img src=x>", choices=("<b>a</b>", "b"), answer=0, why="<i>")
    lesson = replace(LESSONS[0], title="<script>alert(1)</script>", quiz=quiz)
    page = read(make_quiz_page([lesson], {}, with_answers=True))
    assert not {"img", "script", "i"} & {*page.tags}
    for html in (key_html([lesson]), verdict_html(quiz, 0), verdict_html(quiz, 1)):
        assert not {"img", "script", "i"} & {*read(html.encode()).tags}
        assert "&lt;b&gt;" in html


def test_progress_in_words():
    answers = {LESSONS[0].slug: LESSONS[0].quiz.answer, LESSONS[1].slug: LESSONS[1].quiz.answer + 1}
    assert describe_progress(LESSONS, {}) == f"0 of {len(LESSONS)} answered"
    assert describe_progress(LESSONS, answers) == f"2 of {len(LESSONS)} answered, 1 right"
