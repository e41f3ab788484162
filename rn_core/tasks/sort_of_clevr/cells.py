"""Where objects lie on the grid of cells that four halving convolutions make of a 75x75 image.

Cell (row, column) looks at the image around pixel (16 * column, 16 * row), so an object belongs to the cell
nearest to its center.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from rn_core.tasks.base import CellReading
from rn_core.tasks.sort_of_clevr.encoding import D_ROW
from rn_core.tasks.sort_of_clevr.scene import COLORS, MIDDLE, SceneBatch

GRID_SIZE = 5
STRIDE = 16
_HALF = STRIDE / 2
N_CELLS = GRID_SIZE * GRID_SIZE
#: The facts of a cell about the object of one color: here (1), circle (1) or square (-1), offset in x and in y
#: (-1 to 1, in units of 8 pixels); all 0 where that object is not here.
CELL_FACTS = ("present", "circle", "x", "y")


def object_cells(scenes: SceneBatch) -> np.ndarray:
    """Return (S, 6) int64: the cell, row * 5 + column, that each object's center is nearest to."""
    column, row = np.moveaxis((scenes.centers + STRIDE // 2) // STRIDE, 2, 0)
    cells: np.ndarray = row * GRID_SIZE + column
    return cells


def keep_cells(rng: np.random.Generator, images: Tensor, n_cells: int) -> Tensor:
    """Return (S, n_cells) int64: the cells whose pixels vary most, at random among equals.

    Objects lie there: the ground is one color. Nothing but the image decides, so no label enters.

    Args:
        rng: generator.
        images: (S, 75, 75, 3) uint8.
        n_cells: 1 to 25.
    """
    gray = images.float().mean(dim=3)[:, None]
    mean, square = (
        functional.avg_pool2d(part, STRIDE, STRIDE, STRIDE // 2, count_include_pad=False) for part in (gray, gray**2)
    )
    variance = (square - mean**2).flatten(1).numpy()
    order = np.lexsort((rng.random(variance.shape), -variance))
    return torch.from_numpy(order[:, :n_cells].copy())


def cell_facts(scenes: SceneBatch) -> Tensor:
    """Return (S, 25, 6, 4) float32: `CELL_FACTS` of each color in each cell, zeros where it is not."""
    cells = object_cells(scenes)
    offset = scenes.centers - np.stack([cells % GRID_SIZE, cells // GRID_SIZE], axis=2) * STRIDE
    values = np.concatenate([scenes.present[..., None], 2 * scenes.shapes[..., None] - 1, offset / _HALF], axis=2)
    facts = np.zeros((len(scenes), N_CELLS, len(COLORS), len(CELL_FACTS)), dtype=np.float32)
    facts[np.arange(len(scenes))[:, None], cells, np.arange(len(COLORS))] = values * scenes.present[..., None]
    return torch.from_numpy(facts)


def cell_reading() -> CellReading:
    """Return how a cell becomes an object row; facts color by color, as `CELL_FACTS`, then two coordinates.

    A cell with several objects reads as the sum of their rows, position aside.
    """
    matrix = np.zeros((D_ROW, len(COLORS), len(CELL_FACTS)))
    for color in range(len(COLORS)):
        matrix[color, color, 0] = 1
    matrix[6, :, :2] = 0.5, -0.5
    matrix[7, :, :2] = 0.5, 0.5
    matrix[8, :, 2] = matrix[9, :, 3] = _HALF / MIDDLE
    middle = (GRID_SIZE - 1) / 2 * STRIDE
    coordinates = np.zeros((D_ROW, 2))
    coordinates[8, 0] = coordinates[9, 1] = middle / MIDDLE
    offset = np.zeros(D_ROW)
    offset[8:] = (middle - MIDDLE) / MIDDLE
    whole = np.concatenate([matrix.reshape(D_ROW, -1), coordinates], axis=1)
    present = whole[: len(COLORS)].sum(axis=0)
    return CellReading(*(torch.from_numpy(part).float() for part in (whole, offset, present)))
