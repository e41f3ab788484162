"""One small question: a readout with real kinks, and the relations of five objects."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from rn_core.common.seeding import fork_torch_rng
from rn_core.models.relation_network import make_mlp

N_OBJECTS, D_RELATION, N_ANSWERS = 5, 8, 4


def build_f_phi(seed: int, widths: tuple[int, ...] = (16, 12), d_relation: int = D_RELATION) -> nn.Sequential:
    """Return f_phi with weights large enough that many units switch along the path."""
    with fork_torch_rng(seed):
        f_phi = make_mlp((d_relation, *widths, N_ANSWERS)).double()
    with torch.no_grad():
        for parameter in f_phi.parameters():
            parameter.mul_(2)
    return f_phi


def build_relations(seed: int, n_pairs: int = N_OBJECTS**2, d_relation: int = D_RELATION) -> Tensor:
    """Return (P, D_g) float64 relations, 0 or more as after a ReLU."""
    return torch.randn(n_pairs, d_relation, dtype=torch.float64, generator=torch.Generator().manual_seed(seed)).relu()


@pytest.fixture(scope="session")
def make_f_phi() -> Callable[..., nn.Sequential]:
    """Return `build_f_phi`."""
    return build_f_phi


@pytest.fixture(scope="session")
def make_relations() -> Callable[..., Tensor]:
    """Return `build_relations`."""
    return build_relations


@pytest.fixture
def f_phi() -> nn.Sequential:
    """Return a readout of 8 features, two hidden layers and 4 answers."""
    return build_f_phi(0)


@pytest.fixture
def relations() -> Tensor:
    """Return the 25 relations of five objects."""
    return build_relations(1)


@pytest.fixture
def baseline(relations: Tensor) -> Tensor:
    """Return an aggregate of the size of a mean one."""
    return build_relations(2).sum(dim=0) * 0.7
