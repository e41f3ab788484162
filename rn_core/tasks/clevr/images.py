"""Pictures of any size as pixel models take them."""

from __future__ import annotations

from typing import Any

import numpy as np
from PIL import Image

from rn_core.common.errors import SceneError
from rn_core.tasks.clevr.image_cache import SIDE

_MAX_SIDE = 10_000


def resize_image(image: Any, shape: tuple[int, int] = (SIDE, SIDE)) -> np.ndarray:
    """Return a picture resized bilinearly, without regard to its proportions (Santoro et al. 2017, section 4).

    Args:
        image: (H, W, 3) uint8, RGB; CLEVR's are 320 x 480.
        shape: height and width of the result.

    Returns:
        (height, width, 3) uint8.

    Raises:
        SceneError: for anything else, or a side of more than 10,000 pixels.
    """
    small = Image.fromarray(check_picture(image)).resize(shape[::-1], Image.Resampling.BILINEAR)
    return np.asarray(small)


def check_picture(image: Any) -> np.ndarray:
    """Return the picture; raises SceneError unless it is one that `resize_image` takes."""
    is_picture = isinstance(image, np.ndarray) and image.dtype == np.uint8 and image.ndim == 3 and image.shape[2] == 3
    if not is_picture or not all(0 < side <= _MAX_SIDE for side in image.shape):
        got = f"{image.dtype} {image.shape}" if isinstance(image, np.ndarray) else type(image).__name__
        raise SceneError(
            f"A picture must be a uint8 array of shape (height, width, 3) with sides of 1 to {_MAX_SIDE:,} pixels, "
            f"got {got}; convert it to RGB, or draw the scene first."
        )
    picture: np.ndarray = image
    return picture
