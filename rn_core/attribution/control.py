"""The control for every score: the same question to a model without learned weights.

An attribution that scores as well on random weights reflects the architecture, not what was learned.
Source: Adebayo et al. 2018, "Sanity checks for saliency maps" (arXiv 1810.03292); there weights are redrawn,
here each parameter's own values are shuffled, which keeps their scale.
"""

from __future__ import annotations

import copy
from typing import TypeVar

import torch
from torch import nn

from rn_core.common.seeding import check_seed

Model = TypeVar("Model", bound=nn.Module)


@torch.no_grad()
def make_randomized_copy(model: Model, seed: int) -> Model:
    """Return a copy with the values of each parameter shuffled.

    Buffers (batch statistics, coordinates), mode and device stay. The model itself and torch's global generator
    are not changed. The same seed gives the same copy.

    Args:
        model: any module, a whole model or f_phi alone.
        seed: 0 or more.

    Raises:
        RNCoreError: for a seed out of range.
    """
    check_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    randomized = copy.deepcopy(model)
    for parameter in randomized.parameters():
        order = torch.randperm(parameter.numel(), generator=generator).to(parameter.device)
        parameter.copy_(parameter.flatten()[order].view_as(parameter))
    return randomized
