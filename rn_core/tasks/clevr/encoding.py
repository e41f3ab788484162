"""Scenes as object rows, and the answers in the order of the logits.

Source: Santoro et al. 2017 (arXiv 1706.01427), section 3.1 (state descriptions: 3-D coordinates, color, shape,
material, size). Where we differ: a color is one of eight bits, not r, g, b; rotation and pixel coordinates are unused.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from rn_core.common.errors import SceneError
from rn_core.tasks.clevr.placement import EXTENT
from rn_core.tasks.clevr.scene import COLORS, MATERIALS, MAX_OBJECTS, RADIUS, SHAPES, SIZES, ClevrScene

#: The 28 answers: numbers, colors, shapes, sizes, materials, yes and no (the paper counts 29).
ANSWERS = (*map(str, range(MAX_OBJECTS + 1)), *COLORS, *SHAPES, *SIZES, *MATERIALS, "yes", "no")
#: What each coordinate is divided by: x and y run from -1 to 1, z from 0.5 to 1.
_SCALE = (EXTENT, EXTENT, RADIUS[0])
#: Attributes in the order of their bits, in English, and the value of each bit.
_BITS = (
    ("color", "color", COLORS),
    ("shape", "shape", SHAPES),
    ("material", "material", MATERIALS),
    ("size", "size", SIZES),
)
#: The attributes in that order.
BIT_ORDER = tuple(name for name, _, _ in _BITS)
#: Columns of an object row: index, meaning, range.
ROW_COLUMNS = (
    (0, f"x of the center / {EXTENT:g}", "-1 to 1"),
    (1, f"y of the center / {EXTENT:g}", "-1 to 1"),
    (2, f"z of the center / {RADIUS[0]:g}", "0.5 or 1"),
    *(
        (3 + k, meaning, "0 or 1")
        for k, meaning in enumerate(f"{word} is {value}" for _, word, values in _BITS for value in values)
    ),
)
D_ROW = len(ROW_COLUMNS)
#: Columns of the place, which stand first, and the number of values of each attribute behind them.
D_COORDINATES, N_VALUES = len(_SCALE), tuple(len(values) for _, _, values in _BITS)


def encode_scenes(scenes: Sequence[ClevrScene]) -> tuple[Tensor, Tensor]:
    """Return the object rows of S scenes, padded to the one with most objects.

    Args:
        scenes: 1 or more.

    Returns:
        rows (S, N_max, 18) float32, columns as `ROW_COLUMNS`, 0 in padding; and mask (S, N_max) bool, False there.

    Raises:
        SceneError: if there is no scene.
    """
    if not scenes:
        raise SceneError("Object rows need at least one scene, got 0; add one.")
    counts = np.array([scene.n_objects for scene in scenes])
    mask = np.arange(counts.max()) < counts[:, None]  # (S, N_max)
    flat = [np.concatenate([scene.coords for scene in scenes]) / _SCALE]  # (sum of N, 3)
    for name, _, values in _BITS:
        flat.append(np.eye(len(values))[np.concatenate([scene.attributes[name] for scene in scenes])])
    rows = np.zeros((*mask.shape, D_ROW), dtype=np.float32)
    rows[mask] = np.concatenate(flat, axis=1)
    return torch.from_numpy(rows), torch.from_numpy(mask)
