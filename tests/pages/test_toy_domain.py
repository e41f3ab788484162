"""A fifth domain on the pages: one class is asked on the shared page, and no shared code knows it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch
from streamlit.testing.v1 import AppTest

from pages._ui import cache
from rn_core.answering import Answerer
from rn_core.models import ModelConfig, build_model
from rn_core.models.baselines import MLPConfig
from rn_core.models.encoders import RowEncoderConfig
from rn_core.models.relation_network import RelationNetworkConfig
from rn_core.tasks.scoring import OneAnswer
from tests.cards import make_card
from tests.page_caches import clear_readings
from tests.toy_numbers import ASKED

SCRIPT = """
from pages._ui.frame import mark_entry
from pages._ui.pairs.page import draw_pair_page
from pages._ui.session import PageSession
from tests.toy_numbers import DOMAIN

mark_entry()
draw_pair_page(DOMAIN, PageSession("toy", DOMAIN.read_query))
"""


class ToyTask:
    """What models need of the toy's task: a row per number, and no question."""

    name, answers, scoring = "toy", ("no", "yes"), OneAnswer(1, 2)

    def encode_scenes(self, scenes: Sequence[tuple[int, ...]]) -> tuple[torch.Tensor, torch.Tensor]:
        (numbers,) = scenes
        rows = torch.zeros(1, 4, 5)
        rows[0, range(len(numbers)), numbers] = 1
        return rows, (torch.arange(4) < len(numbers))[None]

    def encode_questions(self, texts: Sequence[str]) -> torch.Tensor:
        return torch.zeros(len(texts), 0)

    def check_answerable(self, scene: tuple[int, ...], text: str) -> None:
        assert text == ASKED

    def find_warnings(self, scene: tuple[int, ...], text: str) -> tuple[str, ...]:
        return ()


def load(name: str) -> Answerer:
    """Return a small model that was never trained."""
    sizes = {"d_object": 5, "d_question": 0, "n_answers": 2}
    if name == "toy/mlp":
        core = MLPConfig(**sizes, n_objects=4, widths=(8,))
    else:
        core = RelationNetworkConfig(**sizes, g_widths=(8, 8), f_widths=(8,))
    model = build_model(ModelConfig(RowEncoderConfig(5), core), seed=3).eval().requires_grad_(False)
    return Answerer(name, make_card(name, "toy"), model, ToyTask(), None)


@pytest.fixture
def app(monkeypatch):
    """Return the page, opened on a scene with two numbers that are the same."""
    clear_readings()
    monkeypatch.setattr(cache, "load", load)
    app = AppTest.from_string(SCRIPT, default_timeout=120)
    app.query_params["seed"] = "0"
    yield app.run()
    clear_readings()


def html(app: AppTest) -> str:
    return "".join(element.proto.body for element in app.get("html"))


def find_button(app: AppTest, label: str):
    return next(button for button in app.button if button.label == label)


def test_it_is_asked_on_the_shared_page(app):
    assert not app.exception and not app.error
    assert ASKED in html(app)
    assert html(app).count('class="rn-said"') == 2
    for section in ("pair", "what-if", "method"):
        app.segmented_control(key="toy.section").set_value(section).run()
        assert not app.exception and not app.error


def test_scenes_questions_and_what_ifs_are_the_domains(app):
    find_button(app, "New scene").click().run()
    assert app.query_params["seed"] == "1"
    find_button(app, "Another question").click().run()
    app.text_input(key="toy.typed").set_value("Who?").run()
    assert [error.value for error in app.error] == [
        "Only 'Are two numbers the same?' is asked here, got 'Who?'; ask that."
    ]
    app.text_input(key="toy.typed").set_value(ASKED).run()
    app.segmented_control(key="toy.section").set_value("what-if").run()
    app.pills(key="toy.without").set_value(["a"]).run()
    assert "without the a object" in html(app)
    assert not app.exception and not app.error


def test_a_link_opens_the_same_pair():
    from tests.toy_numbers import DOMAIN

    state, problems = DOMAIN.read_query({"seed": "7", "pair": "a-c"})
    assert (state.seed, state.pair, problems) == (7, ("a", "c"), [])
    assert DOMAIN.read_query(state.to_query()) == (state, [])
