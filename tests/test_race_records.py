"""What a race is asked for: JSON round trip, one sentence for each bad value."""

from __future__ import annotations

import json
import os
import re
from dataclasses import replace

import pytest

from rn_core.common.errors import RNCoreError
from rn_core.models.relation_network import RelationNetworkConfig
from rn_core.race.records import RACE_TASKS, RUNNERS, RaceConfig, usual_config

OVER_PAIRS = [task for task in RACE_TASKS if isinstance(usual_config(task).model("rn").core, RelationNetworkConfig)]
BAD = {
    "task": ("sort-of-clevr/object", "Did you mean 'sort-of-clevr/objects'"),
    "models": (("rn", "cnn"), "Unknown model 'cnn'"),
    "size": ("huge", "Unknown model size 'huge'"),
    "learning_rate": (0.5, "learning_rate must be above 0 and at most 0.1, got 0.5"),
    "n_scenes": (0, "n_scenes must be a whole number from 1 to 256, got 0"),
    "n_questions": (37, "n_questions must be a whole number from 1 to 36, got 37"),
    "question_types": (("colour",), "Unknown question type 'colour'"),
    "aggregate": ("max", "Unknown aggregate 'max'"),
    "seed": (-1, "A seed must be a whole number from 0 to 4294967295, got -1"),
    "steps": (2.5, "steps must be a whole number from 1 to 1000000, got 2.5"),
    "head_start": (True, "head_start must be a whole number"),
    "first_steps": (5, "first_steps is for sort-of-clevr/pixels with question types about one object, got 5"),
}


def test_it_survives_json():
    config = RaceConfig(models=("mlp",), question_types=("left", "top"), n_questions=3, aggregate="mean", seed=9)
    assert RaceConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config


@pytest.mark.parametrize("name", BAD)
def test_a_bad_value_is_one_sentence(name):
    value, sentence = BAD[name]
    with pytest.raises(RNCoreError, match=re.escape(sentence)):
        RaceConfig(**{name: value})


def test_every_field_is_tried_with_a_bad_value():
    assert set(BAD) == set(RaceConfig().to_dict())


@pytest.mark.parametrize("learning_rate", [0.0, -1e-3, float("nan"), float("inf")])
def test_rates_that_learn_nothing(learning_rate):
    with pytest.raises(RNCoreError, match="learning_rate must be above 0"):
        RaceConfig(learning_rate=learning_rate)


@pytest.mark.parametrize("models", [(), ("rn", "rn")])
def test_a_race_needs_one_or_two_different_runners(models):
    with pytest.raises(RNCoreError, match="one model or two different ones"):
        RaceConfig(models=models)


def test_one_question_type_has_only_six_questions_a_scene():
    RaceConfig(question_types=("left",), n_questions=6)
    with pytest.raises(RNCoreError, match="at most 6 for these question types, got 7"):
        RaceConfig(question_types=("left",), n_questions=7)


def test_object_rows_need_no_head_start():
    with pytest.raises(RNCoreError, match="head_start is for images and stories, got 5 with sort-of-clevr/objects"):
        RaceConfig(head_start=5)


def test_an_unknown_field_is_named():
    with pytest.raises(RNCoreError, match="speed"):
        RaceConfig.from_dict({"speed": 3})


def test_all_networks_over_pairs_are_raced_and_one_over_triples_against_pairs():
    assert {*RACE_TASKS} - {*OVER_PAIRS} == {"sort-of-clevr/triples"}
    config = usual_config("sort-of-clevr/triples")
    assert config.models == ("rn", "rn-pairs")
    cores = [replace(config, aggregate="mean").model(model).core for model in config.models]
    assert [(core.order, core.n_fixed) for core in cores] == [(3, 2), (2, 1)]
    assert [RUNNERS[model].short for model in config.models] == ["RN", "RN over pairs"]


@pytest.mark.parametrize("task", OVER_PAIRS)
def test_the_aggregate_is_the_relation_network_s_alone(task):
    config = replace(usual_config(task), aggregate="mean")
    assert isinstance(config.model("rn").core, RelationNetworkConfig)
    assert config.model("rn").core.aggregate == "mean"
    baseline = RACE_TASKS[task].race.models[1]
    assert config.model(baseline) == usual_config(task).model(baseline)


def test_stories_are_raced_with_settings_of_their_own():
    stories = usual_config("babi")
    assert stories.question_types == ("qa1", "qa4", "qa12", "qa15")
    assert usual_config("sort-of-clevr/objects") == RaceConfig()
    assert RaceConfig.from_dict(json.loads(json.dumps(stories.to_dict()))) == stories


def test_images_are_raced_on_answers_only_with_single_objects_first_where_that_is_asked_for():
    assert usual_config("sort-of-clevr/pixels", answers_only=False).head_start > 0
    config = usual_config("sort-of-clevr/pixels", answers_only=True)
    assert config.head_start == 0
    training = config.training("rn", "32-true")
    assert training.warm_start == 0
    assert training.first_types == ("shape", "left", "top")
    assert training.first_steps == config.first_steps > 0
    assert replace(config, first_steps=0).training("rn", "32-true").first_types == ()
    assert 6 <= training.n_cells < 25
    assert usual_config("sort-of-clevr/pixels", answers_only=False).training("rn", "32-true").n_cells is None


@pytest.mark.parametrize(("cores", "answers_only"), [(None, False), (1, False), (2, True), (64, True)])
def test_images_are_raced_on_answers_only_where_two_cores_do_it_in_a_lesson(monkeypatch, cores, answers_only):
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    assert usual_config("sort-of-clevr/pixels") == usual_config("sort-of-clevr/pixels", answers_only)
    assert usual_config("babi") == usual_config("babi", answers_only=False) == usual_config("babi", answers_only=True)


def test_first_types_are_among_those_that_are_asked():
    images = usual_config("sort-of-clevr/pixels", answers_only=True)
    config = replace(images, question_types=("left", "closest_shape"))
    assert config.training("mlp", "32-true").first_types == ("left",)
    with pytest.raises(RNCoreError, match=f"question types about one object, got {images.first_steps}"):
        replace(config, question_types=("closest_shape",))


def test_a_story_has_one_question():
    with pytest.raises(
        RNCoreError, match="A story up to a question has only that question, got n_questions 2; set it to 1"
    ):
        replace(usual_config("babi"), n_questions=2)
