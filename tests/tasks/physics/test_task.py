"""The three tasks against oracles that know the truth, and the encoding and errors of what models are asked."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import torch
from torch import nn

from rn_core.common.errors import QuestionError, SceneError
from rn_core.common.seeding import make_rng
from rn_core.evaluation.accuracy import evaluate, evaluate_batches
from rn_core.tasks import TASKS
from rn_core.tasks.physics import PhysicsScenes, sample_scenes
from rn_core.tasks.physics.encoding import (
    encode_rows,
    list_pairs,
    predict_constant_velocity,
    prediction_errors,
    prediction_targets,
)
from rn_core.tasks.physics.prediction import decode_paths, encode_paths
from rn_core.tasks.physics.world import COLORS, RADIUS

CONNECTIONS, COUNT, PREDICT = (TASKS[f"physics/{name}"] for name in ("connections", "count", "predict"))


@cache
def long_scenes() -> PhysicsScenes:
    """Return 60 scenes of 32 frames."""
    return sample_scenes(make_rng(1, "test"), 60, n_frames=32)


@cache
def drawn_scenes() -> PhysicsScenes:
    """Return what models see of them."""
    return long_scenes().frames(0, 16)


class Fixed(nn.Module):
    """Gives logits that were made before, in the order of the scenes."""

    def __init__(self, logits: torch.Tensor) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))
        self.logits = logits

    def forward(self, inputs, question, scene_index):
        return self.logits


def test_who_knows_the_truth_is_always_right_and_who_says_nothing_gets_the_floor():
    batch = CONNECTIONS.encode_batch(drawn_scenes())
    yes = torch.from_numpy(np.array([[scene[i, j] for i, j in list_pairs(10)] for scene in drawn_scenes().links]))
    knowing = evaluate_batches(Fixed(yes * 2.0 - 1), CONNECTIONS, [batch])
    assert (knowing.groups["pair"].accuracy, knowing.groups["whole_scene"].accuracy) == (1, 1)
    assert (knowing.groups["pair"].n, knowing.groups["whole_scene"].n) == (60 * 45, 60)
    silent = evaluate_batches(Fixed(-torch.ones(60, 45)), CONNECTIONS, [batch])
    assert silent.blind_floor == {kind: found.accuracy for kind, found in silent.groups.items()}
    assert silent.blind_floor["whole_scene"] == (drawn_scenes().n_systems == 10).mean()
    assert silent.overall == silent.groups["whole_scene"]


def test_one_wrong_pair_makes_a_whole_scene_wrong():
    batch = CONNECTIONS.encode_batch(drawn_scenes())
    logits = batch.answer * 2.0 - 1
    logits[7, 44] *= -1
    found = evaluate_batches(Fixed(logits), CONNECTIONS, [batch])
    assert found.groups["pair"].accuracy == 1 - 1 / (60 * 45)
    assert found.groups["whole_scene"].accuracy == 1 - 1 / 60


def test_count_is_ten_less_the_links():
    batch = COUNT.encode_batch(drawn_scenes())
    links = drawn_scenes().links.sum(axis=(1, 2)) // 2
    assert [COUNT.answers[answer] for answer in batch.answer] == [str(10 - number) for number in links]
    found = evaluate_batches(Fixed(torch.eye(10)[batch.answer]), COUNT, [batch])
    assert (found.groups["whole_scene"].accuracy, found.overall.n) == (1, 60)
    assert found.blind_floor["whole_scene"] == np.bincount(batch.answer).max() / 60


def test_names_of_pairs_are_their_colors():
    colors = list(COLORS)
    assert CONNECTIONS.answers == tuple(f"{colors[i]}-{colors[j]}" for i, j in list_pairs(10))
    text, probabilities = CONNECTIONS.scoring.read(torch.tensor([3.0] + 43 * [-3.0] + [1.0]), CONNECTIONS.answers)
    assert text == "red-green, brown-gray"
    assert probabilities["red-green"] == pytest.approx(1 / (1 + np.exp(-3)))
    assert CONNECTIONS.scoring.read(-torch.ones(45), CONNECTIONS.answers)[0] == "none"


def test_paths_are_judged_as_the_encoding_judges_them():
    batch = PREDICT.encode_batch(long_scenes())
    guessed = long_scenes().positions[:, 16:] + np.random.default_rng(0).normal(0, 0.05, (60, 16, 10, 2)).astype(
        np.float32
    )
    last = torch.from_numpy(long_scenes().positions[:, 15])
    found = evaluate_batches(Fixed(encode_paths(torch.from_numpy(guessed), last)), PREDICT, [batch])
    true = prediction_targets(long_scenes())
    np.testing.assert_allclose(found.distances["model"].frames, prediction_errors(guessed, true), rtol=1e-4)
    kept = predict_constant_velocity(long_scenes().positions[:, :16], 16)
    np.testing.assert_allclose(found.distances["constant_velocity"].frames, prediction_errors(kept, true), rtol=1e-4)
    near = np.linalg.norm(guessed - true, axis=3) < RADIUS
    assert found.overall.accuracy == near.mean()
    assert found.blind_floor["within_radius"] == (np.linalg.norm(kept - true, axis=3) < RADIUS).mean()
    distance = found.distances["model"]
    assert distance.low < distance.mean < distance.high
    assert distance.mean == pytest.approx(np.mean(distance.frames))
    assert found.to_dict()["distances"]["model"]["frames"] == distance.frames


def test_the_loss_of_paths_is_the_distance_in_metres():
    batch = PREDICT.encode_batch(long_scenes())
    still = PREDICT.scoring.loss(torch.zeros(60, 320), batch)
    moved = long_scenes().positions[:, 16:] - long_scenes().positions[:, 15:16]
    assert still.item() == pytest.approx(np.linalg.norm(moved, axis=3).mean(), rel=1e-4)


def test_paths_are_encoded_and_decoded_as_they_were():
    batch = PREDICT.encode_batch(long_scenes())
    positions = decode_paths(batch.answer, torch.from_numpy(long_scenes().positions[:, 15]))
    torch.testing.assert_close(positions, torch.from_numpy(long_scenes().positions[:, 16:]))


@pytest.mark.parametrize("task", [CONNECTIONS, COUNT, PREDICT], ids=lambda task: task.name)
def test_a_batch_is_rows_of_the_first_sixteen_frames_and_asks_nothing(task):
    batch = task.sample_batch(make_rng(3, "test"), 5)
    scenes = sample_scenes(make_rng(3, "test"), 5)
    rows, mask = encode_rows(scenes)
    assert torch.equal(batch.inputs[0], torch.from_numpy(rows))
    assert batch.inputs[1].numpy().all() == mask.all()
    assert batch.question.shape == (5, 0)
    assert len(batch.select(slice(1, 3)).answer) == 2


def test_an_evaluation_says_distances_only_where_there_are_some():
    model = Fixed(torch.zeros(8, 10))
    assert "distances" not in evaluate(model, COUNT, 0, 8).to_dict()


def test_scenes_and_their_json_are_read_alike_whatever_their_numbers_of_balls():
    small, large = sample_scenes(make_rng(0, "test"), 1, 4).scene(0), drawn_scenes().scene(0)
    rows, mask = COUNT.encode_scenes([small, large.to_json()])
    assert rows.shape == (2, 10, 35)
    assert mask.sum(dim=1).tolist() == [4, 10]
    np.testing.assert_array_equal(rows[1], encode_rows(drawn_scenes()[:1])[0][0])
    assert not rows[0, 4:].any()


def test_rows_of_some_balls_are_read_as_they_are():
    rows = encode_rows(drawn_scenes()[:1])[0][0]
    found, mask = COUNT.encode_scenes([rows[[7, 2]], drawn_scenes().scene(1)])
    np.testing.assert_array_equal(found[0, :2], rows[[7, 2]])
    assert mask.sum(dim=1).tolist() == [2, 10]
    assert not found[0, 2:].any()


@pytest.mark.parametrize("shape", [(0, 35), (17, 35), (3, 34), (35,)])
def test_rows_of_another_shape_get_one_sentence(shape):
    with pytest.raises(SceneError, match=r"^Rows of balls must be 1 to 16 of 35 finite numbers, got shape \("):
        COUNT.encode_scenes([np.zeros(shape, dtype=np.float32)])
    with pytest.raises(SceneError, match="finite numbers"):
        COUNT.encode_scenes([np.full((2, 35), np.nan, dtype=np.float32)])


def test_bad_scenes_and_questions_get_one_sentence():
    with pytest.raises(SceneError, match=r"^There must be at least one scene, got none"):
        COUNT.encode_scenes([])
    with pytest.raises(SceneError, match=r"^The networks read 16 frames, got 32"):
        COUNT.encode_scenes([long_scenes().scene(0)])
    with pytest.raises(QuestionError, match=r"^'physics/count' asks only 'How many systems are there\?', got 'Why\?'"):
        COUNT.encode_questions(["", "Why?"])
    assert COUNT.encode_questions(["", COUNT.question]).shape == (2, 0)
