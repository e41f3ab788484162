"""The Lessons page as a class uses it: ask first, tell after; a bad file is one sentence."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pages._lab.glossary import explain_markdown
from pages._lab.lessons import file as lesson_file
from pages._lab.lessons.file import FOLDER, SHARED_VIEWS, VIEWS, Lesson, read_folder
from pages._lab.lessons.state import LessonsState
from pages._ui.lessons import measured as lesson_measured
from pages._ui.lessons.views import VIEWS as DRAWN
from tests.pages import opened
from tests.pages.opened import charts, html

pytestmark = pytest.mark.weights

open_page = partial(opened.open_page, "lessons")
state_of = partial(opened.state_of, LessonsState)
LESSONS = read_folder(FOLDER).lessons
FIRST = [lesson for lesson in LESSONS if lesson.slug in ("why-pairs", "why-a-sum")]
NAMED = {lesson.slug: lesson for lesson in LESSONS}
#: Figures of each view: before the quiz is answered, and after.
CHARTS = {
    "scene": (0, 1), "sum": (0, 1), "redeal": (0, 1), "floors": (0, 1), "matrix": (1, 1), "diagonal": (0, 1),
    "baseline": (0, 2), "counterfactual": (0, 0), "crowds": (1, 4), "cost": (0, 0), "without": (0, 0),
    "sights": (0, 2), "learning": (0, 1), "triples": (0, 0), "chain": (0, 1),
}  # fmt: skip


@pytest.fixture(autouse=True)
def short_times(monkeypatch):
    """Time each size for an instant: these tests look at the page, not at the values of figures."""
    monkeypatch.setattr(lesson_measured, "SECONDS", 0.0)


def sentences(app: AppTest) -> list[str]:
    """Return every sentence that says that something is wrong, or why there is no lesson."""
    return opened.sentences(app, "info")


def answer(app: AppTest, lesson: Lesson, choice: int) -> AppTest:
    """Click a choice."""
    return app.button(key=f"lessons.choice.{lesson.slug}.{choice}").click().run()


def progress(app: AppTest) -> str:
    """Return the progress in words."""
    return app.get("progress")[0].proto.text


def test_it_opens_on_the_first_lesson():
    app = open_page()
    assert sentences(app) == []
    assert LESSONS[0].title in html(app)
    assert app.radio(key="lessons.lesson").value == LESSONS[0].slug
    assert len(app.radio(key="lessons.lesson").options) == len(LESSONS)
    assert progress(app) == f"0 of {len(LESSONS)} answered"
    assert state_of(app) == LessonsState()


def test_every_view_has_a_drawing():
    assert DRAWN.keys() == VIEWS.keys() == CHARTS.keys()
    assert {*SHARED_VIEWS} <= {*DRAWN}


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.slug)
def test_a_lesson_asks_first_and_tells_after(lesson):
    app = open_page(lesson=lesson.slug)
    before, after = CHARTS[lesson.view]
    assert sentences(app) == []
    assert explain_markdown(lesson.body)[0] in [block.value for block in app.markdown]
    assert explain_markdown(lesson.quiz.why)[0] not in [block.value for block in app.markdown]
    assert 'class="rn-said"' not in html(app)
    assert "Truth" not in html(app)
    assert len(charts(app)) == before
    answer(app, lesson, lesson.quiz.answer)
    assert sentences(app) == []
    assert 'class="rn-verdict rn-right"' in html(app)
    assert explain_markdown(lesson.quiz.why)[0] in [block.value for block in app.markdown]
    assert ('class="rn-said"' in html(app)) == DRAWN[lesson.view].answers
    assert len(charts(app)) == after
    assert all(charts(app))
    assert progress(app) == f"1 of {len(LESSONS)} answered, 1 right"
    assert state_of(app).lesson in ("", lesson.slug)


def test_a_wrong_answer_says_both_and_can_be_tried_again():
    lesson = LESSONS[0]
    app = answer(open_page(), lesson, 0)
    assert lesson.quiz.answer != 0
    assert f"✗ You said: {lesson.quiz.choices[0]}" in html(app)
    assert f"Right: {lesson.quiz.right}" in html(app)
    assert progress(app) == f"1 of {len(LESSONS)} answered, 0 right"
    assert app.radio(key="lessons.lesson").options[0].endswith("✗")
    app.button(key="lessons.again").click().run()
    assert progress(app) == f"0 of {len(LESSONS)} answered"
    answer(app, lesson, lesson.quiz.answer)
    assert progress(app) == f"1 of {len(LESSONS)} answered, 1 right"
    assert app.radio(key="lessons.lesson").options[0].endswith("✓")


def test_next_and_the_list_lead_on_and_progress_stays():
    app = answer(open_page(), LESSONS[0], LESSONS[0].quiz.answer)
    app.button(key="lessons.next").click().run()
    assert state_of(app).lesson == LESSONS[1].slug
    answer(app, LESSONS[1], (LESSONS[1].quiz.answer + 1) % 2)
    app.radio(key="lessons.lesson").set_value(LESSONS[7].slug).run()
    assert LESSONS[7].title in html(app)
    assert progress(app) == f"2 of {len(LESSONS)} answered, 1 right"
    app.switch_page("pages/results.py").run()
    app.switch_page("pages/lessons.py").run()
    assert progress(app) == f"2 of {len(LESSONS)} answered, 1 right"


def test_the_last_lesson_has_no_next():
    app = answer(open_page(lesson=LESSONS[-1].slug), LESSONS[-1], 0)
    assert "lessons.next" not in [button.key for button in app.button]


def test_the_price_is_measured_on_a_click():
    app = answer(open_page(lesson="the-price"), NAMED["the-price"], 2)
    assert charts(app) == []
    app.button(key="lessons.measure").click().run()
    assert sentences(app) == []
    assert "200 objects" in charts(app)[0]
    assert len(charts(app.run())) == 1


def test_the_teacher_sees_all_answers():
    app = open_page()
    assert LESSONS[5].quiz.right not in html(app)
    app.toggle(key="lessons.teacher").set_value(True).run()
    assert all(lesson.quiz.right.replace("'", "&#x27;") in html(app) for lesson in LESSONS)
    assert state_of(app) == LessonsState(teacher=True)
    assert any("Add a lesson" in block.value and "`counterfactual`" in block.value for block in app.markdown)
    assert [button.label for button in app.get("download_button")] == ["Questions and answers to print"]


def test_without_the_teacher_the_page_to_print_has_no_answers():
    app = open_page()
    assert [button.label for button in app.get("download_button")] == ["Questions to print"]


def test_projector_type_has_a_menu():
    app = open_page(projector="on", lesson="why-a-sum")
    assert "font-size: 22px" in html(app)
    app.selectbox(key="lessons.lesson").set_value("baselines").run()
    assert state_of(app) == LessonsState(lesson="baselines", projector=True)
    app.toggle(key="lessons.projector").set_value(False).run()
    assert state_of(app) == LessonsState(lesson="baselines")
    assert sentences(app) == []


@pytest.mark.parametrize("teacher", ["off", "on"])
def test_the_link_is_shown_for_the_class(teacher):
    app = open_page(lesson="baselines", teacher=teacher)
    assert any(block.value.endswith("?lesson=baselines") for block in app.code)


def test_explore_opens_on_the_lesson_s_scene():
    app = answer(open_page(lesson="baselines"), NAMED["baselines"], 1)
    (link,) = [found.proto for found in app.get("page_link") if "Explore" in found.proto.label]
    assert "seed=7" in link.query_string
    assert "q=furthest_shape-gray" in link.query_string


def test_a_bad_link_is_one_sentence():
    app = open_page(lesson="baseline", teacher="on")
    (sentence,) = sentences(app)
    assert "Did you mean 'baselines'?" in sentence
    assert state_of(app) == LessonsState(teacher=True)
    assert LESSONS[0].title in html(app)


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """Return a folder of the two lessons of `FIRST` that the page reads instead of its own."""
    for path in sorted(FOLDER.glob("0[12]-*.md")):
        (tmp_path / path.name).write_text(path.read_text())
    monkeypatch.setattr(lesson_file, "FOLDER", tmp_path)
    return tmp_path


def test_a_bad_file_is_one_sentence_and_the_others_work(folder):
    bad = folder / "03-bad.md"
    bad.write_text(sorted(FOLDER.glob("03-*.md"))[0].read_text().replace("minutes: 3", "minutes: many"))
    app = open_page()
    assert sentences(app) == ["03-bad.md, line 3, field 'minutes': it must be a whole number from 1 to 30, got 'many'."]
    assert len(app.radio(key="lessons.lesson").options) == 2
    answer(app, FIRST[0], 1)
    assert progress(app) == "1 of 2 answered, 1 right"
    bad.write_text(bad.read_text().replace("minutes: many", "minutes: 7"))
    app.run()
    assert sentences(app) == []
    assert len(app.radio(key="lessons.lesson").options) == 3


def test_a_link_to_a_bad_file_shows_its_sentence(folder):
    (folder / "03-bad.md").write_text("nothing")
    app = open_page(lesson="bad")
    assert [sentence.startswith("03-bad.md, line 1") for sentence in sentences(app)] == [True, False]
    app.radio(key="lessons.lesson").set_value(FIRST[1].slug).run()
    assert FIRST[1].title in html(app)


def test_an_empty_folder_is_one_sentence(folder):
    for path in folder.glob("*.md"):
        path.unlink()
    assert sentences(open_page(teacher="on")) == ["There is no such lesson to open here."]


def test_an_answer_to_a_choice_that_is_gone_counts_no_more(folder):
    app = answer(open_page(), FIRST[0], 3)
    path = sorted(folder.glob("*.md"))[0]
    path.write_text(path.read_text().replace("    - gray with itself\n", ""))
    app.run()
    assert progress(app) == "0 of 2 answered"
    assert sentences(app) == []


def test_a_lesson_may_be_about_pixels(folder):
    path = sorted(folder.glob("*.md"))[0]
    path.write_text(path.read_text().replace("view: scene", "model: rn-pixels\nview: scene"))
    app = answer(open_page(), FIRST[0], 1)
    assert sentences(app) == []
    assert "7 by 7" in charts(app)[0]
