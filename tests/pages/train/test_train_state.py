"""The Train page's state in the URL: round trips, one sentence for each bad parameter, settings that fit the task."""

from __future__ import annotations

import os
from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages._lab.train.state import (
    GROUPS,
    VIEWS,
    TrainState,
    choose_models,
    choose_types,
    groups_of,
    shown_group,
    usual_settings,
)
from pages._lab.train.words import describe_race
from rn_core.common.seeding import MAX_SEED
from rn_core.race.records import LIMITS, RACE_TASKS, RaceConfig, has_head_start, usual_config
from rn_core.tasks.babi.spec import TASK as STORIES
from rn_core.tasks.registry import CONFIGS

PIXELS, OBJECTS = "sort-of-clevr/pixels", "sort-of-clevr/objects"


@st.composite
def states(draw) -> TrainState:
    """Draw any state that a person can reach."""
    task = draw(st.sampled_from([*RACE_TASKS]))
    kinds = draw(st.lists(st.sampled_from(RACE_TASKS[task].question_types), unique=True))
    first = {*RACE_TASKS[task].race.first_types} & {*(kinds or RACE_TASKS[task].question_types)}
    return TrainState(
        task=task,
        models=choose_models(draw(st.sets(st.sampled_from([*RACE_TASKS[task].race.models]), min_size=1))),
        size=draw(st.sampled_from([*CONFIGS[task]])),
        learning_rate=draw(st.floats(1e-6, 0.1)),
        question_types=choose_types(kinds, task),
        aggregate=draw(st.sampled_from(("sum", "mean"))),
        seed=draw(st.integers(0, MAX_SEED)),
        **{name: draw(st.integers(*LIMITS[name])) for name in ("n_scenes", "steps")},
        n_questions=1 if task == STORIES else draw(st.integers(*LIMITS["n_questions"])),
        first_steps=draw(st.integers(*LIMITS["first_steps"])) if first else 0,
        head_start=draw(st.integers(*LIMITS["head_start"])) if has_head_start(task) else 0,
        run=draw(st.from_regex(r"[A-Za-z0-9_-]{0,20}", fullmatch=True)),
        view=draw(st.sampled_from([*VIEWS])),
        group=draw(st.sampled_from([*GROUPS])),
        at=draw(st.none() | st.integers(0, 1000)),
        projector=draw(st.booleans()),
    )


@given(states())
def test_any_state_comes_back_from_its_url(state):
    assert TrainState.from_query(state.to_query()) == (state, [])


@given(states())
def test_the_url_needs_no_escapes(state):
    for value in state.to_query().values():
        assert all(letter.isalnum() or letter in "-._" for letter in value)


def test_the_plain_address_is_the_default_race():
    assert TrainState().to_query() == {}
    assert TrainState().config == RaceConfig()
    assert {field.name for field in fields(RaceConfig)} < {field.name for field in fields(TrainState)}


@pytest.mark.parametrize(
    ("key", "value", "word"),
    [
        ("task", "sort-of-clevr.sounds", "task"),
        ("models", "rn-cnn", "cnn"),
        ("size", "huge", "huge"),
        ("rate", "0", "learning rate"),
        ("rate", "nan", "learning rate"),
        ("rate", "0.5", "0.1"),
        ("scenes", "0", "scenes"),
        ("questions", "37", "37"),
        ("types", "shape-colour", "colour"),
        ("aggregate", "max", "max"),
        ("seed", "-1", "seed"),
        ("steps", "many", "many"),
        ("head", "99999", "99999"),
        ("head", "100", "head"),
        ("run", "../etc", "token"),
        ("view", "film", "film"),
        ("group", "all", "all"),
        ("at", "-3", "-3"),
        ("speed", "2", "speed"),
    ],
)
def test_a_bad_parameter_is_one_sentence_and_the_rest_stays(key, value, word):
    state, problems = TrainState.from_query({"seed": "7", "view": "loss", key: value})
    assert len(problems) == 1
    assert word in problems[0]
    assert key in ("seed", "view") or (state.seed, state.view) == (7, "loss")


@pytest.mark.parametrize(
    ("changes", "word"),
    [({"question_types": ("shape",), "n_questions": 8}, "n_questions"), ({"models": ()}, "models")],
)
def test_settings_that_do_not_fit_are_a_sentence(changes, word):
    state = TrainState().change(**changes)
    assert word in state.problem
    assert TrainState().problem is None


def test_another_task_drops_what_it_lacks():
    images = TrainState().change(task=PIXELS, head_start=500)
    assert images.config.head_start == 500
    assert images.change(task=OBJECTS).config.head_start == 0


def test_relations_alone_have_no_first_steps():
    images = TrainState().change(task=PIXELS)
    assert images.config == usual_config(PIXELS)
    paper = images.change(**usual_settings(PIXELS, answers_only=True))
    assert paper.config == usual_config(PIXELS, answers_only=True)
    assert paper.change(question_types=("closest_shape",)).first_steps == 0
    link = {**paper.to_query(), "first": "500", "types": "closest_shape"}
    state, problems = TrainState.from_query(link)
    assert (state.first_steps, state.problem) == (0, None)
    assert problems == ["The link's 'first' was left out: sort-of-clevr/pixels has no such setting."]


def test_a_link_means_the_same_on_machines_that_begin_differently(monkeypatch):
    link = {"task": PIXELS.replace("/", ".")}
    for cores in (1, 2):
        monkeypatch.setattr(os, "cpu_count", lambda cores=cores: cores)
        begun = TrainState().change(task=PIXELS)
        assert (begun.head_start > 0) == (cores == 1)
        assert TrainState.from_query(begun.to_query()) == (begun, [])
        assert TrainState.from_query(link)[0].config == usual_config(PIXELS, answers_only=True)


def test_stories_bring_what_is_usual_for_them_and_take_it_away_again():
    stories = TrainState(models=("rn",), seed=9).change(task=STORIES)
    assert stories.config == replace(usual_config(STORIES), models=("rn",), seed=9)
    assert stories.change(task=OBJECTS) == TrainState(models=("rn",), seed=9)
    assert stories.to_query() == {"task": "babi", "models": "rn", "seed": "9"}


def test_a_link_that_names_only_stories_opens_the_usual_race_and_may_ask_all_types():
    assert TrainState.from_query({"task": "babi"})[0].config == usual_config(STORIES)
    state, problems = TrainState.from_query({"task": "babi", "types": "all"})
    assert (state.question_types, problems) == ((), [])
    assert TrainState.from_query({"task": "babi", "questions": "3"})[1] == [
        "The link's 'questions' was left out: babi has no such setting."
    ]


def test_a_race_is_watched_by_a_group_that_it_has():
    stories = TrainState.from_query({"task": "babi"})[0]
    assert [*groups_of(stories)] == ["mean", "qa1", "qa4", "qa12", "qa15"]
    assert [*groups_of(RaceConfig())] == ["relational", "non_relational"]
    assert shown_group(stories, stories) == "mean"
    assert shown_group(stories.change(group="qa4"), stories.config) == "qa4"
    assert shown_group(stories.change(group="qa4"), RaceConfig()) == "relational"
    assert len(groups_of(stories.change(question_types=()))) == 21


def test_another_run_is_watched_from_its_latest_moment():
    state = TrainState(run="one", at=40)
    assert state.change(run="two").at is None
    assert state.change(view="pairs").at == 40


def test_all_question_types_are_the_empty_choice():
    known = RACE_TASKS[OBJECTS].question_types
    assert choose_types(known, OBJECTS) == choose_types((), OBJECTS) == ()
    assert choose_types(("left", "shape"), OBJECTS) == ("shape", "left")


def test_the_default_race_in_words():
    expected = "RN against MLP · object scenes · small · 16 scenes × 8 questions per step · seed 0"
    assert describe_race(RaceConfig()) == expected


def test_the_usual_race_on_stories_in_words():
    assert describe_race(usual_config(STORIES)) == (
        "RN against LSTM · stories · small · 256 stories per step · seed 0 · asked only single supporting fact, two "
        "argument relations, conjunction and basic deduction · head start of 2,000 steps"
    )


def test_what_is_not_as_usual_is_said():
    config = RaceConfig(
        task=PIXELS, models=("rn",), size="tiny", learning_rate=5e-4, n_scenes=4, n_questions=3,
        question_types=("shape", "closest_shape"), aggregate="mean", seed=9, steps=500, head_start=1000,
    )  # fmt: skip
    assert describe_race(config) == (
        "RN · images · tiny · 4 scenes × 3 questions per step · seed 9 · asked only shape and closest shape · "
        "mean over pairs · learning rate 0.0005 · 500 steps · head start of 1,000 steps"
    )


@pytest.mark.parametrize(
    ("query", "models"),
    [
        ({"task": "babi", "models": "mlp"}, ("lstm",)),
        ({"task": "babi", "models": "rn-mlp"}, ("rn", "lstm")),
        ({"task": "babi"}, ("rn", "lstm")),
        ({"models": "lstm"}, ("mlp",)),
        ({"models": "rn"}, ("rn",)),
    ],
)
def test_links_from_when_every_baseline_was_an_mlp_open_the_tasks_own(query, models):
    state, problems = TrainState.from_query(query)
    assert (state.models, problems, state.problem) == (models, [], None)


@pytest.mark.parametrize(
    ("text", "models"),
    [("rn-pairs", ("rn-pairs",)), ("rn-rn-pairs", ("rn", "rn-pairs")), ("rn", ("rn",)), ("rn-mlp", ("rn", "rn-pairs"))],
)
def test_runners_whose_names_have_a_dash_are_read_from_links(text, models):
    state, problems = TrainState.from_query({"task": "sort-of-clevr.triples", "models": text})
    assert (state.models, problems) == (models, [])
    _, (sentence,) = TrainState.from_query({"models": f"{text}-cnn"})
    assert "Unknown model 'cnn'" in sentence
