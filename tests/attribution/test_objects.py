"""From pairs to objects."""

from __future__ import annotations

from itertools import permutations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from rn_core.attribution import Target, mark_pairs_with, object_marginals, pair_matrix, shapley_objects, symmetrize
from rn_core.common.errors import RNCoreError

MATRIX = torch.tensor([[1.0, 2.0, 4.0], [8.0, 16.0, 32.0], [64.0, 128.0, 256.0]], dtype=torch.float64)


def test_pair_matrix_puts_the_first_object_in_rows():
    matrix = pair_matrix(torch.arange(9), 3)
    assert matrix[1, 2] == 1 * 3 + 2


def test_marginals_by_hand():
    marginals = object_marginals(MATRIX)
    assert marginals.first.tolist() == [6, 40, 192]
    assert marginals.second.tolist() == [72, 130, 36]
    assert marginals.itself.tolist() == [1, 16, 256]
    assert marginals.halved.tolist() == [40, 101, 370]


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 8), st.integers(0, 10**6))
def test_marginals_add_up_to_the_total(n_objects, seed):
    matrix = torch.randn(n_objects, n_objects, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
    marginals, total = object_marginals(matrix), pytest.approx(matrix.sum().item(), abs=1e-9)
    assert (marginals.first + marginals.itself).sum().item() == total
    assert (marginals.second + marginals.itself).sum().item() == total
    assert marginals.halved.sum().item() == total


def test_marginals_leave_the_matrix_alone():
    matrix = MATRIX.clone()
    object_marginals(matrix).itself.zero_()
    assert torch.equal(matrix, MATRIX)


def test_symmetrise_by_hand():
    assert symmetrize(MATRIX).tolist() == [[1, 5, 34], [5, 16, 80], [34, 80, 256]]


def test_mark_pairs_with_by_hand():
    assert mark_pairs_with([1], 3).view(3, 3).tolist() == [
        [False, True, False],
        [True, True, True],
        [False, True, False],
    ]
    assert mark_pairs_with([0, 2], 3).view(3, 3).tolist() == [[True, True, True], [True, False, True], [True] * 3]
    assert not mark_pairs_with([], 3).any()


@pytest.mark.parametrize("target", [Target(1), Target(0, 3)])
def test_shapley_equals_the_mean_over_all_orders(make_f_phi, make_relations, target):
    """Every order of entry of four objects; an object's part is what z gains when it enters."""
    f_phi, relations = make_f_phi(0), make_relations(1, 16).view(4, 4, -1)
    expected = [0.0] * 4
    orders = list(permutations(range(4)))
    for order in orders:
        for place, player in enumerate(order):
            z = []
            for present in (order[:place], order[: place + 1]):
                total = sum((relations[i, j] for i in present for j in present), torch.zeros(8, dtype=torch.float64))
                z.append(target.value(f_phi(total)).item())
            expected[player] += (z[1] - z[0]) / len(orders)
    assert shapley_objects(f_phi, relations, target).tolist() == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize("n_objects", [1, 2, 6, 12])
def test_shapley_values_add_up(make_f_phi, make_relations, n_objects):
    f_phi, relations = make_f_phi(2), make_relations(3, n_objects**2).view(n_objects, n_objects, -1)
    aggregate = relations.sum(dim=(0, 1))
    reach = Target(2).value(f_phi(aggregate) - f_phi(torch.zeros_like(aggregate))).item()
    assert shapley_objects(f_phi, relations, Target(2)).sum().item() == pytest.approx(reach, abs=1e-9)


def test_shapley_gives_nothing_to_an_object_without_relations(f_phi, make_relations):
    relations = make_relations(4, 25).view(5, 5, -1)
    relations[3] = relations[:, 3] = 0
    values = shapley_objects(f_phi, relations, Target(1))
    assert abs(values[3].item()) < 1e-12
    assert values.abs().max() > 0.1


def test_shapley_treats_equal_objects_alike(f_phi, make_relations):
    relations = make_relations(5, 25).view(5, 5, -1)
    swapped = torch.tensor([0, 4, 2, 3, 1])
    relations = relations + relations[swapped][:, swapped]
    values = shapley_objects(f_phi, relations, Target(1))
    assert values[1].item() == pytest.approx(values[4].item(), abs=1e-10)
    assert abs((values[0] - values[1]).item()) > 1e-3


def test_shapley_of_a_sum_splits_each_pair_evenly(make_relations):
    """z linear: every pair is split between its two objects, as `halved` does."""
    f_phi = nn.Sequential(nn.Linear(8, 4)).double()
    relations = make_relations(6)
    contributions = (relations @ f_phi[0].weight[1]).detach()
    expected = object_marginals(pair_matrix(contributions, 5)).halved
    actual = shapley_objects(f_phi, relations.view(5, 5, -1), Target(1))
    torch.testing.assert_close(actual, expected, rtol=0, atol=1e-10)


def test_too_many_objects_for_shapley(f_phi):
    with pytest.raises(RNCoreError, match=r"at most 12 objects.*2\^N coalitions, got 13; use object_marginals"):
        shapley_objects(f_phi, torch.zeros(13, 13, 8), Target(0))


@pytest.mark.parametrize("shape", [(25, 8), (5, 4, 8)])
def test_shapley_needs_a_square(f_phi, shape):
    with pytest.raises(RNCoreError, match=r"shape \(N, N, D_g\), got"):
        shapley_objects(f_phi, torch.zeros(shape), Target(0))


def test_wrong_shapes_of_matrices():
    with pytest.raises(RNCoreError, match=r"shape \(9,\), one per pair of 3 objects, got \(8,\)"):
        pair_matrix(torch.zeros(8), 3)
    for function in (object_marginals, symmetrize):
        with pytest.raises(RNCoreError, match=r"pair matrix must have shape \(N, N\), got \(2, 3\)"):
            function(torch.zeros(2, 3))


@pytest.mark.parametrize("index", [-1, 3])
def test_an_object_out_of_range(index):
    with pytest.raises(RNCoreError, match=f"0 to 2 in a scene of 3, got {index}"):
        mark_pairs_with([0, index], 3)
