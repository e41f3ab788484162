"""The page's state in the URL: round trips, one sentence for each bad parameter, nothing else lost."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages._lab.babi.models import MODELS
from pages._lab.babi.state import FIELDS, LABELS, SECTIONS, STAGES, BabiState
from pages._lab.babi.stories import known_questions
from pages._lab.babi.truth import find_truth
from pages._lab.pairs.state import METHODS
from rn_core.tasks.babi.encoding import WINDOW
from rn_core.tasks.babi.words import ANSWERS

START = BabiState()
LONG = BabiState().change(task=3, turn=4)


@st.composite
def states(draw) -> BabiState:
    """Draw a state that fits together."""
    state = START.change(task=draw(st.integers(1, 20)), seed=draw(st.integers(0, 3)), turn=draw(st.integers(0, 9)))
    place = st.integers(0, len(state.lines) - 1)
    for _ in range(draw(st.integers(0, 2))):
        state = state.move(draw(place), draw(place)).mark(draw(place), draw(st.booleans()))
    if draw(st.booleans()):
        state = state.change(question=draw(st.sampled_from(known_questions(state.task))))
    labels = st.sampled_from(state.labels) if state.labels else st.nothing()
    pair = draw(st.none() | st.tuples(labels, labels)) if state.labels else None
    return replace(
        state,
        pair=pair,
        without=tuple(draw(st.sampled_from([(), state.labels[:2]]))),
        stage=draw(st.sampled_from([*STAGES])),
        section=draw(st.sampled_from([*SECTIONS])),
        model=draw(st.sampled_from([*MODELS])),
        method=draw(st.sampled_from([*METHODS])),
        why=draw(st.sampled_from(["auto", *ANSWERS])),
        top=draw(st.integers(0, len(state.labels) ** 2)),
        truth=draw(st.booleans()),
    )


@given(states())
def test_every_state_survives_the_url(state):
    query = state.to_query()
    assert BabiState.from_query(query) == (state, [])
    assert all(part.isalnum() or part in "-._," for value in query.values() for part in value)


def test_the_default_is_the_plain_address():
    assert START.to_query() == {}
    assert {field.name for field in FIELDS} == {*BabiState.__dataclass_fields__}


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"task": "21"}, "1 to 20, got '21'"),
        ({"seed": "x"}, "seed must be a whole number"),
        ({"turn": "7"}, "has questions 0 to 4, got 7"),
        ({"story": "Mary-moved-to-the-lounge"}, "'lounge'"),
        ({"story": ""}, "Sentence 1 cannot be read"),
        ({"q": "where-is-the-bal"}, "'bal' is not among"),
        ({"q": ""}, "got 0"),
        ({"model": "rn-joined"}, "Did you mean 'rn-joint'"),
        ({"view": "cells"}, "cells belong to models of pixels"),
        ({"pair": "s1-x"}, "A pair must read like s1-s4"),
        ({"pair": "s1-s99"}, "got s1-s99"),
        ({"without": "s99"}, "this scene has s1, s2"),
        ({"without": "q"}, "Unknown sentence 'q'"),
        ({"top": "401"}, "0 (all) to 400"),
        ({"top": "399"}, "196 pairs, got 399"),
        ({"baseline": "mean"}, "Unknown baseline 'mean'"),
        ({"why": "no", "not": "no"}, "must differ from 'why'"),
        ({"shw": "text"}, "not a parameter of this page"),
    ],
)
def test_a_bad_parameter_is_one_sentence_and_the_rest_is_kept(query, words):
    state, problems = BabiState.from_query({**query, "section": "method"})
    assert len(problems) == 1
    assert words in problems[0]
    assert state.section == "method"
    assert state.lines == state.change(turn=state.turn).lines


def test_another_task_keeps_an_own_story_and_its_question_and_drops_a_drawn_one():
    own = START.move(0, 3)
    assert own.change(task=5) == replace(own, task=5, question=own.text)
    assert START.change(question="Where is Mary?").change(task=5) == START.change(task=5)


def test_a_files_answer_goes_with_its_story_and_question():
    from_file = START.change(told=START.move(0, 3).told, question="Where is Mary?", given="garden")
    assert find_truth(from_file).answer == from_file.change(task=7).given == "garden"
    assert from_file.change(method="gradient").given == "garden"
    edited = from_file.move(1, 2), from_file.mark(0, dropped=True)
    for changed in (from_file.change(question="Where is John?"), from_file.change(seed=4), *edited):
        assert changed.given is None


def test_another_story_drops_what_was_edited_asked_and_pinned():
    edited = START.move(0, 3).change(question="Where is Mary?", pair=("s1", "s2"), why="garden")
    assert (edited.told, edited.question) != (None, None)
    for change in ({"seed": 9}, {"turn": 1}, {"task": 5, "seed": 9}):
        fresh = edited.change(**change)
        assert (fresh.told, fresh.question, fresh.pair, fresh.why) == (None, None, None, "auto")
    assert edited.change(task=2, seed=0) == edited.change(pair=None)


def test_the_drawn_story_and_its_question_are_told_as_such():
    assert START.move(2, 5).move(5, 2) == START
    assert START.mark(3, dropped=True).mark(3, dropped=False) == START
    assert START.change(question=START.text) == START
    assert START.change(task=16).turn == 0
    state, problems = BabiState.from_query({"task": "16"})  # no turn in the link, and the usual one is not here
    assert (state.turn, problems) == (0, [])


def test_what_is_pinned_goes_along_with_its_sentence():
    state = START.change(pair=("s1", "s3"), without=("s2", "s3"))
    moved = state.move(0, 4)
    assert (moved.pair, moved.without) == (("s5", "s2"), ("s1", "s2"))
    assert state.move(2, 0).without == ("s1", "s3")
    assert [moved.lines[LABELS.index(label)] for label in moved.pair] == [state.lines[0], state.lines[2]]
    assert state.mark(2, dropped=True).pair is None
    assert state.mark(2, dropped=True).without == ("s2",)
    assert state.mark(7, dropped=True).pair == ("s1", "s3")


def test_the_networks_see_the_last_sentences_that_are_told():
    assert len(LONG.lines) > WINDOW + 2
    last = len(LONG.lines) - 1
    assert LONG.seen == tuple(range(last - WINDOW + 1, last + 1))
    fewer = LONG.mark(last, dropped=True)
    assert fewer.seen == tuple(range(last - WINDOW, last))
    assert len(fewer.statements) == len(LONG.statements) - 1


def test_fewer_sentences_have_no_more_strongest_pairs_than_they_have():
    assert START.change(top=196).mark(0, dropped=True).top == 0
    assert START.change(top=100).mark(0, dropped=True).top == 100


def test_truth_follows_edits_and_points_to_places_in_the_list():
    state = BabiState().change(task=1, turn=4)
    truth = find_truth(state)
    assert truth.answer == state.drawn.answer
    (place,) = truth.support
    without = find_truth(state.mark(place, dropped=True))
    assert without.answer != truth.answer
    assert place not in without.support
    first = find_truth(state.mark(0, dropped=True)) if place else truth
    assert (first.answer, first.support) == (truth.answer, truth.support)


def test_a_story_outside_the_tasks_language_has_no_truth_but_a_sentence_why():
    truth = find_truth(START.change(question="Why did Mary go to the kitchen?"))
    assert (truth.answer, truth.support) == (None, ())
    assert truth.trouble.endswith((".", "?", "?'"))
