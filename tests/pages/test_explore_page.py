"""The Explore page as people use it: it opens on an answer, every control works, bad input is one sentence."""

from __future__ import annotations

import re
from functools import partial

import pytest
from streamlit.testing.v1 import AppTest

from pages._lab.pairs.state import METHODS
from pages._lab.sort_of_clevr.state import SECTIONS, ExploreState, sampled_scene
from pages._ui import cache
from pages._ui.pairs import sections
from rn_core.common.errors import WeightsError
from rn_core.tasks.sort_of_clevr import Question
from rn_core.tasks.sort_of_clevr.language import ALL_TEXTS, text
from tests.page_caches import clear_readings
from tests.pages import opened
from tests.pages.opened import ROOT, charts, html, sentences
from tests.shown_markdown import seen
from tests.typed_questions import type_question

pytestmark = pytest.mark.weights

open_page = partial(opened.open_page, "explore")
state_of = partial(opened.state_of, ExploreState)
TYPED = "explore.typed"


@pytest.fixture
def app() -> AppTest:
    return open_page()


def test_it_opens_on_an_answer(app):
    assert sentences(app) == []
    assert "What is the shape of the object closest to the red object?" in html(app)
    assert html(app).count("rn-said") >= 2
    assert len(charts(app)) == 1
    assert state_of(app) == ExploreState()


def test_every_page_opens_from_the_entry():
    for page in sorted(ROOT.glob("pages/*.py")):
        app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120).run()
        assert sentences(app.switch_page(f"pages/{page.name}").run()) == []


def test_menus_build_the_question(app):
    app.selectbox(key="explore.question.type").set_value("count_same_shape").run()
    app.selectbox(key="explore.question.color").set_value("gray").run()
    asked = Question("count_same_shape", "gray")
    assert state_of(app).question == asked
    assert text(asked) in html(app)
    assert app.selectbox(key=TYPED).value == text(asked)
    assert sentences(app) == []


def test_a_question_can_be_typed(app):
    type_question(app, TYPED, "is the BLUE object on the left")
    assert state_of(app).question == Question("left", "blue")
    assert app.selectbox(key="explore.question.color").value == "blue"
    assert app.selectbox(key=TYPED).value == "Is the blue object on the left?"


def test_a_bad_question_is_one_sentence_and_the_last_good_one_stays(app):
    type_question(app, TYPED, "Is the pink object on the left?")
    assert len(sentences(app)) == 1
    assert "pink" in sentences(app)[0]
    assert state_of(app) == ExploreState()
    assert ALL_TEXTS[18] in html(app)
    assert app.selectbox(key=TYPED).value == "Is the pink object on the left?"
    assert "✓" not in html(app) and '<div class="rn-old">' in html(app)
    app.selectbox(key="explore.question.color").set_value("blue").run()
    assert sentences(app) == []
    assert '<div class="rn-old">' not in html(app)
    assert app.selectbox(key=TYPED).value == "What is the shape of the object closest to the blue object?"


def test_a_question_near_in_meaning_is_one_click_away(app):
    type_question(app, TYPED, "Is the blue one at the bottom?")
    button = next(button for button in app.button if button.label == "Is the blue object at the top?")
    button.click().run()
    assert state_of(app).question == Question("top", "blue")
    assert sentences(app) == []


def test_the_page_has_one_heading_of_the_first_level(app):
    assert re.findall(r"<h1[^>]*>(.*?)</h1>", html(app)) == ["Explore"]


def test_scenes_by_seed_and_button(app):
    app.number_input(key="explore.seed").set_value(41).run()
    app.button[0].click().run()
    assert state_of(app) == ExploreState(seed=42)
    assert sentences(app) == []


def test_edits_can_be_undone():
    scene = sampled_scene(3).remove("gray")
    app = open_page(**ExploreState(seed=3).edit(scene).to_query())
    assert state_of(app).scene == scene
    next(button for button in app.button if button.label == "Undo edits").click().run()
    assert state_of(app) == ExploreState(seed=3)
    assert "Undo edits" not in [button.label for button in app.button]


def test_models_and_views_change_the_matrix(app):
    app.segmented_control(key="explore.model").set_value("rn-pixels").run()
    assert "7 by 7" in charts(app)[0]
    app.segmented_control(key="explore.view").set_value("cells").run()
    assert "25 by 25" in charts(app)[0]
    app.segmented_control(key="explore.model").set_value("rn-objects").run()
    assert "6 by 6" in charts(app)[0]
    assert state_of(app) == ExploreState(model="rn-objects")
    assert sentences(app) == []


@pytest.mark.parametrize("model", ["rn-pixels", "rn-objects"])
@pytest.mark.parametrize("section", [*SECTIONS])
def test_every_section_opens(model, section):
    app = open_page(model=model, section=section, pair="red-blue", top="5", without="green", number="50")
    assert sentences(app) == []
    assert len(charts(app)) == {"pairs": 1, "pair": 3, "what-if": 1, "method": 0, "orders": 1, "many": 1}[section]
    assert all(charts(app))


def test_the_threshold_and_its_renormalising(app):
    app.select_slider(key="explore.top").set_value(3).run()
    app.checkbox(key="explore.renormalise").check().run()
    assert state_of(app) == ExploreState(top=3, renormalise=True)
    assert sentences(app) == []


def test_a_link_may_keep_any_number_of_pairs():
    app = open_page(top="7")
    assert sentences(app) == []
    assert app.select_slider(key="explore.top").value == 7


def test_the_mean_baseline_is_another_one():
    sums = []
    for baseline in ("zero", "mean"):
        app = open_page(section="method", baseline=baseline)
        sums += re.findall(r"[^>]*Residual[^<]*", html(app))
    assert len({*sums}) == 2


def test_a_pair_is_pinned_by_menus():
    app = open_page(section="pair", model="rn-objects")
    assert len(app.info) == 1
    app.selectbox(key="explore.pair.0").set_value("red").run()
    app.selectbox(key="explore.pair.1").set_value("gray").run()
    assert state_of(app).pair == ("red", "gray")
    assert any("without (red, gray)" in alt.lower() for alt in charts(app))
    app.selectbox(key="explore.pair.0").set_value(None).run()
    assert state_of(app).pair is None


def test_a_click_on_the_matrix_names_its_square():
    event = {"selection": {"points": [{"curve_number": 1, "x": 5, "y": 2}]}}
    assert sections.read_matrix_click(event) == (2, 5)
    assert sections.read_matrix_click({"selection": {"points": []}}) is None


def test_objects_can_be_taken_away():
    app = open_page(section="what-if", model="rn-objects")
    app.pills(key="explore.without").set_value(["yellow", "green"]).run()
    assert state_of(app).without == ("green", "yellow")
    assert "without the green and yellow objects" in html(app)


def test_taking_the_asked_object_away_is_one_sentence():
    app = open_page(section="what-if", without="red")
    assert sentences(app) == []
    assert "no red object" in seen(app.info[0].value)


@pytest.mark.parametrize("method", [*METHODS])
def test_methods_and_baselines(method):
    app = open_page(section="method")
    app.selectbox(key="explore.method").set_value(method).run()
    app.radio(key="explore.baseline").set_value("mean").run()
    assert state_of(app) == ExploreState(section="method", method=method, baseline="mean")
    assert sentences(app) == []
    assert ("Residual" in html(app)) == (method != "norm")


def test_the_explained_answer_can_be_chosen():
    app = open_page(section="method")
    app.selectbox(key="explore.why").set_value("yes").run()
    app.selectbox(key="explore.why_not").set_value("none").run()
    assert (state_of(app).why, state_of(app).why_not) == ("yes", "none")
    assert "the logit of “yes”;" in html(app)


def test_projector_type(app):
    app.toggle(key="explore.projector").set_value(True).run()
    assert "font-size: 22px" in html(app)
    assert state_of(app) == ExploreState(projector=True)


def test_marks_can_be_hidden(app):
    app.toggle(key="explore.truth").set_value(False).run()
    assert state_of(app) == ExploreState(truth=False)


def test_the_link_is_shown():
    app = open_page(seed="5", model="rn-pixels")
    assert any(block.value.endswith("?seed=5&model=rn-pixels") for block in app.code)


def test_files_are_offered_and_not_made_before_they_are_asked_for(app):
    assert [button.label for button in app.get("download_button")] == [
        "Picture (PNG)", "Picture (SVG)", "Pairs (CSV)", "Everything (JSON)", "Page that works offline (HTML)",
    ]  # fmt: skip


def test_bad_links_give_one_sentence_each_and_keep_the_rest():
    app = open_page(seed="x", model="rn-object", q="left-blue", pear="1")
    assert len(sentences(app)) == 3
    assert state_of(app) == ExploreState(question=Question("left", "blue"))
    app.selectbox(key="explore.question.color").set_value("red").run()
    assert sentences(app) == []


def test_a_question_without_an_answer_keeps_the_page_working():
    app = open_page(scene="b20.30s_g50.12c", q="left-red", model="rn-objects")
    assert ["no red object" in sentence for sentence in sentences(app)] == [True]
    app.selectbox(key="explore.question.color").set_value("blue").run()
    assert sentences(app) == []
    assert "rn-said" in html(app)


def test_a_link_typed_into_an_open_page_is_followed(app):
    app.query_params["seed"] = "9"
    app.run()
    assert state_of(app) == ExploreState(seed=9)
    assert app.number_input(key="explore.seed").value == 9


def test_a_control_moved_before_the_url_has_followed_wins(app):
    app.number_input(key="explore.seed").set_value(9).run()
    app.query_params.clear()
    app.query_params["seed"] = "4"
    app.selectbox(key="explore.question.color").set_value("blue").run()
    assert state_of(app) == ExploreState(seed=9, question=Question("closest_shape", "blue"))


@pytest.mark.parametrize("answer", ["square", "circle"])
def test_an_answer_set_against_itself_by_a_link_becomes_the_next_best(answer):
    app = open_page(section="method", **{"not": answer})
    assert sentences(app) == []
    assert app.selectbox(key="explore.why_not").value in ("auto", answer)


def break_weights(monkeypatch, *names: str) -> None:
    """Make some weights fail to load, as a damaged file does."""
    whole = cache.load

    def load(name: str) -> object:
        if name.removeprefix("sort-of-clevr/") in names:
            raise WeightsError(f"The weights file '{name}' was changed; get it again from the project.")
        return whole(name)

    clear_readings()
    monkeypatch.setattr(cache, "load", load)


@pytest.fixture
def clean_caches():
    yield
    clear_readings()


@pytest.mark.usefixtures("clean_caches")
def test_damaged_weights_are_one_sentence_and_the_page_works(monkeypatch):
    break_weights(monkeypatch, "rn-objects")
    app = open_page(model="rn-objects", seed="4")
    assert {sentence for sentence in sentences(app)} == {
        "The weights file 'sort-of-clevr/rn-objects' was changed; get it again from the project."
    }
    app.segmented_control(key="explore.model").set_value("rn-pixels").run()
    assert sentences(app) == []
    assert state_of(app) == ExploreState(seed=4, model="rn-pixels")


@pytest.mark.usefixtures("clean_caches")
def test_a_damaged_baseline_does_not_take_the_answer_away(monkeypatch):
    break_weights(monkeypatch, "mlp-objects")
    app = open_page(model="rn-objects")
    assert "No usable weights." in html(app)
    assert html(app).count('class="rn-said"') == 1
