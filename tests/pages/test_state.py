"""The page's state in the URL: round trips, one sentence for each bad parameter, nothing else lost."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pages._lab.components import scene_view
from pages._lab.links import format_scene, parse_scene
from pages._lab.models import MODELS
from pages._lab.pairs.state import AUTO, BASELINES, GROUND, METHODS, SECTIONS
from pages._lab.sort_of_clevr.state import (
    CHAIN_NETWORKS,
    FAMILIES,
    FIELDS,
    ExploreState,
    pair_labels,
    sampled_chain,
    sampled_scene,
)
from pages._lab.words import GRID
from rn_core.common.errors import SceneError
from rn_core.common.seeding import MAX_SEED
from rn_core.tasks.sort_of_clevr import COLORS, Question, Scene, SceneObject
from rn_core.tasks.sort_of_clevr.chain import N_CHAIN_QUESTIONS, ChainQuestion
from rn_core.tasks.sort_of_clevr.chain_scene import ChainScene
from rn_core.tasks.sort_of_clevr.questions import ANSWERS, N_QUESTIONS
from rn_core.tasks.sort_of_clevr.triples import N_TRIPLE_QUESTIONS, TripleQuestion

#: Scenes of the chain as no seed has them: with an object less.
MOVED = [ChainScene(sampled_chain(seed).objects[:7]) for seed in range(3)]


@st.composite
def scenes(draw) -> Scene:
    """Draw a valid scene: some objects of a sampled one, with any shapes."""
    whole = sampled_scene(draw(st.integers(0, 20)))
    kept = draw(st.lists(st.sampled_from(whole.objects), min_size=2, unique=True))
    return Scene(tuple(dataclasses.replace(thing, shape=draw(st.sampled_from(("square", "circle")))) for thing in kept))


@st.composite
def states(draw) -> ExploreState:
    """Draw any state that a person can reach."""
    model = draw(st.sampled_from([*MODELS]))
    view = draw(st.sampled_from(("objects", "cells"))) if model == "rn-pixels" else "objects"
    state = ExploreState(seed=draw(st.integers(0, MAX_SEED)), model=model, view=view)
    state = state.edit(draw(st.one_of(st.just(state.scene), scenes())))
    labels = st.sampled_from(pair_labels(state))
    why, why_not = draw(st.sampled_from((AUTO, *ANSWERS))), draw(st.sampled_from((AUTO, "none", *ANSWERS)))
    assume(why == AUTO or why != why_not)
    present = [thing.color for thing in state.scene.objects]
    without = draw(st.lists(st.sampled_from(present), unique=True))
    return dataclasses.replace(
        state,
        question=Question.from_index(draw(st.integers(0, N_QUESTIONS - 1))),
        method=draw(st.sampled_from([*METHODS])),
        baseline=draw(st.sampled_from([*BASELINES])),
        why=why,
        why_not=why_not,
        pair=draw(st.one_of(st.none(), st.tuples(labels, labels))),
        top=draw(st.integers(0, 36)),
        renormalise=draw(st.booleans()),
        without=tuple(color for color in COLORS if color in without),
        truth=draw(st.booleans()),
        section=draw(st.sampled_from([*SECTIONS])),
        projector=draw(st.booleans()),
        picture=draw(st.one_of(st.none(), st.from_regex(r"[0-9a-f]{16}", fullmatch=True))),
        family=draw(st.sampled_from([*FAMILIES])),
        triple=TripleQuestion.from_index(draw(st.integers(0, N_TRIPLE_QUESTIONS - 1))),
        chain=ChainQuestion.from_index(draw(st.integers(0, N_CHAIN_QUESTIONS - 1))),
        chain_model=draw(st.sampled_from(CHAIN_NETWORKS)),
        moved=draw(st.sampled_from((None, *MOVED))),
    )


@given(states())
def test_a_link_opens_the_same_state(state):
    assert ExploreState.from_query(state.to_query()) == (state, [])


@given(states())
def test_links_need_no_escaping(state):
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+", value) for value in state.to_query().values())


def test_the_default_state_is_the_plain_address():
    assert ExploreState().to_query() == {}
    assert ExploreState.from_query({}) == (ExploreState(), [])


def test_every_field_has_one_parameter():
    names = [field.name for field in FIELDS]
    assert sorted(names) == sorted(field.name for field in dataclasses.fields(ExploreState))
    assert len({field.key for field in FIELDS}) == len(FIELDS)


GOOD = {"seed": "5", "q": "left-blue", "model": "rn-objects", "method": "norm", "top": "7", "section": "method"}


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("seed", "-1", "0 to 4294967295"),
        ("seed", "4294967296", "0 to 4294967295"),
        ("seed", "٣", "whole number"),
        ("scene", "r20.30s_q40.50c", "q40.50c"),
        ("scene", "r20.30s_b21.31c", "1 pixels apart"),
        ("scene", "r2.30s", "5 to 69"),
        ("scene", "", "r20.30s"),
        ("q", "closest_shap-red", "closest_shape"),
        ("q", "left-pink", "Unknown color 'pink'"),
        ("model", "rn-object", "rn-objects"),
        ("method", "exact", "exact_path"),
        ("baseline", "average", "zero"),
        ("why", "maybe", "Unknown answer 'maybe'"),
        ("not", "6", "Unknown answer '6'"),
        ("view", "cell", "cells"),
        ("pair", "red", "red-blue"),
        ("pair", "red-blue-green", "red-blue"),
        ("pair", "red-purple", "red-purple"),
        ("top", "-3", "0 (all) to 625"),
        ("top", "626", "0 (all) to 625"),
        ("renormalise", "yes", "on, off"),
        ("without", "red-pink", "Unknown color 'pink'"),
        ("truth", "1", "on, off"),
        ("section", "pear", "pair"),
        ("projector", "", "on, off"),
    ],
)
def test_a_bad_parameter_gives_one_sentence_and_loses_nothing_else(key, value, words):
    state, problems = ExploreState.from_query({**GOOD, key: value})
    rest = {name: text for name, text in GOOD.items() if name != key}
    assert state == ExploreState.from_query(rest)[0]
    assert len(problems) == 1
    assert f"'{key}'" in problems[0]
    assert words in problems[0]


@pytest.mark.parametrize(
    ("query", "key"),
    [
        ({"model": "rn-objects", "view": "cells"}, "view"),
        ({"pair": "3-4"}, "pair"),
        ({"model": "rn-pixels", "view": "cells", "pair": "red-blue"}, "pair"),
        ({"model": "rn-objects", "pair": "red-ground"}, "pair"),
        ({"scene": "r20.30s_b50.12c", "pair": "red-green"}, "pair"),
        ({"scene": "r20.30s_b50.12c", "without": "green"}, "without"),
        ({"why": "yes", "not": "yes"}, "not"),
        ({"top": "37", "model": "rn-objects"}, "top"),
        ({"sead": "4"}, "sead"),
    ],
)
def test_parameters_that_do_not_fit_each_other(query, key):
    state, problems = ExploreState.from_query(query)
    assert [f"'{key}'" in problem for problem in problems] == [True]
    assert state == ExploreState.from_query({name: text for name, text in query.items() if name != key})[0]


def test_an_unknown_parameter_gets_a_did_you_mean():
    assert ExploreState.from_query({"sead": "4"})[1][0].endswith("Did you mean 'seed'?")


@given(st.dictionaries(st.sampled_from([field.key for field in FIELDS]), st.text(max_size=12)))
def test_no_link_breaks_the_page(query):
    state, problems = ExploreState.from_query(query)
    assert len(problems) <= len(query)
    assert ExploreState.from_query(state.to_query()) == (state, [])


def test_scene_text():
    scene = Scene((SceneObject("blue", "circle", 50, 12), SceneObject("red", "square", 20, 30)))
    assert format_scene(scene) == "r20.30s_b50.12c"
    assert parse_scene("b50.12c_r20.30s") == scene


@pytest.mark.parametrize("text", ["r20.30", "R20.30s", "r20,30s", "r20.30s,b50.12c", "r20.30s__b50.12c", "r1e1.30s"])
def test_scene_text_that_is_none(text):
    with pytest.raises(SceneError, match=r"r20\.30s"):
        parse_scene(text)


def test_a_new_seed_drops_what_belonged_to_the_old_scene():
    state = ExploreState().edit(sampled_scene(0).remove("gray")).change(pair=("red", "blue"), without=("green",))
    assert state.change(seed=1) == ExploreState(seed=1)
    assert state.change(seed=0) == state


def test_a_new_view_or_model_drops_the_pinned_pair():
    state = ExploreState(model="rn-pixels", pair=("red", GROUND), top=5)
    cells = ExploreState(model="rn-pixels", view="cells")
    assert state.change(view="cells") == cells
    assert state.change(model="rn-objects") == ExploreState(model="rn-objects")
    assert replace(cells, pair=("1", "2")).change(model="rn-objects") == ExploreState(model="rn-objects")


def test_a_new_question_drops_the_named_answers():
    state = ExploreState(why="square", why_not="circle").change(question=Question("left", "red"))
    assert (state.why, state.why_not) == (AUTO, AUTO)


def test_an_answer_cannot_be_set_against_itself():
    assert ExploreState(why_not="circle").change(why="circle").why_not == AUTO


def test_an_edit_back_to_the_sampled_scene_is_none():
    scene = sampled_scene(0)
    moved = ExploreState().edit(
        scene.replace("red", shape="circle" if scene.get("red").shape == "square" else "square")
    )
    assert moved.edited is not None
    assert moved.edit(scene) == ExploreState()


def test_a_link_with_the_sampled_scene_holds_no_edit():
    assert ExploreState.from_query({"scene": format_scene(sampled_scene(0))}) == (ExploreState(), [])


def test_an_edit_drops_what_names_a_gone_object():
    state = ExploreState(pair=("red", "gray"), without=("gray", "blue")).edit(sampled_scene(0).remove("gray"))
    assert (state.pair, state.without) == (None, ("blue",))
    cells = ExploreState(model="rn-pixels", view="cells", pair=("1", "2")).edit(sampled_scene(0).remove("gray"))
    assert cells.pair == ("1", "2")


def test_names_agree_with_the_scene_component():
    assert (GROUND, GRID) == (scene_view.GROUND_LABEL, scene_view.GRID)
