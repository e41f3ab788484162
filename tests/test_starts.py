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
from rn_core.training.publishing import _describe_start
from rn_core.training.recipes import make_recipe
from rn_core.training.starts import take_answers
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
