"""Random CLEVR scenes: how many objects, what they are, where they stand, and whether the camera sees them all.

Source: Johnson et al. 2017 (arXiv 1612.06890), section 3.1 and supplement A. As there, a place is tried 50 times and
then the whole scene starts again, with as many objects and the same camera; so does a scene in which an object shows
fewer than 200 pixels. Where we differ: what hides what is judged by discs, not by a rendered picture.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from rn_core.common.checks import is_whole
from rn_core.common.errors import SceneError
from rn_core.common.seeding import uniform_fractions, uniform_integers
from rn_core.tasks.clevr.camera import FOCAL, project, sample_cameras
from rn_core.tasks.clevr.placement import EXTENT, MIN_GAP, MIN_OFFSET, distances
from rn_core.tasks.clevr.scene import (
    COLORS,
    MATERIALS,
    MAX_OBJECTS,
    RADIUS,
    SHAPES,
    SIZES,
    ClevrScene,
)

MIN_OBJECTS = 3
#: Pixels of a 480 x 320 picture that every object must show.
MIN_PIXELS = 200
_TRIES = 50
#: Scenes drawn side by side; the first ones of many are the same as those of few.
_BLOCK = 64
#: Radius of the disc that stands for an object, by `SHAPES`, as a multiple of its own radius: it has the area of the
#: object's outline, seen from the camera's height and averaged over all rotations about z.
_OUTLINE = (1.43, 1.0, 1.26)
#: Cells across a disc; those with their middle in it stand for equal shares of its area.
_CELLS = 16


class _Draft(NamedTuple):
    """Drawn scenes as arrays, padded to ten objects.

    Attributes:
        n_objects: (K,) int64, 3 to 10.
        cameras: (K, 3) float64, place of the camera.
        sizes: (K, 10) int64, index into `SIZES`.
        colors: (K, 10) int64, index into `COLORS`.
        materials: (K, 10) int64, index into `MATERIALS`.
        shapes: (K, 10) int64, index into `SHAPES`.
        coords: (K, 10, 3) float64.
        rotation: (K, 10) float64, 0 to 360.
        valid: (K,) bool, whether every object found a place and shows enough of itself.
    """

    n_objects: np.ndarray
    cameras: np.ndarray
    sizes: np.ndarray
    colors: np.ndarray
    materials: np.ndarray
    shapes: np.ndarray
    coords: np.ndarray
    rotation: np.ndarray
    valid: np.ndarray


def sample_scenes(rng: np.random.Generator, n_scenes: int) -> list[ClevrScene]:
    """Draw scenes with 3 to 10 objects by CLEVR's rules, with the pixel coordinates of their own camera.

    Args:
        rng: generator over PCG64; the first k of n scenes are the same for every n >= k.
        n_scenes: number of scenes, 1 or more.

    Raises:
        SceneError: if `n_scenes` is below 1.
    """
    if not is_whole(n_scenes) or n_scenes < 1:
        raise SceneError(f"The number of scenes must be a whole number of 1 or more, got {n_scenes!r}; choose another.")
    scenes: list[ClevrScene] = []
    while len(scenes) < n_scenes:
        scenes += _sample_block(rng, n_scenes - len(scenes))
    return scenes


def sample_scene(rng: np.random.Generator) -> ClevrScene:
    """Draw one scene; see `sample_scenes`."""
    return sample_scenes(rng, 1)[0]


def sample_only_scene(rng: np.random.Generator) -> ClevrScene:
    """Return the scene that `sample_scene` draws, sooner; what `rng` gives after it is not defined."""
    return _sample_block(rng, 1, is_last=True)[0]


def _sample_block(rng: np.random.Generator, wanted: int, is_last: bool = False) -> list[ClevrScene]:
    """Draw `_BLOCK` scenes, again and again those that break a rule, and return the first `wanted` of them.

    With `is_last`, stop when those are done, although the others would have drawn more from `rng`.
    """
    n_objects = MIN_OBJECTS + uniform_integers(rng, MAX_OBJECTS - MIN_OBJECTS + 1, (_BLOCK,))
    cameras = sample_cameras(rng, _BLOCK)
    done: dict[int, ClevrScene] = {}
    pending = np.arange(_BLOCK)
    while len(pending) and not (is_last and len(done) >= wanted):
        draft = _draw(rng, n_objects[pending], cameras[pending])
        pixels = project(draft.coords, draft.cameras)
        for k in np.flatnonzero(draft.valid & (pending < wanted)):
            done[int(pending[k])] = _make_scene(draft, pixels, int(k))
        pending = pending[~draft.valid]
    return [done[k] for k in sorted(done)]


def _draw(rng: np.random.Generator, n_objects: np.ndarray, cameras: np.ndarray) -> _Draft:
    """Draw everything but the number of objects and the camera of K scenes, and judge them."""
    shape = (len(n_objects), MAX_OBJECTS)
    sizes, colors, materials, shapes = (
        uniform_integers(rng, len(values), shape) for values in (SIZES, COLORS, MATERIALS, SHAPES)
    )
    rotation = 360 * uniform_fractions(rng, shape)
    tries = EXTENT * (uniform_integers(rng, 2**32, (*shape, _TRIES, 2)) / 2**31 - 1)
    radius = np.array(RADIUS)[sizes]
    ground, found = _place(tries, radius)
    present = np.arange(MAX_OBJECTS) < n_objects[:, None]
    coords = np.concatenate([ground, radius[..., None]], axis=-1)
    valid = np.asarray((found | ~present).all(axis=1))
    shown = count_pixels(coords[valid], sizes[valid], shapes[valid], cameras[valid], present[valid])
    valid[valid] = (shown >= MIN_PIXELS).all(axis=1, where=present[valid])
    return _Draft(n_objects, cameras, sizes, colors, materials, shapes, coords, rotation, valid)


def _place(tries: np.ndarray, radius: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give each object in turn the first place that keeps its distance from those before it.

    Args:
        tries: (K, 10, T, 2) float64, places to try.
        radius: (K, 10) float64.

    Returns:
        places (K, 10, 2) and whether one was found (K, 10).
    """
    places = np.zeros((*radius.shape, 2))
    found = np.ones(radius.shape, dtype=bool)
    rows = np.arange(len(radius))
    for k in range(MAX_OBJECTS):
        apart = _keeps_distance(
            tries[:, k, :, None, :] - places[:, None, :k, :], radius[:, None, k, None] + radius[:, None, :k]
        )
        free = np.asarray(apart.all(axis=2))  # (K, T)
        first = free.argmax(axis=1)
        places[:, k] = tries[rows, k, first]
        found[:, k] = free[rows, first]
    return places, found


def _keeps_distance(offset: np.ndarray, radii: np.ndarray) -> np.ndarray:
    """Return (...,) bool: whether two objects are apart by `MIN_GAP` and clearly on a side of each other.

    Args:
        offset: (..., 2) float64, from one center to the other on the ground.
        radii: (...,) float64, sum of their radii.
    """
    squared, sideways, back = distances(offset)
    return (squared >= (radii + MIN_GAP) ** 2) & (sideways >= MIN_OFFSET) & (back >= MIN_OFFSET)


def _disc_points() -> np.ndarray:
    """Return (P, 2) float64, the middles of the cells of the unit disc."""
    side = (np.arange(_CELLS) + 0.5) / (_CELLS / 2) - 1
    grid = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    inside: np.ndarray = grid[(grid * grid).sum(axis=1) <= 1]
    return inside


_POINTS = _disc_points()


def count_pixels(
    coords: np.ndarray, sizes: np.ndarray, shapes: np.ndarray, cameras: np.ndarray, present: np.ndarray
) -> np.ndarray:
    """Return about how many pixels of each object no nearer one hides, each object taken as a disc.

    Args:
        coords: (K, N, 3) float64.
        sizes: (K, N) int64, index into `SIZES`.
        shapes: (K, N) int64, index into `SHAPES`.
        cameras: (K, 3) float64, place of the camera.
        present: (K, N) bool, False for padding.

    Returns:
        (K, N) float64, 0 or more.
    """
    seen = project(coords, cameras)
    center, depth = seen[..., :2], seen[..., 2]
    radius = np.array(RADIUS)[sizes] * np.array(_OUTLINE)[shapes] * FOCAL / depth
    offset = center[:, None, :, :] - center[:, :, None, :]  # (K, i, j, 2)
    touching = (offset * offset).sum(axis=-1) < (radius[:, :, None] + radius[:, None, :]) ** 2
    hides = touching & (depth[:, None, :] < depth[:, :, None]) & present[:, None, :] & present[:, :, None]
    scene, hidden, hider = np.nonzero(hides)
    points = _POINTS * radius[scene, hidden, None, None]  # (Q, P, 2), Q pairs of objects
    beyond = points - offset[scene, hidden, hider, None, :]
    covered = (beyond * beyond).sum(axis=-1) < radius[scene, hider, None] ** 2
    free = np.ones((*radius.shape, len(_POINTS)), dtype=bool)
    np.logical_and.at(free, (scene, hidden), ~covered)
    area: np.ndarray = free.mean(axis=-1) * np.pi * radius * radius
    return area


def _make_scene(draft: _Draft, pixels: np.ndarray, row: int) -> ClevrScene:
    """Return one scene of a draft; its columns and rows are whole pixels, as in CLEVR."""
    n_objects = draft.n_objects[row]
    place = pixels[row, :n_objects].copy()
    place[:, :2] = np.rint(place[:, :2])
    return ClevrScene(
        sizes=draft.sizes[row, :n_objects].copy(),
        colors=draft.colors[row, :n_objects].copy(),
        materials=draft.materials[row, :n_objects].copy(),
        shapes=draft.shapes[row, :n_objects].copy(),
        coords=draft.coords[row, :n_objects].copy(),
        rotation=draft.rotation[row, :n_objects].copy(),
        pixel_coords=place,
    )
