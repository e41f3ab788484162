"""Pictures of any size as networks of Sort-of-CLEVR take them."""

from __future__ import annotations

import numpy as np
from PIL import Image

from rn_core.common.errors import SceneError
from rn_core.tasks.sort_of_clevr.scene import IMAGE_SIZE


def fit_picture(image: np.ndarray) -> np.ndarray:
    """Return the middle square of a picture, each new pixel the mean of those it covers.

    Args:
        image: (H, W, 3) uint8, RGB.

    Returns:
        (75, 75, 3) uint8; a picture of that size as it is.

    Raises:
        SceneError: for anything else.
    """
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or 0 in image.shape:
        raise SceneError(
            f"A picture must be a uint8 array of shape (height, width, 3), got {image.dtype} {image.shape}; convert it "
            "to RGB."
        )
    height, width, _ = image.shape
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    square = Image.fromarray(np.ascontiguousarray(image[top : top + side, left : left + side]))
    return np.asarray(square.resize((IMAGE_SIZE, IMAGE_SIZE), Image.Resampling.BOX))
