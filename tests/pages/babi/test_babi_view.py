"""What the page shows and saves: targets, names, and files that hold what was on the page."""

from __future__ import annotations

import csv
import io
import json
import re

import numpy as np
import pytest
from PIL import Image

from pages._lab.babi.models import models_beside
from pages._lab.babi.stage import make_saved_stage
from pages._lab.babi.state import BabiState
from pages._lab.babi_tasks import tasks_html
from pages._lab.lanes import find_entries, make_lanes
from pages._lab.pairs.what_if import follow_pair, make_what_ifs
from pages._ui.pairs import exports
from rn_core.common.records import Accuracy
from rn_core.tasks.babi.solvers import solve
from rn_core.tasks.babi.story import TASK_NAMES
from rn_core.weights.store import WeightsEntry
from tests.cards import make_card, make_figures

VIEWS = [
    {"pair": ("s5", "s13")},
    {"task": 3, "model": "rn-3hop"},
    {"task": 1, "question": "Why did Mary go to the kitchen?"},
]


@pytest.fixture(params=VIEWS, ids=str)
def view(request, make_view):
    return make_view(**request.param)


def test_exact_shares_add_up_to_the_logit(view):
    assert view.matrix.sum() == pytest.approx(view.attribution.value - view.attribution.baseline_value)
    assert abs(view.attribution.completeness_gap) < 1e-9


def test_pairs_are_named_by_number_and_sentences_by_their_words(make_view):
    view = make_view(pair=("s5", "s13"), without=("s2", "s3"))
    assert view.pinned_name == "(5, 13)"
    assert view.names["s1"] == f"1 {view.state.lines[0].text[:-1]}"
    assert view.removed_text == "sentences 2 and 3"


def test_a_pinned_pair_can_be_followed(make_view, random_answerer):
    view = make_view(pair=("s5", "s13"), model="rn-3hop")
    f_phi = random_answerer(view.state.model).model.core.f_phi
    path = follow_pair(view, f_phi)
    np.testing.assert_allclose(path.full, view.reading.answer.logits, atol=1e-4)
    assert [case.label for case in make_what_ifs(view, f_phi, None)] == ["everything", "without the pair (5, 13)"]


def test_json_holds_story_question_answer_and_contributions(view):
    content = json.loads(exports.export_json(view))
    scene = content["scene"]
    assert scene["statements"] == [*view.state.statements]
    assert content["truth"] == view.truth.answer
    if view.truth.answer is not None:
        found = solve(scene["task"], scene["statements"], content["question"])
        assert (found.answer, sorted(found.support)) == (content["truth"], scene["support"])
    assert len(scene["seen"]) == len(content["view"]["labels"])
    assert content["attribution"]["contributions"] == view.attribution.contributions.tolist()
    assert BabiState.from_query(content["view"]["link"]) == (view.state, [])


def test_csv_holds_the_matrix(view):
    rows = list(csv.DictReader(io.StringIO(exports.export_csv(view).decode())))
    assert [float(row["contribution"]) for row in rows] == view.matrix.ravel().tolist()
    decides = [row["decides"] == "1" for row in rows]
    assert sum(decides) == len(view.true_pairs)


def test_pictures_open_again(view):
    image = Image.open(io.BytesIO(exports.export_png(view)))
    image.load()
    assert np.asarray(image.convert("RGB")).std() > 10
    assert b"<svg" in exports.export_svg(view)


def test_html_holds_the_story_and_asks_no_network(view):
    page = exports.export_html(view, make_saved_stage).decode()
    data = json.loads(re.search(r"^let data = (.*);$", page, re.MULTILINE)[1])
    assert [line["text"] for line in data["lines"]] == [line.text for line in view.state.lines]
    assert "export default" not in page
    assert 'class="pairs story"' in page
    assert {*re.findall(r"https?://[^\s\"'`<>)]+", page)} <= {"http://www.w3.org/2000/svg"}
    assert not re.search(r"\b(src|href)\s*=", page)
    assert len(page) < 200_000


def test_the_lstm_answers_beside_every_relation_network():
    assert models_beside("rn-joint")[-1] == models_beside("rn-3hop")[-1] == "lstm-joint"
    assert "rn-joint" not in models_beside("rn-joint")


def card_of(accuracy: dict[int, float]) -> WeightsEntry:
    """Return weights whose card says these accuracies."""
    types = {f"qa{task}": Accuracy(share, share - 0.01, min(1, share + 0.01), 1000) for task, share in accuracy.items()}
    metrics = make_figures(types=types, groups=types, blind_floor=dict.fromkeys(types, 0.25))
    return WeightsEntry("babi/rn-joint", make_card("babi/rn-joint", "babi", metrics=metrics), None)


def read_rows(page: str) -> dict[str, list[str]]:
    """Return first cell -> the other cells of a table, as text."""
    rows = re.findall(r"<tr>(.*?)</tr>", page)
    cells = [[re.sub("<[^>]+>", "", cell) for cell in re.findall(r"<t[dh]>(.*?)</t[dh]>", row)] for row in rows]
    return {first: others for first, *others in cells}


def test_the_table_has_every_task_with_ours_the_papers_and_others():
    accuracy = dict.fromkeys(TASK_NAMES, 0.99) | {2: 0.93, 3: 0.95}
    entries = find_entries("babi", {"babi/rn-joint": card_of(accuracy)})
    rows = read_rows(tasks_html(make_lanes("babi", entries), current=2))
    assert len(rows) == 22
    assert rows["Task"] == ["RN · sentences", "Guessing", "Paper", "Best open-source", "Another open-source"]
    assert rows["▶ 2 · two supporting facts"] == ["93.0 % 92.00–94.00", "25.0 %", "91.9 %", "93.5 %", "82.8 %"]
    assert rows["3 · three supporting facts"][0].startswith("95.0 %")
    assert rows["16 · basic induction"] == ["✓ 99.0 % 98.00–100.00", "25.0 %", "✓ 97.9 %", "49.7 %", "46.3 %"]
    assert rows["1 · single supporting fact"][2:] == ["✓ over 95 %", "✓ over 95 %", "✓ 97.3 %"]
    assert rows["Solved, above 95 %"] == ["18 of 20", "–", "18 of 20", "17 of 20", "14 of 20"]


def test_without_weights_the_table_says_what_others_measured():
    rows = read_rows(tasks_html(make_lanes("babi", {})))
    assert len(rows) == 22
    assert rows["Task"] == ["Guessing", "Paper", "Best open-source", "Another open-source"]
