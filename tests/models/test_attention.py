"""Stacked attention against its formula, one question at a time."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from rn_core.common.errors import RNCoreError
from rn_core.models.attention import StackedAttention, StackedAttentionConfig

CONFIG = StackedAttentionConfig(d_object=5, d_question=3, n_answers=4, n_hops=2, d_attention=6, widths=(7,))
SCENE_INDEX = torch.tensor([1, 0, 1])


def build_network(**changes: object) -> StackedAttention:
    return StackedAttention(replace(CONFIG, **changes)).double()


def sample_input() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    objects = torch.randn(2, 6, 5, dtype=torch.float64)
    mask = torch.ones(2, 6, dtype=torch.bool)
    mask[0, 2] = mask[1, :2] = False
    return objects, mask, torch.randn(3, 3, dtype=torch.float64), SCENE_INDEX


def look_and_look_again(network: StackedAttention, objects: Tensor, question: Tensor) -> Tensor:
    """Return the logits of one question about objects (N, D_o) without padding."""
    seen = torch.tanh(objects @ network.project.weight.T + network.project.bias)
    query = question
    for hop in network.hops:
        hidden = torch.tanh(seen @ hop.of_object.weight.T + hop.of_query.weight @ query + hop.of_query.bias)
        scores = (hidden @ hop.score.weight[0]).exp()
        query = query + (scores[:, None] * seen).sum(dim=0) / scores.sum()
    return network.layers(query)


@pytest.mark.parametrize("n_hops", [1, 2, 3])
def test_it_is_the_formula_and_padding_takes_no_part(n_hops):
    network = build_network(n_hops=n_hops)
    objects, mask, question, scene_index = sample_input()
    found = network(objects, mask, question, scene_index)
    everywhere = network(objects, None, question, scene_index)
    for row, scene in enumerate(scene_index.tolist()):
        expected = look_and_look_again(network, objects[scene, mask[scene]], question[row])
        torch.testing.assert_close(found[row], expected, rtol=0, atol=1e-12)
        expected = look_and_look_again(network, objects[scene], question[row])
        torch.testing.assert_close(everywhere[row], expected, rtol=0, atol=1e-12)


def test_the_order_of_objects_does_not_matter():
    network = build_network()
    objects, mask, question, scene_index = sample_input()
    order = torch.randperm(6)
    torch.testing.assert_close(
        network(objects, mask, question, scene_index),
        network(objects[:, order], mask[:, order], question, scene_index),
        rtol=0,
        atol=1e-12,
    )


def test_no_scene_index_means_one_question_a_scene():
    network = build_network()
    objects, mask, question, _ = sample_input()
    torch.testing.assert_close(
        network(objects, mask, question[:2]), network(objects, mask, question[:2], torch.arange(2)), rtol=0, atol=0
    )


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"n_hops": 0}, "n_hops must be a whole number of 1 or more, got 0"),
        ({"widths": ()}, "widths must list one or more layer sizes, got none"),
        ({"dropout": 1.0}, r"dropout must be at least 0 and below 1, got 1\.0"),
    ],
)
def test_a_size_that_cannot_be_built_is_one_sentence(changes, sentence):
    with pytest.raises(RNCoreError, match=f"^{sentence}"):
        replace(CONFIG, **changes)
