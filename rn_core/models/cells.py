"""Pictures to cells of a grid, through the convolution of an encoder that finds objects.

Santoro et al. 2017 (arXiv 1706.01427), section 4, take each cell of the last feature map as an object and learn the
convolution with the rest. Here the convolution has learned from labels what stands where ("supervised perception"), and
a cell holds what it says of the likeliest center of an object in it. Cells in which it sees none are empty.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from rn_core.common.errors import RNCoreError
from rn_core.models.layers import check_size
from rn_core.models.slots import LEAST_PROBABILITY, STRIDE, MapEncoder, SlotEncoderConfig


@dataclass(frozen=True)
class CellEncoderConfig:
    """Cells of a grid over a picture.

    Attributes:
        finder: of the convolution, without windows. A dict of its fields will do.
        cell_size: pixels along each side of a cell, a multiple of 4.
        n_kept: cells that a scene has at most, those likeliest to hold an object first; 0 for all, in the grid's order.
    """

    finder: SlotEncoderConfig
    cell_size: int = 16
    n_kept: int = 0

    def __post_init__(self) -> None:
        """Raise RNCoreError for a value that cannot be built."""
        if isinstance(self.finder, dict):
            object.__setattr__(self, "finder", SlotEncoderConfig(**self.finder))
        check_size("cell_size", self.cell_size)
        check_size("n_kept", self.n_kept, lowest=0)
        if self.cell_size % STRIDE:
            raise RNCoreError(f"cell_size must be a multiple of {STRIDE} pixels, got {self.cell_size}; change it.")
        if self.finder.windows is not None:
            raise RNCoreError("Cells are read from the map alone, but the finder has windows; leave them out.")
        if self.n_kept > self.n_cells:
            raise RNCoreError(f"n_kept must be at most {self.n_cells}, all cells, got {self.n_kept}; change it.")

    @property
    def grid_shape(self) -> tuple[int, int]:
        """Return the rows and columns of cells; the last ones may reach beyond the picture."""
        side = self.cell_size // STRIDE
        rows, columns = self.finder.grid_shape
        return -(-rows // side), -(-columns // side)

    @property
    def n_cells(self) -> int:
        """Return the number of cells of the grid."""
        rows, columns = self.grid_shape
        return rows * columns

    @property
    def n_objects(self) -> int:
        """Return the number of cells that the core is given."""
        return self.n_kept or self.n_cells

    @property
    def d_object(self) -> int:
        """Return the features of one cell: those of an object, and how likely one's center is in the cell."""
        return self.finder.d_object + 1


class CellEncoder(MapEncoder):
    """Pictures to a row per cell: what a found object's row has, then the probability that there is one."""

    def __init__(self, config: CellEncoderConfig) -> None:
        """Build the layers of `config`."""
        super().__init__(config.finder)
        self.config = config

    def read_cells(self, images: Tensor) -> Tensor:
        """Return all cells (S, N, D_o) of images (S, H, W, 3) uint8, row by row; empty ones are 0."""
        maps = self.find_maps(images)
        side = self.config.cell_size // STRIDE
        highest, place = functional.max_pool2d(
            maps.centers[:, None], side, ceil_mode=True, return_indices=True
        )  # (S, 1, r, c) each
        probability, place = highest.flatten(1).sigmoid(), place.flatten(1)  # (S, N)
        parts = self.describe(maps, place, self.find_pixels(maps, place))
        rows = torch.cat([*parts, probability[..., None]], dim=-1)  # (S, N, D_o)
        return rows * _is_filled(rows)[..., None]

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Return cells and which of them take part.

        Args:
            images: (S, H, W, 3) uint8; or all cells of some, as `read_cells` returned them before.

        Returns:
            objects (S, N, D_o) float, and mask (S, N), False where a cell is empty.
        """
        rows = images if images.is_floating_point() else self.read_cells(images)
        if self.config.n_kept:
            likeliest = rows[..., -1].topk(self.config.n_kept, dim=1).indices  # (S, K)
            rows = rows.take_along_dim(likeliest[..., None], dim=1)  # (S, K, D_o)
        return rows, _is_filled(rows)

    def locate(self, objects: Tensor) -> Tensor:
        """Return the likeliest centers in the cells, in pixels; see `Encoder.locate`."""
        return (objects[..., -3:-1] + 1) * self.middle(objects)


def _is_filled(rows: Tensor) -> Tensor:
    """Return (S, N) bool, whether cells (S, N, D_o) hold the center of an object."""
    return rows[..., -1] > LEAST_PROBABILITY
