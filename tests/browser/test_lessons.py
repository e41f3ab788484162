"""The Lessons page in a browser: a lesson is answered, its link opens elsewhere, its scene opens in Explore."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from pages._lab.lessons.file import FOLDER, read_folder
from rn_core.tasks.sort_of_clevr.language import text

pytestmark = pytest.mark.browser

APP = Path(__file__).resolve().parents[2] / "app.py"
LESSONS = read_folder(FOLDER).lessons


@pytest.fixture(scope="module")
def url(serve) -> str:
    return serve(APP)


def answer(opened, choice: str) -> None:
    """Click a choice."""
    opened.locator(".st-key-lessons-choices").get_by_role("button", name=choice).click()


def test_a_lesson_is_answered_and_its_scene_opens_in_explore(visit, url):
    opened = visit(url)
    opened.get_by_role("link", name="Lessons").click()
    lesson = LESSONS[0]
    expect(opened.locator(".rn-lesson")).to_have_text(lesson.title)
    expect(opened.locator(".rn-said")).to_have_count(0)
    answer(opened, lesson.quiz.choices[0])
    expect(opened.locator(".rn-verdict").first).to_have_text(f"✗ You said: {lesson.quiz.choices[0]}")
    opened.get_by_role("button", name="Try again").click()
    answer(opened, lesson.quiz.right)
    expect(opened.locator(".rn-verdict")).to_have_text(f"✓ Right: {lesson.quiz.right}")
    expect(opened.locator(".rn-said")).to_have_count(2)
    expect(opened.locator(".scene .tag").first).to_be_visible()
    expect(opened.locator(".js-plotly-plot")).to_be_visible()
    expect(opened.get_by_text(f"1 of {len(LESSONS)} answered, 1 right")).to_be_visible()
    opened.get_by_role("link", name="Open this in Explore").click()
    expect(opened.locator("h2.rn-question")).to_have_text(text(lesson.explore.question))
    opened.wait_for_function("location.search.includes('seed=42')")
    assert "q=furthest_shape-red" in urlsplit(opened.url).query
    opened.get_by_role("link", name="Lessons").click()
    expect(opened.get_by_text(f"1 of {len(LESSONS)} answered, 1 right")).to_be_visible()
    opened.get_by_role("button", name=f"Next: {LESSONS[1].title}").click()
    expect(opened.locator(".rn-lesson")).to_have_text(LESSONS[1].title)
    opened.wait_for_function("slug => location.search === '?lesson=' + slug", arg=LESSONS[1].slug)


def test_a_link_opens_the_lesson_in_a_second_browser(visit, elsewhere, url):
    opened = visit(f"{url}/lessons")
    opened.get_by_text(f"8 · {LESSONS[7].title}").click()
    expect(opened.locator(".rn-lesson")).to_have_text(LESSONS[7].title)
    answer(opened, LESSONS[7].quiz.right)
    expect(opened.locator(".rn-verdict")).to_be_visible()
    opened.get_by_role("button", name="Share & print").click()
    link = opened.locator("[data-testid=stPopoverBody] [data-testid=stCode]").inner_text().strip()
    second = elsewhere(link)
    expect(second.locator(".rn-lesson")).to_have_text(LESSONS[7].title)
    expect(second.get_by_text(f"0 of {len(LESSONS)} answered")).to_be_visible()
    expect(second.locator(".rn-said")).to_have_count(0)


def test_the_questions_are_downloaded(visit, url):
    opened = visit(f"{url}/lessons")
    opened.get_by_text("Teacher view").click()
    expect(opened.locator(".rn-table").first).to_be_visible()
    opened.get_by_role("button", name="Share & print").click()
    with opened.expect_download() as download:
        opened.get_by_role("button", name="Questions and answers to print").click()
    content = Path(download.value.path()).read_text()
    assert all(lesson.title in content for lesson in LESSONS if "'" not in lesson.title)
    assert "<article>" in content
