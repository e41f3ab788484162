"""The way through 45 minutes: its stops exist, its clock adds up, and the docs have it word for word."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

from pages._lab.lessons.file import FOLDER, read_folder
from pages._lab.lessons.path import PATH, list_rows, path_html, path_markdown

ROOT = Path(__file__).resolve().parents[2]
LESSONS = read_folder(FOLDER).lessons


def test_it_takes_forty_five_minutes_without_a_gap():
    spans = [row[0].split("–") for row in list_rows(LESSONS)]
    assert spans[0][0] == "0"
    assert spans[-1][1] == "45"
    assert all(before[1] == after[0] for before, after in pairwise(spans))


def test_every_stop_is_a_page_or_a_lesson():
    slugs = {lesson.slug for lesson in LESSONS}
    assert {stop.lesson for stop in PATH if stop.page == "lessons"} <= slugs
    assert all((ROOT / f"pages/{stop.page}.py").is_file() for stop in PATH)
    minutes = {lesson.slug: lesson.minutes for lesson in LESSONS}
    assert all(stop.minutes >= minutes[stop.lesson] for stop in PATH if stop.lesson)


def test_docs_and_page_have_the_same_way():
    assert path_markdown(LESSONS) in (ROOT / "docs/teachers.md").read_text()
    html = path_html(LESSONS)
    assert html.count("<tr>") == len(PATH) + 1
