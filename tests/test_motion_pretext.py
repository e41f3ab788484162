"""The warm start of motion networks: from true states a step learns how balls move on, and a reader what paths show."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch.nn import functional

from rn_core.common.records import MotionBatch
from rn_core.common.seeding import make_rng
from rn_core.models import ModelConfig, QuestionAnsweringModel, build_model
from rn_core.models.encoders import RowEncoderConfig
from rn_core.models.motion import MotionNetworkConfig, find_pairs
from rn_core.models.motion_parts import Links, Moving
from rn_core.pretraining.motion import MotionPretrainingConfig, make_motion_steps
from rn_core.tasks import TASKS
from rn_core.tasks.physics.pool import ScenePool
from rn_core.training.config import TrainConfig
from rn_core.training.trainer import Trainer
from tests.test_training import make_fabric, weights

pytestmark = pytest.mark.weights

PREDICT = TASKS["physics/predict"]
CORE = MotionNetworkConfig(35, n_steps=5, reader_widths=(32,), g_widths=(32, 2), f_widths=(8,))
MODEL = ModelConfig(RowEncoderConfig(35), CORE)
LESSONS = MotionPretrainingConfig(steps=200, n_scenes=16, learning_rate=1e-2)
RUN = TrainConfig(
    "physics/predict",
    MODEL,
    steps=4,
    n_scenes=4,
    n_questions=1,
    pool_scenes=10,
    warm_start=2,
    precision="32-true",
    report_every=1,
    validate_every=2,
    validation_scenes=6,
)


@pytest.fixture(scope="module")
def pool() -> ScenePool:
    return PREDICT.make_pool(0, 60, 1)


@pytest.fixture(scope="module")
def fresh() -> MotionBatch:
    """Return what is true of scenes that no lesson shows."""
    return PREDICT.make_pool(9, 20, 1).sample_motion_batch(make_rng(0, "test"), 40)


@pytest.fixture(scope="module")
def taught(pool) -> QuestionAnsweringModel:
    model = build_model(MODEL, 0)
    make_motion_steps(model, pool, LESSONS, make_fabric()).finish()
    return model.eval()


@torch.no_grad()
def test_a_step_from_the_truth_beats_kept_velocities(taught, fresh):
    places, speeds = fresh.positions[:, 15], fresh.velocities[:, 15]
    pairs = find_pairs(places, None)
    kinds, lengths = (part[:, pairs.first, pairs.second] for part in (fresh.kinds, fresh.lengths))
    links = Links(functional.one_hot(kinds, 3).float(), lengths)
    ahead, _ = taught.core.roll(Moving(places, speeds), links, pairs, 1)
    missed, kept = (
        (found - fresh.positions[:, 16]).norm(dim=2).mean() for found in (ahead[:, 0], places + speeds / 10)
    )
    assert missed < 0.6 * kept


@torch.no_grad()
def test_paths_show_which_balls_are_connected_and_how(taught, fresh):
    rows, mask = taught.encoder(*fresh.inputs)
    pairs = find_pairs(rows, mask)
    logits = taught.core.reader(taught.core.find_paths(rows), pairs).kinds.flatten(0, 1)
    kinds = fresh.kinds[:, pairs.first, pairs.second].flatten()
    shares = kinds.bincount() / len(kinds)
    blind = -(shares * shares.log()).sum()
    assert functional.cross_entropy(logits, kinds) < 0.8 * blind, "who knows only how often balls are connected"


def test_lessons_are_decided_by_their_seed(pool):
    one, same, other = (build_model(MODEL, 0) for _ in range(3))
    torch.manual_seed(7)
    state = torch.get_rng_state()
    for model, seed in ((one, 1), (same, 1), (other, 2)):
        make_motion_steps(model, pool, replace(LESSONS, steps=2, seed=seed), make_fabric()).finish()
    assert torch.equal(torch.get_rng_state(), state)
    for name in ("core.reader.of_pair.0.weight", "core.step.of_pair.weight"):
        assert torch.equal(one.state_dict()[name], same.state_dict()[name])
        assert not torch.equal(one.state_dict()[name], other.state_dict()[name])


def test_a_run_begins_with_lessons_and_ends_alike_when_it_was_broken_off(tmp_path):
    whole = Trainer(RUN, make_fabric())
    untaught = build_model(MODEL, 0).state_dict()
    assert not torch.equal(weights(whole)["core.reader.of_pair.0.weight"], untaught["core.reader.of_pair.0.weight"])
    list(whole.train())
    for metrics in Trainer(RUN, make_fabric(), tmp_path).train():
        if metrics.step == 3:
            break
    resumed = Trainer(RUN, make_fabric(), tmp_path)
    assert resumed.run.step == 2
    list(resumed.train())
    for name, value in weights(whole).items():
        assert torch.equal(value, weights(resumed)[name]), name
