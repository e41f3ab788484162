"""Explore's questions about three objects: what each triple adds, the truth, the link, and the page itself."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from streamlit.testing.v1 import AppTest

from pages._lab.components.scene_view import make_scene_data
from pages._lab.sort_of_clevr.state import ExploreState
from pages._lab.sort_of_clevr.triples import TripleView, find_triple_truth, make_triple_stage, read_triples
from rn_core.answering import load
from rn_core.common.errors import RNCoreError, SceneError
from rn_core.models.layers import linear_at
from rn_core.tasks.sort_of_clevr import COLORS, SceneObject
from rn_core.tasks.sort_of_clevr.triples import TripleQuestion
from tests.typed_questions import type_question

pytestmark = pytest.mark.weights

ROOT = Path(__file__).resolve().parents[2]
STATE = ExploreState(family="triples", seed=4)


@pytest.fixture(scope="module")
def answerer():
    return load("sort-of-clevr/rn-triples")


def view_of(answerer, state=STATE):
    return TripleView(state, read_triples(answerer, state), {}, *find_triple_truth(state))


def test_what_triples_add_comes_to_the_logit_that_the_network_gives(answerer):
    for question in (TripleQuestion("between", "red", "gray"), TripleQuestion("line", "blue", "yellow")):
        view = view_of(answerer, replace(STATE, triple=question))
        parts, target = view.reading.attribution, view.reading.target
        logits = torch.from_numpy(view.reading.answer.logits)
        assert parts.value == pytest.approx(target.value(logits).item(), abs=1e-4)
        empty = torch.zeros(1, linear_at(answerer.model.core.f_phi, 0).in_features)
        without = target.value(answerer.model.core.f_phi(empty)[0].double()).item()
        added = sum(row.contribution for row in view.rows)
        assert without + added == pytest.approx(parts.value, abs=1e-4)
        assert [abs(row.contribution) for row in view.rows] == sorted(
            (abs(row.contribution) for row in view.rows), reverse=True
        )
        assert len(view.rows) == 6 and all(row.members[:2] == (question.first, question.second) for row in view.rows)


def test_the_truth_is_found_by_hand_and_its_triples_are_marked(answerer):
    places = {"red": (10, 10), "green": (60, 60), "blue": (40, 20), "orange": (60, 10), "gray": (12, 65)}
    state = STATE.edit(type(STATE.scene)(tuple(SceneObject(c, "square", *at) for c, at in places.items())))
    view = view_of(answerer, state)
    assert (view.truth, view.margin) == ("2", 0.0)  # blue inside, orange on the corner of the box
    deciding = {row.members for row in view.rows if row.decides}
    assert deciding == {("red", "green", "blue"), ("red", "green", "orange")}
    assert view.rows_html().count("decides") == 2 and len(view.rows) == 5
    assert "decides" not in replace(view, state=replace(state, truth=False)).rows_html()


def test_the_strongest_triples_are_drawn_at_their_objects(answerer):
    view = view_of(answerer)
    data = make_scene_data(make_triple_stage(STATE, view))
    colors = [thing["id"] for thing in data["objects"]]
    for drawn, row in zip(data["triples"], view.rows[:3], strict=True):
        assert tuple(colors[node] for node in drawn["members"]) == row.members
        assert drawn["share"] == pytest.approx(row.contribution, abs=1e-6)
    assert {colors[node] for node in data["deciding"]} == {COLORS[k] for triple in view.deciding for k in triple}
    assert make_scene_data(make_triple_stage(STATE, None))["triples"] == []


def test_a_triple_of_nodes_that_are_not_there_is_refused():
    with pytest.raises(RNCoreError, match=r"A triple must name three nodes from 0 to 5, got \(0, 1, 6\)"):
        make_scene_data(replace(make_triple_stage(STATE, None), triples=[((0, 1, 6), 1.0)]))


def test_a_scene_without_a_named_object_has_no_truth():
    with pytest.raises(SceneError, match="This scene has no red object"):
        find_triple_truth(STATE.edit(STATE.scene.remove("red")))


def test_a_link_opens_the_family_and_its_question_and_older_links_stay_with_pairs():
    state = ExploreState(family="triples", triple=TripleQuestion("obtuse", "yellow", "blue"))
    assert state.to_query() == {"family": "triples", "triple": "obtuse-blue-yellow"}
    assert ExploreState.from_query(state.to_query()) == (state, [])
    assert ExploreState.from_query({"q": "left-red"})[0].family == "pairs"
    for text in ("obtuse-blue", "obtuse-blue-blue", "near-red-blue", "line-red-pink"):
        read, (sentence,) = ExploreState.from_query({"triple": text})
        assert read == ExploreState() and sentence.startswith("The link's 'triple' was left out: ")


def test_the_page_answers_and_a_menu_and_a_typed_question_change_what_is_asked():
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    app.query_params.update({"family": "triples", "triple": "line-red-blue", "seed": "4"})
    app = app.switch_page("pages/explore.py").run()
    shown = "".join(element.proto.body for element in app.get("html"))
    assert not app.exception and "RN over triples" in shown and "(red, blue, " in shown
    assert "through the red and the blue object?" in shown and "Truth: <b>" in shown
    app = app.selectbox(key="explore.triple.second").set_value("gray").run()
    assert app.query_params["triple"] == "line-red-gray"
    typed = "how many objects form an obtuse triangle with the yellow and the green object"
    app = type_question(app, "explore.typed_triple", typed)
    assert app.query_params["triple"] == "obtuse-green-yellow" and not app.exception
    app = type_question(app, "explore.typed_triple", "Is it nice?")
    assert any("is not in this task" in error.value for error in app.error)
