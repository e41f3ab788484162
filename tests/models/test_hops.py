"""Hops before a Relation Network: what they compute, against plain loops, and what stays exact."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from rn_core.attribution import Target, attribute_pairs
from rn_core.common.errors import RNCoreError
from rn_core.models.hops import HopRelationNetwork, HopRelationNetworkConfig
from rn_core.models.relation_network import RelationNetwork, RelationNetworkConfig

CONFIG = HopRelationNetworkConfig(
    5, 3, 4, n_hops=3, d_key=6, d_hidden=7, g_widths=(8, 9), f_widths=(10,), aggregate_scale=0.1
)


def build_network(**changes: object) -> HopRelationNetwork:
    """Return a network in double precision."""
    torch.manual_seed(0)
    return HopRelationNetwork(replace(CONFIG, **changes)).double()


def make_inputs() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return objects of 3 scenes, their mask, 4 questions, and the scene of each."""
    generator = torch.Generator().manual_seed(1)
    objects = torch.randn(3, 6, 5, generator=generator, dtype=torch.float64)
    mask = torch.arange(6) < torch.tensor([[6], [4], [1]])
    question = torch.randn(4, 3, generator=generator, dtype=torch.float64)
    return objects * mask[..., None], mask, question, torch.tensor([0, 1, 1, 2])


def answer_by_loops(network: HopRelationNetwork, objects: Tensor, question: Tensor) -> tuple[Tensor, Tensor]:
    """Return logits (A,) and the hops' weights (T, N) of one question, as the formulas are written."""
    asked, weights = question, []
    for hop in network.hops:
        scores = torch.stack([(hop.key(row) + hop.direct(row)) @ hop.ask(asked) for row in objects])
        weights.append(torch.exp(scores) / torch.exp(scores).sum())
        if len(weights) < len(network.hops):
            asked = torch.cat([asked, sum(w * row for w, row in zip(weights[-1], objects, strict=True))])
    total = sum(
        weight * network.find(torch.cat([row, asked])) for weight, row in zip(weights[-1], objects, strict=True)
    )
    for first in objects:
        for second in objects:
            total = total + 0.1 * network.pairs.g_theta(first, second, question)
    return network.f_phi(total), torch.stack(weights)


def test_logits_and_picks_are_those_of_the_formulas():
    network, (objects, mask, question, scene) = build_network(), make_inputs()
    logits = network(objects, mask, question, scene)
    trace = network.trace(objects, mask, question, scene)
    for row, at in enumerate(scene):
        there = objects[at][mask[at]]
        wanted, weights = answer_by_loops(network, there, question[row])
        assert torch.allclose(logits[row], wanted)
        assert torch.allclose(trace.logits[row], wanted)
        assert torch.allclose(trace.picks[row][:, mask[at]], weights)
        assert not trace.picks[row][:, ~mask[at]].any()


def test_no_padding_and_no_scene_index_give_the_same():
    network, (objects, _, question, _) = build_network(), make_inputs()
    whole = network(objects, None, question[:3])
    assert torch.equal(whole, network(objects, torch.ones(3, 6, dtype=torch.bool), question[:3]))
    assert torch.allclose(whole, network(objects, None, question[:3], torch.arange(3)))


def test_what_the_last_hop_finds_belongs_to_pairs_of_an_object_with_itself():
    network, (objects, mask, question, scene) = build_network(), make_inputs()
    trace = network.trace(objects, mask, question, scene)
    plain = network.pairs.trace(objects, mask, question, scene)
    changed = (trace.relations != plain.relations).any(dim=-1)
    same = torch.eye(6, dtype=torch.bool).flatten()
    assert torch.equal(changed, same & mask[scene].repeat(1, 6))
    assert torch.allclose(trace.aggregate, trace.relations.sum(dim=1))


def test_shares_of_pairs_add_up_to_the_logit():
    network, (objects, mask, question, scene) = build_network().float(), make_inputs()
    trace = network.trace(objects.float(), mask, question.float(), scene)
    shares = attribute_pairs(network.f_phi, trace.relations[0], Target(2))
    nothing = network.f_phi(torch.zeros(1, 9))[0, 2]
    assert shares.contributions.sum().item() == pytest.approx((trace.logits[0, 2] - nothing).item(), abs=1e-4)


def test_it_begins_with_the_answers_of_the_network_it_starts_from():
    torch.manual_seed(3)
    learned = RelationNetwork(RelationNetworkConfig(5, 3, 4, (8, 9), (10,), aggregate_scale=0.1)).double()
    network, (objects, mask, question, scene) = HopRelationNetwork(CONFIG).double(), make_inputs()
    network.init_from(learned)
    assert torch.equal(network(objects, mask, question, scene), learned(objects, mask, question, scene))


def test_it_takes_over_the_relations_alone_where_answers_differ():
    torch.manual_seed(3)
    learned = RelationNetwork(RelationNetworkConfig(5, 3, 7, (8, 9), (10,), aggregate_scale=0.1)).double()
    network = HopRelationNetwork(CONFIG).double()
    fresh = network.f_phi[0].weight.clone()
    network.init_from(learned)
    assert torch.equal(network.pairs.g_theta[0].weight, learned.g_theta[0].weight)
    assert torch.equal(network.f_phi[0].weight, fresh)
    with pytest.raises(RNCoreError, match="must have the sizes"):
        network.init_from(RelationNetwork(RelationNetworkConfig(5, 3, 4, (8, 8), (10,))).double())


def test_held_relations_and_picks_stand_still_while_the_rest_learns():
    network, (objects, mask, question, scene) = build_network(), make_inputs()
    network(objects, mask, question, scene, hold_relations=True).square().sum().backward()
    learned = {name.split(".")[0] for name, value in network.named_parameters() if value.grad is not None}
    held = {name for name, value in network.named_parameters() if value.grad is None}
    assert learned == {"find", "pairs"}
    assert held == {name for name, _ in network.named_parameters() if "g_theta" in name or "hops" in name}


@pytest.mark.parametrize("field", ["n_hops", "d_key", "d_hidden", "d_object"])
def test_sizes_below_one_are_refused(field):
    with pytest.raises(RNCoreError, match=f"{field} must be a whole number of 1 or more, got 0"):
        replace(CONFIG, **{field: 0})
