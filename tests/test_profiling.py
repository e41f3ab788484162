"""Profiles of weights: measured from their own pictures, kept beside them, and used with no others."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest
import torch

from rn_core.common.errors import RNCoreError
from rn_core.evaluation.profiling import PictureSource, measure_profile
from rn_core.models import ModelConfig, build_model
from rn_core.models.encoders import ImageEncoderConfig, RowEncoderConfig
from rn_core.models.relation_network import RelationNetworkConfig
from rn_core.models.slots import SlotEncoderConfig
from rn_core.tasks import TASKS
from rn_core.training.profiling import knows_styles, profile_weights
from rn_core.weights.card import CardFacts, TrainingRecord
from rn_core.weights.profiles import load_profile
from rn_core.weights.store import find_weights, load_weights, save_weights
from tests.cards import make_card

NAME = "sort-of-clevr/tiny"
CORE = RelationNetworkConfig(6, 11, 10, (8,), (8,))
PIXELS = ModelConfig(ImageEncoderConfig((3, 3, 3, 4)), CORE)


def test_a_profile_is_measured_from_the_task_s_pictures_and_lies_beside_its_weights(tmp_path):
    save_weights(NAME, build_model(PIXELS, 3), CardFacts(task="sort-of-clevr/pixels"), None, tmp_path)
    path = profile_weights(NAME, seed=1, n_pictures=4, folder=tmp_path)
    assert path.parent == find_weights(NAME, tmp_path).path.parent
    loaded = load_weights(NAME, tmp_path)
    found = load_profile(NAME, loaded.card, tmp_path)
    wanted = measure_profile(PictureSource(TASKS["sort-of-clevr/pixels"], loaded.model), 1, 4)
    for part in fields(wanted):
        assert torch.equal(getattr(found, part.name), getattr(wanted, part.name)), part.name
    assert load_profile(NAME, replace(loaded.card, sha256="1" * 64), tmp_path) is None


def test_weights_that_take_no_pictures_have_no_profile(tmp_path):
    rows = ModelConfig(RowEncoderConfig(10), replace(CORE, d_object=10))
    save_weights(NAME, build_model(rows, 3), CardFacts(task="sort-of-clevr/objects"), None, tmp_path)
    with pytest.raises(RNCoreError, match="a RowEncoder takes none; choose another"):
        profile_weights(NAME, folder=tmp_path)


@pytest.mark.parametrize(("settings", "styled"), [({"styled": True}, True), ({"styled": False}, False), ({}, False)])
def test_a_card_says_whether_pictures_were_in_many_styles(settings, styled):
    card = make_card(training=TrainingRecord(settings, 1, 1.0, "", ""))
    assert knows_styles(card, build_model(PIXELS, 0)) is styled


def test_networks_that_find_objects_always_learn_from_many_styles():
    slots = SlotEncoderConfig((4, 4, 4), 75, 6, (6, 2))
    model = build_model(ModelConfig(slots, replace(CORE, d_object=slots.d_object)), 0)
    assert knows_styles(make_card(), model)
