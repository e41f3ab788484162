"""Where each object of a rendered picture is: its mask's box and center, and its pixel coordinates."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from rn_core.tasks.clevr.picture_size import CLEVR_SIZE, PictureSize
from rn_core.tasks.clevr.scene import ClevrScene

#: Fields of an object in the scenes that are written, beside CLEVR's own.
BOX, CENTER = "bbox", "center"
_DECIMALS = 2


class Mark(NamedTuple):
    """Where the pixels are that show an object.

    Attributes:
        box: left, top, width and height of the smallest box around them, in pixels, as in COCO.
        center: their mean column and row; the first pixel's middle is 0.5.
    """

    box: tuple[int, int, int, int]
    center: tuple[float, float]


def find_marks(shown: np.ndarray, n_objects: int) -> list[Mark]:
    """Return the mark of each object.

    Args:
        shown: (H, W) int64, index of the object that each pixel shows; every object shows one or more.
        n_objects: N.
    """
    return [_find_mark(shown == index) for index in range(n_objects)]


def _find_mark(mask: np.ndarray) -> Mark:
    """Return the mark of an object that is shown where `mask` (H, W) is True."""
    rows, columns = np.nonzero(mask)
    left, top = int(columns.min()), int(rows.min())
    box = (left, top, int(columns.max()) + 1 - left, int(rows.max()) + 1 - top)
    center = (round(float(columns.mean()) + 0.5, _DECIMALS), round(float(rows.mean()) + 0.5, _DECIMALS))
    return Mark(box, center)


def describe_marked(scene: ClevrScene, shown: np.ndarray, size: PictureSize) -> dict[str, Any]:
    """Return a scene as CLEVR writes it, each object with "pixel_coords", "bbox" and "center" in its picture's pixels.

    Args:
        scene: with the pixel coordinates of a 480 x 320 picture.
        shown: as in `find_marks`.
        size: of the picture.
    """
    record = scene.to_dict()
    if scene.pixel_coords is not None and size != CLEVR_SIZE:
        for thing, (column, row, depth) in zip(record["objects"], size.place(scene.pixel_coords), strict=True):
            thing["pixel_coords"] = [round(float(column), _DECIMALS), round(float(row), _DECIMALS), float(depth)]
    for thing, mark in zip(record["objects"], find_marks(shown, scene.n_objects), strict=True):
        thing[BOX], thing[CENTER] = list(mark.box), list(mark.center)
    return record
