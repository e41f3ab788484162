"""Images shifted and rotated slightly, so that a network does not memorize its training pictures.

Source: Santoro et al. 2017, supplement B: images of 128 x 128 pixels padded to 136 x 136, a random crop of 128 x 128,
a random rotation of -0.05 to 0.05 radians. The paper does not specify the padding; here the edge is repeated.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from rn_core.common.seeding import uniform_integers

#: Pixels of padding on each side; largest angle in radians.
PADDING, MAX_ANGLE = 4, 0.05


def augment_images(images: Tensor, rng: np.random.Generator, first: int = 0, n_all: int | None = None) -> Tensor:
    """Return each image shifted by up to 4 pixels and rotated about its center by up to 0.05 radians.

    Args:
        images: (S, H, H, 3) uint8, on any device.
        rng: generator over PCG64.
        first: index of the first image among all for which shifts are drawn, including those of other processes.
        n_all: number of these images; None for S.

    Returns:
        (S, H, H, 3) uint8.
    """
    n_all, part = n_all or len(images), slice(first, first + len(images))
    shifts = uniform_integers(rng, 2 * PADDING + 1, (n_all, 2)) - PADDING
    angles = (uniform_integers(rng, 2**32, (n_all,)) / 2**31 - 1) * MAX_ANGLE
    return move_images(images, torch.from_numpy(shifts[part]), torch.from_numpy(angles[part]))


def move_images(images: Tensor, shifts: Tensor, angles: Tensor) -> Tensor:
    """Return images seen through a window that is shifted, then rotated about its own center.

    Args:
        images: (S, H, H, 3) uint8.
        shifts: (S, 2) pixels to the right and down.
        angles: (S,) radians, clockwise on the screen.

    Returns:
        (S, H, H, 3) uint8, bilinearly interpolated; outside, the edge is repeated.
    """
    cos, sin = angles.cos(), angles.sin()
    x, y = (2 * shifts / images.shape[1]).unbind(dim=1)  # in halves of the image's side, the unit of `affine_grid`
    matrix = torch.stack([cos, -sin, x, sin, cos, y], dim=1).view(-1, 2, 3)  # (S, 2, 3)
    pixels = images.permute(0, 3, 1, 2).float()  # (S, 3, H, H)
    places = functional.affine_grid(matrix.to(pixels), list(pixels.shape), align_corners=False)  # (S, H, H, 2)
    moved = functional.grid_sample(pixels, places, "bilinear", "border", align_corners=False)  # (S, 3, H, H)
    return moved.round().to(torch.uint8).permute(0, 2, 3, 1)  # (S, H, H, 3)
