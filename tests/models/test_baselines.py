"""The MLP in the Relation Network's place."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from rn_core.common.errors import RNCoreError
from rn_core.models.baselines import MLP, MLPConfig, QuestionMLP, QuestionMLPConfig
from rn_core.models.layers import make_mlp

CONFIG = MLPConfig(n_objects=6, d_object=5, d_question=3, n_answers=4, widths=(8, 7))
SCENE_INDEX = torch.tensor([0, 0, 1])


def test_it_is_an_mlp_over_all_objects_and_then_the_question():
    network = MLP(CONFIG).double()
    objects = torch.randn(2, 6, 5, dtype=torch.float64)
    question = torch.randn(3, 3, dtype=torch.float64)
    logits = network(objects, None, question, SCENE_INDEX)
    for row, scene in enumerate(SCENE_INDEX.tolist()):
        hidden = torch.cat([*objects[scene], question[row]])
        first, second, last = (network.layers[k] for k in (0, 2, 4))
        hidden = (first.weight @ hidden + first.bias).clamp(min=0)
        hidden = (second.weight @ hidden + second.bias).clamp(min=0)
        torch.testing.assert_close(logits[row], last.weight @ hidden + last.bias, rtol=0, atol=1e-12)


def test_masked_rows_are_ignored():
    network = MLP(CONFIG)
    objects, question = torch.randn(2, 6, 5), torch.randn(3, 3)
    mask = torch.ones(2, 6, dtype=torch.bool)
    mask[0, 2] = mask[1, 5] = False
    changed = objects.clone()
    changed[~mask] += 100
    torch.testing.assert_close(
        network(objects, mask, question, SCENE_INDEX), network(changed, mask, question, SCENE_INDEX)
    )
    assert not torch.allclose(
        network(objects, None, question, SCENE_INDEX), network(changed, None, question, SCENE_INDEX)
    )


def test_no_scene_index_means_one_question_a_scene():
    network = MLP(CONFIG)
    objects, question = torch.randn(3, 6, 5), torch.randn(3, 3)
    torch.testing.assert_close(
        network(objects, None, question), network(objects, None, question, torch.arange(3)), rtol=0, atol=0
    )


def test_fewer_rows_are_filled_up_and_more_are_refused():
    network = MLP(CONFIG)
    objects, question = torch.randn(2, 4, 5), torch.randn(3, 3)
    filled = torch.cat([objects, torch.zeros(2, 2, 5)], dim=1)
    torch.testing.assert_close(
        network(objects, None, question, SCENE_INDEX), network(filled, None, question, SCENE_INDEX), rtol=0, atol=0
    )
    with pytest.raises(RNCoreError, match=r"^This MLP takes at most 6 objects, got 7; remove some\.$"):
        network(torch.randn(2, 7, 5), None, question, SCENE_INDEX)


def test_the_question_alone_is_an_mlp_that_sees_no_object():
    network = QuestionMLP(QuestionMLPConfig(d_object=5, d_question=3, n_answers=4, widths=(8, 7)))
    question = torch.randn(3, 3)
    logits = network(torch.randn(2, 6, 5), None, question, SCENE_INDEX)
    torch.testing.assert_close(logits, network.layers(question), rtol=0, atol=0)
    torch.testing.assert_close(logits, network(torch.randn(2, 1, 5), None, question, SCENE_INDEX), rtol=0, atol=0)
    assert [tuple(layer.weight.shape) for layer in network.layers[::2]] == [(8, 3), (7, 8), (4, 7)]


def test_make_mlp_has_relu_between_and_dropout_before_the_last_layer():
    kinds = [type(layer).__name__ for layer in make_mlp((5, 4, 3, 2), dropout=0.5)]
    assert kinds == ["Linear", "ReLU", "Linear", "ReLU", "Dropout", "Linear"]
    assert [type(layer).__name__ for layer in make_mlp((5, 2))] == ["Linear"]
    assert [tuple(layer.weight.shape) for layer in make_mlp((5, 4, 2)) if hasattr(layer, "weight")] == [(4, 5), (2, 4)]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"widths": ()}, "widths must list one or more layer sizes, got none"),
        ({"widths": (8, -1)}, "Each of widths must be a whole number of 1 or more, got -1"),
        ({"n_objects": 0}, "n_objects must be a whole number of 1 or more, got 0"),
        ({"d_question": -1}, "d_question must be a whole number of 0 or more, got -1"),
        ({"dropout": 1.0}, r"dropout must be at least 0 and below 1, got 1\.0"),
    ],
)
def test_a_size_that_cannot_be_built_is_one_sentence(changes, sentence):
    with pytest.raises(RNCoreError, match=f"^{sentence}"):
        replace(CONFIG, **changes)
