"""From the cells of a convolutional encoder to the objects of a scene.

A cell is not an object: its receptive field covers several. The mapping here is a convention, chosen to be simple and
to keep totals: every pixel belongs to the cell with the nearest receptive-field center, and a cell's pairs are divided
among the objects by their pixels in that cell. A cell without object pixels counts as ground.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from rn_core.attribution.objects import check_square
from rn_core.common.errors import RNCoreError


def cell_weights(object_masks: np.ndarray | Tensor, grid_size: int = 5, stride: int = 16) -> Tensor:
    """Return the share of each object in each cell.

    Cell (row r, column c) has its center at pixel (x = stride * c, y = stride * r); pixel (x, y) belongs to the nearest
    center, column (x + stride // 2) // stride and likewise for rows, and beyond the last center to the last cell;
    halfway between two it belongs to the later one. The weight of object k in a cell is its pixels there over all
    objects' pixels there.

    Args:
        object_masks: (K, H, W) bool, the pixels of each object.
        grid_size: cells per side d.
        stride: pixels between two centers; 2^L for L layers of stride 2.

    Returns:
        (d * d, K + 1) float64, row `r * d + c`; each row sums to 1. The last column is ground: 1 in a cell without
        object pixels, else 0.

    Raises:
        RNCoreError: if the masks are not (K, H, W) bool, or a size is below 1.
    """
    masks = _check_masks(object_masks)
    if grid_size < 1 or stride < 1:
        raise RNCoreError(f"grid_size and stride must be 1 or more, got {grid_size!r} and {stride!r}.")
    n_objects, height, width = masks.shape
    rows, columns = (
        ((torch.arange(length) + stride // 2) // stride).clamp(max=grid_size - 1) for length in (height, width)
    )
    cell = (rows[:, None] * grid_size + columns).flatten()  # (H * W,)
    pixels = torch.zeros(grid_size**2, n_objects + 1, dtype=torch.float64)
    pixels[:, :-1].index_add_(0, cell, masks.flatten(1).T.to(pixels.dtype))
    pixels[:, -1] = pixels.sum(dim=1) == 0
    return pixels / pixels.sum(dim=1, keepdim=True)


def found_weights(places: Tensor, object_masks: np.ndarray | Tensor) -> Tensor:
    """Return which object of a scene each found object is: the one whose pixels its center lies on.

    Args:
        places: (N, 2), x and y of each found object's center in pixels.
        object_masks: (K, H, W) bool, the pixels of each object.

    Returns:
        (N, K + 1) float64, as `cell_weights`: 1 for that object, or for the ground where the center is on none.

    Raises:
        RNCoreError: if the masks are not (K, H, W) bool.
    """
    masks = _check_masks(object_masks)
    n_objects, height, width = masks.shape
    x, y = places.round().long().unbind(dim=1)  # (N,) each
    hit = masks[:, y.clamp(0, height - 1), x.clamp(0, width - 1)].T  # (N, K)
    whose = torch.where(hit.any(dim=1), hit.int().argmax(dim=1), n_objects)  # (N,)
    return torch.nn.functional.one_hot(whose, n_objects + 1).to(torch.float64)


def _check_masks(object_masks: np.ndarray | Tensor) -> Tensor:
    """Return masks as a tensor; raises RNCoreError unless they are (K, H, W) bool."""
    masks = torch.as_tensor(object_masks)
    if masks.dim() != 3 or masks.dtype != torch.bool:
        raise RNCoreError(f"object_masks must be (K, H, W) bool, got {tuple(masks.shape)} {masks.dtype}.")
    return masks


def merge_cells(matrix: Tensor, weights: Tensor) -> Tensor:
    """Return the pair matrix of objects from the pair matrix of cells: W^T M W.

    Args:
        matrix: (C, C) contributions of pairs of cells.
        weights: (C, K + 1) from `cell_weights`.

    Returns:
        (K + 1, K + 1) float64, ground last; its sum is the sum of `matrix`.

    Raises:
        RNCoreError: if the shapes do not match, or a row of weights does not sum to 1.
    """
    n_cells = check_square(matrix)
    if weights.dim() != 2 or len(weights) != n_cells:
        raise RNCoreError(f"weights must have shape ({n_cells}, K + 1), one row per cell, got {tuple(weights.shape)}.")
    weights = weights.to(torch.float64)
    total = weights.sum(dim=1)
    if not torch.allclose(total, torch.ones_like(total), rtol=0, atol=1e-9):
        raise RNCoreError(
            f"Each row of weights must sum to 1, got {total.min().item():g} to {total.max().item():g}; "
            "compute them with cell_weights."
        )
    return weights.T @ matrix.to(torch.float64) @ weights
