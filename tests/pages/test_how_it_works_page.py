"""The page "How it works" as people use it: every step opens, every control works, bad input is one sentence."""

from __future__ import annotations

import json
from functools import partial

import pytest
from streamlit.testing.v1 import AppTest

from pages._lab.models import MODELS, view_of
from pages._lab.walk.state import N_STEPS, WalkState, count_steps
from pages._lab.walk.steps import STEPS
from pages._ui import cache
from pages._ui.components.diagram import read_step
from pages._ui.walk.session import replace_node
from rn_core.common.errors import WeightsError
from rn_core.tasks.sort_of_clevr import Question
from rn_core.tasks.sort_of_clevr.language import text
from tests.page_caches import clear_readings
from tests.pages import opened
from tests.pages.opened import ROOT, charts, html, press, sentences
from tests.shown_markdown import seen

pytestmark = pytest.mark.weights

open_page = partial(opened.open_page, "how_it_works")
state_of = partial(opened.state_of, WalkState)
MOST_CHARTS = 2


@pytest.fixture
def app() -> AppTest:
    return open_page(model="rn-objects")


def test_it_opens_on_the_image_of_the_default_question():
    app = open_page()
    assert sentences(app) == []
    assert text(WalkState().question) in html(app)
    assert "1 · Image" in html(app)
    assert len(app.latex) == 3
    assert state_of(app) == WalkState()


@pytest.mark.parametrize(
    ("model", "step"), [(model, step) for model in MODELS for step in range(1, count_steps(model) + 1)]
)
def test_every_step_has_a_sentence_a_formula_and_its_code(model, step):
    app = open_page(model=model, step=str(step))
    side = STEPS[view_of(model)][step - 1]
    assert sentences(app) == []
    assert f"{step} · {side.name}" in html(app)
    assert app.latex
    assert any(side.anchors[0].text in block.value for block in app.code)
    assert any(seen(block.value).startswith(f"{side.anchors[0].file}:") for block in app.caption)
    assert 1 <= len(charts(app)) <= MOST_CHARTS
    assert all(charts(app))


@pytest.mark.parametrize("model", ["rn-objects", "rn-slots"])
def test_back_and_next_walk_from_end_to_end_and_no_further(model):
    app, n_steps = open_page(model=model), count_steps(model)
    for step in range(2, n_steps + 1):
        press(app, "Next")
        assert state_of(app).step == step
    buttons = {button.label: button.disabled for button in app.button}
    assert (buttons["Back"], buttons["Next"]) == (False, True)
    for step in range(n_steps - 1, 0, -1):
        press(app, "Back")
        assert state_of(app).step == step
    buttons = {button.label: button.disabled for button in app.button}
    assert (buttons["Back"], buttons["Next"]) == (True, False)
    assert sentences(app) == []


def test_the_arrow_keys_press_back_and_next(app):
    keys = {button.label: button.proto.shortcut for button in app.button if button.proto.shortcut}
    assert keys == {"Back": "left", "Next": "right"}


def test_the_browser_names_steps_by_their_numbers_and_nothing_else_is_taken():
    assert [read_step(8, {"step": step}) for step in range(1, 9)] == [*range(1, 9)]
    others = [0, 9, True, "3", 2.0, None]
    assert [read_step(8, state) for state in (*({"step": step} for step in others), {}, None, [3])] == [None] * 9


def test_scene_question_and_network_can_be_changed(app):
    app.number_input(key="walk.seed").set_value(4).run()
    app.selectbox(key="walk.question.type").set_value("count_same_shape").run()
    app.selectbox(key="walk.question.color").set_value("gray").run()
    app.segmented_control(key="walk.model").set_value("rn-pixels").run()
    asked = Question("count_same_shape", "gray")
    assert state_of(app) == WalkState(seed=4, question=asked)
    assert text(asked) in html(app)
    press(app, "New scene")
    assert state_of(app).seed == 5
    assert sentences(app) == []


def test_a_link_from_explore_and_one_back():
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    app.query_params.update({"seed": "3", "q": "left-blue", "model": "rn-objects"})
    app.run()
    there = next(link.proto for link in app.get("page_link") if "computed" in link.proto.label)
    assert "model=rn-objects" in there.query_string
    walk = open_page(seed="3", q="left-blue", model="rn-objects", step="7")
    back = next(link.proto for link in walk.get("page_link"))
    assert {*back.query_string.split("&")} == {"seed=3", "q=left-blue", "model=rn-objects"}
    assert back.page.endswith("explore") or back.page == ""


def test_a_pair_is_chosen_by_menus(app):
    app = open_page(model="rn-objects", step="4")
    app.selectbox(key="walk.pair.0").set_value("blue").run()
    app.selectbox(key="walk.pair.1").set_value("gray").run()
    assert state_of(app).pair == ("blue", "gray")
    assert "(blue, gray)" in charts(app)[0]
    press(app, "Next")
    assert app.selectbox(key="walk.pair.0").value == "blue"
    assert sentences(app) == []


def test_a_menu_that_tells_its_value_again_pins_nothing():
    shown = ("red", "green")
    assert replace_node(shown, 0, "red") == replace_node(shown, 1, "green") == {}
    assert replace_node(shown, 1, "red") == {"pair": ("red", "red")}


def test_a_pair_of_colors_from_a_link_names_cells():
    app = open_page(pair="red-blue", step="5")
    assert sentences(app) == []
    assert "· red" in app.selectbox(key="walk.pair.0").options[int(app.selectbox(key="walk.pair.0").value)]


def test_the_film_has_frames_buttons_and_a_slider():
    app = open_page(model="rn-objects", step="6", added="5")
    film = json.loads(app.get("plotly_chart")[0].proto.spec)
    assert [frame["name"] for frame in film["frames"]] == [str(count) for count in range(37)]
    assert film["layout"]["sliders"][0]["active"] == 5
    assert [button["label"] for button in film["layout"]["updatemenus"][0]["buttons"]] == ["▶ Play", "❚❚ Pause"]


def test_order_and_number_of_pairs_can_be_chosen():
    app = open_page(model="rn-objects", step="6")
    app.selectbox(key="walk.order").set_value("weakest").run()
    app.number_input(key="walk.added").set_value(30).run()
    assert state_of(app) == WalkState(model="rn-objects", step=6, order="weakest", added=30)
    assert sentences(app) == []


def test_permuting_the_objects_leaves_the_relation_network_and_not_the_mlp(app):
    press(app, "Permute the objects")
    assert state_of(app).deal == 1
    assert html(app).count("largest change of a logit (rounding)") == 1
    assert html(app).count("largest change of a logit") == 2
    press(app, "Permute the objects")
    assert state_of(app).deal == 2
    press(app, "Put them back")
    assert state_of(app).deal == 0
    assert "largest change" not in html(app)
    assert sentences(app) == []


def test_the_mlps_way_can_be_shown(app):
    app.toggle(key="walk.mlp").set_value(True).run()
    assert state_of(app) == WalkState(model="rn-objects", mlp=True)
    assert "What the MLP has instead" in html(app)
    assert any(".flatten(1)" in block.value for block in app.code)
    assert len(charts(app)) == 3
    assert sentences(app) == []


def test_projector_type(app):
    app.toggle(key="walk.projector").set_value(True).run()
    assert "font-size: 22px" in html(app)
    assert state_of(app) == WalkState(model="rn-objects", projector=True)


def test_bad_links_give_one_sentence_each_and_keep_the_rest():
    app = open_page(step="9", model="rn-object", seed="2", pair="left-right")
    assert len(sentences(app)) == 3
    assert state_of(app) == WalkState(seed=2)


def test_a_question_without_an_answer_keeps_the_page_working():
    app = open_page(scene="b20.30s_g50.12c", q="left-red", model="rn-objects")
    assert ["no red object" in sentence for sentence in sentences(app)] == [True]
    app.selectbox(key="walk.question.color").set_value("blue").run()
    assert sentences(app) == []
    assert "1 · Scene" in html(app)


@pytest.mark.parametrize("step", range(1, N_STEPS["objects"] + 1))
def test_a_scene_with_few_objects_is_walked_through(step):
    app = open_page(scene="b20.30s_g50.12c", q="closest_shape-blue", model="rn-objects", step=str(step), deal="1")
    assert sentences(app) == []


@pytest.fixture
def damaged_mlp(monkeypatch):
    """Make the MLP's weights fail to load, as a damaged file does."""
    whole = cache.load

    def load(name: str) -> object:
        if "mlp" in name:
            raise WeightsError(f"The weights file '{name}' was changed; get it again from the project.")
        return whole(name)

    clear_readings()
    monkeypatch.setattr(cache, "load", load)
    yield
    clear_readings()


@pytest.mark.usefixtures("damaged_mlp")
def test_without_the_mlp_the_walk_goes_on():
    app = open_page(model="rn-objects", mlp="on", deal="1", step="8")
    assert sentences(app) == []
    assert "cannot be used" in seen(app.info[0].value)
    assert html(app).count("largest change of a logit") == 1
