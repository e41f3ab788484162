"""The physics page as people use it: it opens playing, every control works, bad input is one sentence."""

from __future__ import annotations

import json
import re
import sys
from functools import partial

import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from pages._lab.components.table_view import BallPull, ConnectionsShown, PairAsked
from pages._lab.layout import format_share
from pages._lab.pairs.state import SECTIONS
from pages._lab.physics.models import MODELS, QUESTIONS
from pages._lab.physics.scenes import COLOR_NAMES, Pull, bundled_scene, make_rows, pulled_scene, sampled_scene
from pages._lab.physics.state import PhysicsState
from pages._ui import cache
from pages._ui.physics.asking import find_paths
from rn_core.common.errors import WeightsError
from rn_core.tasks.physics import stack_scenes
from tests.page_caches import clear_readings
from tests.pages import opened
from tests.pages.opened import html, press

pytestmark = pytest.mark.weights

START = PhysicsState()
open_page = partial(opened.open_page, "physics")
state_of = partial(opened.state_of, PhysicsState)


@pytest.fixture(autouse=True)
def models(monkeypatch, random_answerer):
    """Answer by networks that were never trained, all of which are there."""
    clear_readings()
    monkeypatch.setattr(cache, "load", random_answerer)
    monkeypatch.setattr("pages._lab.physics.models.is_here", lambda model: True)
    yield
    clear_readings()


@pytest.fixture
def shown(monkeypatch) -> list[dict]:
    """Return what the animated table was given, one payload a run, the last one last."""
    payloads: list[dict] = []
    monkeypatch.setattr("pages._ui.components.table.draw_table", lambda payload, **_: payloads.append(payload))
    return payloads


@pytest.fixture
def no_mujoco(monkeypatch):
    """Hide MuJoCo, as on a platform that it has no wheel for."""
    monkeypatch.setitem(sys.modules, "mujoco", None)


def sentences(app: AppTest) -> list[str]:
    """Return every sentence that says that something is wrong, or why there is no answer."""
    return [text for text in opened.sentences(app, "info") if "Choose two balls here" not in text]


def labels_of(app: AppTest) -> list[str]:
    """Return the labels of all buttons."""
    return [button.label for button in app.button]


def upload(app: AppTest, content: bytes, name: str = "scene.json") -> AppTest:
    """Open a file."""
    app.get("file_uploader")[0].set_value((name, content, "application/json"))
    return app.run()


def test_it_opens_playing_with_what_the_network_says_of_every_pair(shown):
    app = open_page()
    assert sentences(app) == []
    assert state_of(app) == PhysicsState()
    assert "of 45</div>pairs right" in html(app)
    assert html(app).count("Whole scene:") == len(MODELS["connections"])
    np.testing.assert_allclose(shown[-1]["seen"], sampled_scene(START.seed, 10).positions[:16], atol=1e-4)
    assert (shown[-1]["matrix"], shown[-1]["show_links"], len(shown[-1]["guess"])) == ("guess", False, 10)


@pytest.mark.parametrize("section", [*SECTIONS])
def test_every_section_of_the_count_opens(section):
    app = open_page(ask="count", section=section, pair="red-blue", top="5", number="50")
    assert sentences(app) == []
    assert len(app.get("plotly_chart")) == 1 + {"pairs": 1, "pair": 3, "what-if": 1, "method": 0, "many": 1}[section]
    assert "Truth: <b>4</b>" in html(app)
    assert html(app).count('class="rn-said"') == len(MODELS["count"])


def test_every_question_is_asked_by_its_button(shown):
    app = open_page()
    for question, words in (
        ("count", "Truth: <b>"),
        ("predict", "Mean error per frame"),
        ("connections", "pairs right"),
    ):
        app.segmented_control(key="physics.question").set_value(question).run()
        assert sentences(app) == []
        assert state_of(app) == PhysicsState(question=question)
        assert words in html(app)
    assert [payload["matrix"] for payload in shown] == ["guess", "shares", "guess", "guess"]
    assert [payload["predicted"] is not None for payload in shown] == [False, False, True, False]


def test_scenes_are_drawn_and_have_2_to_16_balls(shown):
    app = press(open_page(), "New scene")
    assert state_of(app) == PhysicsState(seed=START.seed + 1)
    app.number_input(key="physics.seed").set_value(7).run()
    assert state_of(app) == PhysicsState(seed=7)
    assert sentences(app) == []
    for balls, words in ((16, "but not for the other 75"), (2, "asked about 2"), (10, None)):
        app.slider(key="physics.balls").set_value(balls).run()
        assert state_of(app) == PhysicsState(seed=7, balls=balls)
        assert [words in sentence for sentence in sentences(app)] == ([] if words is None else [True])
        assert len(shown[-1]["balls"]) == balls


@pytest.mark.parametrize("question", [*QUESTIONS])
@pytest.mark.parametrize("balls", ["2", "3", "11", "16"])
def test_every_number_of_balls_is_answered_by_those_that_can(question, balls):
    app = open_page(ask=question, balls=balls)
    assert ["Trained on 10 balls" in sentence for sentence in sentences(app)] == [True]
    assert ("MLP, same input" in html(app)) == (int(balls) <= 10)


@pytest.mark.parametrize("model", MODELS["predict"])
def test_paths_of_fewer_balls_are_the_first_ones_of_all(random_answerer, model):
    rows = make_rows(sampled_scene(2, 3))
    logits = random_answerer(f"physics/{model}").logits(rows, "").reshape(-1, 16, 2)[:3].numpy()
    last = rows[:, [18, 34]]
    found = find_paths(f"physics/{model}", rows)
    np.testing.assert_allclose(found, logits.transpose(1, 0, 2) + last, atol=1e-5)


def test_true_connections_are_hidden_until_asked_for_and_then_in_the_link(monkeypatch):
    payloads, shown = [], [True]

    def draw(payload, *, on_change, **_):
        payloads.append(payload)
        st.button("connections", on_click=lambda: on_change(ConnectionsShown(shown[0])))

    monkeypatch.setattr("pages._ui.components.table.draw_table", draw)
    app = press(open_page(), "connections")
    assert state_of(app) == PhysicsState(truth=True)
    shown[0] = False
    assert state_of(press(app, "connections")) == PhysicsState()
    assert [payload["show_links"] for payload in payloads] == [False, True, False]


def test_the_surest_connection_is_explained_until_another_one_is_asked_about(monkeypatch):
    payloads = []

    def draw(payload, *, on_change, **_):
        payloads.append(payload)
        st.button("ask", on_click=lambda: on_change(PairAsked(1, 3)))

    monkeypatch.setattr("pages._ui.components.table.draw_table", draw)
    app = open_page()
    guess = np.array(payloads[0]["guess"], dtype=float)
    i, j = payloads[0]["asked"]
    assert guess[i, j] == np.nanmax(guess)
    assert f">Is {COLOR_NAMES[i]} connected to {COLOR_NAMES[j]}?" in html(app)
    press(app, "ask")
    assert (state_of(app), payloads[-1]["asked"]) == (PhysicsState(connection=("green", "orange")), (1, 3))
    assert ">Is green connected to orange?" in html(app)
    assert payloads[-1]["shares"] is None
    app.selectbox(key="physics.connection.1").set_value("red").run()
    assert state_of(app).connection == ("green", "red")
    assert "green" not in app.selectbox(key="physics.connection.1").options
    app.number_input(key="physics.seed").set_value(7).run()
    assert state_of(app) == PhysicsState(seed=7)


@pytest.mark.parametrize("section", [*SECTIONS])
def test_every_section_of_a_connection_opens(section):
    app = open_page(tie="green-pink", section=section, pair="red-blue", top="5", number="50")
    assert sentences(app) == []
    assert len(app.get("plotly_chart")) == {"pairs": 1, "pair": 3, "what-if": 1, "method": 0, "many": 1}[section]


def test_a_ball_that_is_asked_about_cannot_be_taken_away():
    app = open_page(tie="green-pink", section="what-if")
    app.pills(key="physics.without").set_value(["red"]).run()
    assert sentences(app) == []
    assert "without the red ball" in html(app)
    app.pills(key="physics.without").set_value(["green"]).run()
    (sentence,) = sentences(app)
    assert sentence.startswith("The scene has no green ball; ask about red, blue")


def test_a_bundled_scene_gives_way_to_a_drawn_one(shown):
    app = open_page(seed="3", balls="12")
    app.selectbox(key="physics.bundled").set_value(4).run()
    assert state_of(app) == PhysicsState(seed=3, balls=12, bundled=4)
    np.testing.assert_allclose(shown[-1]["seen"], bundled_scene(4).positions[:16], atol=1e-4)
    app.slider(key="physics.balls").set_value(12).run()
    assert state_of(app) == PhysicsState(seed=3, balls=12)
    assert sentences(app) == ["Trained on 10 balls, asked about 12: it answers for the 45 pairs of the first ten "
                              "colors, but not for the other 21."]  # fmt: skip


def test_a_saved_scene_is_opened_again_and_goes_with_the_session_only(shown):
    scene = sampled_scene(5, 4)
    app = upload(open_page(), scene.to_json().encode())
    assert ["asked about 4" in sentence for sentence in sentences(app)] == [True]
    np.testing.assert_allclose(shown[-1]["seen"], scene.positions[:16], atol=1e-4)
    assert state_of(app).opened.startswith("4-")
    elsewhere = open_page(scene=state_of(app).opened)
    assert ["open its file again" in sentence for sentence in sentences(elsewhere)] == [True]
    assert state_of(elsewhere) == PhysicsState()


def test_paths_whose_connections_nobody_knows_are_answered_without_a_truth(shown):
    scene = sampled_scene(5, 10)
    bare = {name: value for name, value in json.loads(scene.to_json()).items() if name in ("frame_rate", "positions")}
    app = upload(open_page(), b"\xef\xbb\xbf" + json.dumps(bare).encode())
    assert ["Nobody knows which of these balls are connected" in sentence for sentence in sentences(app)] == [True]
    assert "of 45</div>pairs predicted connected" in html(app)
    assert (shown[-1]["links"], shown[-1]["show_links"], shown[-1]["can_pull"]) == (None, False, False)
    guess = shown[-1]["guess"]
    app.segmented_control(key="physics.question").set_value("count").run()
    assert len(sentences(app)) == 1
    assert not re.search("Truth: <b>|✓ right|✗ wrong", html(app))
    assert "connected groups" in html(app)
    app.segmented_control(key="physics.question").set_value("predict").run()
    assert sentences(app) == [] and "Mean error" in html(app) and shown[-1]["ahead"] is not None
    short = stack_scenes([scene]).frames(0, 16).scene(0)
    app = upload(app, json.dumps({"frame_rate": 10, "positions": short.positions.tolist()}).encode())
    assert any("ends with the 16 frames" in sentence for sentence in sentences(app)) and "Mean error" not in html(app)
    assert (shown[-1]["ahead"], len(shown[-1]["predicted"]), shown[-1]["errors"]) == (None, 16, None)
    known = upload(open_page(), scene.to_json().encode())
    assert sentences(known) == []
    assert shown[-1]["guess"] == guess
    assert "pairs right" in html(known)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\x89PNG\r\n\x1a\n", "is not a scene"),
        (b'{"positions": 3}', "A scene must be a JSON object"),
        (sampled_scene(5, 4).to_json().replace("0.0", "NaN", 1).encode(), "cannot be played"),
        (json.dumps({"frame_rate": 10, "positions": [[]]}).encode(), "1 to 16 balls, got 0"),
        (json.dumps({"frame_rate": 10, "positions": [[[0, 0]] * 1000]}).encode(), "1 to 16 balls, got 1000"),
    ],
)
def test_a_bad_file_is_one_sentence_and_nothing_is_lost(content, words):
    app = upload(open_page(seed="3"), content)
    assert [words in sentence for sentence in sentences(app)] == [True]
    assert state_of(app) == PhysicsState(seed=3)
    assert "of 45</div>pairs right" in html(app)


def test_a_pull_on_the_table_is_answered_by_the_simulation_in_the_same_run(monkeypatch):
    payloads, pulls = [], [BallPull(3, 9, (-0.8123456, -0.25))]

    def draw(payload, *, on_change, **_):
        payloads.append(payload)
        st.button("pull", on_click=lambda: on_change(pulls[0]))

    monkeypatch.setattr("pages._ui.components.table.draw_table", draw)
    app = press(open_page(truth="on"), "pull")
    assert sentences(app) == []
    pull = Pull(3, 9, -0.812, -0.25)
    assert state_of(app) == PhysicsState(truth=True, pulls=(pull,))
    assert len(payloads) == 2
    scene = pulled_scene(sampled_scene(START.seed, 10), (pull,))
    np.testing.assert_allclose(payloads[-1]["seen"], scene.positions[:16], atol=1e-4)
    assert payloads[0]["links"] == payloads[1]["links"]
    pulls[0] = BallPull(3, 0, tuple(scene.positions[0, 5].tolist()))
    press(app, "pull")
    assert ["Ball orange would lie" in sentence for sentence in sentences(app)] == [True]
    assert state_of(app).pulls == (pull,)
    assert payloads[-1]["seen"] == payloads[1]["seen"]


def test_a_ball_that_is_held_changes_neither_state_nor_scene(monkeypatch):
    payloads, pulls = [], [BallPull(3, 9, (-0.8, -0.25), is_held=True)]

    def draw(payload, *, on_change, **_):
        payloads.append(payload)
        st.button("hold", on_click=lambda: on_change(pulls[0]))

    monkeypatch.setattr("pages._ui.components.table.draw_table", draw)
    app = press(open_page(), "hold")
    pulls[0] = BallPull(3, 0, (5.0, 5.0), is_held=True)
    press(app, "hold")
    assert sentences(app) == []
    assert state_of(app) == PhysicsState()
    assert payloads[0] == payloads[1] == payloads[2]
    assert payloads[0]["live"] and not make_predicted_payload(app, payloads)["live"]


def make_predicted_payload(app: AppTest, payloads: list[dict]) -> dict:
    """Return what the table is given where the question is what happens next."""
    app.segmented_control(key="physics.question").set_value("predict").run()
    return payloads[-1]


def test_pulls_are_undone_one_by_one_or_all_at_once(shown):
    app = open_page(pulls="0.5.-700.700_1.3.-800.-600")
    assert sentences(app) == []
    scene = pulled_scene(sampled_scene(START.seed, 10), (Pull(0, 5, -0.7, 0.7), Pull(1, 3, -0.8, -0.6)))
    np.testing.assert_allclose(shown[-1]["seen"], scene.positions[:16], atol=1e-4)
    press(app, "Undo pull")
    assert state_of(app) == PhysicsState(pulls=(Pull(0, 5, -0.7, 0.7),))
    assert "Reset" not in labels_of(app)
    press(open_page(pulls="0.5.-700.700_1.3.-800.-600"), "Reset")
    press(app, "Undo pull")
    assert state_of(app) == PhysicsState()
    np.testing.assert_allclose(shown[-1]["seen"], sampled_scene(START.seed, 10).positions[:16], atol=1e-4)


def test_a_link_with_a_pull_that_cannot_be_keeps_the_rest():
    app = open_page(seed="2", pulls="0.5.5000.0")
    assert ["The link's 'pulls' was left out: Ball red would lie at (5.00, 0.00)" in s for s in sentences(app)] == [
        True
    ]
    assert state_of(app) == PhysicsState(seed=2)


def test_a_ball_can_be_taken_away_and_the_truth_follows(random_answerer):
    app = open_page(ask="count", section="what-if")
    gone = ("red", "blue", "yellow")  # a system of their own
    app.pills(key="physics.without").set_value([*gone]).run()
    assert state_of(app).without == gone
    rows = make_rows(sampled_scene(START.seed, 10), gone)
    said = random_answerer("physics/rn-count").answer(rows, "")
    cells = f"<td><b>{said.text}</b></td><td>{format_share(said.probabilities[said.text])}</td>"
    assert f"<td>without the red, blue and yellow balls</td>{cells}" in html(app)
    assert html(app).count("<td>4</td>") == html(app).count("<td>3</td>") == 1
    assert sentences(app) == []


def test_methods_baselines_and_targets():
    app = open_page(ask="count", section="method")
    app.selectbox(key="physics.method").set_value("gradient").run()
    app.radio(key="physics.baseline").set_value("mean").run()
    app.selectbox(key="physics.why").set_value("4").run()
    assert state_of(app) == PhysicsState(
        question="count", section="method", method="gradient", baseline="mean", why="4"
    )
    assert "Residual" in html(app)
    assert sentences(app) == []


def test_the_drawn_paths_can_be_another_networks(shown):
    app = open_page(ask="predict")
    app.pills(key="physics.predictor").set_value("in-predict").run()
    assert state_of(app) == PhysicsState(question="predict", predictor="in-predict")
    assert shown[0]["predicted"] != shown[1]["predicted"]
    assert shown[0]["baseline_errors"] == shown[1]["baseline_errors"]


@pytest.mark.parametrize("question", [*QUESTIONS])
def test_files_and_link_are_offered(question):
    app = open_page(ask=question)
    labels = [button.label for button in app.get("download_button")]
    assert labels[0] == "Scene (JSON), to open again"
    assert ("Page that works offline (HTML)" in labels) == (question != "predict")
    assert any("Paths (CSV)" in label for label in labels) == (question == "predict")
    assert any("Connections (CSV)" in label for label in labels) == (question == "connections")


@pytest.mark.parametrize("question", [*QUESTIONS])
def test_without_weights_the_page_plays_and_says_how_they_are_made(monkeypatch, shown, question):
    monkeypatch.setattr("pages._lab.physics.models.is_here", lambda model: False)
    app = open_page(ask=question)
    assert sentences(app) == [
        f"The network for this question, physics/rn-{question}, is not installed; "
        f"train it with `python -m rn_core train physics/rn-{question}`."
    ]
    assert len(shown[-1]["seen"]) == 16
    assert (shown[-1]["guess"], shown[-1]["shares"], shown[-1]["predicted"]) == (None, None, None)


def test_one_networks_weights_are_enough_for_its_question(monkeypatch):
    monkeypatch.setattr("pages._lab.physics.models.is_here", lambda model: model == "rn-count")
    app = open_page(ask="count")
    assert sentences(app) == []
    assert "Truth: <b>" in html(app)
    app.segmented_control(key="physics.question").set_value("connections").run()
    assert ["is not installed" in sentence for sentence in sentences(app)] == [True]


@pytest.mark.parametrize("question", [*QUESTIONS])
def test_damaged_weights_are_one_sentence(monkeypatch, question):
    def fail(name: str) -> None:
        raise WeightsError(f"The weights '{name}' are damaged.")

    monkeypatch.setattr(cache, "load", fail)
    app = open_page(ask=question)
    assert {*sentences(app)} == {f"The weights 'physics/{m}' are damaged." for m in MODELS[question]}


def test_bad_links_give_one_sentence_each_and_keep_the_rest():
    app = open_page(ask="counts", balls="1000", projector="on")
    assert len(sentences(app)) == 2
    assert state_of(app) == PhysicsState(projector=True)


def test_without_mujoco_bundled_scenes_are_played_and_the_page_says_why(no_mujoco, shown):
    app = open_page()
    assert ["Simulating needs MuJoCo" in s and "pulling are unavailable" in s for s in sentences(app)] == [True]
    assert state_of(app) == PhysicsState(bundled=1)
    np.testing.assert_allclose(shown[-1]["seen"], bundled_scene(1).positions[:16], atol=1e-4)
    assert "of 45</div>pairs right" in html(app)
    assert (len(app.slider), len(app.number_input), "New scene" in labels_of(app)) == (0, 0, False)
    press(app, "Next bundled scene")
    assert state_of(app) == PhysicsState(bundled=2)
    assert not shown[-1]["can_pull"]
    for question in QUESTIONS:
        app.segmented_control(key="physics.question").set_value(question).run()
        assert len(sentences(app)) == 1


def test_without_mujoco_a_link_to_a_drawn_scene_says_what_is_shown_instead(no_mujoco):
    app = open_page(seed="4", pulls="0.5.0.900", ask="predict")
    assert ["another one is shown" in sentence for sentence in sentences(app)].count(True) == 1
    assert state_of(app) == PhysicsState(question="predict", seed=4, bundled=1)


def test_without_mujoco_a_file_is_played_as_far_as_it_goes(no_mujoco, shown):
    scene = bundled_scene(3)
    short = stack_scenes([scene]).frames(0, 16).scene(0)
    app = upload(open_page(ask="predict"), short.to_json().encode())
    assert any("ends with the 16 frames" in sentence for sentence in sentences(app))
    app = upload(open_page(ask="predict"), scene.to_json().encode())
    assert len(sentences(app)) == 1
    np.testing.assert_allclose(shown[-1]["ahead"], scene.positions[16:], atol=1e-4)
