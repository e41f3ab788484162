"""f_phi as plain arrays, and the kinks along a path."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from rn_core.attribution import answer_logits
from rn_core.attribution import readout as readout_module
from rn_core.attribution.path import find_kinks
from rn_core.attribution.readout import make_readout
from rn_core.common.errors import RNCoreError


@pytest.mark.parametrize("shape", [(8,), (3, 8), (2, 3, 8)])
def test_logits_equal_the_module(f_phi, shape):
    aggregates = torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(answer_logits(f_phi, aggregates), f_phi(aggregates).detach(), rtol=0, atol=1e-12)


def test_logits_in_blocks_equal_the_module(make_relations, f_phi, monkeypatch):
    monkeypatch.setattr(readout_module, "_BLOCK", 4)
    aggregates = make_relations(0, 11)
    torch.testing.assert_close(answer_logits(f_phi, aggregates), f_phi(aggregates).detach(), rtol=0, atol=1e-12)


def test_a_layer_without_bias_and_dropout_are_read(make_relations):
    f_phi = nn.Sequential(nn.Linear(8, 5, bias=False), nn.ReLU(), nn.Dropout(0.9), nn.Linear(5, 4)).double()
    aggregates = make_relations(0, 11)
    torch.testing.assert_close(answer_logits(f_phi, aggregates), f_phi.eval()(aggregates).detach(), rtol=0, atol=1e-12)


def test_logits_carry_no_graph(f_phi, make_relations):
    assert all(parameter.requires_grad for parameter in f_phi.parameters())
    assert not answer_logits(f_phi, make_relations(0, 3).requires_grad_()).requires_grad


def test_the_readout_is_a_copy(f_phi):
    copied = make_readout(f_phi)
    with torch.no_grad():
        f_phi[0].weight.zero_()
        f_phi[-1].bias.zero_()
    assert copied.weights[0].abs().min() > 0
    assert copied.biases[-1].abs().min() > 0


@pytest.mark.parametrize(
    ("layers", "got"),
    [
        ([], "no layer"),
        ([nn.Linear(2, 2), nn.ReLU()], "Linear, ReLU"),
        ([nn.ReLU(), nn.Linear(2, 2)], "ReLU, Linear"),
        ([nn.Linear(2, 2), nn.Linear(2, 2)], "Linear, Linear"),
        ([nn.Linear(2, 2), nn.Tanh(), nn.Linear(2, 2)], "Linear, Tanh, Linear"),
    ],
)
def test_other_readouts_are_refused(layers, got):
    with pytest.raises(RNCoreError, match=f"Linear layers with one ReLU between each two, got {got}."):
        make_readout(nn.Sequential(*layers))


@pytest.mark.parametrize("shape", [(), (7,), (3, 9)])
def test_aggregates_of_a_wrong_shape(f_phi, shape):
    with pytest.raises(RNCoreError, match=r"aggregates must have shape \(\.\.\., 8\)"):
        answer_logits(f_phi, torch.zeros(shape))


def test_kinks_of_a_hand_made_readout():
    """Units relu(s - 1), relu(3 - s), then relu(sum - 1.5), s from 0 to 4.

    The sum falls from 3 to 2 at s = 1, stays, and rises from s = 3 to 3: it never is 1.5, so that layer adds no kink;
    with 2.5 in place of 1.5 it adds two, at s = 0.5 and s = 3.5.
    """
    f_phi = nn.Sequential(nn.Linear(1, 2), nn.ReLU(), nn.Linear(2, 1), nn.ReLU(), nn.Linear(1, 1)).double()
    ends = torch.tensor([[0.0], [4.0]], dtype=torch.float64)
    with torch.no_grad():
        f_phi[0].weight.copy_(torch.tensor([[1.0], [-1.0]]))
        f_phi[0].bias.copy_(torch.tensor([-1.0, 3.0]))
        f_phi[2].weight.fill_(1)
        found = []
        for threshold in (-1.5, -2.5):
            f_phi[2].bias.fill_(threshold)
            found.append((find_kinks(make_readout(f_phi), *ends) * 4).tolist())
    assert found[0] == pytest.approx([0, 1, 3, 4])
    assert found[1] == pytest.approx([0, 0.5, 1, 3, 3.5, 4])


@pytest.mark.parametrize("seed", range(5))
def test_units_switch_at_the_kinks_and_nowhere_else(make_relations, make_f_phi, seed):
    f_phi = make_f_phi(seed, (20, 15, 10))
    start, end = -make_relations(seed + 10).sum(dim=0), make_relations(seed + 20).sum(dim=0)
    kinks = find_kinks(make_readout(f_phi), start, end)
    assert len(kinks) > 10
    assert kinks[0] == 0 and kinks[-1] == 1

    def pattern(part):
        """On or off, of every hidden unit in every segment."""
        level = torch.lerp(start, end, (kinks[:-1] + part * kinks.diff())[:, None])
        on = []
        for layer in f_phi[:-1]:
            level = layer(level)
            if isinstance(layer, nn.Linear):
                on.append(level > 0)
        return torch.cat(on, dim=1)

    early, late = pattern(0.02), pattern(0.98)
    assert torch.equal(early, late)
    assert ((early[1:] != early[:-1]).sum(dim=1) >= 1).all()
