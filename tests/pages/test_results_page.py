"""The Results page as people use it: every control works, weights can be measured again, bad input is one sentence."""

from __future__ import annotations

from functools import partial

import pytest
from streamlit.testing.v1 import AppTest

from pages._lab.results import measure as results_measure
from pages._lab.results.state import ResultsState
from rn_core.common.errors import WeightsError
from rn_core.tasks.registry import DOMAINS
from rn_core.weights import store as weights
from rn_core.weights.store import list_weights
from tests.pages import opened
from tests.pages.opened import html, press, sentences

pytestmark = pytest.mark.weights

open_page = partial(opened.open_page, "results")
state_of = partial(opened.state_of, ResultsState)


def chart(app: AppTest) -> str:
    """Return the alternative text of the page's first figure, after which comes the one of jumps alone."""
    first, *others = app.get("plotly_chart")
    assert len(others) <= 1 and all("jumps" in other.proto.alt for other in others)
    return first.proto.alt


def test_it_opens_on_ours_beside_the_paper_and_guessing():
    app = open_page()
    assert sentences(app) == []
    assert "Relational questions, RN · image: ours 97.0 %, paper above 94 %, guessing 44.3 %" in chart(app)
    assert "96.84–97.08" in html(app)
    assert state_of(app) == ResultsState()


@pytest.mark.parametrize("domain", [*DOMAINS])
def test_every_domain_and_level(domain):
    app = open_page()
    app.segmented_control(key="results.domain").set_value(domain).run()
    assert sentences(app) == []
    assert state_of(app) == ResultsState(domain=domain)
    ships = any(name.startswith(f"{domain}/") for name in list_weights())
    assert any("not shipped yet" in caption.value for caption in app.caption) != ships
    if any(control.key == "results.level" for control in app.segmented_control):
        app.segmented_control(key="results.level").set_value("types").run()
        assert sentences(app) == []
        assert state_of(app) == ResultsState(domain=domain, level="types")
    app.segmented_control(key="results.section").set_value("measure").run()
    assert sentences(app) == []
    assert (len(app.info) == 0) == ships


def test_weights_are_measured_again_beside_their_card():
    app = open_page(section="measure")
    app.selectbox(key="results.model").set_value("mlp-objects").run()
    app.select_slider(key="results.n_scenes").set_value(100).run()
    app = press(app, "Measure now")
    assert sentences(app) == []
    assert state_of(app) == ResultsState(section="measure", model="mlp-objects", n_scenes=100)
    assert any("measured here on 100 new scenes of seed 1:" in caption.value for caption in app.caption)
    assert html(app).count("agree") == 8
    app.selectbox(key="results.model").set_value("rn-objects").run()
    assert "agree" not in html(app)


def test_a_link_may_ask_for_any_number_of_scenes_and_seed():
    app = open_page(section="measure", scenes="345", seed="7", model="rn-objects")
    assert app.select_slider(key="results.n_scenes").value == 345
    assert app.number_input(key="results.seed").value == 7
    assert app.selectbox(key="results.model").value == "rn-objects"
    app.number_input(key="results.seed").set_value(8).run()
    assert state_of(app) == ResultsState(section="measure", n_scenes=345, seed=8, model="rn-objects")


def test_a_model_that_does_not_ship_gives_way_to_one_that_does():
    app = open_page(section="measure", model="rn-pixel")
    assert sentences(app) == []
    assert app.selectbox(key="results.model").value == "rn-pixels"


def test_weights_that_cannot_be_measured_are_one_sentence(monkeypatch):
    def fail(name: str) -> None:
        raise WeightsError(f"The weights file '{name}' was changed; get it again from the project.")

    monkeypatch.setattr(results_measure, "load_weights", fail)
    app = press(open_page(section="measure"), "Measure now")
    assert sentences(app) == ["The weights file 'sort-of-clevr/rn-pixels' was changed; get it again from the project."]
    assert sentences(press(app, "RN · image")) == []


def test_a_card_that_cannot_be_read_leaves_the_papers_figures(monkeypatch, tmp_path):
    (tmp_path / "sort-of-clevr").mkdir()
    (tmp_path / "sort-of-clevr" / "rn-pixels.json").write_text("{")
    monkeypatch.setattr(weights.list_weights, "__defaults__", (tmp_path,))
    app = open_page()
    assert len(sentences(app)) == 1
    assert "The card 'rn-pixels.json' cannot be read" in sentences(app)[0]
    assert "paper above 94 %" in chart(app)


@pytest.mark.parametrize("label", ["RN · image", "RN · object rows", "MLP · image", "MLP · object rows"])
def test_every_card_is_one_click_away(label):
    app = press(open_page(), label)
    assert sentences(app) == []
    assert any(block.value.startswith("python -m rn_core train sort-of-clevr/") for block in app.code)
    assert any("SHA-256" in block.value for block in app.markdown)
    assert "Card (JSON)" in [button.label for button in app.get("download_button")]


def test_files_and_link_are_offered():
    app = open_page(domain="clevr", projector="on")
    labels = [button.label for button in app.get("download_button")]
    assert labels == ["Table (CSV)", "Picture (PNG)"]
    assert any(block.value.endswith("?domain=clevr&projector=on") for block in app.code)
    assert "font-size: 22px" in html(app)


def test_bad_links_are_one_sentence_each_and_the_page_works():
    app = open_page(domain="clevrr", scenes="9", projector="on")
    assert len(sentences(app)) == 2
    assert state_of(app) == ResultsState(projector=True)
    app.segmented_control(key="results.domain").set_value("babi").run()
    assert sentences(app) == []
