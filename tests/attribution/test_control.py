"""The randomized-weights control."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from rn_core.attribution import make_randomized_copy
from rn_core.common.errors import RNCoreError


@pytest.fixture
def model():
    return nn.Sequential(nn.Conv2d(3, 6, 3), nn.BatchNorm2d(6), nn.Flatten(), nn.LazyLinear(7)).eval()


@pytest.fixture
def built(model):
    model(torch.zeros(1, 3, 5, 5))
    for parameter in model.parameters():
        nn.init.normal_(parameter)
    model[1].running_mean.fill_(3.0)
    return model


def test_every_parameter_keeps_its_values_in_another_order(built):
    before = {name: value.clone() for name, value in built.state_dict().items()}
    randomized = make_randomized_copy(built, seed=0)
    for name, parameter in randomized.named_parameters():
        assert torch.equal(parameter.flatten().sort().values, before[name].flatten().sort().values)
        assert not torch.equal(parameter, before[name])
        assert parameter.requires_grad
    assert torch.equal(randomized[1].running_mean, before["1.running_mean"])
    assert all(torch.equal(value, before[name]) for name, value in built.state_dict().items())
    assert not randomized.training


def test_one_seed_one_copy_and_no_global_draws(built):
    state = torch.random.get_rng_state()
    first, second, other = (list(make_randomized_copy(built, seed).parameters()) for seed in (4, 4, 5))
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))
    assert not all(torch.equal(a, b) for a, b in zip(first, other, strict=True))
    assert torch.equal(torch.random.get_rng_state(), state)


def test_a_bad_seed(built):
    with pytest.raises(RNCoreError, match="A seed must be a whole number"):
        make_randomized_copy(built, -1)
