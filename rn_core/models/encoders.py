"""Encoders: a scene in any form -> objects (S, N, D_o) and their mask.

Source: Santoro et al. 2017, section 4 ("Dealing with pixels"): each cell of the last feature map is an
object, tagged with its coordinates; and "Dealing with state descriptions": each row is one.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, distributed, nn

from rn_core.common.errors import RNCoreError
from rn_core.models.base import Encoder
from rn_core.models.layers import OMIT_DEFAULT, Layers, check_factor, check_size, check_sizes

#: How bytes become numbers: "ink" makes white 0 and black 2, so that an empty white background adds nothing; "light"
#: makes black 0 and white 1.
PIXEL_VALUES = ("ink", "light")


@dataclass(frozen=True)
class ImageEncoderConfig:
    """A convolutional network that halves the image at every layer.

    Attributes:
        channels: kernels of each 3x3 convolution with stride 2 and padding 1.
        image_size: height and width of the input in pixels.
        coordinates: whether two coordinate features (x, then y) are appended to every cell.
        coordinate_range: the coordinates run from minus this to this; the paper calls them arbitrary.
        pixel_values: a name in `PIXEL_VALUES`.
    """

    channels: tuple[int, ...] = (32, 32, 32, 32)
    image_size: int = 75
    coordinates: bool = True
    coordinate_range: float = field(default=1.0, metadata=OMIT_DEFAULT)
    pixel_values: str = field(default="ink", metadata=OMIT_DEFAULT)

    def __post_init__(self) -> None:
        """Raise RNCoreError for an invalid value."""
        object.__setattr__(self, "channels", check_sizes("channels", self.channels))
        check_size("image_size", self.image_size, lowest=2)
        check_factor("coordinate_range", self.coordinate_range)
        if self.pixel_values not in PIXEL_VALUES:
            raise RNCoreError(f"pixel_values must be one of {', '.join(PIXEL_VALUES)}, got {self.pixel_values!r}.")

    @property
    def grid_size(self) -> int:
        """Return d, the cells along one side of the last feature map."""
        size = self.image_size
        for _ in self.channels:
            size = (size + 1) // 2
        return size

    @property
    def n_objects(self) -> int:
        """Return the number of cells, d * d."""
        return self.grid_size**2

    @property
    def d_object(self) -> int:
        """Return the features of one cell."""
        return self.channels[-1] + 2 * self.coordinates


def make_coordinates(grid_size: int, coordinate_range: float = 1.0) -> Tensor:
    """Return (d * d, 2) float32: x then y of each cell, from minus the range at the left and top to the range.

    Cell `row * d + column`, the order in which a feature map is flattened.
    """
    line = torch.linspace(-coordinate_range, coordinate_range, grid_size)
    y, x = torch.meshgrid(line, line, indexing="ij")
    return torch.stack([x, y], dim=-1).flatten(0, 1)


class _SumOverProcesses(torch.autograd.Function):
    """The sum of a tensor over all processes; its gradient is the sum of their gradients."""

    @staticmethod
    def forward(ctx: Any, part: Tensor) -> Tensor:
        total = part.clone()
        distributed.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        total = gradient.clone()
        distributed.all_reduce(total)
        return total


class SyncedBatchNorm(nn.BatchNorm2d):
    """Batch norm over the scenes of all processes, on any device, with an option to freeze it.

    `torch.nn.SyncBatchNorm` needs a GPU. When frozen, it behaves in training as in evaluation.
    """

    frozen: Tensor
    running_mean: Tensor
    running_var: Tensor
    momentum: float

    def __init__(self, d_features: int) -> None:
        """Start unfrozen; the flag is saved with the weights."""
        super().__init__(d_features)
        self.register_buffer("frozen", torch.tensor(False))

    def forward(self, features: Tensor) -> Tensor:
        """Normalize (S, C, H, W) features per channel."""
        if not self.training or self.frozen:
            scale = self.weight * torch.rsqrt(self.running_var + self.eps)
            return features * scale[:, None, None] + (self.bias - self.running_mean * scale)[:, None, None]
        if not (distributed.is_available() and distributed.is_initialized()):
            return super().forward(features)
        return self._forward_together(features)

    def _forward_together(self, features: Tensor) -> Tensor:
        """Normalize with the mean and variance over all processes, each with equally many scenes."""
        world = distributed.get_world_size()
        moments = torch.stack([features.mean(dim=(0, 2, 3)), features.square().mean(dim=(0, 2, 3))])
        sums: Tensor = _SumOverProcesses.apply(moments)  # type: ignore[no-untyped-call]  # torch gives it no types
        mean, square = (sums / world).unbind()
        variance = square - mean.square()
        count = world * features.numel() / features.shape[1]
        with torch.no_grad():
            self.running_mean.lerp_(mean, self.momentum)
            self.running_var.lerp_(variance * count / (count - 1), self.momentum)
        scale = self.weight * torch.rsqrt(variance + self.eps)
        return features * scale[:, None, None] + (self.bias - mean * scale)[:, None, None]


class ConvolutionalEncoder(Encoder):
    """An encoder of images that begins with 3x3 convolutions, batch norm and ReLU after each."""

    def __init__(self, channels: tuple[int, ...], n_halving: int) -> None:
        """Build the convolutions.

        Args:
            channels: kernels of each.
            n_halving: how many of them, the first ones, have stride 2; the others have 1.
        """
        super().__init__()
        layers: list[nn.Module] = []
        for k, (d_in, d_out) in enumerate(pairwise((3, *channels))):
            stride = 2 if k < n_halving else 1
            layers += [nn.Conv2d(d_in, d_out, 3, stride=stride, padding=1), SyncedBatchNorm(d_out), nn.ReLU()]
        self.layers = Layers(*layers)

    @abstractmethod
    def read_pixels(self, images: Tensor) -> Tensor:
        """Return bytes (S, H, W, 3) as the numbers (S, 3, H, W) that the first convolution takes."""

    def summarize(self, images: Tensor) -> Tensor:
        """Return what the convolutions compute of images, in short.

        Args:
            images: (S, H, W, 3) uint8.

        Returns:
            (S, 2 * C): the mean, then the standard deviation of each channel after each ReLU, C channels in all.
        """
        parts = []
        with torch.autocast(images.device.type, enabled=False):
            features = self.read_pixels(images)  # (S, 3, H, W)
            for layer in self.layers:
                features = layer(features)
                if isinstance(layer, nn.ReLU):
                    deviation, mean = torch.std_mean(features, dim=(2, 3), correction=0)  # (S, C) each
                    parts += [mean, deviation]
        return torch.cat(parts, dim=1)

    def freeze_statistics(self) -> None:
        """Make batch norm use its running statistics from now on, also during training."""
        for layer in self.layers:
            if isinstance(layer, SyncedBatchNorm):
                layer.frozen.fill_(True)


class ImageEncoder(ConvolutionalEncoder):
    """Images to cells: convolution, batch norm and ReLU per layer; then the coordinates."""

    coordinates: Tensor

    def __init__(self, config: ImageEncoderConfig) -> None:
        """Build the layers of `config`."""
        super().__init__(config.channels, n_halving=len(config.channels))
        self.config = config
        coordinates = make_coordinates(config.grid_size, config.coordinate_range)
        self.register_buffer("coordinates", coordinates, persistent=False)

    def forward(self, images: Tensor) -> tuple[Tensor, None]:
        """Encode images, in 32 bits even under autocast (bf16 upsets the batch statistics).

        Args:
            images: (S, H, W, 3) uint8.

        Returns:
            objects (S, d * d, C + 2), and None: no cell is padding.
        """
        with torch.autocast(images.device.type, enabled=False):
            pixels = self.read_pixels(images)  # (S, 3, H, W)
            cells = self.layers(pixels)  # (S, C, d, d)
            return self._tag(cells), None

    def trace(self, images: Tensor) -> tuple[Tensor, Tensor, tuple[Tensor, ...]]:
        """Return objects as `forward` does, and the results before them.

        Returns:
            objects (S, d * d, C + 2); the numbers that the bytes become (S, 3, H, W); and each convolution's output
            after its ReLU, (S, C, h, w) each.
        """
        maps = []
        with torch.autocast(images.device.type, enabled=False):
            features = pixels = self.read_pixels(images)  # (S, 3, H, W)
            for layer in self.layers:
                features = layer(features)
                if isinstance(layer, nn.ReLU):
                    maps.append(features)
            return self._tag(features), pixels, tuple(maps)

    def read_pixels(self, images: Tensor) -> Tensor:
        """Return bytes (S, H, W, 3) as numbers, converted as `ImageEncoderConfig.pixel_values` says."""
        dtype = next(self.layers.parameters()).dtype
        ink = self.config.pixel_values == "ink"
        pixels = (255 - images if ink else images).permute(0, 3, 1, 2).to(dtype)  # (S, 3, H, W)
        pixels = pixels * ((2 if ink else 1) / 255)
        return pixels

    def _tag(self, features: Tensor) -> Tensor:
        """Return the cells of a feature map (S, C, d, d) as objects, with coordinates appended."""
        cells = features.flatten(2).transpose(1, 2)  # (S, d * d, C)
        if not self.config.coordinates:
            return cells
        coordinates = self.coordinates.to(cells.dtype).expand(len(cells), -1, -1)  # (S, d * d, 2)
        return torch.cat([cells, coordinates], dim=-1)  # (S, d * d, C + 2)


@dataclass(frozen=True)
class RowEncoderConfig:
    """Object rows used as they are.

    Attributes:
        d_object: features of one row.
        n_objects: with pair features, the most rows N of a scene; else unused.
        d_pair: features of a pair. With `n_objects`, a row then ends in its own place among N, one-hot, and its
            features with each of the N, (N, d_pair) row by row.
        center_at: column of an object's x, followed by y; the one feature of a pair is then the distance between
            its two centers, in the rows' unit. None if rows hold no centers to compare.
        distance_scale: factor on that distance.
    """

    d_object: int
    n_objects: int = field(default=0, metadata=OMIT_DEFAULT)
    d_pair: int = field(default=0, metadata=OMIT_DEFAULT)
    center_at: int | None = field(default=None, metadata=OMIT_DEFAULT)
    distance_scale: float = field(default=1.0, metadata=OMIT_DEFAULT)

    def __post_init__(self) -> None:
        """Raise RNCoreError for a size that cannot be built."""
        for name, lowest in (("d_object", 1), ("n_objects", 0), ("d_pair", 0)):
            check_size(name, getattr(self, name), lowest)
        check_factor("distance_scale", self.distance_scale)
        if self.center_at is not None and not (self.d_pair == 1 and 0 <= self.center_at <= self.d_object - 2):
            raise RNCoreError(
                f"Centers at column {self.center_at!r} must lie within {self.d_object} features and give d_pair 1, got "
                f"d_pair {self.d_pair!r}; change one of them."
            )
        if self.d_pair and self.d_object < self.n_objects * (1 + self.d_pair):
            raise RNCoreError(
                f"d_object must be {self.n_objects * (1 + self.d_pair)} or more for {self.n_objects} objects with "
                f"{self.d_pair} pair features, got {self.d_object}; choose another size."
            )


class RowEncoder(Encoder):
    """Object rows to objects: each row is one, padding is masked."""

    def __init__(self, config: RowEncoderConfig) -> None:
        """Keep `config`; there is nothing to learn."""
        super().__init__()
        self.config = config

    def forward(self, rows: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Return rows (S, N, D_o) and mask (S, N) unchanged.

        N need not be the largest size that a scene can have: rows are padded to the largest scene of the batch. A
        Relation Network computes only pairs that exist, so batches need not be sorted; only the memory of the rows
        grows with the padding.
        """
        return rows, mask

    def compare(self, first: Tensor, second: Tensor) -> Tensor | None:
        """Return the distance between centers, or the pair features that first rows hold of second ones; or None."""
        n, d_pair, at = self.config.n_objects, self.config.d_pair, self.config.center_at
        if at is not None:
            apart = first[..., at : at + 2] - second[..., at : at + 2]  # (..., 2)
            distance: Tensor = apart.norm(dim=-1, keepdim=True) * self.config.distance_scale
            return distance
        if not d_pair:
            return None
        tail = n * (1 + d_pair)
        place = second[..., -tail : second.shape[-1] - n * d_pair]  # (..., N)
        held = torch.unflatten(first[..., -n * d_pair :], -1, (n, d_pair))  # (..., N, D_p)
        return torch.einsum("...n,...np->...p", place, held)
