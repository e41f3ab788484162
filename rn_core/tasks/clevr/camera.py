"""CLEVR's camera: a pinhole that looks at the middle of the ground, moved a little for every scene.

Source: Johnson et al. 2017 (arXiv 1612.06890), supplement A (a jittered camera); its place, its jitter and its focal
length are fitted to the pixel coordinates of real scene graphs, which it explains up to their rounding.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import numpy as np

from rn_core.common.seeding import uniform_integers

WIDTH, HEIGHT = 480, 320
#: Focal length in pixels of a 480 x 320 picture: 35 mm on a sensor 32 mm wide.
FOCAL = 525.0
#: Where the camera stands before it is moved; it looks at the origin, z is up.
POSITION = (7.481, -6.508, 5.344)
#: Every coordinate of the place is moved by up to this much.
JITTER = 0.5
#: How far along an axis a scene's camera may stand from `POSITION`.
FURTHEST = 2.0
#: How far along an axis a fitted place may be from there to be one of CLEVR's cameras.
USUAL = 1.5 * JITTER
_STEPS = 8
#: A depth is given to about 0.003, a pixel to 0.5.
_DEPTH_WEIGHT = 100.0
_MOVE = 1e-5
#: Of a camera that is like CLEVR's: deviation of its place along an axis, of a rounded pixel, and of a depth.
_SPREAD, _PIXEL_NOISE, _DEPTH_NOISE = 0.3, 0.3, 0.003
#: Steps to the likeliest place.
_SIZE_STEPS = 12
#: What pictures measure in public sets and by default; one near an estimate is taken if its misfit is small.
_KNOWN_SIZES = (
    *(
        (WIDTH, HEIGHT),
        (320, 240),
        (640, 480),
        (800, 600),
        (1024, 768),
        (480, 360),
        (1280, 720),
        (1920, 1080),
        (960, 540),
        (960, 640),
    ),
    *((240, 160), (640, 360), (64, 64), (112, 112), (128, 128), (224, 224), (256, 256), (336, 336), (384, 384)),
    *((512, 512), (1024, 1024), (160, 120), (600, 400), (720, 480), (1440, 960)),
)
_NEAR, _SURE = 0.12, 0.5
#: Points, rounded to pixels, that settle a camera's place.
_SETTLED = 3


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
        pixel_coords: (N, 3) float64: column, row, depth. Three points or more settle the place; with fewer it is
            the likeliest for a camera like CLEVR's.
    """
    if len(coords) < _SETTLED:
        return fit_near(coords, pixel_coords)
    weights = np.array([1.0, 1.0, _DEPTH_WEIGHT])
    position = np.array(POSITION)
    for _ in range(_STEPS):
        seen = project(coords, position)
        moved = [project(coords, position + _MOVE * axis) - seen for axis in np.eye(3)]
        slopes = np.stack([(move * weights).ravel() / _MOVE for move in moved], axis=1)  # (3 N, 3)
        position = position + np.linalg.lstsq(slopes, ((pixel_coords - seen) * weights).ravel(), rcond=None)[0]
    return position


def fit_near(coords: np.ndarray, pixel_coords: np.ndarray) -> np.ndarray:
    """Return the likeliest place (3,) float64 of a camera like CLEVR's; arguments as `fit_camera`, N from 1."""
    return _fit_likeliest(coords, pixel_coords, np.array(POSITION), project)


def fit_all(coords: np.ndarray, pixel_coords: np.ndarray) -> list[np.ndarray]:
    """Return the places (3,) float64 of the camera that the ways to fit it find; arguments as `fit_camera`."""
    places = []
    for fit in (fit_camera, fit_near):
        with np.errstate(all="ignore"), contextlib.suppress(np.linalg.LinAlgError):
            places.append(fit(coords, pixel_coords))
    return places


def fit_seen(coords: np.ndarray, pixels: np.ndarray) -> np.ndarray:
    """Return the likeliest place (3,) float64 of a camera like CLEVR's where depths are unknown.

    Args:
        coords: (N, 3) float64, N from 1.
        pixels: (N, 2) float64: column, row.
    """

    def see(points: np.ndarray, position: np.ndarray) -> np.ndarray:
        return project(points, position) * (1.0, 1.0, 0.0)

    flat = np.concatenate([pixels, np.zeros((len(pixels), 1))], axis=1)
    return _fit_likeliest(coords, flat, np.array(POSITION), see)


def guess_size(coords: np.ndarray, pixel_coords: np.ndarray) -> tuple[int, int] | None:
    """Return width and height of the picture that pixel coordinates belong to, if a camera like CLEVR's took it.

    Args:
        coords: (N, 3) float64.
        pixel_coords: (N, 3) float64, in a picture of unknown size.

    Returns:
        a common size where one is near, else the estimate; None if no size explains the coordinates.
    """
    start = np.array([*POSITION, WIDTH, HEIGHT], dtype=np.float64)
    found = _fit_likeliest(coords, pixel_coords, start, _at_any_size)[3:]
    if not np.isfinite(found).all() or not (found >= 1).all():
        return None
    near = [size for size in _KNOWN_SIZES if (np.abs(size - found) <= _NEAR * found).all()]
    sizes = {size: _misfit_in(coords, pixel_coords, size) for size in (*near, (round(found[0]), round(found[1])))}
    known = min(near, key=sizes.__getitem__, default=None)
    if known is not None and sizes[known] < _SURE:
        return known
    size = min(sizes, key=sizes.__getitem__)
    return size if sizes[size] < 1 else None


def _misfit_in(coords: np.ndarray, pixel_coords: np.ndarray, size: tuple[int, int]) -> float:
    """Return the misfit of the likeliest camera if the picture has a size; infinite if it is unlike CLEVR's."""
    scaled = scale_pixels(pixel_coords, *size)
    position = fit_near(coords, scaled)
    if not is_usual(position):
        return np.inf
    return misfit(coords, scaled, position, max(1.0, WIDTH / size[0]))


def scale_pixels(pixel_coords: np.ndarray, width: int, height: int) -> np.ndarray:
    """Return pixel coordinates (N, 3) of a picture of another size as the same camera has them in one of 480 x 320."""
    scale = WIDTH / width
    column, row, depth = pixel_coords.T
    return np.stack([column * scale, HEIGHT / 2 + (row - height / 2) * scale, depth], axis=1)


def misfit(coords: np.ndarray, pixel_coords: np.ndarray, position: np.ndarray, pixel: float = 1.0) -> float:
    """Return how badly a camera explains where points appear: 1 for a point 3 pixels or 0.1 in depth from its place.

    Args:
        coords: (N, 3) float64.
        pixel_coords: (N, 3) float64.
        position: (3,) float64, of the camera.
        pixel: size of the pixels to which coordinates were rounded.
    """
    gap = np.abs(project(coords, position) - pixel_coords) / (3 * pixel, 3 * pixel, 0.1)
    return float(gap.max()) if np.isfinite(gap).all() else np.inf


def is_usual(position: np.ndarray) -> bool:
    """Return whether a fitted place (3,) can be one of CLEVR's cameras."""
    return bool(np.abs(position - POSITION).max() <= USUAL)


def _at_any_size(coords: np.ndarray, unknowns: np.ndarray) -> np.ndarray:
    """Return where points appear in a picture of a size, unknowns (5,): place, width, height."""
    column, row, depth = project(coords, unknowns[:3]).T
    scale = unknowns[3] / WIDTH
    return np.stack([column * scale, unknowns[4] / 2 + (row - HEIGHT / 2) * scale, depth], axis=1)


def _fit_likeliest(
    coords: np.ndarray, pixel_coords: np.ndarray, start: np.ndarray, see: Callable[[np.ndarray, np.ndarray], np.ndarray]
) -> np.ndarray:
    """Return the unknowns (K,) float64, of which the first three are a place that is probably near `POSITION`.

    Gauss-Newton steps on squared deviations, of the points and of the place, each divided by what is usual for it.
    """
    weights = 1 / np.array([_PIXEL_NOISE, _PIXEL_NOISE, _DEPTH_NOISE])
    prior = np.eye(3, len(start)) / _SPREAD
    unknowns = start
    with np.errstate(all="ignore"):
        for _ in range(_SIZE_STEPS):
            seen = see(coords, unknowns)
            moves = [see(coords, unknowns + _MOVE * axis) - seen for axis in np.eye(len(start))]
            slopes = np.stack([(move * weights).ravel() / _MOVE for move in moves], axis=1)
            gaps = [((pixel_coords - seen) * weights).ravel(), prior @ (start - unknowns)]
            if not np.isfinite(slopes).all():
                break
            unknowns = unknowns + np.linalg.lstsq(np.vstack([slopes, prior]), np.concatenate(gaps), rcond=None)[0]
    return unknowns


def _dot(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return the dot product of the last axes in a fixed order of sums, so that every platform gets the same bits."""
    product: np.ndarray = one * other
    total: np.ndarray = product[..., 0] + product[..., 1] + product[..., 2]
    return total
