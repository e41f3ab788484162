"""Stacked relation layers against the formula written as loops over i and j."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from rn_core.common.errors import RNCoreError
from rn_core.models.relation_layers import RelationLayer, StackedRelationNetwork, StackedRelationNetworkConfig
from rn_core.models.relation_network import RelationNetwork, RelationNetworkConfig
from tests.models.test_relation_network import loop_over_pairs

D_OBJECT, D_QUESTION, N_OBJECTS, N_SCENES = 4, 3, 5, 3
CONFIG = StackedRelationNetworkConfig(
    D_OBJECT, D_QUESTION, 6, hop_widths=(7, 8), d_hop=5, g_widths=(9, 6), f_widths=(7,), aggregate_scale=0.3
)
SCENE_INDEX = torch.tensor([0, 0, 1, 2, 2])


def build_network(**changes: object) -> StackedRelationNetwork:
    """Return a small network in float64, every bias away from 0."""
    network = StackedRelationNetwork(replace(CONFIG, **changes)).double()
    with torch.no_grad():
        for parameter in network.parameters():
            if parameter.ndim == 1:
                parameter.uniform_(-0.5, 0.5)
    return network


def sample_input(masked: bool) -> tuple[Tensor, Tensor | None, Tensor, Tensor]:
    """Return objects, mask (one scene whole, one with gaps, one of no object), questions and the scene of each."""
    objects = torch.randn(N_SCENES, N_OBJECTS, D_OBJECT, dtype=torch.float64)
    question = torch.randn(len(SCENE_INDEX), D_QUESTION, dtype=torch.float64)
    mask = torch.ones(N_SCENES, N_OBJECTS, dtype=torch.bool)
    mask[0, [0, 3]] = False
    mask[1] = False
    return objects, mask if masked else None, question, SCENE_INDEX


def loop_over_partners(layer: RelationLayer, objects: Tensor, exists: list[bool], question: Tensor) -> Tensor:
    """Return the sums (N, D_g) of one scene, one pair at a time."""
    sums = torch.zeros(len(objects), layer.g_theta[-1].out_features, dtype=objects.dtype)
    for i in range(len(objects)):
        for j in range(len(objects)):
            if exists[i] and exists[j]:
                hidden = torch.cat([objects[i], objects[j], question])
                for linear in layer.g_theta:
                    hidden = functional.linear(hidden, linear.weight, linear.bias).clamp(min=0)
                sums[i] = sums[i] + hidden
    return sums


def loop_twice(
    network: StackedRelationNetwork, objects: Tensor, mask: Tensor | None, question: Tensor, scene_index: Tensor
) -> tuple[Tensor, Tensor]:
    """Return logits (M, A) and the second hop's relations (M, N * N, D_g)."""
    mask = torch.ones(objects.shape[:2], dtype=torch.bool) if mask is None else mask
    related = []
    for row, scene in enumerate(scene_index.tolist()):
        sums = loop_over_partners(network.first, objects[scene], mask[scene].tolist(), question[row])
        gained = functional.linear(0.3 * sums, network.gain.weight, network.gain.bias).clamp(min=0)
        related.append(torch.cat([objects[scene], gained], dim=-1))
    each = torch.arange(len(question))
    return loop_over_pairs(network.second, torch.stack(related), mask[scene_index], question, each)


@pytest.mark.parametrize("masked", [False, True], ids=["all objects", "masked"])
def test_it_is_the_formula_twice(masked):
    network, given = build_network(), sample_input(masked)
    logits, relations = loop_twice(network, *given)
    trace = network.trace(*given)
    torch.testing.assert_close(network(*given), logits, rtol=0, atol=1e-12)
    torch.testing.assert_close(trace.logits, logits, rtol=0, atol=1e-12)
    torch.testing.assert_close(trace.relations, relations, rtol=0, atol=1e-12)
    torch.testing.assert_close(trace.relations.sum(dim=1), trace.aggregate, rtol=0, atol=1e-12)


def test_a_layer_of_padding_alone_sums_nothing():
    layer = build_network().first
    objects, _, question, _ = sample_input(masked=False)
    sums = layer(objects, torch.zeros(N_SCENES, N_OBJECTS, dtype=torch.bool), question[:N_SCENES])
    assert sums.shape == (N_SCENES, N_OBJECTS, 8)
    assert not sums.any()


def test_gradients_equal_those_of_the_loops():
    network = build_network()
    objects, mask, question, scene_index = sample_input(masked=True)
    leaves = [objects.requires_grad_(), question.requires_grad_(), *network.parameters()]
    fast = network(objects, mask, question, scene_index)
    slow, _ = loop_twice(network, objects, mask, question, scene_index)
    for one, other in zip(*(torch.autograd.grad(x.square().sum(), leaves) for x in (fast, slow)), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-10)
    assert not torch.autograd.grad(network(objects, mask, question, scene_index).sum(), objects)[0][0, 0].any()


def test_what_padding_holds_changes_nothing():
    network = build_network()
    objects, mask, question, scene_index = sample_input(masked=True)
    other = torch.where(mask[..., None], objects, 100.0)
    for one, two in zip(
        *((network(x, mask, question, scene_index), network.trace(x, mask, question, scene_index).relations)
          for x in (objects, other)), strict=True
    ):  # fmt: skip
        torch.testing.assert_close(one, two, rtol=0, atol=1e-12)


def test_permuting_objects_leaves_the_logits():
    network = build_network()
    objects, mask, question, scene_index = sample_input(masked=True)
    order = torch.tensor([3, 0, 4, 1, 2])
    moved = network(objects[:, order], mask[:, order], question, scene_index)
    torch.testing.assert_close(moved, network(objects, mask, question, scene_index), rtol=0, atol=1e-12)


def test_no_scene_index_means_one_question_a_scene():
    network = build_network()
    objects, mask, question, _ = sample_input(masked=True)
    each = torch.arange(N_SCENES)
    alone = network(objects, mask, question[:N_SCENES])
    torch.testing.assert_close(alone, network(objects, mask, question[:N_SCENES], each), rtol=0, atol=1e-12)


def test_chosen_pairs_have_the_relations_of_the_trace():
    network = build_network(aggregate_scale=1.0)
    objects, mask, question, scene_index = sample_input(masked=True)
    pairs = torch.tensor([(1, 2), (4, 4), (2, 1)])
    rows = pairs[:, 0] * N_OBJECTS + pairs[:, 1]
    relations = network.trace(objects, mask, question, scene_index).relations
    chosen = pairs.expand(len(question), -1, -1)
    found = network.relate(objects[scene_index], mask[scene_index], chosen, question)
    present = scene_index != 1
    torch.testing.assert_close(found[present], relations[present][:, rows], rtol=0, atol=1e-12)


def test_held_relations_give_the_same_logits_and_learn_nothing():
    network, given = build_network(), sample_input(masked=True)
    held = network(*given, hold_relations=True)
    torch.testing.assert_close(held, network(*given), rtol=0, atol=0)
    held.sum().backward()
    learning = {name for name, parameter in network.named_parameters() if parameter.grad is not None}
    assert learning == {f"second.f_phi.{name}" for name, _ in network.f_phi.named_parameters()}


def test_it_begins_as_the_network_that_it_goes_on_from():
    network, given = build_network(), sample_input(masked=True)
    learned = RelationNetwork(replace(CONFIG.second, d_object=D_OBJECT)).double()
    network.init_from(learned)
    torch.testing.assert_close(network(*given), learned(*given), rtol=0, atol=1e-12)
    network(*given).sum().backward()
    assert network.second.first_layer.weight.grad[:, D_OBJECT : D_OBJECT + CONFIG.d_hop].any(), "it can learn to look"


def test_a_network_of_other_sizes_is_named():
    other = RelationNetwork(RelationNetworkConfig(D_OBJECT, D_QUESTION, 6, (9, 9), (7,), aggregate_scale=0.3))
    with pytest.raises(RNCoreError, match=r"must have the layers of the network that it starts from, Rel.*\(9, 9\)"):
        build_network().init_from(other)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"hop_widths": ()}, "hop_widths must "),
        ({"d_hop": 0}, "d_hop must be a whole number of 1 or more, got 0"),
        ({"g_widths": (0,)}, "Each of g_widths must be a whole number of 1 or more, got 0"),
        ({"f_dropout": 1.0}, "f_dropout must "),
        ({"d_object": 0}, "d_object must be a whole number of 1 or more, got 0"),
    ],
)
def test_a_size_that_cannot_be_built_is_one_sentence(changes, sentence):
    with pytest.raises(RNCoreError, match=f"^{sentence}") as caught:
        replace(CONFIG, **changes)
    assert "\n" not in str(caught.value)
