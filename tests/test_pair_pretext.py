"""The warm start of models that read questions: facts of questions and pairs are learned, answers are not."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from rn_core.models import ModelConfig, QuestionAnsweringModel, build_model
from rn_core.models.baselines import MLPConfig
from rn_core.models.encoders import RowEncoderConfig
from rn_core.models.questions import QuestionEncoderConfig
from rn_core.models.relation_network import RelationNetworkConfig
from rn_core.pretraining.pairs import PairPretrainingConfig, make_pair_steps
from rn_core.tasks.clevr.pool import QuestionPool, make_pool
from rn_core.training.processes import make_fabric

RN = ModelConfig(
    RowEncoderConfig(18), RelationNetworkConfig(18, 48, 28, (64, 64), (16,)), QuestionEncoderConfig(82, 16, 48)
)
MLP = replace(RN, core=MLPConfig(10, 18, 48, 28, (16,)))
LESSONS = PairPretrainingConfig(steps=300, n_types=13, n_scenes=16, n_pairs=4, learning_rate=1e-2)


@pytest.fixture(scope="module")
def pool() -> QuestionPool:
    return make_pool(0, 60, 6)


def changed(model: QuestionAnsweringModel) -> set[str]:
    """Return the parts of a taught model that are not as they were built."""
    fresh = build_model(model.config, 0).state_dict()
    moved = {name for name, value in model.state_dict().items() if not torch.equal(value, fresh[name])}
    return {".".join(name.split(".")[:2]) for name in moved}


def test_the_question_encoder_and_the_pairs_learn_and_nothing_else(pool):
    model = build_model(RN, 0)
    untaught = make_pair_steps(
        build_model(RN, 0), pool, replace(LESSONS, steps=1), make_fabric("cpu", "32-true")
    ).finish()
    assert make_pair_steps(model, pool, LESSONS, make_fabric("cpu", "32-true")).finish() < 0.65 * untaught
    assert changed(model) == {"question_encoder.words", "question_encoder.lstm", "core.g_theta"}


def test_a_model_without_pairs_learns_what_questions_say(pool):
    model = build_model(MLP, 0)
    untaught = make_pair_steps(
        build_model(MLP, 0), pool, replace(LESSONS, steps=1), make_fabric("cpu", "32-true")
    ).finish()
    assert make_pair_steps(model, pool, LESSONS, make_fabric("cpu", "32-true")).finish() < 0.65 * untaught
    assert changed(model) == {"question_encoder.words", "question_encoder.lstm"}


def test_lessons_are_decided_by_their_seed(pool):
    one, same, other = (build_model(RN, 0) for _ in range(3))
    torch.manual_seed(7)
    state = torch.get_rng_state()
    for model, seed in ((one, 1), (same, 1), (other, 2)):
        make_pair_steps(model, pool, replace(LESSONS, steps=2, seed=seed), make_fabric("cpu", "32-true")).finish()
    assert torch.equal(torch.get_rng_state(), state)
    name = "core.g_theta.0.weight"
    assert torch.equal(one.state_dict()[name], same.state_dict()[name])
    assert not torch.equal(one.state_dict()[name], other.state_dict()[name])
