"""Widths and heights that pictures of CLEVR scenes can have, and pixel coordinates in them.

The camera is that of 480 x 320 pictures: a picture of another size shows the same width of the scene, and as much or
more of its height.
"""

from __future__ import annotations

import math
import re
from typing import NamedTuple

import numpy as np

from rn_core.common.checks import shown
from rn_core.common.errors import RNCoreError
from rn_core.tasks.clevr.camera import HEIGHT, WIDTH

_LOWEST, _HIGHEST = 48, 1920


class PictureSize(NamedTuple):
    """Width and height of a picture in pixels; CLEVR's are 480 x 320."""

    width: int = WIDTH
    height: int = HEIGHT

    def __str__(self) -> str:
        """Return the size as `read_size` reads it."""
        return f"{self.width}x{self.height}"

    @property
    def scale(self) -> float:
        """Return how many pixels of this picture one of a 480 x 320 picture is wide."""
        return self.width / WIDTH

    def scale_area(self, pixels: int) -> int:
        """Return how many pixels show what so many of a 480 x 320 picture show, 1 at least."""
        return max(1, math.ceil(pixels * self.scale**2))

    def place(self, pixel_coords: np.ndarray) -> np.ndarray:
        """Return pixel coordinates (N, 3) of a 480 x 320 picture as this one has them: column, row, depth."""
        column, row, depth = pixel_coords.T
        return np.stack([column * self.scale, self.height / 2 + (row - HEIGHT / 2) * self.scale, depth], axis=1)


#: The size of CLEVR's own pictures.
CLEVR_SIZE = PictureSize()


def parse_size(text: str) -> PictureSize:
    """Return the size that a text such as "240x160" says, also one that is not rendered; raises RNCoreError."""
    found = re.fullmatch(r"(\d{1,5})x(\d{1,5})", text) if isinstance(text, str) else None
    if found is None:
        raise RNCoreError(f"A picture's size must be written as in 240x160, width first, got {shown(text)}; change it.")
    return PictureSize(int(found[1]), int(found[2]))


def read_size(text: str) -> PictureSize:
    """Return the size that a text such as "240x160" says.

    Raises:
        RNCoreError: for anything else, a side that is not allowed, or a picture too flat to show all objects.
    """
    size = parse_size(text)
    if not _LOWEST <= min(size) or not max(size) <= _HIGHEST:
        raise RNCoreError(f"A picture's sides must have {_LOWEST} to {_HIGHEST} pixels, got {size}; change it.")
    if size.height * WIDTH < size.width * HEIGHT:
        least = math.ceil(size.width * HEIGHT / WIDTH)
        raise RNCoreError(
            f"A picture {size.width} wide must be {least} high or more to show all objects, got {size}; "
            f"change it to {size.width}x{least}."
        )
    return size
