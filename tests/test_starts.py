"""What a run keeps of the weights that it starts from."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from rn_core.common.errors import RNCoreError
from rn_core.common.seeding import make_rng
from rn_core.models import QuestionAnsweringModel, build_model
from rn_core.tasks import TASKS
from rn_core.tasks.physics import sample_scenes
from rn_core.tasks.registry import model_config
from rn_core.training.config import TrainConfig
from rn_core.training.publishing import _describe_start
from rn_core.training.recipes import make_recipe
from rn_core.training.starts import (
    chains_of,
    make_hop_config,
    make_pair_config,
    read_ahead,
    relations_of,
    take_answers,
    take_question_encoder,
)
from rn_core.weights.store import LoadedWeights
from tests.cards import make_card

TEN, ANY = TASKS["physics/connections"], TASKS["physics/connections-2to12"]
RECIPE = make_recipe("physics/rn-connections-2to12")


def begin(kind: str = "rn") -> tuple[QuestionAnsweringModel, LoadedWeights]:
    """Return a new network for twelve colors, and a network for ten whose relations it has."""
    learned = build_model(model_config(TEN.name, kind), 5).eval()
    model = build_model(RECIPE.model, 0).eval()
    model.init_from(learned)
    return model, LoadedWeights(learned, make_card(task=TEN.name), None)


@torch.no_grad()
def test_answers_that_both_tasks_have_are_kept_and_others_start_alike():
    pytest.importorskip("mujoco")
    model, begun = begin()
    take_answers(model, ANY.answers, begun)
    batch = TEN.encode_batch(sample_scenes(make_rng(1, "test"), 5))
    found, known = model(batch.inputs, batch.question), begun.model(batch.inputs, batch.question)
    places = [ANY.answers.index(answer) for answer in TEN.answers]
    torch.testing.assert_close(found[:, places], known)
    others = [place for place in range(66) if place not in places]
    mean = begun.model.core.f_phi[-1].bias.mean()
    torch.testing.assert_close(found[:, others], mean.expand(5, 21))


def test_layers_of_other_sizes_are_refused():
    model, begun = begin("rn-ties")
    with pytest.raises(
        RNCoreError, match=r"f_phi must have the hidden layers of .* \(256, 256\), got \(512, 512\); use"
    ):
        take_answers(model, ANY.answers, begun)


def test_answers_are_kept_of_others_weights_alone_and_the_card_says_so():
    assert _describe_start(RECIPE) == "starts from physics/rn-connections, with logits for more answers"
    alone = replace(RECIPE, keep_answers=False)
    assert _describe_start(alone) == "its relations start from physics/rn-connections; f_phi starts from new weights"
    assert "keep_answers" not in alone.to_dict()
    with pytest.raises(RNCoreError, match="keep_answers is for a Relation Network that starts from others' weights"):
        replace(RECIPE, core_from=None, held_scenes=0)


def test_only_a_relation_network_gives_relations():
    network, baseline = (build_model(model_config("sort-of-clevr/objects", kind), 0) for kind in ("rn", "mlp"))
    assert relations_of("known", network) is network.core
    with pytest.raises(RNCoreError, match="'plain' is not a Relation Network, so no run can start from it; choose"):
        relations_of("plain", baseline)


def test_questions_are_read_as_before_where_both_networks_read_words():
    learned, model, fresh = (build_model(model_config("clevr/states", "rn"), seed) for seed in (5, 0, 0))
    take_question_encoder(model, learned)
    for name, value in learned.question_encoder.state_dict().items():
        assert torch.equal(value, model.question_encoder.state_dict()[name])
    bits = build_model(model_config("sort-of-clevr/objects", "rn"), 1)
    for model, begun in ((fresh, None), (fresh, bits), (bits, learned)):
        before = {name: value.clone() for name, value in model.state_dict().items()}
        take_question_encoder(model, begun)
        assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_pretraining_has_the_run_s_seed_and_batches_of_its_size():
    run = TrainConfig("clevr/states", model_config("clevr/states", "rn"), seed=4, n_questions=4, learning_rate=1e-3)
    pairs = make_pair_config(run, steps=9)
    assert (pairs.steps, pairs.seed, pairs.n_types) == (9, 4, len(TASKS["clevr/states"].question_types))
    assert (pairs.n_scenes * run.n_questions, pairs.learning_rate) == (512, 2e-3)
    assert make_pair_config(run, 9, n_questions=60).n_scenes == 15
    stories = TrainConfig(
        "babi", model_config("babi", "rn-3hop"), seed=4, n_scenes=32, n_questions=1, pool_scenes=8, warm_start=7
    )
    hops = make_hop_config(stories)
    assert (hops.steps, hops.seed, hops.n_types, hops.n_scenes) == (7, 4, 20, 32)
    assert hops.learning_rate == 8 * stories.learning_rate


def test_hops_need_a_pool_of_chains():
    run = TrainConfig("clevr/states", model_config("clevr/states", "rn"))
    with pytest.raises(RNCoreError, match="on chains, which 'clevr/states' has none of; set warm_start to 0"):
        chains_of(None, run)


def test_data_that_cannot_be_read_ahead_stay_as_they_are():
    model = build_model(model_config("sort-of-clevr/objects", "rn"), 0).train()
    assert read_ahead(model, None, iter) is None
    assert model.training
