"""The chain: truth against plain loops, margins, English both ways, scenes, batches and floors."""

from __future__ import annotations

import json
import math
from itertools import combinations

import numpy as np
import pytest
import torch

from rn_core.common.errors import QuestionError, SceneError
from rn_core.common.seeding import make_rng
from rn_core.tasks import TASKS
from rn_core.tasks.sort_of_clevr.chain import (
    CHAIN_ANSWERS,
    CHAIN_STARTS,
    N_CHAIN_QUESTIONS,
    ChainQuestion,
    chain_codes,
    find_paths,
    solve_chains,
)
from rn_core.tasks.sort_of_clevr.chain_floors import find_chain_floors
from rn_core.tasks.sort_of_clevr.chain_language import CHAIN_TEXTS, chain_text, parse_chain
from rn_core.tasks.sort_of_clevr.chain_scene import (
    CHAIN_COLORS,
    ChainBatch,
    ChainScene,
    sample_chains,
    stack_chains,
)
from rn_core.tasks.sort_of_clevr.chain_task import encode_chains
from rn_core.tasks.sort_of_clevr.scene import CLEARANCE, SceneObject

TASK = TASKS["sort-of-clevr/chain"]
SCENES = sample_chains(make_rng(3, "test"), 30)


def jump(scene, start, jumps, revisits=False):
    """Return the object reached and the least lead in pixels, one jump after the other; None past the last object."""
    at = next(each for each in scene.objects if start in (each.color, each.shape))
    visited, least = {at.color}, math.inf
    for _ in range(jumps):
        barred = {at.color} if revisits else visited
        left = [each for each in scene.objects if each.color not in barred]
        if not left:
            return None, least
        ranked = sorted((math.dist((at.x, at.y), (each.x, each.y)), each.color, each) for each in left)
        least = min(least, ranked[1][0] - ranked[0][0] if len(ranked) > 1 else math.inf)
        at = ranked[0][2]
        visited.add(at.color)
    return at, least


@pytest.mark.parametrize("fewer", [0, 3], ids=["eight objects", "five objects"])
def test_answers_and_margins_are_those_of_jumping_one_by_one(fewer):
    scenes = [SCENES.scene(row) for row in range(len(SCENES))]
    for color in CHAIN_COLORS[1 : 1 + fewer]:
        scenes = [scene.remove(color) for scene in scenes]
    solution, n_tried = solve_chains(stack_chains(scenes)), 0
    for row, scene in enumerate(scenes):
        for index in range(N_CHAIN_QUESTIONS):
            question = ChainQuestion.from_index(index)
            if not any(question.start in (each.color, each.shape) for each in scene.objects):
                assert solution.answers[row, index] == -1
                continue
            reached, least = jump(scene, question.start, question.jumps)
            if least < 1e-6:
                continue  # equally near, where the order of objects decides
            n_tried += 1
            assert solution.margins[row, index] == pytest.approx(least)
            wanted = -1 if reached is None else CHAIN_ANSWERS.index(getattr(reached, question.asks))
            assert solution.answers[row, index] == wanted
    assert n_tried > 1_500


def test_a_chain_visits_every_object_once_and_moving_or_mirroring_a_scene_changes_nothing():
    paths, leads = find_paths(SCENES)
    assert (np.sort(paths, axis=2) == np.arange(8)).all() and (np.diff(leads, axis=2) <= 0).all()
    moved = ChainBatch(SCENES.centers[..., ::-1] * [1, -1] + 7, SCENES.shapes, SCENES.present)
    np.testing.assert_array_equal(find_paths(moved)[0], paths)


def test_where_objects_may_be_visited_again_two_jumps_from_one_of_two_neighbors_end_at_it():
    paths, _ = find_paths(SCENES, revisits=True)
    rows, starts = np.indices(paths.shape[:2])
    nearest = paths[..., 1]
    mutual = nearest[rows, nearest] == starts
    assert mutual.sum() > 50 and (paths[..., 2][mutual] == starts[mutual]).all()
    for start in range(8):
        reached, _ = jump(SCENES.scene(0), CHAIN_COLORS[start], 5, revisits=True)
        assert CHAIN_COLORS[paths[0, start, 5]] == reached.color


@pytest.mark.parametrize("index", range(0, N_CHAIN_QUESTIONS, 3))
def test_text_and_back(index):
    question = ChainQuestion.from_index(index)
    assert question.index == index and chain_text(question) == CHAIN_TEXTS[index]
    assert parse_chain(CHAIN_TEXTS[index].upper().rstrip("?")) == question
    assert parse_chain(CHAIN_TEXTS[index].replace("jumps", "jump")) == question


def test_all_texts_differ_and_other_ones_are_refused_in_one_sentence():
    assert len({*CHAIN_TEXTS}) == len(CHAIN_TEXTS) == 128
    with pytest.raises(QuestionError, match="The word 'hop' is not in this task's language"):
        parse_chain("What is the shape of the object 2 hop from the red one?")
    with pytest.raises(QuestionError, match=r"is not one of the 128 questions\. Did you mean 'What is the shape of"):
        parse_chain(CHAIN_TEXTS[8].replace("color", "shape"))
    with pytest.raises(QuestionError, match="A chain has 0 to 7 jumps, got 8"):
        ChainQuestion(8, "red")


def test_scenes_have_all_colors_and_shapes_apart_and_any_number_of_them_begins_alike():
    for axis in (0, 1):
        assert SCENES.centers[..., axis].min() >= 5 and SCENES.centers[..., axis].max() <= 69
    for one, other in combinations(range(8), 2):
        assert np.abs(SCENES.centers[:, one] - SCENES.centers[:, other]).max(axis=1).min() >= CLEARANCE
    assert (np.sort(SCENES.shapes, axis=1) == np.arange(8)).all()
    np.testing.assert_array_equal(sample_chains(make_rng(3, "test"), 7).centers, SCENES.centers[:7])
    with pytest.raises(SceneError, match="The number of scenes must be 1 or more, got 0"):
        sample_chains(make_rng(3, "test"), 0)


def test_a_scene_survives_json_and_arrays():
    scene = SCENES.scene(0).remove("blue")
    assert ChainScene.from_json(scene.to_json()) == scene == stack_chains([scene]).scene(0)
    assert TASK.read_scene(scene.to_json()) == scene


@pytest.mark.parametrize(
    ("objects", "message"),
    [
        ([("red", "star", 9, 9), ("red", "cross", 40, 9)], "must have a color of its own, got red twice"),
        ([("red", "star", 9, 9), ("blue", "star", 40, 9)], "must have a shape of its own, got star twice"),
        ([("pink", "star", 9, 9)], "An object's color must be one of red, green"),
        ([("red", "star", 9, 70)], "The red object's y must be a whole number of pixels from 5 to 69, got 70"),
        ([], "A scene must have 1 to 8 objects, got none"),
    ],
)
def test_scenes_that_break_a_rule_are_refused(objects, message):
    with pytest.raises(SceneError, match=message):
        ChainScene(tuple(SceneObject(*each) for each in objects))


@pytest.mark.parametrize("text", ["", "3", json.dumps({"objects": [{"color": "red"}]})])
def test_a_text_that_is_no_scene_is_refused(text):
    with pytest.raises(SceneError, match="A scene must be JSON like"):
        ChainScene.from_json(text)


def test_what_a_scene_cannot_be_asked_is_said_and_a_close_call_is_warned_of():
    scene = SCENES.scene(0)
    for each in scene.objects[2:]:
        scene = scene.remove(each.color)
    start = scene.objects[0].color
    TASK.check_answerable(scene, chain_text(ChainQuestion(1, start)))
    with pytest.raises(SceneError, match="2 jumps need 3 objects, got a scene of 2"):
        TASK.check_answerable(scene, chain_text(ChainQuestion(2, start)))
    with pytest.raises(SceneError, match="This scene has no cyan object; start at red, green or put"):
        TASK.check_answerable(scene, chain_text(ChainQuestion(1, "cyan")))
    places = [("red", 10, 10), ("green", 30, 10), ("blue", 10, 31)]
    near = ChainScene(tuple(SceneObject(c, s, x, y) for (c, x, y), s in zip(places, CHAIN_STARTS[8:], strict=False)))
    (sentence,) = TASK.find_warnings(near, chain_text(ChainQuestion(1, "red")))
    assert "differ by 1.0 pixels" in sentence and TASK.find_warnings(near, chain_text(ChainQuestion(1, "blue"))) == ()


def test_batches_hold_clear_questions_with_their_true_answers():
    batch = TASK.sample_batch(make_rng(5, "train"), 20, 12)
    scenes = sample_chains(make_rng(5, "train"), 20)
    solution, rows = solve_chains(scenes), encode_chains(scenes)[0]
    index = (batch.question[:, None] == torch.from_numpy(chain_codes())).all(dim=2).int().argmax(dim=1).numpy()
    at = batch.scene_index.numpy()
    assert (solution.margins[at, index] >= TASK.margin).all()
    np.testing.assert_array_equal(batch.answer, solution.answers[at, index])
    np.testing.assert_array_equal(batch.type_index, index // 16)
    assert len({*zip(at, index, strict=True)}) == len(batch)
    by_color = batch.inputs[0].take_along_dim(batch.inputs[0][..., :8].argmax(dim=2).argsort(dim=1)[..., None], dim=1)
    assert torch.equal(by_color, rows) and not torch.equal(batch.inputs[0], rows)
    whole = TASK.sample_batch(make_rng(5, "test"), 5)
    clear = solve_chains(sample_chains(make_rng(5, "test"), 5)).margins >= TASK.margin
    np.testing.assert_array_equal(whole.scene_index.bincount(), clear.sum(axis=1))


def test_questions_and_rows_name_the_same_object():
    scene = SCENES.scene(1)
    rows, mask = TASK.encode_scenes([scene])
    for start in (scene.objects[3].color, scene.objects[3].shape):
        question = TASK.encode_questions([chain_text(ChainQuestion(2, start))])[0]
        assert (rows[0, :, :16] @ question[:16]).tolist() == [0, 0, 0, 1, 0, 0, 0, 0] and question[18] == 1
    assert mask.all() and rows.shape == (1, 8, 18)


def test_floors_are_those_of_guessing_with_plain_loops():
    floors = find_chain_floors(make_rng(2, "test"), 40)
    scenes = sample_chains(make_rng(2, "test"), 40)
    solution = solve_chains(scenes)
    right, asked = np.zeros((2, 8)), np.zeros(8)
    for row in range(40):
        scene = scenes.scene(row)
        for index in np.flatnonzero(solution.margins[row] >= TASK.margin):
            question = ChainQuestion.from_index(index)
            again, _ = jump(scene, question.start, question.jumps, revisits=True)
            at, _ = jump(scene, question.start, 0)
            ranked = sorted(scene.objects, key=lambda each, at=at: math.dist((at.x, at.y), (each.x, each.y)))
            truth = CHAIN_ANSWERS[solution.answers[row, index]]
            guesses = [getattr(each, question.asks) for each in (again, ranked[question.jumps])]
            right[:, question.jumps] += [guess == truth for guess in guesses]
            asked[question.jumps] += 1
    for name, counts in zip(("nearest", "ranked"), right, strict=True):
        assert list(floors[name].values()) == pytest.approx((counts / asked).tolist(), abs=0.02)
    assert floors["nearest"]["jumps_1"] == floors["ranked"]["jumps_1"] == 1
    batch = TASK.sample_batch(make_rng(2, "test"), 40)
    counts = TASK.scoring.count_floors(batch)
    assert list(floors["constant"].values()) == pytest.approx((counts.max(axis=1) / counts.sum(axis=1)).tolist())
