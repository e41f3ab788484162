"""The interactive story: what it is drawn from adds up, and only sound events come back."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from pages._lab.babi.nodes import find_true_pairs, make_nodes, sum_by_sentence
from pages._lab.babi.stage import make_saved_stage, make_story_stage
from pages._lab.babi.state import LABELS, BabiState
from pages._lab.babi.truth import Truth, find_truth
from pages._lab.components.stage import SceneEvent
from pages._ui.components.sources import read_sources
from rn_core.tasks.babi.encoding import WINDOW, encode_stories

START = BabiState()
STAGE = make_story_stage(START, find_truth(START), None)
LONG = BabiState().change(task=3, turn=4)


def test_data_are_json_and_carry_every_contribution_with_its_sign(make_view):
    view = make_view(pair=("s1", "s4"))
    data = json.loads(json.dumps(make_saved_stage(view).to_data(), allow_nan=False))
    np.testing.assert_allclose(data["weights"], view.matrix, atol=1e-6)
    assert data["pinned"] == [0, 3]
    assert [line["text"] for line in data["lines"]] == [*view.state.statements]
    assert [line["number"] for line in data["lines"] if line["supports"]] == [
        str(place + 1) for place in view.truth.support
    ]
    assert (data["editable"], data["dark"]) == (False, None)


@pytest.mark.parametrize("model", ["rn-joint", "rn-3hop"])
@pytest.mark.parametrize("task", [2, 3, 15])
def test_sentences_add_together_what_all_pairs_add(make_view, model, task):
    view = make_view(task=task, model=model)
    assert sum_by_sentence(view.matrix).sum() == pytest.approx(view.attribution.contributions.sum().item())
    assert len(view.matrix) == len(view.state.seen) <= WINDOW


def test_what_each_sentence_adds_equals_a_plain_loop():
    matrix = np.arange(16.0).reshape(4, 4) - 5
    for k in range(4):
        halves = sum(matrix[k, j] / 2 + matrix[j, k] / 2 for j in range(4))
        assert sum_by_sentence(matrix)[k] == pytest.approx(halves)


def test_nodes_are_the_sentences_that_the_encoding_keeps():
    seen = [LONG.lines[place].text for place in LONG.seen]
    words, mask = encode_stories([LONG.statements])
    assert torch.equal(words, encode_stories([seen])[0])
    assert mask.all()
    assert make_nodes(LONG).labels == tuple(LABELS[place] for place in LONG.seen)


def test_lines_are_seen_early_or_dropped():
    last = len(LONG.lines) - 1
    state = LONG.mark(last - 1, dropped=True)
    lines = make_story_stage(state, Truth(None, (), "?"), None).to_data()["lines"]
    kinds = [line["state"] for line in lines]
    assert kinds[-2:] == ["dropped", "seen"]
    assert kinds.count("seen") == WINDOW
    assert [line["node"] for line in lines if line["state"] == "seen"] == [*range(WINDOW)]
    assert {line["node"] for line in lines if line["state"] != "seen"} == {None}


@pytest.mark.parametrize("support", [(), (3,), (0, 3), (1, 2, 5)])
def test_true_pairs_equal_a_plain_loop(support):
    found = find_true_pairs(START, Truth("kitchen", support, None))
    for i, j in product(range(len(START.seen)), repeat=2):
        if len(support) == 1:
            expected = support[0] in (i, j)
        else:
            expected = i in support and j in support and i != j
        assert ((i, j) in found) == expected


def test_supporting_facts_out_of_sight_make_no_pair():
    first, last = LONG.seen[0], LONG.seen[-1]
    assert find_true_pairs(LONG, Truth("x", (0, 1), None)) == ()
    assert find_true_pairs(LONG, Truth("x", (0, first, last), None)) == ((0, 19), (19, 0))


def test_one_arc_joins_two_supporting_facts_and_none_a_single_one(make_view):
    view = make_view()
    two = make_story_stage(view.state, view.truth, view).to_data()
    assert len(view.truth.support) == 2
    assert two["truePairs"] == [[max(view.truth.support), min(view.truth.support)]]
    single = make_view(task=1)
    assert make_story_stage(single.state, single.truth, single).to_data()["truePairs"] == []


def test_events_are_read():
    move = {"kind": "move", "id": "s3", "place": 0}
    assert SceneEvent.from_state(move, STAGE) == SceneEvent("move", thing="s3", place=0)
    assert SceneEvent.from_state({"kind": "drop", "id": "s3"}, STAGE) == SceneEvent("drop", thing="s3")
    assert SceneEvent.from_state({"kind": "restore", "id": "s3"}, STAGE) == SceneEvent("restore", thing="s3")
    assert SceneEvent.from_state({"kind": "pin", "i": 1, "j": 13}, STAGE) == SceneEvent("pin", pair=(1, 13))
    assert SceneEvent.from_state(move, replace(STAGE, editable=False)) is None


@pytest.mark.parametrize(
    "state",
    [
        {"kind": "move", "id": "s15", "place": 0},
        {"kind": "move", "id": "s3", "place": 14},
        {"kind": "move", "id": "s3", "place": -1},
        {"kind": "move", "id": "s3", "place": True},
        {"kind": "move", "id": "s3", "place": 1.0},
        {"kind": "move", "id": "s3"},
        {"kind": "drop", "id": "s15"},
        {"kind": "drop", "id": 3},
        {"kind": "drop"},
        {"kind": "toggle", "id": "s3"},
        {"kind": "pin", "i": 0, "j": 14},
    ],
)
def test_garbage_is_no_event(state):
    assert len(START.lines) == 14
    assert SceneEvent.from_state(state, STAGE) is None


ANYTHING = st.none() | st.booleans() | st.integers(-3, 20) | st.floats() | st.sampled_from(["s1", "s14", "s15", "x"])


@given(
    st.fixed_dictionaries(
        {"kind": st.sampled_from(["move", "drop", "restore", "toggle", "pin", "explode"]) | ANYTHING},
        optional={name: ANYTHING for name in ("id", "place", "i", "j", "number")},
    )
)
def test_whatever_the_browser_sends_is_an_allowed_event_or_none(state):
    event = SceneEvent.from_state(state, STAGE)
    if event is None:
        return
    assert event.kind == state["kind"]
    assert event.kind != "toggle"
    if event.kind == "pin":
        assert all(0 <= node < 14 for node in event.pair)
    elif event.kind in ("move", "drop", "restore"):
        assert LABELS.index(event.thing) < 14
    if event.kind == "move":
        assert START.move(LABELS.index(event.thing), event.place).lines[event.place].text == (
            START.lines[LABELS.index(event.thing)].text
        )


def test_the_browser_reads_only_what_python_sends():
    script = read_sources("story")["js"]
    sent = STAGE.to_data()
    assert {*re.findall(r"\bdata\.(\w+)", script)} - {*sent} == {"answered"}  # which `draw_scene` adds
    assert {*re.findall(r"\bline\.(\w+)", script)} <= {*sent["lines"][0]}
