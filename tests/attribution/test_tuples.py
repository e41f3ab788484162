"""Shares of tuples: they add up to the logit, and their marginals to them."""

from __future__ import annotations

import pytest
import torch

from rn_core.attribution import METHODS, Target, attribute_pairs, find_tuple_marginals, object_marginals, pair_matrix
from rn_core.common.errors import RNCoreError
from rn_core.common.seeding import make_rng
from rn_core.models import build_model
from rn_core.models.relation_network import make_pair_index
from rn_core.tasks.registry import TASKS, model_config

TASK = TASKS["sort-of-clevr/triples"]
BATCH = TASK.sample_batch(make_rng(0, "test"), 1, 4)


def trace_triples(kind="rn"):
    model = build_model(model_config(TASK.name, kind, "tiny"), 0).double().eval()
    objects, mask = BATCH.inputs
    trace = model.core.trace(objects.double(), mask, BATCH.question.double(), BATCH.scene_index)
    return model.core.f_phi, trace


@pytest.mark.parametrize("method", METHODS)
def test_shares_of_triples_add_up_to_the_logit_with_the_residual(method):
    f_phi, trace = trace_triples()
    for row in range(4):
        target = Target(row, (row + 1) % 7)
        found = attribute_pairs(f_phi, trace.relations[row], target, method)
        assert found.contributions.shape == (6,) == trace.members[row, :, 0].shape
        assert found.value == pytest.approx(target.value(trace.logits[row]).item(), abs=1e-9)
        if found.completeness_gap is not None:
            total = found.baseline_value + found.contributions.sum().item() + found.completeness_gap
            assert total == pytest.approx(found.value, abs=1e-9)
    if method == "exact_path":
        assert abs(found.completeness_gap) < 1e-9


@pytest.mark.parametrize("order", [2, 3, 4])
def test_marginals_add_up_and_agree_with_each_other_and_with_loops(order):
    members, shares = torch.randint(5, (40, order)), torch.randn(40, dtype=torch.float64)
    found = find_tuple_marginals(shares, members, 5)
    assert found.pairs.sum().item() == pytest.approx(shares.sum().item())
    assert found.objects.sum().item() == pytest.approx(shares.sum().item())
    torch.testing.assert_close(object_marginals(found.pairs).halved, found.objects)
    objects = torch.zeros(5, dtype=torch.float64)
    for row, share in zip(members.tolist(), shares.tolist(), strict=True):
        for place in row:
            objects[place] += share / order
    torch.testing.assert_close(found.objects, objects)


def test_the_marginals_of_pairs_are_the_pair_matrix():
    shares = torch.randn(25, dtype=torch.float64)
    torch.testing.assert_close(
        find_tuple_marginals(shares, make_pair_index(5), 5).pairs, pair_matrix(shares, 5), rtol=0, atol=0
    )


def test_a_triple_goes_in_thirds_to_its_three_pairs():
    pairs = find_tuple_marginals(torch.tensor([3.0]), torch.tensor([[2, 0, 1]]), 3).pairs
    assert pairs.tolist() == [[0, 1, 0], [0, 0, 0], [1, 1, 0]]


def test_members_that_do_not_fit_are_refused():
    with pytest.raises(RNCoreError, match=r"got \(3, 1\) for \(3,\)"):
        find_tuple_marginals(torch.zeros(3), torch.zeros(3, 1, dtype=torch.int64), 2)
    with pytest.raises(RNCoreError, match=r"got \(2, 2\) for \(3,\)"):
        find_tuple_marginals(torch.zeros(3), torch.zeros(2, 2, dtype=torch.int64), 2)
