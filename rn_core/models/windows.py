"""A closer look at what was found: a window of pixels around each place, and a convolution that reads it.

A feature map has few numbers for a small object; the window around it is enlarged, so that what is far away looks as
large as what is near. The two stages are those of Ren et al. 2015, "Faster R-CNN" (arXiv 1506.01497), whose second one
reads the feature map; this one reads pixels.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional

from rn_core.models.layers import Layers, check_size, check_sizes
from rn_core.models.residual import ResidualBlock, convolve


@dataclass(frozen=True)
class WindowConfig:
    """Windows of pixels and the convolution that reads them.

    Attributes:
        n_samples: numbers along each side of a window.
        top: pixels along each side of a window in the picture's first row.
        bottom: in its last row, where objects are nearest; between the two it grows evenly.
        channels: kernels of the first 3x3 convolution, and of each stage behind it, which halves and has one block.
    """

    n_samples: int
    top: int
    bottom: int
    channels: tuple[int, ...]

    def __post_init__(self) -> None:
        """Raise RNCoreError for a value that cannot be built."""
        for name in ("n_samples", "top", "bottom"):
            check_size(f"{name} of windows", getattr(self, name), lowest=2)
        object.__setattr__(self, "channels", check_sizes("channels of windows", self.channels))


class WindowReader(nn.Module):
    """Windows of pixels to logits: that an object stands in the middle, and of the values of its attributes."""

    def __init__(self, config: WindowConfig, attributes: tuple[int, ...]) -> None:
        """Build the layers.

        Args:
            config: their sizes.
            attributes: how many values each attribute has, V in all.
        """
        super().__init__()
        self.config = config
        stages = [convolve(3, config.channels[0])]
        for d_in, d_out in pairwise(config.channels):
            stages.append(Layers(convolve(d_in, d_out, stride=2), ResidualBlock(d_out)))
        self.stages = Layers(*stages)
        self.head = nn.Linear(config.channels[-1], 1 + sum(attributes))

    def forward(self, windows: Tensor) -> Tensor:
        """Return logits (N, 1 + V) of windows (N, 3, s, s) of numbers from 0 to 1."""
        logits: Tensor = self.head(self.stages(windows).mean(dim=(2, 3)))
        return logits

    if TYPE_CHECKING:  # torch gives every module's call the type Any
        __call__ = forward

    def frame(self, places: Tensor, height: int) -> Tensor:
        """Return (..., 2, 2), the `spans` of windows around places (..., 2) in pictures of so many rows."""
        share = places[..., 1] / max(1, height - 1)
        side = self.config.top + (self.config.bottom - self.config.top) * share.clamp(0, 1)
        return side[..., None, None] / 2 * torch.eye(2, dtype=places.dtype, device=places.device)


def cut_windows(pixels: Tensor, places: Tensor, spans: Tensor, n_samples: int) -> Tensor:
    """Return windows of pictures, bilinearly interpolated; outside a picture its edge is repeated.

    Args:
        pixels: (S, 3, H, W).
        places: (S, K, 2) column and row of each window's middle, the middle of the first pixel being 0.
        spans: (S, K, 2, 2) pixels to the right and down from there, of (1, 0) and of (0, 1) in the columns, where a
            window runs from -1 to 1.
        n_samples: s, numbers along each side of a window.

    Returns:
        (S, K, 3, s, s).
    """
    n_scenes, n_windows = places.shape[:2]
    height, width = pixels.shape[2:]
    line = (torch.arange(n_samples, dtype=pixels.dtype, device=pixels.device) + 0.5) * (2 / n_samples) - 1
    row, column = torch.meshgrid(line, line, indexing="ij")
    inside = torch.stack([column, row], dim=-1).flatten(0, 1)  # (s * s, 2)
    points = places[:, :, None] + inside @ spans.transpose(-1, -2)  # (S, K, s * s, 2)
    middle = torch.tensor([width - 1, height - 1], dtype=pixels.dtype, device=pixels.device) / 2
    found = functional.grid_sample(pixels, points / middle - 1, "bilinear", "border", align_corners=True)
    return found.transpose(1, 2).reshape(n_scenes, n_windows, 3, n_samples, n_samples)
