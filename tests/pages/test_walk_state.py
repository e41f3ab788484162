"""The page's state in the URL: round trips, links from Explore, one sentence for each bad parameter."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages._lab.models import MODELS
from pages._lab.sort_of_clevr.state import ExploreState, sampled_scene
from pages._lab.walk.state import N_SHARED, N_STEPS, ORDERS, WalkState, count_pairs, count_steps, node_labels
from pages._lab.walk.steps import STEPS
from rn_core.common.seeding import MAX_SEED
from rn_core.tasks.sort_of_clevr import Question, Scene
from rn_core.tasks.sort_of_clevr.questions import N_QUESTIONS


@st.composite
def states(draw) -> WalkState:
    """Draw any state that a person can reach."""
    state = WalkState(seed=draw(st.integers(0, 30)), model=draw(st.sampled_from([*MODELS])))
    whole = state.scene
    kept = draw(st.lists(st.sampled_from(whole.objects), min_size=2, unique=True))
    edited = Scene(tuple(kept))
    state = replace(state, edited=draw(st.sampled_from([None, edited if edited != whole else None])))
    labels = st.sampled_from(node_labels(state))
    return replace(
        state,
        question=Question.from_index(draw(st.integers(0, N_QUESTIONS - 1))),
        step=draw(st.integers(1, count_steps(state.model))),
        pair=draw(st.none() | st.tuples(labels, labels)),
        order=draw(st.sampled_from([*ORDERS])),
        added=draw(st.integers(0, count_pairs(state))),
        deal=draw(st.integers(0, MAX_SEED)),
        mlp=draw(st.booleans()),
        projector=draw(st.booleans()),
    )


@given(states())
def test_every_state_comes_back_from_its_link(state):
    assert WalkState.from_query(state.to_query()) == (state, [])


def test_steps_are_counted_as_they_are_and_the_last_ones_are_shared():
    assert {kind: len(steps) for kind, steps in STEPS.items()} == N_STEPS
    shared = {steps[-N_SHARED:] for steps in STEPS.values()}
    assert [step.name for step in shared.pop()] == ["Pairs", "g_theta", "Sum", "f_phi", "Answer"]
    assert not shared


def test_another_network_is_followed_from_the_step_that_is_most_like_the_one_before():
    for model, other in (("rn-pixels", "rn-slots"), ("rn-slots", "rn-objects")):
        names = [[step.name for step in STEPS[kind]] for kind in (model[3:], other[3:])]
        for step, name in enumerate(names[0], start=1):
            moved = WalkState(model=model, step=step).change(model=other).step
            assert names[1][moved - 1] == name or max(step, moved) <= 4
        assert WalkState(model=model, step=1).change(model=other).step == 1
    assert WalkState(model="rn-slots", step=4).change(model="rn-pixels").step == 3


def test_the_plain_address_is_the_first_step():
    assert WalkState().to_query() == {}
    assert WalkState.from_query({}) == (WalkState(), [])


@pytest.mark.parametrize("model", [*MODELS])
def test_a_link_from_explore_opens_the_same_scene_and_question_and_back(model):
    explore = ExploreState(seed=7, question=Question("left", "blue"), model=model)
    explore = explore.edit(explore.scene.remove("gray"))
    walk, problems = WalkState.from_query(explore.to_shared_query())
    assert problems == []
    assert (walk.scene, walk.question, walk.model) == (explore.scene, explore.question, model)
    back, problems = ExploreState.from_query(walk.to_shared_query())
    assert problems == []
    assert back == explore


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"step": "0"}, "A step must be a whole number from 1 to 9, got '0'."),
        ({"step": "nine"}, "got 'nine'"),
        ({"step": "9"}, "this network has 8 steps, got 9"),
        ({"pair": "red"}, "A pair must read like"),
        ({"pair": "25-0"}, "A pair must read like"),
        ({"pair": "3-4", "model": "rn-objects"}, "must be two of red,"),
        ({"pair": "green-red", "scene": "r20.30s_b50.12c"}, "must be two of red, blue, or two cells from 0 to 24"),
        ({"order": "strongst"}, "strongest"),
        ({"added": "37", "model": "rn-objects"}, "there are 36 pairs here, got 37"),
        ({"added": "626"}, "from 0 to 625"),
        ({"deal": "-1"}, "The deal of the objects"),
        ({"mlp": "yes"}, "yes"),
        ({"view": "cells"}, "not a parameter of this page"),
    ],
)
def test_a_bad_parameter_is_one_sentence_and_the_rest_stays(query, sentence):
    state, problems = WalkState.from_query({"seed": "3", **query})
    assert len(problems) == 1
    assert sentence in problems[0]
    assert state.seed == 3
    assert replace(state, seed=0, edited=None, model="rn-pixels") == WalkState()


def test_colors_name_the_cells_that_objects_lie_in():
    assert WalkState.from_query({"pair": "red-blue"}) == (WalkState(pair=("red", "blue")), [])


def test_a_new_scene_or_model_drops_what_only_the_old_one_had():
    state = WalkState(pair=("3", "4"), added=600, edited=sampled_scene(0).remove("red"), step=6, deal=2)
    assert state.change(seed=1) == WalkState(seed=1, step=6, deal=2)
    assert state.change(model="rn-objects") == replace(state, model="rn-objects", pair=None, added=0)
    assert state.change(step=7) == replace(state, step=7)
