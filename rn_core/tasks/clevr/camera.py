"""CLEVR's camera: a pinhole that looks at the middle of the ground, moved a little for every scene.

Source: Johnson et al. 2017 (arXiv 1612.06890), supplement A (a jittered camera); its place, its jitter and its focal
length are fitted to the pixel coordinates of real scene graphs, which it explains up to their rounding.
"""

from __future__ import annotations

import numpy as np

from rn_core.common.seeding import uniform_integers

WIDTH, HEIGHT = 480, 320
#: Focal length in pixels of a 480 x 320 picture: 35 mm on a sensor 32 mm wide.
FOCAL = 525.0
#: Where the camera stands before it is moved; it looks at the origin, z is up.
POSITION = (7.481, -6.508, 5.344)
#: Every coordinate of the place is moved by up to this much.
JITTER = 0.5
_STEPS = 8
#: A depth is given to about 0.003, a pixel to 0.5.
_DEPTH_WEIGHT = 100.0
_MOVE = 1e-5


def sample_cameras(rng: np.random.Generator, n_cameras: int) -> np.ndarray:
    """Return places (C, 3) float64 of cameras, uniform in the cube of side 2 `JITTER` around `POSITION`."""
    drawn = uniform_integers(rng, 2**32, (n_cameras, 3))
    return np.array(POSITION) + JITTER * (drawn / 2**31 - 1)


def view_axes(position: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the unit vectors (..., 3) to the picture's right, to its top, and along the view.

    Args:
        position: (..., 3) float64, place of the camera; not above the origin.
    """
    x, y, z = np.moveaxis(position, -1, 0)
    ground = np.sqrt(x * x + y * y)
    distance = np.sqrt(x * x + y * y + z * z)
    right = np.stack([-y / ground, x / ground, np.zeros_like(x)], axis=-1)
    top = np.stack([-x * z / (ground * distance), -y * z / (ground * distance), ground / distance], axis=-1)
    return right, top, -position / distance[..., None]


def project(coords: np.ndarray, position: np.ndarray) -> np.ndarray:
    """Return where points appear: (..., N, 3) float64, column and row in pixels, depth along the view's axis.

    Args:
        coords: (..., N, 3) float64, in front of the camera.
        position: (..., 3) float64, place of the camera.
    """
    offset = coords - position[..., None, :]
    across, up, depth = (_dot(offset, axis[..., None, :]) for axis in view_axes(position))
    return np.stack([WIDTH / 2 + FOCAL * across / depth, HEIGHT / 2 - FOCAL * up / depth, depth], axis=-1)


def fit_camera(coords: np.ndarray, pixel_coords: np.ndarray) -> np.ndarray:
    """Return the place (3,) float64 from which points appear where they do, by Gauss-Newton steps from `POSITION`.

    Args:
        coords: (N, 3) float64.
        pixel_coords: (N, 3) float64: column, row, depth. Two points or more settle the place; with fewer it is the
            nearest one to `POSITION`.
    """
    weights = np.array([1.0, 1.0, _DEPTH_WEIGHT])
    position = np.array(POSITION)
    for _ in range(_STEPS):
        seen = project(coords, position)
        moved = [project(coords, position + _MOVE * axis) - seen for axis in np.eye(3)]
        slopes = np.stack([(move * weights).ravel() / _MOVE for move in moved], axis=1)  # (3 N, 3)
        position = position + np.linalg.lstsq(slopes, ((pixel_coords - seen) * weights).ravel(), rcond=None)[0]
    return position


def _dot(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return the dot product of the last axes in a fixed order of sums, so that every platform gets the same bits."""
    product: np.ndarray = one * other
    total: np.ndarray = product[..., 0] + product[..., 1] + product[..., 2]
    return total
