"""The bAbI page as people use it: it opens on an answer, every control works, bad input is one sentence."""

from __future__ import annotations

from functools import partial

import pytest
from streamlit.testing.v1 import AppTest

from pages._lab import layout
from pages._lab.babi.state import SECTIONS, BabiState
from pages._lab.babi.stories import Line, suggest_questions
from pages._ui import cache
from rn_core.common.errors import WeightsError
from tests.page_caches import clear_readings
from tests.pages import opened
from tests.pages.opened import html, press, sentences

pytestmark = pytest.mark.weights

open_page = partial(opened.open_page, "babi")
state_of = partial(opened.state_of, BabiState)
MARY = "Mary moved to the bathroom.\nJohn went to the hallway."


@pytest.fixture(autouse=True)
def models(monkeypatch, random_answerer):
    """Answer by models that were never trained, all of which are there."""
    clear_readings()
    monkeypatch.setattr(cache, "load", lambda name: random_answerer(name.removeprefix("babi/")))
    monkeypatch.setattr("pages._lab.babi.models.is_here", lambda model: True)
    yield
    clear_readings()


def write(app: AppTest, text: str) -> AppTest:
    """Write a story in its box."""
    return app.text_area(key="babi.story").set_value(text).run()


def upload(app: AppTest, content: bytes, name: str = "qa1_train.txt") -> AppTest:
    """Open a file."""
    app.get("file_uploader")[0].set_value((name, content, "text/plain"))
    return app.run()


def test_it_opens_on_an_answer_with_its_truth_and_pairs():
    app = open_page()
    assert sentences(app) == []
    state = state_of(app)
    assert state == BabiState()
    assert f">{state.text}</h2>" in html(app)
    assert f"Truth: <b>{state.drawn.answer}</b>" in html(app)
    assert html(app).count('class="rn-said"') == 4
    n = len(state.seen)
    assert [f"{n} by {n}" in chart.proto.alt for chart in app.get("plotly_chart")] == [True]


@pytest.mark.parametrize("model", ["rn-joint", "rn-3hop"])
@pytest.mark.parametrize("section", [*SECTIONS])
def test_every_section_opens(model, section):
    app = open_page(section=section, model=model, pair="s2-s4", top="5", number="50")
    assert sentences(app) == []
    shown = {"pairs": 1, "pair": 3, "what-if": 1, "method": 0, "tasks": 0, "many": 1}
    assert len(app.get("plotly_chart")) == shown[section]
    assert ("91.9 %" in html(app)) == (section == "tasks")


@pytest.mark.parametrize("task", [1, 3, 8, 16, 19])
def test_every_task_opens_with_its_truth(task):
    app = open_page()
    app.selectbox(key="babi.task").set_value(task).run()
    assert sentences(app) == []
    assert state_of(app).task == task
    assert f"Truth: <b>{state_of(app).drawn.answer}</b>" in html(app)


def test_stories_and_questions_are_drawn_and_edits_undone():
    app = open_page(**BabiState().move(0, 3).to_query())
    assert state_of(app).told is not None
    press(app, "Undo edits")
    assert state_of(app) == BabiState()
    press(app, "Later question")
    assert state_of(app).turn == BabiState().turn + 1
    press(app, "Earlier question")
    press(app, "New story")
    assert state_of(app) == BabiState().change(seed=BabiState().seed + 1)
    app.number_input(key="babi.seed").set_value(7).run()
    assert state_of(app).seed == 7
    assert sentences(app) == []


def test_a_question_is_typed_chosen_or_drawn():
    state = BabiState().change(task=6)
    app = open_page(task="6")
    chosen = next(text for text in suggest_questions(6, state.seed, state.statements) if text != state.text)
    app.selectbox(key="babi.suggested").set_value(chosen).run()
    assert state_of(app).text == chosen
    assert "Truth: <b>" in html(app)
    assert app.selectbox(key="babi.suggested").value is None
    press(app, "Draw")
    assert state_of(app).text != chosen
    assert "Truth: <b>" in html(app)
    assert sentences(app) == []


def test_a_story_is_written_and_answered():
    app = write(open_page(task="1", show="text", q="where-is-john"), MARY)
    assert state_of(app).told == (Line("Mary moved to the bathroom."), Line("John went to the hallway."))
    assert "Truth: <b>hallway</b>" in html(app)
    assert sentences(app) == []


def test_a_question_in_another_tasks_words_is_answered_without_truth():
    app = open_page(task="1", q="what-is-mary-carrying")
    assert sentences(app) == []
    assert "The answer cannot be checked: " in html(app)
    assert html(app).count('class="rn-said"') == 4
    assert "✓" not in html(app)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Mary moved to the lounge.", "Sentence 1 cannot be read: 'lounge' is not among"),
        ("", "write one sentence per line"),
        ("Mary moved to the bathroom.\n" * 10_000, "got 10,000"),
        ("<b>Mary</b>", "is not among"),
    ],
)
def test_a_bad_story_is_one_sentence_and_nothing_is_lost(text, words):
    app = write(open_page(task="1", show="text", story="Mary-moved-to-the-bathroom", q="where-is-mary"), text)
    assert [words in sentence for sentence in sentences(app)] == [True]
    assert app.text_area(key="babi.story").value == text
    assert state_of(app).told == (Line("Mary moved to the bathroom."),)
    assert "Truth: <b>bathroom</b>" in html(app)
    write(app, MARY)
    assert sentences(app) == []
    assert len(state_of(app).told) == 2


def test_dropping_all_sentences_is_one_sentence_and_can_be_undone():
    app = open_page(task="1", story=".Mary-moved-to-the-bathroom", q="where-is-mary")
    assert ["The story is empty" in sentence for sentence in sentences(app)] == [True]
    assert "cannot be checked" in html(app)
    press(app, "Undo edits")
    assert sentences(app) == []


def test_long_stories_say_what_is_not_seen():
    state = BabiState().change(task=3, turn=4)
    app = open_page(task="3", turn="4")
    early = len(state.statements) - 20
    assert early > 0
    assert html(app).count(f"{len(state.statements)} sentences count; the first {early} were not read") == 1


def test_sentences_can_be_taken_away_and_the_truth_follows():
    state = BabiState().change(task=1, turn=4)
    (place,) = [k for k, line in enumerate(state.lines) if k in state.drawn.support]
    app = open_page(task="1", turn="4", section="what-if")
    app.pills(key="babi.without").set_value([f"s{place + 1}"]).run()
    assert state_of(app).without == (f"s{place + 1}",)
    assert f"<td>without sentence {place + 1}</td>" in html(app)
    assert html(app).count(f"<td>{state.drawn.answer}</td>") == 1


def test_a_published_file_is_opened_and_one_of_its_stories_chosen():
    story = "1 Mary moved to the bathroom.\n2 Where is Mary? \tbathroom\t1\n"
    other = "1 John went to the hallway.\n2 Where is John? \thallway\t1\n"
    app = upload(open_page(), (story + other).encode())
    assert sentences(app) == []
    assert (state_of(app).task, state_of(app).text) == (1, "Where is Mary?")
    assert "Truth: <b>bathroom</b>" in html(app)
    app.number_input(key="babi.file.number").set_value(2).run()
    assert state_of(app).text == "Where is John?"
    app.number_input(key="babi.file.number").set_value(3).run()
    assert ["has 2 stories, got number 3" in sentence for sentence in sentences(app)] == [True]
    assert state_of(app).text == "Where is John?"


def test_a_binary_file_is_one_sentence_and_the_story_stays():
    app = upload(open_page(), b"\x89PNG\r\n\x1a\n\x00", "cat.png.txt")
    assert ["is not a bAbI file" in sentence for sentence in sentences(app)] == [True]
    assert state_of(app) == BabiState()


def test_without_weights_the_page_says_so_and_keeps_the_truth(monkeypatch):
    def fail(name: str) -> None:
        raise WeightsError(f"The weights '{name}' are missing.")

    monkeypatch.setattr(cache, "load", fail)
    app = open_page()
    assert "The weights 'babi/rn-joint' are missing." in sentences(app)
    assert f"Truth: <b>{BabiState().drawn.answer}</b>" in html(app)


def test_bad_links_give_one_sentence_each_and_keep_the_rest():
    app = open_page(task="1", seed="x", story="Mary-went-to-the-lounge", projector="on")
    assert len(sentences(app)) == 2
    assert state_of(app) == BabiState(task=1, projector=True)


def test_methods_and_targets():
    app = open_page(section="method")
    app.selectbox(key="babi.method").set_value("gradient").run()
    app.selectbox(key="babi.why").set_value("garden").run()
    assert state_of(app) == BabiState(section="method", method="gradient", why="garden")
    assert "Residual" in html(app)
    assert sentences(app) == []


def test_nothing_is_marked_right_beside_a_story_that_was_not_read(monkeypatch, random_answerer):
    monkeypatch.setattr(layout, "mark_html", lambda right: '<span class="rn-mark rn-right">✓ right</span>')
    app = open_page(task="1", show="text", story="Mary-moved-to-the-bathroom", q="where-is-mary")
    assert "✓ right" in html(app)
    write(app, "Mary moved to the lounge.")
    assert "✓" not in html(app)
    assert '<div class="rn-old">' in html(app)
    write(app, MARY)
    assert "✓ right" in html(app)
    assert '<div class="rn-old">' not in html(app)


def test_an_own_story_survives_another_task_and_keeps_its_truth():
    app = write(open_page(task="1", show="text", q="where-is-john"), MARY)
    app.selectbox(key="babi.task").set_value(2).run()
    state = state_of(app)
    assert (state.task, state.text, len(state.told)) == (2, "Where is john?", 2)
    assert "Truth: <b>hallway</b>" in html(app)
    press(app, "Undo edits")
    assert state_of(app) == BabiState(stage="text").change(task=2, turn=state.turn)


def test_a_pasted_story_with_numbers_or_as_a_paragraph_is_read():
    app = write(open_page(task="16", show="text", q="where-is-john"), MARY.replace("\n", " "))
    assert "Truth: <b>hallway</b>" in html(app)
    write(app, "1 Mary moved to the bathroom.\n2 John went to the garden.")
    assert "Truth: <b>garden</b>" in html(app)
    assert sentences(app) == []


def test_a_files_answer_is_its_truth_until_the_story_is_changed():
    app = upload(open_page(task="16"), b"1 Mary moved to the bathroom.\n2 Where is Mary? \tkitchen\t1\n", "mine.txt")
    assert state_of(app).task == 1
    assert "Truth: <b>kitchen</b> (from the file)" in html(app)
    app.selectbox(key="babi.task").set_value(4).run()
    assert "Truth: <b>kitchen</b> (from the file)" in html(app)
    app.segmented_control(key="babi.stage").set_value("text").run()
    write(app, MARY)
    assert "Truth: <b>bathroom</b></div>" in html(app)


def test_a_suggested_question_is_one_click_away():
    app = open_page(task="1", q="where-is-john", show="text", story="Mary-moved-to-the-bathroom")
    app.session_state["babi.problems"] = {"typed": "It is not read."}
    app.session_state["babi.suggestions"] = {"typed": "Where is Mary?"}
    app.session_state["babi.typed"] = "where mary"
    app.run()
    press(app, "Where is Mary?")
    assert state_of(app).text == "Where is Mary?"
    assert sentences(app) == []
