"""What the page shows and saves: truth, targets, and files that hold what was on the page."""

from __future__ import annotations

import csv
import io
import json
import re

import numpy as np
import pytest
from PIL import Image

from pages._lab.clevr.stages import make_saved_stage
from pages._lab.clevr.state import ClevrState
from pages._lab.clevr.truth import allowed_answers, find_truth
from pages._lab.clevr.view import ClevrCase
from pages._lab.domains.clevr import DOMAIN
from pages._lab.pairs.what_if import follow_pair, make_what_ifs
from pages._ui.pairs import exports
from rn_core.common.records import Answer
from rn_core.tasks.clevr import ClevrScene, execute, parse
from rn_core.tasks.clevr.encoding import ANSWERS
from rn_core.tasks.clevr.program import QUESTION_TYPES

VIEWS = [
    {"pair": ("A", "D")},
    {"model": "rn-pixels-public"},
    {"model": "rn-pixels-public", "view": "cells", "pair": ("3", "17")},
    {"model": "rn-pixels-public", "view": "cells", "source": "image"},
    {"model": "rn-slots", "pair": ("A", "ground")},
]


@pytest.fixture(params=VIEWS, ids=str)
def view(request, make_view):
    return make_view(**request.param)


def test_every_question_type_allows_some_answers():
    found = {kind: allowed_answers(kind) for kind in QUESTION_TYPES}
    assert all({*answers} <= {*ANSWERS} for answers in found.values())
    assert found["query_size"] == ("large", "small")
    assert found["equal_color"] == found["exist"] == found["less_than"] == ("yes", "no")
    assert found["count"] == ANSWERS[:11]


def test_the_answer_is_set_against_the_next_best_that_the_question_allows():
    logits = dict.fromkeys(ANSWERS, -9.0) | {"red": 5.0, "yes": 4.0, "cyan": 1.0}
    answer = Answer("red", dict.fromkeys(ANSWERS, 0.0), np.array([*logits.values()]))
    truth = find_truth("What color is the cube?", ClevrState().scene)
    target = DOMAIN.choose_target(ClevrCase(ClevrState(), truth), answer)
    assert (ANSWERS[target.answer], ANSWERS[target.contrast]) == ("red", "cyan")


def test_exact_shares_add_up_to_the_logit(view):
    assert view.matrix.sum() == pytest.approx(view.attribution.value - view.attribution.baseline_value)
    assert abs(view.attribution.completeness_gap) < 1e-9


def test_pairs_are_named_by_letter_color_and_shape(make_view):
    view = make_view(pair=("A", "D"))
    assert view.pinned_name == "(A brown sphere, D red cube)"
    assert view.pinned == (0, 3)


def test_a_pinned_pair_of_merged_cells_can_be_followed(make_view, random_answerer):
    view = make_view(model="rn-pixels-public", pair=("A", "ground"))
    f_phi = random_answerer(view.state.model).model.core.f_phi
    path = follow_pair(view, f_phi)
    np.testing.assert_allclose(path.full, f_phi(view.reading.relations.sum(dim=0)).numpy(), atol=1e-4)
    assert [case.label for case in make_what_ifs(view, f_phi, None)] == [
        "everything", "without the pair (A brown sphere, ground)",
    ]  # fmt: skip


def test_json_holds_scene_question_answer_and_contributions(view):
    content = json.loads(exports.export_json(view))
    if view.state.scene is None:
        assert (content["scene"], content["truth"]) == (None, None)
    else:
        assert ClevrScene.from_json(content["scene"]).to_json() == view.state.scene.to_json()
        assert content["truth"] == execute(parse(content["question"]), content["scene"]) == "3"
    assert content["answers"][view.state.model] == view.reading.answer.probabilities
    assert content["attribution"]["contributions"] == view.attribution.contributions.tolist()
    assert ClevrState.from_query(content["view"]["link"]) == (view.state, [])


def test_csv_holds_the_matrix(view):
    rows = list(csv.DictReader(io.StringIO(exports.export_csv(view).decode())))
    values = np.array([float(row["contribution"]) for row in rows]).reshape(view.matrix.shape)
    np.testing.assert_array_equal(values, view.matrix)
    assert sum(row["decides"] == "1" for row in rows) == len(view.true_pairs)


def test_html_asks_no_network_and_holds_the_picture(view):
    page = exports.export_html(view, make_saved_stage).decode()
    assert {*re.findall(r"https?://[^\s\"'`<>)]+", page)} <= {"http://www.w3.org/2000/svg"}
    assert not re.search(r"\b(src|href)\s*=", page)
    data = json.loads(re.search(r"^let data = (.*);$", page, re.MULTILINE)[1])
    assert data["editable"] is False
    assert data["image"].startswith("data:image/jpeg;base64,")
    assert view.state.question in page


@pytest.mark.parametrize("make", [exports.export_png, exports.export_svg])
def test_pictures_can_be_saved(view, make):
    content = make(view)
    assert len(content) > 10_000
    if make is exports.export_png:
        assert np.asarray(Image.open(io.BytesIO(content)).convert("RGB")).std() > 10
