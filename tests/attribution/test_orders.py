"""The order spectrum against inclusion and exclusion, shapiq, the model's own masks, and its axioms."""

from __future__ import annotations

from itertools import chain, combinations

import numpy as np
import pytest
import torch
from torch import nn

from rn_core.attribution import Target, find_order_spectrum, shapley_objects
from rn_core.attribution.orders import find_dividends, mark_members, value_coalitions
from rn_core.common.errors import RNCoreError
from rn_core.common.seeding import make_rng
from rn_core.models import build_model
from rn_core.models.relation_network import make_pair_index
from rn_core.models.tuples import make_tuple_index
from rn_core.tasks.registry import TASKS, model_config
from tests.attribution.conftest import D_RELATION, N_OBJECTS, build_f_phi, build_relations

PAIRS = make_pair_index(N_OBJECTS)
TARGETS = [Target(0), Target(2, 1)]


def subsets(members):
    return [set(found) for found in chain.from_iterable(combinations(members, k) for k in range(len(members) + 1))]


def include_and_exclude(f_phi, relations, members, n_objects, target):
    """Return each set's dividend by the formula, with the sum over tuples taken anew for each coalition."""

    def value(coalition):
        held = [row for row, tuple_ in enumerate(members.tolist()) if {*tuple_} <= coalition]
        return target.value(f_phi(relations[held].sum(dim=0))).item()

    return {
        frozenset(whole): sum((-1) ** (len(whole) - len(part)) * value(part) for part in subsets(whole))
        for whole in subsets(range(n_objects))
    }


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("order", [2, 3])
def test_dividends_are_those_of_inclusion_and_exclusion(f_phi, target, order):
    members = make_tuple_index(4, torch.zeros(1, 0, dtype=torch.int64), order)[0]
    relations = build_relations(5, len(members))
    wanted = include_and_exclude(f_phi, relations, members, 4, target)
    found = find_order_spectrum(f_phi, relations, members, 4, target)
    for place, dividend in enumerate(found.dividends.tolist()):
        assert dividend == pytest.approx(wanted[frozenset(k for k in range(4) if place >> k & 1)], abs=1e-9)
    listed = [(frozenset(members), value) for size in range(5) for members, value in found.list_sets(size)]
    assert {members: pytest.approx(value, abs=1e-9) for members, value in listed} == wanted
    by_order = [sum(value for members, value in wanted.items() if len(members) == size) for size in range(5)]
    assert found.orders.tolist() == pytest.approx(by_order, abs=1e-9)


@pytest.mark.filterwarnings("ignore")
def test_dividends_are_those_of_shapiq(f_phi, relations):
    import shapiq  # a second to import: only here

    values = value_coalitions(f_phi, relations, PAIRS, N_OBJECTS, Target(1))

    def game(coalitions):
        return values.numpy()[(np.atleast_2d(coalitions) * 2 ** np.arange(N_OBJECTS)).sum(axis=1)]

    oracle = shapiq.ExactComputer(n_players=N_OBJECTS, game=game)("Moebius", order=N_OBJECTS)
    spectrum = find_order_spectrum(f_phi, relations, PAIRS, N_OBJECTS, Target(1))
    for size in range(1, N_OBJECTS + 1):
        for members, dividend in spectrum.list_sets(size):
            assert dividend == pytest.approx(oracle[members], abs=1e-9)


def test_orders_add_up_to_the_value_and_dividends_share_out_to_shapley_values(f_phi, relations):
    target = Target(3, 0)
    spectrum = find_order_spectrum(f_phi, relations, PAIRS, N_OBJECTS, target)
    whole, nothing = target.value(f_phi(torch.stack([relations.sum(dim=0), torch.zeros(D_RELATION).double()]))).tolist()
    assert spectrum.orders.sum().item() == pytest.approx(whole, abs=1e-9)
    assert spectrum.orders[0].item() == pytest.approx(nothing, abs=1e-12)
    members, sizes = mark_members(N_OBJECTS).double(), spectrum.sizes
    shared = members.T[:, 1:] @ (spectrum.dividends / sizes)[1:]
    torch.testing.assert_close(shared, shapley_objects(f_phi, relations.view(N_OBJECTS, N_OBJECTS, -1), target))


@pytest.mark.parametrize("order", [2, 3])
def test_with_a_linear_f_phi_a_network_has_no_dividends_above_the_order_of_its_tuples(order):
    members = make_tuple_index(5, torch.zeros(1, 0, dtype=torch.int64), order)[0]
    relations, linear = build_relations(4, len(members)), nn.Sequential(nn.Linear(D_RELATION, 4)).double()
    orders = find_order_spectrum(linear, relations, members, 5, Target(0)).orders
    assert orders[order + 1 :].abs().max() < 1e-9 < orders[1 : order + 1].abs().min()
    deep = find_order_spectrum(build_f_phi(0), relations, members, 5, Target(0)).orders
    assert deep[order + 1 :].abs().min() > 1e-3


def test_a_coalition_is_worth_what_the_model_says_with_all_other_objects_masked_out():
    task = TASKS["sort-of-clevr/objects"]
    model = build_model(model_config(task.name, "rn", "tiny"), 0).double().eval()
    batch = task.sample_batch(make_rng(0, "test"), 1, 1)
    rows, question = batch.inputs[0].double(), batch.question.double()
    relations = model.trace((rows, batch.inputs[1]), question).relations[0]
    found = value_coalitions(model.core.f_phi, relations, make_pair_index(6), 6, Target(0, 1))
    masks = mark_members(6)
    logits = model((rows.expand(64, -1, -1), masks), question.expand(64, -1))
    torch.testing.assert_close(found, logits[:, 0] - logits[:, 1])


def test_an_object_that_is_padding_is_in_no_set_that_counts(f_phi, relations):
    grid = relations.view(N_OBJECTS, N_OBJECTS, -1).clone()
    grid[2], grid[:, 2] = 0, 0
    spectrum = find_order_spectrum(f_phi, grid.flatten(0, 1), PAIRS, N_OBJECTS, Target(0))
    assert spectrum.dividends[mark_members(N_OBJECTS)[:, 2]].abs().max() < 1e-9


def test_dividends_of_values_by_hand():
    assert find_dividends(torch.tensor([1.0, 3.0, 4.0, 10.0])).tolist() == [1, 2, 3, 4]


def test_too_many_objects_and_members_that_do_not_fit_are_refused(f_phi, relations):
    with pytest.raises(RNCoreError, match="1 to 12 objects, since N have 2\\^N, got 13"):
        find_order_spectrum(f_phi, relations, PAIRS, 13, Target(0))
    with pytest.raises(RNCoreError, match="one row per relation, 25, with objects from 0 to 3, got shape \\(25, 2\\)"):
        find_order_spectrum(f_phi, relations, PAIRS, 4, Target(0))
    with pytest.raises(RNCoreError, match="one row per relation, 25"):
        find_order_spectrum(f_phi, relations, PAIRS[:24], N_OBJECTS, Target(0))
