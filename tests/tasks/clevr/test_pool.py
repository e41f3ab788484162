"""The pool of questions against the parser, the executor and the generator that it was drawn by."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from rn_core.common.errors import RNCoreError
from rn_core.common.seeding import make_rng
from rn_core.tasks import TASKS
from rn_core.tasks.base import Pooled
from rn_core.tasks.clevr import QuestionGenerator, execute, parse, sample_scenes
from rn_core.tasks.clevr.encoding import ANSWERS, encode_scenes
from rn_core.tasks.clevr.pool import QuestionPool, make_pool
from rn_core.tasks.clevr.program import QUESTION_TYPES, question_type
from rn_core.tasks.clevr.tokens import TOKENS, encode_tokens

SEED, N_SCENES, N_QUESTIONS = 3, 260, 4


@pytest.fixture(scope="module")
def pool() -> QuestionPool:
    return make_pool(SEED, N_SCENES, N_QUESTIONS)


def read(words: np.ndarray) -> str:
    return " ".join(TOKENS[number - 1] for number in words if number)


def test_its_answers_are_true(pool):
    scenes = sample_scenes(make_rng(SEED, "train", 0), 250)
    for row in np.flatnonzero(pool.scene_index < 20):
        program, scene = parse(read(pool.tokens[row])), scenes[pool.scene_index[row]]
        assert ANSWERS[pool.answers[row]] == execute(program, scene)
        assert QUESTION_TYPES[pool.type_index[row]] == question_type(program)


def test_its_second_round_is_another_draw(pool):
    rng = make_rng(SEED, "train", 250)
    scenes = sample_scenes(rng, N_SCENES - 250)
    generator = QuestionGenerator(rng)
    asked = [question for scene in scenes for question in generator.ask(scene, N_QUESTIONS)]
    found = pool.scene_index >= 250
    words = encode_tokens([question.text for question in asked]).numpy()
    np.testing.assert_array_equal(pool.tokens[found][:, : words.shape[1]], words)
    np.testing.assert_array_equal(pool.families[found], [question.family for question in asked])
    np.testing.assert_array_equal(pool.slots[found], [question.slots for question in asked])
    rows, mask = encode_scenes(scenes)
    np.testing.assert_array_equal(pool.scenes.rows[250:, : rows.shape[1]], rows)
    np.testing.assert_array_equal(pool.scenes.present[250:, : rows.shape[1]], mask)


def test_a_batch_asks_all_questions_of_the_scenes_it_draws(pool):
    batch = pool.sample_batch(make_rng(0, "train", 7), 30)
    rows, mask = batch.inputs
    assert rows.shape == (30, int(mask.sum(dim=1).max()), 18)
    for scene in range(30):
        (same,) = [k for k in range(N_SCENES) if np.array_equal(pool.scenes.rows[k, : rows.shape[1]], rows[scene])]
        asked = batch.scene_index == scene
        wanted = pool.scene_index == same
        assert batch.answer[asked].tolist() == pool.answers[wanted].tolist()
        assert batch.type_index[asked].tolist() == pool.type_index[wanted].tolist()
        width = batch.question.shape[1]
        assert batch.question[asked].tolist() == pool.tokens[wanted][:, :width].tolist()
    assert (batch.scene_index.diff() >= 0).all()


def test_a_lesson_and_a_batch_of_one_generator_ask_the_same(pool):
    lesson = pool.sample_pair_batch(make_rng(0, "train", 8), 10, 3)
    batch = pool.sample_batch(make_rng(0, "train", 8), 10)
    assert torch.equal(lesson.question, batch.question)
    assert torch.equal(lesson.inputs[0], batch.inputs[0]) and torch.equal(lesson.scene_index, batch.scene_index)
    assert lesson.pairs.shape == (len(batch), 3, 2)


def test_a_seed_gives_one_pool_and_fewer_scenes_of_it(pool):
    fewer = make_pool(SEED, 255, N_QUESTIONS)
    assert np.array_equal(fewer.tokens, pool.tokens[pool.scene_index < 255])
    other = make_pool(SEED + 1, 10, N_QUESTIONS)
    assert not np.array_equal(other.scenes.rows[:10], pool.scenes.rows[:10])


def test_states_have_a_pool_and_pixels_have_none():
    assert isinstance(TASKS["clevr/states"], Pooled) and not isinstance(TASKS["clevr/pixels"], Pooled)


def test_a_pool_of_nothing_is_one_sentence():
    with pytest.raises(RNCoreError, match=r"^A pool needs at least one scene, got 0; draw some\.$"):
        make_pool(0, 0, 4)


def test_types_that_are_never_asked_are_left_out_and_others_stay_as_they_are(pool):
    weights = np.full(len(QUESTION_TYPES), 0.05)
    every = pool.sample_batch(make_rng(0, "train"), 60)
    same = pool.sample_batch(make_rng(0, "train"), 60, weights)
    assert (every.question == same.question).all()
    kept = [QUESTION_TYPES.index(name) for name in ("exist", "count")]
    weights[[k for k in range(len(weights)) if k not in kept]] *= 1e-12
    fewer = pool.sample_batch(make_rng(0, "train"), 60, weights)
    asked = np.isin(every.type_index, kept)
    assert 0 < asked.sum() < len(asked)
    np.testing.assert_array_equal(fewer.answer, every.answer[asked])
    np.testing.assert_array_equal(fewer.scene_index, every.scene_index[asked])
    assert set(fewer.type_index.tolist()) == set(kept)
