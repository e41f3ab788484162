"""Deletion, insertion, and the fewest pairs that keep the answer."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from rn_core.attribution import (
    Curve,
    Target,
    answer_logits,
    attribute_pairs,
    keep_pairs,
    measure_faithfulness,
    rank_pairs,
    remove_pairs,
    smallest_keeping_set,
)
from rn_core.attribution.faithfulness import make_counts
from rn_core.common.errors import RNCoreError

TARGET = Target(1, 2)


def measure(f_phi, relations, contributions, baseline=None, seed=0, **options):
    generator = torch.Generator().manual_seed(seed)
    return measure_faithfulness(f_phi, relations, contributions, TARGET, generator, baseline, **options)


def make_contributions(seed, n_pairs=25):
    return torch.randn(n_pairs, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def loop(f_phi, relations, contributions, baseline, insert):
    """z, and whether the answer is kept, after each pair in turn: the definition, one pair at a time."""
    n_pairs = len(relations)
    start = torch.zeros_like(relations[0]) if baseline is None else baseline
    answer = f_phi(relations.sum(dim=0)).argmax()
    moved = sorted(range(n_pairs), key=lambda pair: -contributions[pair].item())
    values, kept = [], []
    for k in range(n_pairs + 1):
        inside = moved[:k] if insert else moved[k:]
        aggregate = start * (n_pairs - len(inside)) / n_pairs + sum((relations[p] for p in inside), start * 0)
        logits = f_phi(aggregate)
        values.append((logits[1] - logits[2]).item())
        kept.append(float(logits.argmax() == answer))
    return values, kept


@pytest.mark.parametrize("mean_baseline", [False, True])
@pytest.mark.parametrize("insert", [False, True])
def test_curves_equal_a_loop(make_f_phi, relations, baseline, mean_baseline, insert):
    f_phi = make_f_phi(6)  # one whose answer changes on the way
    start = baseline if mean_baseline else None
    contributions = make_contributions(3)
    result = measure(f_phi, relations, contributions, start)
    curve = result.insertion if insert else result.deletion
    values, kept = loop(f_phi, relations, contributions, start, insert)
    assert curve.counts.tolist() == list(range(26))
    assert curve.values.tolist() == pytest.approx(values, abs=1e-9)
    assert curve.kept.tolist() == kept
    assert 0 < sum(kept) < 26


def test_curves_end_at_all_pairs_and_at_none(f_phi, relations, baseline):
    result = measure(f_phi, relations, make_contributions(3), baseline, n_points=6)
    full, empty = (TARGET.value(f_phi(total)).item() for total in (relations.sum(dim=0), baseline))
    for curve, ends in (
        (result.deletion, (full, empty)),
        (result.insertion, (empty, full)),
        (result.random_deletion, (full, empty)),
        (result.random_insertion, (empty, full)),
    ):
        assert curve.counts.tolist() == [0, 5, 10, 15, 20, 25]
        assert (curve.values[0].item(), curve.values[-1].item()) == pytest.approx(ends, abs=1e-9)


def test_fewer_points_lie_on_the_full_curve(f_phi, relations):
    full, few = (measure(f_phi, relations, make_contributions(3), n_points=n) for n in (None, 7))
    for name in ("deletion", "insertion", "random_deletion", "random_insertion"):
        whole, part = getattr(full, name), getattr(few, name)
        torch.testing.assert_close(part.values, whole.values[part.counts], rtol=0, atol=1e-9)
        assert torch.equal(part.kept, whole.kept[part.counts])


def test_random_curves_are_the_mean_over_their_orders(f_phi, relations):
    """An order, given as contributions that fall along it, must give the same curve as when it is drawn."""
    result = measure(f_phi, relations, make_contributions(3), seed=7, n_orders=3)
    generator = torch.Generator().manual_seed(7)
    each = []
    for _ in range(3):
        order = torch.randperm(25, generator=generator)
        each.append(measure(f_phi, relations, 25.0 - order.argsort(), n_orders=1))
    for drawn, given_ in (("random_deletion", "deletion"), ("random_insertion", "insertion")):
        curves = [getattr(one, given_) for one in each]
        actual = getattr(result, drawn)
        torch.testing.assert_close(actual.values, sum(c.values for c in curves) / 3, rtol=0, atol=1e-9)
        torch.testing.assert_close(actual.kept, sum(c.kept for c in curves) / 3, rtol=0, atol=1e-9)


def test_same_generator_same_curves(f_phi, relations):
    first, second, other = (measure(f_phi, relations, make_contributions(3), seed=seed) for seed in (0, 0, 1))
    assert torch.equal(first.random_deletion.values, second.random_deletion.values)
    assert not torch.equal(first.random_deletion.values, other.random_deletion.values)


def test_areas_by_hand():
    """z falls 4, 1, 0 over 0, 1, 4 pairs: (2.5 * 1 + 0.5 * 3) / 4 = 1."""
    counts = torch.tensor([0, 1, 4])
    values, kept = torch.tensor([4.0, 1.0, 0.0]).double(), torch.tensor([1.0, 0.0, 0.0]).double()
    assert Curve(counts, values, kept).area == pytest.approx(1)
    assert Curve(counts, values, kept).kept_area == pytest.approx(0.125)


def test_the_true_ranking_gains_and_its_reverse_loses(make_relations):
    """z linear: its own contributions are the best ranking there is."""
    f_phi = nn.Sequential(nn.Linear(8, 4)).double()
    relations = make_relations(8)
    contributions = attribute_pairs(f_phi, relations, TARGET).contributions
    good, bad = (measure(f_phi, relations, sign * contributions, n_orders=20) for sign in (1, -1))
    for random in (good.random_deletion, bad.random_deletion):
        assert good.deletion.area < random.area < bad.deletion.area
    for random in (good.random_insertion, bad.random_insertion):
        assert bad.insertion.area < random.area < good.insertion.area


def test_rank_pairs_goes_by_sign_and_keeps_ties_in_order():
    assert rank_pairs(torch.tensor([0.0, -5.0, 2.0, 0.0, 3.0])).tolist() == [4, 2, 0, 3, 1]


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 10**6), mean_baseline=st.booleans())
def test_smallest_keeping_set_by_its_definition(make_f_phi, make_relations, seed, mean_baseline):
    f_phi, relations, contributions = make_f_phi(seed), make_relations(seed + 1), make_contributions(seed + 2)
    start = make_relations(seed + 3).sum(dim=0) if mean_baseline else None
    _, kept = loop(f_phi, relations, contributions, start, insert=True)
    result = smallest_keeping_set(f_phi, relations, contributions, start)
    first = kept.index(1)
    assert result.pairs.tolist() == contributions.argsort(descending=True)[:first].tolist()
    assert all(kept[result.stable_from :])
    assert result.stable_from == 0 or not kept[result.stable_from - 1]


def test_smallest_keeping_set_by_hand():
    """The answer is the larger of (s, 1): lost at none, kept from the first pair on, lost and won again after it."""
    f_phi = nn.Sequential(nn.Linear(1, 2)).double()
    with torch.no_grad():
        f_phi[0].weight.copy_(torch.tensor([[1.0], [0.0]]))
        f_phi[0].bias.copy_(torch.tensor([0.0, 1.0]))
    relations = torch.tensor([[-3.0], [2.0], [4.0]], dtype=torch.float64)
    result = smallest_keeping_set(f_phi, relations, torch.tensor([2.0, 3.0, 1.0]))
    assert result.pairs.tolist() == [1]
    assert result.stable_from == 3
    none = smallest_keeping_set(f_phi, relations, torch.tensor([2.0, 3.0, 1.0]), torch.tensor([5.0]))
    assert none.pairs.tolist() == []


def test_the_pairs_of_the_smallest_set_alone_keep_the_answer(make_f_phi, make_relations):
    f_phi, relations = make_f_phi(6), make_relations(1)
    contributions = attribute_pairs(f_phi, relations, TARGET).contributions
    pairs = smallest_keeping_set(f_phi, relations, contributions).pairs
    assert 0 < len(pairs) < 25
    keep = torch.zeros(25, dtype=torch.bool)
    keep[pairs] = True
    answers = [answer_logits(f_phi, keep_pairs(relations, mask)).argmax() for mask in (keep, torch.ones_like(keep))]
    assert answers[0] == answers[1]


def test_keep_and_remove_by_hand():
    relations = torch.tensor([[1.0, 10.0], [2.0, 20.0], [4.0, 40.0], [8.0, 80.0]])
    mask = torch.tensor([True, False, False, True])
    mean = torch.tensor([4.0, 0.0])
    assert keep_pairs(relations, mask).tolist() == [9, 90]
    assert remove_pairs(relations, mask).tolist() == [6, 60]
    assert keep_pairs(relations, mask, mean).tolist() == [11, 90]
    assert remove_pairs(relations, torch.tensor([True, False, False, False]), mean).tolist() == [15, 140]


@pytest.mark.parametrize("function", [keep_pairs, remove_pairs])
@pytest.mark.parametrize("mask", [torch.ones(3, dtype=torch.bool), torch.tensor([0, 3, 1, 2])])
def test_masks_of_a_wrong_kind(function, mask):
    with pytest.raises(RNCoreError, match=r"must be \(4,\) bool, got \("):
        function(torch.zeros(4, 2), mask)


@pytest.mark.parametrize(
    ("options", "message"),
    [({"n_orders": 0}, "n_orders must be 1 or more, got 0"), ({"n_points": 1}, "n_points must be 2 or more, .* got 1")],
)
def test_numbers_below_the_lowest(f_phi, relations, options, message):
    with pytest.raises(RNCoreError, match=message):
        measure(f_phi, relations, make_contributions(3), **options)


def test_contributions_of_other_pairs(f_phi, relations):
    for function in (measure, smallest_keeping_set):
        with pytest.raises(RNCoreError, match=r"contributions must have shape \(25,\), got \(24,\)"):
            function(f_phi, relations, make_contributions(3, 24))


def test_target_out_of_range(f_phi, relations):
    with pytest.raises(RNCoreError, match="answer must be 0 to 3 for 4 logits, got 4"):
        measure_faithfulness(f_phi, relations, make_contributions(3), Target(4), torch.Generator())


def test_counts_have_both_ends_and_no_doubles():
    assert make_counts(3, None).tolist() == [0, 1, 2, 3]
    assert make_counts(3, 50).tolist() == [0, 1, 2, 3]
    assert make_counts(100, 3).tolist() == [0, 50, 100]
