"""Weights: what is sound loads, all else gets one sentence."""

from __future__ import annotations

import json
import pickle

import pytest
import torch
from safetensors.torch import load, save

from rn_core.common.errors import WeightsError
from rn_core.common.files import sha256
from rn_core.models import ModelConfig, build_model
from rn_core.models.encoders import RowEncoderConfig
from rn_core.models.relation_network import RelationNetworkConfig
from rn_core.weights.card import CardFacts
from rn_core.weights.store import (
    find_weights,
    list_weights,
    load_golden,
    load_weights,
    save_weights,
    weights_status,
)

CONFIG = ModelConfig(RowEncoderConfig(10), RelationNetworkConfig(10, 11, 10, (8, 8), (8,)))
NAME = "sort-of-clevr/tiny"


@pytest.fixture
def folder(tmp_path):
    save_weights(NAME, build_model(CONFIG, 3), CardFacts(task="sort-of-clevr/objects"), torch.ones(36, 8), tmp_path)
    return tmp_path


def test_what_was_saved_is_loaded(folder):
    loaded = load_weights(NAME, folder)
    for name, value in build_model(CONFIG, 3).state_dict().items():
        assert torch.equal(value, loaded.model.state_dict()[name])
    assert torch.equal(loaded.mean_aggregate, torch.ones(36, 8))
    assert not loaded.model.training
    assert not any(parameter.requires_grad for parameter in loaded.model.parameters())
    assert loaded.card.parameters == build_model(CONFIG, 3).count_parameters()
    assert weights_status(list_weights(folder)[NAME]) == "sound"


def test_golden_tensors_survive(folder):
    with pytest.raises(WeightsError, match=r"golden logits .* are missing"):
        load_golden(find_weights(NAME, folder))
    golden = {"logits": torch.arange(3.0)}
    entry = save_weights(NAME, build_model(CONFIG, 3), CardFacts(task="sort-of-clevr/objects"), None, folder, golden)
    assert torch.equal(load_golden(entry)["logits"], torch.arange(3.0))


def rewrite_card(entry, **changes):
    card = {**entry.card.to_dict(), **changes}
    entry.path.with_suffix(".json").write_text(json.dumps(card))


def delete(entry):
    entry.path.unlink()


def cut(entry):
    entry.path.write_bytes(entry.path.read_bytes()[:-1])


def flip_one_bit(entry):
    content = bytearray(entry.path.read_bytes())
    content[-1] ^= 1
    entry.path.write_bytes(bytes(content))


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [(delete, "is missing"), (cut, "bytes instead of"), (flip_one_bit, "SHA-256 differs from the card's")],
)
def test_a_missing_cut_or_changed_file_is_named_before_it_is_read(folder, damage, sentence):
    entry = find_weights(NAME, folder)
    damage(entry)
    with pytest.raises(WeightsError, match=sentence):
        load_weights(NAME, folder)
    assert sentence in weights_status(entry)


def forge(entry, content):
    entry.path.write_bytes(content)
    rewrite_card(entry, bytes=len(content), sha256=sha256(content))


class Bomb:
    """Runs code when it is unpickled."""

    def __reduce__(self):
        return (pytest.fail, ("the pickle was run",))


def test_a_pickle_is_refused_and_not_run(folder):
    entry = find_weights(NAME, folder)
    forge(entry, pickle.dumps(Bomb()))
    with pytest.raises(WeightsError, match="is not a safetensors file"):
        load_weights(NAME, folder)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda tensors: tensors.pop("core.f_phi.0.bias"), "lacks tensor 'core.f_phi.0.bias'"),
        (lambda tensors: tensors.update(extra=torch.zeros(1)), "has the unknown tensor 'extra'"),
        (lambda tensors: tensors.update({"core.f_phi.0.bias": torch.zeros(3)}), r"shape \(3,\) instead of \(8,\)"),
        (lambda tensors: tensors["core.f_phi.0.bias"].fill_(torch.nan), "not finite"),
    ],
)
def test_tensors_of_another_model_are_refused(folder, change, sentence):
    entry = find_weights(NAME, folder)
    tensors = load(entry.path.read_bytes())
    change(tensors)
    forge(entry, save(tensors))
    with pytest.raises(WeightsError, match=sentence):
        load_weights(NAME, folder)


def test_a_wrong_name_lists_what_there_is(folder):
    with pytest.raises(WeightsError, match=f"Did you mean '{NAME}'"):
        load_weights("sort-of-clevr/tinny", folder)
    with pytest.raises(WeightsError, match="none yet"):
        load_weights(NAME, folder / "empty")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [("{", "cannot be read"), ('{"model": {}}', "field 'task' is missing"), ("[]", "must be a table of named")],
)
def test_a_bad_card_is_named(folder, text, sentence):
    entry = find_weights(NAME, folder)
    entry.path.with_suffix(".json").write_text(text)
    with pytest.raises(WeightsError, match=sentence):
        load_weights(NAME, folder)
