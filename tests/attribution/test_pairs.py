"""Contributions of pairs: Captum as the oracle, axioms, bad input."""

from __future__ import annotations

import importlib
import warnings
from types import ModuleType

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from rn_core.attribution import METHODS, Target, attribute_pairs, leave_out_both
from rn_core.common.errors import RNCoreError, UnknownNameError
from rn_core.models.relation_network import make_mlp

TARGETS = [Target(1), Target(3, 0)]
SHARES = [name for name, method in METHODS.items() if method.is_share]


@pytest.fixture(scope="module")
def captum() -> ModuleType:
    """Return Captum's methods, imported when the first test needs them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return importlib.import_module("captum.attr")


class PairsToTarget(nn.Module):
    """A question as Captum takes it: relations (B, P, D_g) in, z (B,) out."""

    def __init__(self, f_phi, target):
        super().__init__()
        self.f_phi, self.target = f_phi, target

    def forward(self, relations):
        return self.target.value(self.f_phi(relations.sum(dim=1)))


def check_completeness(attribution, f_phi, relations, target, baseline=None, gap=1e-9):
    """Shape, both ends of the path, and the stated gap; then that the gap is small."""
    start = torch.zeros_like(relations[0]) if baseline is None else baseline
    value, baseline_value = target.value(f_phi(torch.stack([relations.sum(dim=0), start]))).tolist()
    assert attribution.contributions.shape == (len(relations),)
    assert attribution.contributions.dtype == torch.float64
    assert attribution.value == pytest.approx(value, abs=1e-9)
    assert attribution.baseline_value == pytest.approx(baseline_value, abs=1e-9)
    missed = value - baseline_value - attribution.contributions.sum().item()
    assert attribution.completeness_gap == pytest.approx(missed, abs=1e-9)
    assert abs(attribution.completeness_gap) < gap


def part_of_baseline(relations, baseline):
    """Each pair's part of a baseline, as Captum wants it."""
    return (torch.zeros_like(relations) + (0 if baseline is None else baseline / len(relations)))[None]


@pytest.fixture(params=["zero", "mean"])
def start(request, baseline):
    return None if request.param == "zero" else baseline


@pytest.mark.parametrize("target", TARGETS)
def test_exact_path_is_complete_to_rounding(f_phi, relations, target, start):
    check_completeness(attribute_pairs(f_phi, relations, target, baseline=start), f_phi, relations, target, start)


@pytest.mark.parametrize("widths", [(), (7,), (16, 12), (20, 15, 10, 6)])
def test_exact_path_is_complete_at_any_depth(make_relations, make_f_phi, widths):
    f_phi, relations = make_f_phi(3, widths), make_relations(4)
    check_completeness(attribute_pairs(f_phi, relations, Target(0, 2)), f_phi, relations, Target(0, 2))


@settings(deadline=None, max_examples=60)
@given(seed=st.integers(0, 10**6), scale=st.floats(0.01, 100), shift=st.booleans())
def test_exact_path_is_complete_for_any_question(make_relations, make_f_phi, seed, scale, shift):
    f_phi, relations = make_f_phi(seed), make_relations(seed + 1) * scale
    start = make_relations(seed + 2).sum(dim=0) if shift else None
    attribution = attribute_pairs(f_phi, relations, Target(2), baseline=start)
    size = max(1.0, attribution.contributions.abs().sum().item())
    assert abs(attribution.completeness_gap) < 1e-12 * size


@pytest.mark.parametrize("target", TARGETS)
def test_exact_path_is_the_limit_of_fine_steps(f_phi, relations, target, start):
    exact = attribute_pairs(f_phi, relations, target, baseline=start).contributions
    errors = []
    for steps in (20, 20_000):
        fine = attribute_pairs(f_phi, relations, target, "integrated_gradients", start, steps)
        errors.append((fine.contributions - exact).abs().max().item())
    assert errors[1] < 1e-4 * exact.abs().max()
    assert errors[1] < errors[0] / 50
    check_completeness(fine, f_phi, relations, target, start, gap=1e-3)


@pytest.mark.parametrize("target", TARGETS)
def test_integrated_gradients_equals_captum(captum, f_phi, relations, target, start):
    """Captum's "riemann_middle" has the points of the midpoint rule here, rounded to float32."""
    oracle = captum.IntegratedGradients(PairsToTarget(f_phi, target)).attribute(
        relations[None], part_of_baseline(relations, start), n_steps=37, method="riemann_middle"
    )
    ours = attribute_pairs(f_phi, relations, target, "integrated_gradients", start, steps=37)
    torch.testing.assert_close(ours.contributions, oracle[0].sum(dim=-1).detach(), rtol=0, atol=1e-6)


@pytest.mark.parametrize("target", TARGETS)
def test_leave_one_out_equals_captum(captum, f_phi, relations, target, start):
    mask = torch.arange(len(relations))[None, :, None].expand(1, *relations.shape)
    oracle = captum.FeatureAblation(PairsToTarget(f_phi, target)).attribute(
        relations[None], part_of_baseline(relations, start), feature_mask=mask
    )
    ours = attribute_pairs(f_phi, relations, target, "leave_one_out", start)
    torch.testing.assert_close(ours.contributions, oracle[0, :, 0].detach(), rtol=0, atol=1e-10)


@pytest.mark.parametrize("target", TARGETS)
def test_gradient_equals_captum(captum, f_phi, relations, target):
    oracle = captum.InputXGradient(PairsToTarget(f_phi, target)).attribute(relations[None].clone().requires_grad_())
    ours = attribute_pairs(f_phi, relations, target, "gradient")
    torch.testing.assert_close(ours.contributions, oracle[0].sum(dim=-1).detach(), rtol=0, atol=1e-10)


def test_norm_is_the_length_and_claims_no_gap(f_phi, relations):
    attribution = attribute_pairs(f_phi, relations, Target(1), "norm")
    lengths = [sum(x * x for x in row) ** 0.5 for row in relations.tolist()]
    assert attribution.contributions.tolist() == pytest.approx(lengths)
    assert attribution.completeness_gap is None


@pytest.mark.parametrize("method", METHODS)
def test_a_relation_of_zero_gets_zero(f_phi, relations, method):
    relations[7] = 0
    contributions = attribute_pairs(f_phi, relations, Target(1, 2), method).contributions
    assert abs(contributions[7].item()) < 1e-12
    assert (contributions.abs() > 1e-6).sum() > 20


@pytest.mark.parametrize("method", METHODS)
def test_permuting_pairs_permutes_contributions(f_phi, relations, method, start):
    order = torch.randperm(len(relations), generator=torch.Generator().manual_seed(5))
    plain = attribute_pairs(f_phi, relations, Target(1, 2), method, start).contributions
    permuted = attribute_pairs(f_phi, relations[order], Target(1, 2), method, start).contributions
    torch.testing.assert_close(permuted, plain[order], rtol=0, atol=1e-10)


@pytest.mark.parametrize("method", SHARES)
def test_a_linear_readout_leaves_nothing_to_disagree_about(make_f_phi, relations, method, start):
    f_phi = make_f_phi(6, widths=())
    slope = f_phi[0].weight[2] - f_phi[0].weight[0]
    expected = (relations - part_of_baseline(relations, start)[0]) @ slope
    attribution = attribute_pairs(f_phi, relations, Target(2, 0), method, start)
    torch.testing.assert_close(attribution.contributions, expected.detach(), rtol=0, atol=1e-10)
    check_completeness(attribution, f_phi, relations, Target(2, 0), start)


@pytest.mark.parametrize("method", SHARES)
def test_a_contrast_is_the_difference_of_two_logits(f_phi, relations, method, start):
    """Every method is linear in z, so shares of z_1 - z_3 are those of z_1 less those of z_3."""
    first, second, both = (
        attribute_pairs(f_phi, relations, target, method, start).contributions
        for target in (Target(1), Target(3), Target(1, 3))
    )
    torch.testing.assert_close(both, first - second, rtol=0, atol=1e-9)


@pytest.mark.parametrize("method", ["exact_path", "integrated_gradients"])
def test_path_methods_see_past_a_kink_where_the_gradient_is_blind(method):
    """z = 1 - relu(1 - s) at s = 2: flat there, yet the pairs moved z from 0 to 1 (Sundararajan et al., section 2)."""
    f_phi = make_mlp((1, 1, 1)).double()
    with torch.no_grad():
        for parameter, value in zip(f_phi.parameters(), (-1.0, 1.0, -1.0, 1.0), strict=True):
            parameter.fill_(value)
    relations = torch.tensor([[1.5], [0.5]], dtype=torch.float64)
    path = attribute_pairs(f_phi, relations, Target(0), method, steps=1000)
    blind = attribute_pairs(f_phi, relations, Target(0), "gradient")
    assert path.contributions.tolist() == pytest.approx([0.75, 0.25])
    assert blind.contributions.tolist() == [0, 0]
    assert blind.completeness_gap == 1
    at_the_kink = attribute_pairs(f_phi, relations / 2, Target(0), "gradient")
    assert at_the_kink.contributions.tolist() == [0, 0]


def test_two_pairs_that_say_the_same_hide_each_other_alone_not_together():
    """z = 1 - relu(1 - s) with (0, 1) and (1, 0) enough each: one alone is not missed, both are."""
    f_phi = make_mlp((1, 1, 1)).double()
    with torch.no_grad():
        for parameter, value in zip(f_phi.parameters(), (-1.0, 1.0, -1.0, 1.0), strict=True):
            parameter.fill_(value)
    relations = torch.tensor([[0.0], [1.0], [1.0], [0.0]], dtype=torch.float64)
    assert attribute_pairs(f_phi, relations, Target(0), "leave_one_out").contributions.tolist() == [0, 0, 0, 0]
    assert leave_out_both(f_phi, relations, Target(0)).tolist() == [0, 1, 1, 0]


def test_leave_out_both_equals_a_loop(f_phi, relations, start):
    total, n = relations.sum(dim=0), 5
    part = part_of_baseline(relations, start)[0, 0]
    expected = []
    for i in range(n):
        for j in range(n):
            rows = {i * n + j, j * n + i}
            without = total - sum(relations[row] - part for row in rows)
            expected.append((Target(1).value(f_phi(total)) - Target(1).value(f_phi(without))).item())
    assert leave_out_both(f_phi, relations, Target(1), start).tolist() == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize("method", METHODS)
def test_float32_questions_are_only_read(make_relations, method):
    """A shared model in training mode with dropout: no change of weights, mode or gradients, no randomness."""
    f_phi = make_mlp((8, 16, 16, 4), dropout=0.5).train()
    before = {name: value.clone() for name, value in f_phi.state_dict().items()}
    relations = make_relations(1).float().requires_grad_()
    first, second = (attribute_pairs(f_phi, relations, Target(1), method) for _ in range(2))
    assert f_phi.training and f_phi[4].training
    assert all(parameter.grad is None and parameter.requires_grad for parameter in f_phi.parameters())
    assert all(torch.equal(value, before[name]) for name, value in f_phi.state_dict().items())
    assert torch.equal(first.contributions, second.contributions)
    assert not first.contributions.requires_grad
    logits = f_phi.eval()(relations.sum(dim=0))
    assert first.value == pytest.approx(logits[1].item(), abs=1e-4)


def test_methods_cannot_be_replaced():
    with pytest.raises(TypeError):
        METHODS["norm"] = METHODS["gradient"]


def test_unknown_method_names_the_nearest(f_phi, relations):
    with pytest.raises(UnknownNameError, match=r"Did you mean 'exact_path'.*Use one of: exact_path, integrated"):
        attribute_pairs(f_phi, relations, Target(0), "exact-pth")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((-1,), "answer must be the index of a logit, 0 or more, got -1"),
        ((True,), "answer must be the index of a logit, 0 or more, got True"),
        ((None,), "answer must be the index of a logit, 0 or more, got None"),
        ((0, 1.5), "contrast must be the index of a logit, 0 or more, got 1.5"),
        ((2, 2), "contrast must be another logit than answer.* got 2 for both"),
    ],
)
def test_target_refuses_what_is_no_logit(arguments, message):
    with pytest.raises(RNCoreError, match=message):
        Target(*arguments)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("target", "name"), [(Target(4), "answer"), (Target(0, 4), "contrast")])
def test_target_out_of_range(f_phi, relations, method, target, name):
    with pytest.raises(RNCoreError, match=f"{name} must be 0 to 3 for 4 logits, got 4"):
        attribute_pairs(f_phi, relations, target, method)


@pytest.mark.parametrize("shape", [(25, 7), (25,), (1, 25, 8), (0, 8)])
def test_relations_of_a_wrong_shape(f_phi, shape):
    with pytest.raises(RNCoreError, match=r"relations must have shape \(P, 8\).*got \("):
        attribute_pairs(f_phi, torch.zeros(shape), Target(0))


def test_baseline_of_a_wrong_shape(f_phi, relations):
    with pytest.raises(RNCoreError, match=r"baseline must be None for zero or have shape \(8,\), got \(1, 8\)"):
        attribute_pairs(f_phi, relations, Target(0), baseline=torch.zeros(1, 8))


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_numbers_that_are_none(f_phi, relations, bad):
    with pytest.raises(RNCoreError, match="must be finite"):
        attribute_pairs(f_phi, relations, Target(0), baseline=torch.full((8,), bad))
    relations[3, 2] = bad
    with pytest.raises(RNCoreError, match="must be finite"):
        attribute_pairs(f_phi, relations, Target(0))


def test_steps_below_one(f_phi, relations):
    with pytest.raises(RNCoreError, match="steps must be 1 or more, got 0"):
        attribute_pairs(f_phi, relations, Target(0), "integrated_gradients", steps=0)


def test_leave_out_both_needs_all_pairs(f_phi):
    with pytest.raises(RNCoreError, match=r"N \* N ordered pairs of N objects, got 24"):
        leave_out_both(f_phi, torch.zeros(24, 8), Target(0))
