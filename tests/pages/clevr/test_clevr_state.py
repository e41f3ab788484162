"""The page's state in the URL: round trips, one sentence for each bad parameter, nothing else lost."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages._lab.clevr import models
from pages._lab.clevr.models import MODELS, N_CELLS, sees_picture, sees_pixels
from pages._lab.clevr.questions import sample_question
from pages._lab.clevr.state import FIELDS, SECTIONS, STAGES, ClevrState, pair_labels
from pages._lab.clevr.things import move_thing, opened_things, sampled_scene, sampled_things
from pages._lab.clevr.truth import find_truth
from pages._lab.domains.clevr import DOMAIN
from pages._lab.pairs.state import METHODS
from rn_core.tasks.clevr.encoding import ANSWERS
from rn_core.tasks.clevr.scene_file import read_scene_file

EDITED = ClevrState().edit(move_thing(sampled_things(2), "C", 1.38, -2.53))
OPENED = ClevrState().open(opened_things(sampled_scene(9)), (7.25, -6.613, 5.301))

FOUND = tuple(replace(thing, x=round(thing.x, 2), y=round(thing.y, 2), rotation=0.0) for thing in sampled_things(3))
OWN = ClevrState().change(source="image", edited=FOUND, camera=(7.5, -6.25, 5.01))


@st.composite
def states(draw) -> ClevrState:
    """Draw a state that fits together."""
    state = draw(
        st.sampled_from([ClevrState(), EDITED, OPENED, ClevrState(seed=7), OWN, ClevrState().change(source="image")])
    )
    models = [name for name in MODELS if state.source == "scene" or sees_picture(name)]
    state = state.change(model=draw(st.sampled_from(models)), section=draw(st.sampled_from([*SECTIONS])))
    if state.scene is not None:
        question = sample_question(state.scene, -1, draw(st.integers(0, 20)))
        view = draw(st.sampled_from(["objects", "cells"])) if sees_pixels(state.model) else "objects"
        stage, without = draw(st.sampled_from([*STAGES])), draw(st.sampled_from([(), ("A", "C")]))
        if state.source == "image":
            stage, without = "picture", () if sees_pixels(state.model) else without
        state = state.change(question=question, view=view, stage=stage, without=without)
    label = st.sampled_from(pair_labels(state))
    return state.change(
        pair=draw(st.none() | st.tuples(label, label)),
        why=draw(st.sampled_from(["auto", *ANSWERS])),
        method=draw(st.sampled_from([*METHODS])),
        top=draw(st.integers(0, 9)),
        truth=draw(st.booleans()),
    )


@given(states())
def test_every_state_survives_the_url(state):
    query = state.to_query()
    assert ClevrState.from_query(query) == (state, [])
    assert all(set(value) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJ0123456789-._") for value in query.values())


def test_the_default_is_the_plain_address():
    assert ClevrState().to_query() == {}
    assert {field.name for field in FIELDS} == {*ClevrState.__dataclass_fields__}


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"seed": "x"}, "seed must be a whole number"),
        ({"q": "how-many-pink-cubes-are-there"}, "'pink' is not understood"),
        ({"q": ""}, "Type a question"),
        ({"scene": "A_Z"}, "An object must be a letter"),
        ({"scene": "A_A"}, "must leave a gap"),
        ({"scene": "A_J"}, "got 'J'"),
        ({"camera": "9999.6508.5344"}, "A camera must read like 7481.6508.5344, within 2 of CLEVR's"),
        ({"model": "rn-state"}, "Did you mean 'rn-states'"),
        ({"view": "cells"}, "cells belong to models of pixels"),
        ({"pair": "A-Z"}, "A pair must read like A-C"),
        ({"pair": "A-J"}, "two of A, B, C, D, E, F, G"),
        ({"without": "J"}, "this scene has A, B"),
        ({"without": "Q"}, "Unknown object 'Q'"),
        ({"top": "50"}, "rn-states has 49 pairs, got 50"),
        ({"baseline": "mean"}, "Unknown baseline 'mean'"),
        ({"why": "no", "not": "no"}, "must differ from 'why'"),
        ({"camera": "9999.6508.5344"}, "A camera must read like 7481.6508.5344, within 2 of CLEVR's"),
        ({"shw": "plan"}, "not a parameter of this page"),
    ],
)
def test_a_bad_parameter_is_one_sentence_and_the_rest_is_kept(query, words):
    state, problems = ClevrState.from_query({**query, "section": "method"})
    assert len(problems) == 1
    assert words in problems[0]
    assert replace(state, why="auto", section="pairs") == ClevrState()
    assert state.section == "method"


def test_an_uploaded_picture_is_shown_to_the_network_that_finds_objects():
    state = ClevrState(stage="plan", without=("A",), pair=("A", "B")).change(source="image")
    assert (state.model, state.view, state.stage, state.without) == ("rn-slots", "objects", "picture", ())


def test_an_uploaded_picture_asks_for_pixels_and_cells_without_that_network(monkeypatch):
    monkeypatch.setattr(models, "is_here", lambda model: False)
    state = ClevrState(stage="plan", without=("A",), pair=("A", "B"), top=3).change(source="image")
    assert (state.model, state.view, state.stage, state.without) == ("rn-pixels-public", "cells", "picture", ())
    assert (state.pair, state.top, state.scene, state.letters) == (None, 0, None, ())
    assert len(pair_labels(state)) == N_CELLS
    assert state.change(seed=3).source == "scene"


def test_what_was_found_in_an_uploaded_picture_is_its_scene_until_it_is_left():
    assert OWN.things == FOUND
    assert OWN.edit(FOUND[1:]).things == FOUND[1:]
    assert OWN.change(model="rn-pixels-public", view="objects", without=("A",)).without == ()
    for left in (OWN.change(source="scene"), OWN.change(seed=5)):
        assert (left.edited, left.camera, left.source) == (None, None, "scene")
    letters, problems = ClevrState.from_query({"source": "image", "scene": "A_B"})
    assert letters.scene is None
    assert ["must be written out" in problem for problem in problems] == [True]


def test_edits_let_go_of_what_is_gone():
    state = ClevrState(pair=("A", "G"), without=("G", "A"))
    left = state.edit(sampled_things(2)[:-1])
    assert (left.pair, left.without, len(left.things)) == (None, ("A",), 6)
    assert left.edit(sampled_things(2)).edited is None
    assert left.change(seed=5).edited is None
    opened = OPENED.edit(move_thing(OPENED.things, "A", OPENED.things[0].x + 0.01, OPENED.things[0].y))
    assert (opened.camera, len(opened.things)) == (OPENED.camera, len(OPENED.things))
    assert (opened.edit(sampled_things(2)), opened.change(seed=5)) == (ClevrState(), ClevrState(seed=5))


def test_real_scenes_of_a_file_are_those_that_were_asked_about(shared_data):
    path = shared_data / "clevr/scenes/CLEVR_val_scenes_first10.json"
    asked = json.loads((shared_data / "clevr/questions/reference_questions_val0-9.json").read_text())["questions"]
    n_asked = 0
    for number in range(10):
        found = read_scene_file(path.read_bytes(), path.name, number)
        state = DOMAIN.open_scene(ClevrState(seed=3, stage="plan"), found)
        assert ClevrState.from_query(state.to_query()) == (state, [])
        assert find_truth(state.question, state.scene).answer is not None
        np.testing.assert_allclose(state.scene.pixel_coords, found.scene.pixel_coords, atol=1.01)
        np.testing.assert_array_equal(state.scene.relation_table, found.scene.relation_table)
        for question in asked:
            if question["image_index"] == number:
                assert find_truth(question["question"], state.scene).answer == question["answer_text"]
                n_asked += 1
    assert n_asked == 100
