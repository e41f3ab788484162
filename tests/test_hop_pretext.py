"""The pretraining of hops: each learns its link of the chain, and nothing else moves."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch
from torch.nn import functional

from rn_core.common.errors import RNCoreError
from rn_core.common.seeding import make_rng
from rn_core.models import QuestionAnsweringModel, build_model
from rn_core.models.hops import HopRelationNetworkConfig
from rn_core.pretraining.hops import HopPretrainingConfig, chain_losses, make_hop_steps
from rn_core.tasks import TASKS
from rn_core.tasks.babi import task as babi_task
from rn_core.tasks.babi.pool import StoryPool
from rn_core.training.config import TrainConfig
from rn_core.training.publishing import _describe_start
from rn_core.training.trainer import Trainer
from tests.test_story_training import RN, STORIES
from tests.test_training import make_fabric
from tests.test_training import weights as copy_weights

pytestmark = pytest.mark.weights

BABI = TASKS["babi"]
HOPS = replace(
    RN,
    core=HopRelationNetworkConfig(
        28, 8, 60, n_hops=3, d_key=12, d_hidden=16, g_widths=(16, 16), f_widths=(16,), aggregate_scale=0.1
    ),
)
CHAINS = HopPretrainingConfig(steps=250, n_types=20, n_scenes=64, learning_rate=1e-2)


@pytest.fixture(autouse=True)
def few_stories(monkeypatch):
    """Let a pool have 10 questions of each task."""
    monkeypatch.setattr(babi_task, "_ROUND", 10)


def test_losses_are_cross_entropies_of_the_links_that_are_known():
    scores = torch.randn(3, 2, 5, generator=torch.Generator().manual_seed(0))
    scores[1, :, 3:] = -torch.inf  # a shorter story
    links = torch.tensor([[4, 0, 9], [2, -1, 9], [-1, -1, 9]])
    wanted = [
        sum(functional.cross_entropy(scores[row, hop], torch.tensor(link)) for hop, link in enumerate(chain))
        for row, chain in enumerate([(4, 0), (2,), ()])
    ]
    assert chain_losses(scores, links).tolist() == pytest.approx([float(one) for one in wanted])


def test_hops_learn_their_links_and_nothing_else_moves():
    pool, model, fresh = BABI.make_pool(0, 200, 1), build_model(HOPS, 0), build_model(HOPS, 0)
    make_hop_steps(model, pool, CHAINS, make_fabric()).finish()
    assert measure(model, pool) < 0.85 * measure(fresh, pool)
    start = fresh.state_dict()
    moved = {name for name, value in model.state_dict().items() if not torch.equal(value, start[name])}
    assert moved == {name for name in start if name.startswith("core.hops")}


@torch.no_grad()
def measure(model: QuestionAnsweringModel, pool: StoryPool) -> float:
    """Return the loss over questions of all tasks alike."""
    batch = pool.sample_chain_batch(make_rng(1, "test"), 200)
    scores = model.core.score(*model.encoder(*batch.inputs), model.encode_question(batch.question), batch.scene_index)
    return float(chain_losses(scores, batch.links).mean())


def test_questions_whose_chains_are_missed_are_drawn_more():
    class Watched:
        def __init__(self, pool):
            self.pool, self.weights = pool, []

        def sample_chain_batch(self, rng, n_scenes, type_weights):
            self.weights.append(type_weights.copy())
            return self.pool.sample_chain_batch(rng, n_scenes, type_weights)

    pool = Watched(BABI.make_pool(0, 200, 1))
    make_hop_steps(build_model(HOPS, 0), pool, replace(CHAINS, steps=40), make_fabric()).finish()
    assert pool.weights[0].tolist() == [1] * 20
    assert pool.weights[-1][2] > pool.weights[-1][3], "three facts of a long story, one of a short one"


def test_only_hops_can_be_pretrained_on_chains():
    with pytest.raises(RNCoreError, match="RelationNetwork has no hops to pretrain"):
        make_hop_steps(build_model(RN, 0), BABI.make_pool(0, 200, 1), CHAINS, make_fabric())


def make_config(**changes: object) -> TrainConfig:
    """Return a run of hops on a few stories."""
    return replace(STORIES, model=HOPS, warm_start=3, hold_relations=1.0, **changes)


@pytest.mark.parametrize("broken_at", [0, 4])
def test_a_run_broken_off_and_resumed_ends_with_the_same_weights(broken_at, tmp_path, monkeypatch):
    monkeypatch.setattr("rn_core.training.trainer.SAVE_EVERY", 0.0)
    whole = Trainer(make_config(), make_fabric())
    list(whole.train())
    if broken_at:
        for metrics in Trainer(make_config(), make_fabric(), tmp_path).train():
            if metrics.step == broken_at:
                break
    else:  # in the pretraining

        def stop_early(steps):
            yield from list(steps)[:2]
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            Trainer(make_config(), make_fabric(), tmp_path, None, stop_early_after_pool(stop_early))
    resumed = Trainer(make_config(), make_fabric(), tmp_path)
    list(resumed.train())
    for name, value in copy_weights(whole).items():
        assert torch.equal(value, copy_weights(resumed)[name]), name


def stop_early_after_pool(stop):
    """Return a progress that lets the pool be drawn, then stops the pretraining."""
    calls = []

    def progress(steps):
        calls.append(1)
        return steps if len(calls) == 1 else stop(steps)

    return progress


def test_relations_and_encoders_stand_still_and_the_rest_learns_from_answers():
    trainer = Trainer(make_config(), make_fabric())
    trainer.wrapped.train()
    before = copy_weights(trainer)
    trainer.step(trainer.sample())
    moved = {name for name, value in copy_weights(trainer).items() if not torch.equal(value, before[name])}
    assert {name.split(".")[1] for name in moved} == {"find", "pairs"}
    assert not any("g_theta" in name or "encoder" in name for name in moved)


def test_hops_begin_with_the_answers_of_the_weights_that_they_start_from(monkeypatch):
    learned = build_model(RN, 5)
    monkeypatch.setattr("rn_core.training.trainer.load_weights", lambda name: SimpleNamespace(model=learned))
    trainer = Trainer(make_config(core_from="babi/rn-joint"), make_fabric())
    batch = BABI.sample_batch(make_rng(0, "test"), 20)
    with torch.no_grad():
        found = trainer.run.model.eval()(batch.inputs, batch.question)
        torch.testing.assert_close(found, learned.eval()(batch.inputs, batch.question), rtol=1e-4, atol=1e-6)
    start = _describe_start(trainer.run.config)
    assert start == (
        "its hops were pretrained for 3 steps on the chains that answer; all else starts from babi/rn-joint"
    )


def test_hops_without_chains_are_refused(monkeypatch):
    monkeypatch.setattr(babi_task.Babi, "make_pool", lambda *_: object())
    with pytest.raises(RNCoreError, match="Hops are pretrained on chains, which 'babi' has none of; set warm_start"):
        Trainer(make_config(), make_fabric())


def test_their_config_is_written_and_read():
    config = make_config()
    assert TrainConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config
