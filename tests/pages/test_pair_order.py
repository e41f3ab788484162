"""A pair means g_theta(o_i, o_j), o_i first, wherever it is shown: a network that reads o_i alone tells its place."""

from __future__ import annotations

import copy
import csv
import io
import json
import re

import numpy as np
import pytest
import torch

from pages._lab.domains.sort_of_clevr import DOMAIN
from pages._lab.figures import plot_pair_matrix
from pages._lab.pairs.view import PairReading
from pages._lab.sort_of_clevr.picture import make_scene_view
from pages._lab.sort_of_clevr.state import ExploreState
from pages._lab.sort_of_clevr.view import ExploreView, make_case
from pages._lab.sort_of_clevr.view import make_reading as make_shapes_reading
from pages._ui.pairs import exports
from pages._ui.pairs.sections import read_matrix_click
from rn_core import cli
from rn_core.answering import Answerer, strongest_pairs
from tests.pages.pair_views import make_pair_view

N = 6


@pytest.fixture(scope="module")
def first_alone(random_answerer) -> Answerer:
    """Return a Relation Network whose g_theta does not see the second object of a pair."""
    answerer = copy.deepcopy(random_answerer("rn-objects"))
    entrance = answerer.model.core.g_theta[0]
    with torch.no_grad():
        entrance.weight[:, 10:20] = 0
    return answerer


@pytest.fixture(scope="module")
def view(first_alone) -> ExploreView:
    case = make_case(ExploreState(pair=("red", "blue")))
    trace = first_alone.trace(case.state.scene, case.question)
    answer = first_alone.read(case.state.scene, case.question, trace.logits[0])
    reading = make_shapes_reading(case, PairReading(answer, trace.relations[0], None, {"mlp": None}))
    return make_pair_view(DOMAIN, case, reading, first_alone.model.core.f_phi)


def assert_first_decides(rows: list[tuple[object, object, float]]) -> None:
    """Check that (first, second, value) tell of a value that the first object decides, and not the second."""
    assert len(rows) == N * N
    firsts = {first: {round(value, 6) for one, _, value in rows if one == first} for first, _, _ in rows}
    assert len(firsts) == N
    assert all(len(values) == 1 for values in firsts.values())
    assert len(set.union(*firsts.values())) > 1


def list_matrix(matrix: object) -> list[tuple[object, object, float]]:
    """Return row, column and value of a matrix."""
    return [(int(i), int(j), float(value)) for (i, j), value in np.ndenumerate(np.asarray(matrix, dtype=float))]


def test_an_answer_and_the_command_line_put_the_first_object_first(first_alone, view, monkeypatch, capsys):
    answer = first_alone.answer(view.state.scene, view.question_text)
    pairs = strongest_pairs(answer, N * N)
    assert_first_decides([(pair["i"], pair["j"], pair["contribution"]) for pair in pairs])
    monkeypatch.setattr(cli, "load", lambda *_: first_alone)
    assert cli.main(["explain", "any", view.question_text, "--top", str(N * N)]) == 0
    printed = re.findall(r"^ +(\d) -> (\d) +([+-][\d.]+)$", capsys.readouterr().out, re.MULTILINE)
    values = {first: {value for one, _, value in printed if one == first} for first, _, _ in printed}
    assert len(printed) == N * N and all(len(found) == 1 for found in values.values())


def test_matrix_picture_and_stage_have_it_in_rows(view):
    assert_first_decides(list_matrix(view.matrix))
    assert_first_decides(list_matrix(make_scene_view(view).to_data()["weights"]))
    figure = plot_pair_matrix(view.matrix, view.nodes.labels)
    assert_first_decides(list_matrix(figure.data[0].z))
    assert figure.layout.yaxis.title.text == "first object, i"
    assert read_matrix_click({"selection": {"points": [{"y": 2, "x": 4}]}}) == (2, 4)


def test_files_say_it_in_this_order(view):
    rows = list(csv.DictReader(io.StringIO(exports.export_csv(view).decode())))
    assert_first_decides([(row["first"], row["second"], float(row["contribution"])) for row in rows])
    found = json.loads(exports.export_json(view))["attribution"]
    pairs = zip(found["pair_index"], found["contributions"], strict=True)
    assert_first_decides([(i, j, value) for (i, j), value in pairs])


def test_captions_name_the_first_object_first(view):
    labels = view.nodes.labels
    assert view.pinned == (labels.index("red"), labels.index("blue"))
    assert view.pinned_name == "(red, blue)"
    assert view.rows[0].contribution == view.matrix[labels.index(view.rows[0].first), labels.index(view.rows[0].second)]
