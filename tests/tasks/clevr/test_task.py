"""The task object: scenes and questions in a person's form to what models take."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from rn_core.common.errors import RNCoreError, SceneError
from rn_core.common.seeding import make_rng
from rn_core.tasks import TASKS
from rn_core.tasks.clevr import ClevrScene, execute, sample_scenes
from rn_core.tasks.clevr.encoding import D_ROW, encode_scenes
from rn_core.tasks.clevr.grammar import parse
from rn_core.tasks.clevr.program import question_type
from rn_core.tasks.clevr.scene import MAX_OBJECTS
from rn_core.tasks.clevr.task import Clevr
from rn_core.tasks.clevr.tokens import TOKENS
from rn_core.tasks.registry import CONFIGS

STATES, PIXELS = TASKS["clevr/states"], TASKS["clevr/pixels"]


def test_models_are_built_for_what_the_task_gives():
    for name in ("clevr/states", "clevr/pixels"):
        for sizes in CONFIGS[name].values():
            for config in sizes.values():
                assert config.core.n_answers == len(TASKS[name].answers)
    for sizes in CONFIGS["clevr/states"].values():
        assert sizes["rn"].encoder.d_object == D_ROW
        assert sizes["mlp"].core.n_objects == MAX_OBJECTS
    assert PIXELS.encode_scenes([np.zeros((9, 9, 3), np.uint8)])[0].shape == (1, 128, 128, 3)


def test_names_and_groups_fit():
    for name in ("clevr/states", "clevr/pixels"):
        task = TASKS[name]
        assert task.name == name
        kinds = [kind for group in task.groups.values() for kind in group]
        assert sorted(kinds) == sorted(task.question_types)
    assert set(STATES.groups) == {"count", "exist", "compare_integer", "query_attribute", "compare_attribute"}


def test_a_scene_its_json_and_its_text_are_one_input():
    scenes = sample_scenes(make_rng(0, "test"), 3)
    rows, mask = STATES.encode_scenes(scenes)
    for given in ([scene.to_dict() for scene in scenes], [json.dumps(scene.to_dict()) for scene in scenes]):
        again, mask_again = STATES.encode_scenes(given)
        assert torch.equal(again, rows)
        assert torch.equal(mask_again, mask)
    assert torch.equal(rows, encode_scenes([ClevrScene.from_json(scene.to_dict()) for scene in scenes])[0])


@pytest.mark.parametrize("scene", [{}, "{", None, 3, np.zeros((9, 9, 3), np.uint8)])
def test_a_bad_scene_is_one_sentence(scene):
    with pytest.raises(SceneError) as caught:
        STATES.encode_scenes([scene])
    assert "\n" not in str(caught.value)


def test_sampled_batches_hold_true_answers():
    batch = STATES.sample_batch(make_rng(0, "train"), 30)
    scenes = sample_scenes(make_rng(0, "train"), 30)
    assert torch.equal(batch.inputs[0], encode_scenes(scenes)[0])
    assert len(batch) == 300
    for row, scene, answer, kind in zip(batch.question, batch.scene_index, batch.answer, batch.type_index, strict=True):
        program = parse(" ".join(TOKENS[number - 1] for number in row.tolist() if number))
        assert execute(program, scenes[scene]) == STATES.answers[answer]
        assert question_type(program) == STATES.question_types[kind]
    alike = STATES.sample_batch(make_rng(0, "train"), 30)
    assert all(torch.equal(getattr(batch, part), getattr(alike, part)) for part in ("question", "answer", "type_index"))
    assert len(STATES.sample_batch(make_rng(0, "train"), 3, 4)) == 12


def test_pictures_are_not_drawn_on_the_fly():
    with pytest.raises(RNCoreError, match="give a folder in CLEVR's layout"):
        PIXELS.sample_batch(make_rng(0, "train"), 1)


def test_an_unknown_view_and_the_row_of_a_question_are_one_sentence():
    with pytest.raises(RNCoreError, match=r"^view must be one of pixels, slots, cells, states, got 'rows'\.$"):
        Clevr("rows")
    with pytest.raises(RNCoreError, match="too many questions for a mean aggregate each"):
        STATES.question_index("Is there a cube?")


def test_a_scene_is_shown_as_itself_or_as_its_picture():
    scene, seen = STATES.sample_shown(make_rng(3, "explore"))
    assert seen is scene
    same, picture = PIXELS.sample_shown(make_rng(3, "explore"))
    assert same.to_json() == scene.to_json()
    assert picture.shape == (320, 480, 3) and picture.dtype == np.uint8
    assert PIXELS.encode_scenes([picture])[0].shape == (1, 128, 128, 3)
