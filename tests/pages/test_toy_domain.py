"""A fifth domain on the pages: one class is asked on the shared page, and no shared code knows it."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from pages._ui import cache
from rn_core.answering import Answerer
from rn_core.models import build_model
from tests.cards import make_card
from tests.page_caches import clear_readings
from tests.toy_domain import QUESTIONS, Dice
from tests.toy_domain.page import DOMAIN

SCRIPT = """
from pages._ui.frame import mark_entry
from pages._ui.pairs.page import draw_pair_page
from pages._ui.session import PageSession
from tests.toy_domain.page import DOMAIN

mark_entry()
draw_pair_page(DOMAIN, PageSession("toy", DOMAIN.read_query))
"""


def load(name: str) -> Answerer:
    """Return a small model that was never trained."""
    task = Dice()
    config = task.domain.models[task.name]["small"][name.split("/")[1].split("-")[0]]
    model = build_model(config, seed=3).eval().requires_grad_(False)
    return Answerer(name, make_card(name, task.name), model, task, None)


@pytest.fixture
def app(monkeypatch):
    """Return the page, opened on a throw."""
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
    assert QUESTIONS[0] in html(app)
    assert html(app).count('class="rn-said"') == 2
    for section in ("pair", "what-if", "method", "many"):
        app.segmented_control(key="toy.section").set_value(section).run()
        assert not app.exception and not app.error


def test_scenes_questions_and_what_ifs_are_the_domains(app):
    find_button(app, "New scene").click().run()
    assert app.query_params["seed"] == "1"
    for question in QUESTIONS:  # the first is asked already, and suggested first
        find_button(app, "Another question").click().run()
        assert question in html(app)
    app.text_input(key="toy.typed").set_value("Who?").run()
    assert [error.value for error in app.error] == [
        "A question about dice must be one of Are two dice alike?, Is there a six?, got 'Who?'; ask one."
    ]
    app.text_input(key="toy.typed").set_value(QUESTIONS[0]).run()
    app.segmented_control(key="toy.section").set_value("what-if").run()
    app.pills(key="toy.without").set_value(["a"]).run()
    assert "without the a object" in html(app)
    assert not app.exception and not app.error


def test_a_link_opens_the_same_pair():
    state, problems = DOMAIN.read_query({"seed": "7", "pair": "a-c"})
    assert (state.seed, state.pair, problems) == (7, ("a", "c"), [])
    assert DOMAIN.read_query(state.to_query()) == (state, [])
