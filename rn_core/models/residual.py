"""Residual convolutions over a feature map and back up to its size: wide at few places, narrow at many.

Sources: He et al. 2016 (arXiv 1512.03385) for the blocks; Lin et al. 2017, "Feature pyramid networks" (arXiv
1612.03144), for the way back.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from torch import Tensor, nn
from torch.nn import functional

from rn_core.models.encoders import SyncedBatchNorm
from rn_core.models.layers import Layers

#: Scale of what a block adds before it has learned anything.
_FIRST_SCALE = 0.2


def convolve(d_in: int, d_out: int, stride: int = 1) -> Layers:
    """Return a 3x3 convolution with batch norm and ReLU."""
    convolution = nn.Conv2d(d_in, d_out, 3, stride=stride, padding=1, bias=False)
    return Layers(convolution, SyncedBatchNorm(d_out), nn.ReLU())


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions whose result is added to their input."""

    def __init__(self, d_features: int) -> None:
        """Build the convolutions; the second one begins small, so that the block begins almost as the identity."""
        super().__init__()
        self.first = convolve(d_features, d_features)
        self.second = nn.Conv2d(d_features, d_features, 3, padding=1, bias=False)
        self.norm = SyncedBatchNorm(d_features)
        nn.init.constant_(self.norm.weight, _FIRST_SCALE)

    def forward(self, features: Tensor) -> Tensor:
        """Return features (S, C, H, W) with what the block adds to them."""
        added: Tensor = self.norm(self.second(self.first(features)))
        return functional.relu(features + added)

    if TYPE_CHECKING:  # torch gives every module's call the type Any
        __call__ = forward


class Pyramid(nn.Module):
    """Stages that halve a feature map and add residual blocks, and the way back up to its size."""

    def __init__(self, d_in: int, stages: tuple[int, ...], d_out: int) -> None:
        """Build the layers.

        Args:
            d_in: channels of the input, which has one block before it is halved.
            stages: channels of each stage; every one halves the map and has two blocks.
            d_out: channels of the result.
        """
        super().__init__()
        widths = (d_in, *stages)
        self.entry = ResidualBlock(d_in)
        self.stages = nn.ModuleList(
            Layers(convolve(one, other, stride=2), ResidualBlock(other), ResidualBlock(other))
            for one, other in pairwise(widths)
        )
        self.across = nn.ModuleList(nn.Conv2d(width, d_out, 1) for width in widths)
        self.last = convolve(d_out, d_out)

    def forward(self, features: Tensor) -> Tensor:
        """Return (S, d_out, H, W) of a feature map (S, d_in, H, W)."""
        maps = [self.entry(features)]
        for stage in self.stages:
            maps.append(stage(maps[-1]))
        found: Tensor = self.across[-1](maps[-1])
        for level in range(len(maps) - 2, -1, -1):
            raised = functional.interpolate(found, size=maps[level].shape[2:], mode="bilinear", align_corners=False)
            found = self.across[level](maps[level]) + raised
        result: Tensor = self.last(found)
        return result

    if TYPE_CHECKING:  # torch gives every module's call the type Any
        __call__ = forward
