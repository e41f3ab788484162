"""The first minute: its scene shows what it says with the shipped weights, and it comes once and can be skipped."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from streamlit.testing.v1 import AppTest

from pages._lab.domains.sort_of_clevr import DOMAIN
from pages._lab.sort_of_clevr.opening import OPENING, make_steps, strongest_pair
from pages._lab.sort_of_clevr.state import ExploreState
from pages._ui.cache import find_answerer
from pages._ui.explore import opening
from pages._ui.pairs.reading import read_models, read_view
from rn_core.attribution.readout import answer_logits

pytestmark = pytest.mark.weights

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def view():
    return read_view(DOMAIN, DOMAIN.ask(OPENING))


def test_the_mlp_is_wrong_and_the_relation_network_right(view):
    assert view.reading.answer.text == view.reading.truth != view.reading.other.text
    assert view.reading.margin > 8


def test_the_deciding_pair_has_the_largest_share_by_far(view):
    i, j = strongest_pair(view)
    (target,) = view.reading.targets
    assert (view.nodes.labels[i], view.nodes.labels[j]) == (OPENING.question.color, target)
    others = [value for (a, b), value in np.ndenumerate(np.abs(view.matrix)) if {a, b} != {i, j}]
    assert view.matrix[i, j] > 5 * max(others)


def test_without_the_object_that_decides_the_answer_is_another_one_and_without_any_other_it_stays(view):
    changed = {}
    for thing in OPENING.scene.objects:
        if thing.color != OPENING.question.color:
            less = read_models(
                DOMAIN, DOMAIN.take_away(read_view(DOMAIN, DOMAIN.ask(OPENING.change(without=(thing.color,)))))
            )
            assert less.answer.text == less.truth
            changed[thing.color] = less.answer.text != view.reading.answer.text
    assert [color for color, flips in changed.items() if flips] == list(view.reading.targets)


def test_with_no_pairs_the_answer_is_not_there_yet(view):
    f_phi = find_answerer("sort-of-clevr/rn-objects").model.pair_core.f_phi
    logits = answer_logits(f_phi, torch.zeros(1, f_phi[0].in_features))[0]
    assert view.answers[int(logits.argmax())] != view.reading.truth


def test_steps_say_what_the_view_has(view):
    steps = make_steps(view)
    assert [step.name for step in steps[:5]] == ["A question", "Objects", "Pairs", "A share", "The answer"]
    assert all(len(step.sentence.split()) <= 32 for step in steps)
    i, j = strongest_pair(view)
    assert f"{view.matrix[i, j]:+.2f}" in steps[3].sentence
    assert f"says {view.reading.other.text}" in steps[4].sentence


def open_explore(**query: str) -> AppTest:
    """Return Explore, opened by a link."""
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    app.query_params.update(query)
    return app.run()


def html(app: AppTest) -> str:
    """Return all the HTML of the page; a traceback fails the test."""
    assert [error.message for error in app.exception] == []
    return "".join(element.proto.body for element in app.get("html"))


def test_it_is_told_step_by_step_and_leaves_its_scene(monkeypatch):
    monkeypatch.setattr(opening, "is_first_visit", lambda: True)
    app = open_explore()
    for number in range(1, 6):
        assert f"{number} of 6" in html(app)
        app.button(key="explore.opening.next").click().run()
    app.button(key="explore.opening.close").click().run()
    assert "in one minute" not in html(app)
    state, problems = ExploreState.from_query(dict(app.query_params))
    assert (state, problems) == (OPENING, [])
    assert "document.cookie" in html(app)
    assert "document.cookie" not in html(app.run())


def test_it_can_be_skipped_and_asked_for_again(monkeypatch):
    monkeypatch.setattr(opening, "is_first_visit", lambda: True)
    app = open_explore()
    app.button(key="explore.opening.close").click().run()
    assert "in one minute" not in html(app)
    (again,) = [button for button in app.sidebar.button if "first minute" in button.label]
    again.click().run()
    assert "1 of 6" in html(app)


def test_a_link_and_a_second_visit_go_straight_to_the_page():
    assert "in one minute" not in html(open_explore(seed="3"))
    assert "in one minute" not in html(open_explore())
