"""Scenes and questions to tensors."""

from __future__ import annotations

from types import MappingProxyType

import numpy as np
import torch
from torch import Tensor

from rn_core.common.errors import RNCoreError, SceneError
from rn_core.common.seeding import uniform_integers
from rn_core.tasks.sort_of_clevr.rendering import render_scenes
from rn_core.tasks.sort_of_clevr.scene import COLORS, IMAGE_SIZE, MIDDLE, N_OBJECTS, SHAPES, SceneBatch

#: Columns of an object row: index, meaning, range.
ROW_COLUMNS = (
    *((k, f"color is {color}", "0 or 1") for k, color in enumerate(COLORS)),
    *((N_OBJECTS + k, f"shape is {shape}", "0 or 1") for k, shape in enumerate(SHAPES)),
    (8, "x of the center, (pixels - 37) / 37", "-1 to 1"),
    (9, "y of the center, (pixels - 37) / 37", "-1 to 1"),
)
D_ROW = len(ROW_COLUMNS)


def encode_rows(scenes: SceneBatch) -> tuple[Tensor, Tensor]:
    """Return object rows (S, 6, 10) float32, one a color slot, columns as `ROW_COLUMNS`, and mask (S, 6) bool."""
    colors = np.broadcast_to(np.arange(N_OBJECTS), scenes.shapes.shape)
    return stack_rows(one_hot(colors, len(COLORS)), one_hot(scenes.shapes, len(SHAPES)), scenes.centers, scenes.present)


def one_hot(index: np.ndarray, n: int) -> np.ndarray:
    """Return (..., n) float64 with a 1 at each index (...), 0 to n - 1."""
    rows: np.ndarray = np.eye(n)[index]
    return rows


def stack_rows(
    colors: np.ndarray, shapes: np.ndarray, centers: np.ndarray, present: np.ndarray
) -> tuple[Tensor, Tensor]:
    """Return object rows and their mask.

    Args:
        colors: (S, N, C), one-hot.
        shapes: (S, N, K), one-hot.
        centers: (S, N, 2), x then y in pixels.
        present: (S, N) bool, False where a row stays 0.

    Returns:
        rows (S, N, C + K + 2) float32: color, shape, x and y of the center as (pixels - 37) / 37; mask (S, N) bool.
    """
    rows = np.concatenate([colors, shapes, (centers - MIDDLE) / MIDDLE], axis=-1)
    rows = np.where(present[..., None], rows, 0).astype(np.float32)
    return torch.from_numpy(rows), torch.from_numpy(present.copy())


def shuffle_rows(rng: np.random.Generator, rows: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Return every scene's rows and mask in a random order: objects are a set, so no model may rely on it."""
    keys = uniform_integers(rng, 2**32, mask.shape)
    order = torch.from_numpy(np.argsort(keys, axis=1, kind="stable"))
    return rows.take_along_dim(order[..., None], dim=1), mask.take_along_dim(order, dim=1)


def encode_images(scenes: SceneBatch) -> tuple[Tensor]:
    """Return images (S, 75, 75, 3) uint8, in a tuple as encoders take them."""
    return (torch.from_numpy(render_scenes(scenes)),)


#: What a model sees of a scene: the name of the view -> scenes to the encoder's inputs.
VIEWS = MappingProxyType({"pixels": encode_images, "objects": encode_rows})


def check_image(image: np.ndarray) -> np.ndarray:
    """Return the image; raises SceneError unless it is (75, 75, 3) uint8."""
    if not isinstance(image, np.ndarray) or image.dtype != np.uint8 or image.shape != (IMAGE_SIZE, IMAGE_SIZE, 3):
        got = f"{image.dtype} {image.shape}" if isinstance(image, np.ndarray) else type(image).__name__
        raise SceneError(
            f"An image must be a uint8 array of shape ({IMAGE_SIZE}, {IMAGE_SIZE}, 3), got {got}; "
            "convert it to RGB and resize it."
        )
    return image


def check_rows(rows: np.ndarray, n_most: int = N_OBJECTS) -> np.ndarray:
    """Return object rows as float32; raises SceneError unless they are (N, 10), 1 <= N <= `n_most`, finite."""
    try:
        given = np.asarray(rows)
        with np.errstate(over="ignore"):  # what is too large becomes infinite, which is refused below
            array = given.astype(np.float32, casting="same_kind" if given.dtype.kind == "c" else "unsafe")
    except (ValueError, TypeError, OverflowError) as err:
        raise SceneError(f"Object rows must be a table of numbers, got {str(rows)[:60]!r}; see ROW_COLUMNS.") from err
    if array.ndim != 2 or array.shape[1] != D_ROW or not 1 <= len(array) <= n_most or not np.isfinite(array).all():
        raise SceneError(
            f"Object rows must be finite numbers of shape (1 to {n_most}, {D_ROW}), got shape {array.shape}; "
            "see ROW_COLUMNS for their meaning."
        )
    return array


def check_view(view: str) -> str:
    """Return the view; raises RNCoreError unless it is a key of `VIEWS`."""
    if view not in VIEWS:
        raise RNCoreError(f"view must be one of {', '.join(VIEWS)}, got {view!r}.")
    return view
