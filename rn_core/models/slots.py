"""Pictures to true objects: a heatmap of centers, its peaks, and at each peak what the object there is.

The convolution learns from labels where objects stand and what they are ("supervised perception"); the Relation Network
behind it is given one row per object, so that a pair of objects is a pair of objects and no mapping from cells is
needed. The heatmap with a read-out at its peaks is that of Zhou et al. 2019, "Objects as points" (arXiv 1904.07850).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from rn_core.models.encoders import ConvolutionalEncoder
from rn_core.models.layers import check_size, check_sizes

#: Pixels from one cell of the heatmap to the next: two convolutions of stride 2.
STRIDE = 4
_N_HALVING = 2
#: From here on a peak is an object: a center half way between two cells may give each of them half.
_LEAST_PROBABILITY = 0.3


@dataclass(frozen=True)
class SlotEncoderConfig:
    """A convolutional network that finds objects.

    Attributes:
        channels: kernels of each 3x3 convolution; the first two have stride 2, the others 1. Three or more.
        image_size: height and width of the input in pixels.
        n_slots: most objects that are found, K.
        attributes: how many values each attribute of an object has, such as (6, 2) for six colors and two shapes.
    """

    channels: tuple[int, ...] = (16, 32, 48, 48, 48)
    image_size: int = 75
    n_slots: int = 12
    attributes: tuple[int, ...] = (6, 2)

    def __post_init__(self) -> None:
        """Raise RNCoreError for a value that cannot be built."""
        object.__setattr__(self, "channels", check_sizes("channels", self.channels))
        object.__setattr__(self, "attributes", check_sizes("attributes", self.attributes))
        check_size("image_size", self.image_size, lowest=2)
        check_size("n_slots", self.n_slots)

    @property
    def d_object(self) -> int:
        """Return the features of one object: 1 for each attribute's value, x and y."""
        return sum(self.attributes) + 2

    @property
    def grid_size(self) -> int:
        """Return d, the cells along one side of the heatmap."""
        return (self.image_size + STRIDE - 1) // STRIDE


class SlotMaps(NamedTuple):
    """What the convolution finds at every cell of the heatmap, row by row.

    Attributes:
        centers: (S, d, d), logit that an object's center is nearest to this cell.
        attributes: (S, sum of the attributes' values, d, d), logits of an object's values here.
        offsets: (S, 2, d, d), x and y from this cell to the center, in cells.
    """

    centers: Tensor
    attributes: Tensor
    offsets: Tensor


class SlotEncoder(ConvolutionalEncoder):
    """Pictures to a row per object: its attributes' values as one-hot vectors, then x and y from -1 to 1."""

    def __init__(self, config: SlotEncoderConfig) -> None:
        """Build the layers of `config`."""
        super().__init__(config.channels, _N_HALVING)
        self.config = config
        self.head = nn.Conv2d(config.channels[-1], 1 + sum(config.attributes) + 2, 1)

    def read_pixels(self, images: Tensor) -> Tensor:
        """Return bytes (S, H, W, 3) as numbers (S, 3, H, W) from 0 to 1."""
        return images.permute(0, 3, 1, 2).to(self.head.weight.dtype) / 255

    def find_maps(self, images: Tensor) -> SlotMaps:
        """Return what is found at every cell of the heatmap, in 32 bits also under autocast.

        Args:
            images: (S, H, W, 3) uint8.
        """
        with torch.autocast(images.device.type, enabled=False):
            found = self.head(self.layers(self.read_pixels(images)))  # (S, 1 + V + 2, d, d)
        center, attributes, offsets = torch.split(found, [1, sum(self.config.attributes), 2], dim=1)
        return SlotMaps(center[:, 0], attributes, offsets)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Find objects.

        Args:
            images: (S, H, W, 3) uint8.

        Returns:
            objects (S, K, V + 2) float32, ordered by the value of their first attribute, and mask (S, K), False where
            no object was found: such rows are 0 and stand behind the others.
        """
        maps = self.find_maps(images)
        peaks = find_peaks(maps.centers.flatten(1), self.config.grid_size, self.config.n_slots)  # (S, K)
        mask = maps.centers.flatten(1).gather(1, peaks).sigmoid() > _LEAST_PROBABILITY
        attributes = _read_at(maps.attributes, peaks)  # (S, K, V)
        values = [_choose(part) for part in torch.split(attributes, list(self.config.attributes), dim=-1)]
        cells = torch.stack([peaks % self.config.grid_size, peaks // self.config.grid_size], dim=-1)  # (S, K, 2)
        pixels = (cells + _read_at(maps.offsets, peaks)) * STRIDE  # (S, K, 2)
        objects = torch.cat([*values, pixels / self._middle - 1], dim=-1) * mask[..., None]
        order = torch.where(mask, values[0].argmax(dim=-1), values[0].shape[-1]).argsort(dim=1, stable=True)  # (S, K)
        return objects.take_along_dim(order[..., None], dim=1), mask.take_along_dim(order, dim=1)

    def locate(self, objects: Tensor) -> Tensor:
        """Return the objects' centers in pixels; see `Encoder.locate`."""
        return (objects[..., -2:] + 1) * self._middle

    @property
    def _middle(self) -> float:
        """Return the image's middle row and column."""
        return (self.config.image_size - 1) / 2


def _choose(logits: Tensor) -> Tensor:
    """Return 1 for the likeliest of the last dimension's values and 0 for the others; the gradient is softmax's."""
    soft = logits.softmax(dim=-1)
    hard = functional.one_hot(logits.argmax(dim=-1), logits.shape[-1]).to(soft.dtype)
    return hard + (soft - soft.detach())


def _read_at(maps: Tensor, cells: Tensor) -> Tensor:
    """Return what maps (S, C, d, d) hold at cells (S, K) int64: (S, K, C)."""
    return maps.flatten(2).take_along_dim(cells[:, None], dim=2).transpose(1, 2)


def find_peaks(centers: Tensor, grid_size: int, n_peaks: int) -> Tensor:
    """Return (S, K) int64, the cells that none of their eight neighbors exceeds, the highest first.

    Args:
        centers: (S, d * d) logits, row by row.
        grid_size: d.
        n_peaks: K. Where a picture has fewer peaks, other cells follow, and their logits are low.
    """
    grid = torch.unflatten(centers.detach(), 1, (1, grid_size, grid_size))
    highest = functional.max_pool2d(grid, 3, stride=1, padding=1)
    peaked = torch.where(grid == highest, grid, torch.finfo(grid.dtype).min).flatten(1)
    return peaked.topk(min(n_peaks, grid_size**2), dim=1).indices
