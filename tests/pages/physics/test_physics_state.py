"""The page's state in the URL: round trips, one sentence for each bad parameter, nothing else lost."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages._lab.pairs.state import BASELINES, METHODS, SECTIONS
from pages._lab.physics.models import MODELS, QUESTIONS
from pages._lab.physics.scenes import MOST_PULLS, Pull
from pages._lab.physics.state import ANSWERS, FIELDS, PhysicsState
from rn_core.common.errors import SceneError

START = PhysicsState()
PULL = Pull(3, 12, 0.25, -0.4)
FILE = "7-0123456789ab"


@st.composite
def states(draw) -> PhysicsState:
    """Draw a state that fits together."""
    source = draw(
        st.sampled_from([{}, {"bundled": 7}, {"opened": FILE}, {"seed": 5, "balls": 16}, {"balls": 2}, {"seed": 9}])
    )
    state = START.change(**source)
    for _ in range(draw(st.integers(0, 2))):
        state = state.pull(PULL)
    labels = st.sampled_from(state.labels)
    question = draw(st.sampled_from([*QUESTIONS]))
    return replace(
        state,
        question=question,
        connection=draw(st.sampled_from([None, ("red", "green"), state.labels[:2]])),
        pair=draw(st.none() | st.tuples(labels, labels)),
        without=draw(st.sampled_from([(), state.labels[:2]])),
        section=draw(st.sampled_from([*SECTIONS])),
        method=draw(st.sampled_from([*METHODS])),
        baseline=draw(st.sampled_from([*BASELINES])),
        predictor=draw(st.sampled_from(MODELS["predict"])),
        why=draw(st.sampled_from(["auto", *ANSWERS[question]])),
        top=draw(st.integers(0, state.n_balls**2)),
        truth=draw(st.booleans()),
    )


@given(states())
def test_every_state_survives_the_url(state):
    query = state.to_query()
    assert PhysicsState.from_query(query) == (state, [])
    assert all(part.isalnum() or part in "-._" for value in query.values() for part in value)


def test_the_default_is_the_plain_address():
    assert START.to_query() == {}
    assert {field.name for field in FIELDS} == {*PhysicsState.__dataclass_fields__} - {"model"}


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"ask": "counts"}, "Did you mean 'count'"),
        ({"seed": "x"}, "seed must be a whole number"),
        ({"balls": "1"}, "2 to 16, got '1'"),
        ({"balls": "1000"}, "2 to 16, got '1000'"),
        ({"bundled": "21"}, "1 to 20, got '21'"),
        ({"bundled": "2", "scene": FILE}, "got both"),
        ({"scene": "17-0123456789ab"}, "must read like 10-0123456789ab, got '17-0123456789ab'"),
        ({"scene": "x"}, "got 'x'"),
        ({"pulls": "3.12"}, "A pull must read like"),
        ({"predictor": "rn-count"}, "rn-predict"),
        ({"pair": "red-teal"}, "A pair must read like red-blue"),
        ({"balls": "3", "pair": "red-gray"}, "two of red, green, blue, got red-gray"),
        ({"without": "teal"}, "Unknown color 'teal'"),
        ({"without": "magenta"}, "this scene has red, green"),
        ({"top": "101"}, "100 pairs, got 101"),
        ({"view": "cells"}, "cells belong to models of pixels"),
        ({"why": "11"}, "Unknown answer '11'"),
        ({"why": "3"}, "for 'Which balls are connected?' answers are no, yes"),
        ({"not": "yes", "ask": "count"}, "answers are 1, 2, 3"),
        ({"why": "yes", "ask": "predict"}, "nothing is explained"),
        ({"tie": "red-teal"}, "A pair must read like red-blue, got 'red-teal'"),
        ({"tie": "red-red"}, "A connection is between two different balls, got 'red-red'"),
        ({"tie": "red-gray", "balls": "3"}, "'tie' was left out: this scene has red, green, blue"),
        ({"shw": "x"}, "not a parameter of this page"),
    ],
)
def test_a_bad_parameter_is_one_sentence_and_the_rest_is_kept(query, words):
    state, problems = PhysicsState.from_query({**query, "section": "method"})
    assert len(problems) == 1
    assert words in problems[0]
    assert state.section == "method"


@pytest.mark.parametrize("change", [{"seed": 4}, {"balls": 7}, {"bundled": 2}, {"opened": FILE}])
def test_another_scene_drops_pulls_and_what_was_pinned(change):
    state = replace(START.pull(PULL), pair=("red", "blue"), without=("red",))
    fresh = state.change(**change)
    assert (fresh.pulls, fresh.pair, fresh.without) == ((), None, ())
    assert state.change(question="count").pulls == (PULL,)


@pytest.mark.parametrize("source", [{"bundled": 2}, {"opened": FILE}])
def test_a_drawn_scene_puts_others_aside(source):
    other = START.change(**source)
    assert (other.is_simulated, START.is_simulated, other.pull(PULL).is_simulated) == (False, True, True)
    assert other.change(seed=1) == START.change(seed=1)
    assert other.n_balls == {"bundled": 10, "opened": 7}[next(iter(source))]


def test_fewer_balls_keep_no_more_pairs_than_they_have():
    assert START.change(top=100).change(balls=5).top == 0
    assert START.change(top=20).change(balls=5).top == 20


def test_pulls_are_added_up_to_a_number():
    state = START
    for _ in range(MOST_PULLS):
        state = state.pull(PULL)
    with pytest.raises(SceneError, match="undo one first"):
        state.pull(PULL)
