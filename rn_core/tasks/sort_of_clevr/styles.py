"""Pictures as other people draw them: colors within their names, other grounds, sizes, blur, noise and JPEG.

A network that has learned only from `rendering.render_scenes` answers wrongly about a ground of 245 instead of 255, and
is sure of it. The styles here vary what a name allows and nothing that a question asks about.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from PIL import Image

from rn_core.tasks.sort_of_clevr.rendering import WHITE, render_scenes
from rn_core.tasks.sort_of_clevr.scene import COLORS, IMAGE_SIZE, RADIUS, SHAPES, SceneBatch, sample_scenes

#: Objects that are scattered in a picture at most, and places tried for each.
MOST_SCATTERED, _TRIES = 12, 60
#: Radii of objects in pixels; 5 is this project's own.
RADII = (4, 5, 6, 7)
#: Colour -> lowest and highest hue in degrees, saturation and value, within which it keeps its name.
COLOR_RANGES = MappingProxyType(
    {
        "red": ((-10, 0.7, 0.65), (10, 1, 1)),
        "green": ((95, 0.7, 0.45), (150, 1, 1)),
        "blue": ((212, 0.7, 0.65), (245, 1, 1)),
        "orange": ((26, 0.8, 0.85), (41, 1, 1)),
        "gray": ((0, 0, 0.35), (360, 0.08, 0.65)),
        "yellow": ((47, 0.7, 0.85), (62, 1, 1)),
    }
)
#: Least difference between the ground and any object, in the channel where it is largest, from 0 to 1.
_CONTRAST = 0.2
#: Share of pictures that are this project's own; of the others, the share that has each kind of flaw.
_OWN, _SOFT, _BLURRED, _NOISY, _SHIFTED, _JPEG = 0.2, 0.5, 0.3, 0.3, 0.3, 0.2
_GAINS, _OFFSETS, _MOST_NOISE = (0.9, 1.1), (-0.05, 0.05), 0.04
_LEAST_QUALITY, _MOST_QUALITY = 55, 95
_RANGES = np.array([COLOR_RANGES[color] for color in COLORS], dtype=float)  # (6, 2, 3)
_DISC = np.array([shape == "circle" for shape in SHAPES])


@dataclass(frozen=True)
class Things:
    """Objects of S scenes, of any number and with colors that may repeat.

    Attributes:
        centers: (S, N, 2) int64, x then y in pixels.
        shapes: (S, N) int64, index into `SHAPES`.
        colors: (S, N) int64, index into `COLORS`.
        present: (S, N) bool, False for padding.
    """

    centers: np.ndarray
    shapes: np.ndarray
    colors: np.ndarray
    present: np.ndarray

    def __len__(self) -> int:
        """Return the number of scenes S."""
        return len(self.centers)

    @staticmethod
    def of(scenes: SceneBatch) -> Things:
        """Return the objects of the task's own scenes."""
        colors = np.broadcast_to(np.arange(len(COLORS)), scenes.shapes.shape)
        return Things(scenes.centers, scenes.shapes, colors, scenes.present)


def sample_styled(rng: np.random.Generator, n_scenes: int, margin: float) -> tuple[SceneBatch, np.ndarray]:
    """Draw scenes with objects of one radius, and a picture of each in a style of its own.

    Args:
        rng: generator.
        n_scenes: scenes S.
        margin: as `sample_scenes`.

    Returns:
        S scenes and their pictures (S, 75, 75, 3) uint8.
    """
    radius = RADII[rng.integers(len(RADII))]
    scenes = sample_scenes(rng, n_scenes, margin, radius)
    pictures = draw_styled(rng, Things.of(scenes), radius)
    if radius == RADIUS:
        own = rng.random(n_scenes) < len(RADII) * _OWN
        pictures[own] = render_scenes(scenes[own])
    return scenes, pictures


def sample_scattered(rng: np.random.Generator, n_scenes: int) -> tuple[Things, np.ndarray]:
    """Draw one to twelve objects of any color and shape per scene, and a picture of each in a style of its own.

    Objects are put down one after the other where there is room; one for which none is found is left out.

    Returns:
        objects of S scenes and their pictures (S, 75, 75, 3) uint8.
    """
    radius = RADII[rng.integers(len(RADII))]
    size = (n_scenes, MOST_SCATTERED)
    centers, present = np.zeros((*size, 2), dtype=np.int64), np.zeros(size, dtype=bool)
    wanted = np.arange(MOST_SCATTERED) < rng.integers(1, MOST_SCATTERED + 1, (n_scenes, 1))
    for k in range(MOST_SCATTERED):
        tried = rng.integers(radius, IMAGE_SIZE - radius, (n_scenes, _TRIES, 2))
        apart = np.abs(tried[:, :, None] - centers[:, None]).max(axis=3) >= 2 * radius + 2  # (S, tries, N)
        free = (apart | ~present[:, None]).all(axis=2)
        centers[:, k] = tried[np.arange(n_scenes), free.argmax(axis=1)]
        present[:, k] = wanted[:, k] & free.any(axis=1)
    things = Things(centers, rng.integers(len(SHAPES), size=size), rng.integers(len(COLORS), size=size), present)
    return things, draw_styled(rng, things, radius)


def draw_styled(rng: np.random.Generator, things: Things, radius: int) -> np.ndarray:
    """Return (S, 75, 75, 3) uint8 pictures of scenes, each in a style drawn from `rng`.

    Args:
        rng: generator.
        things: objects that do not touch at this radius.
        radius: of the objects in pixels.
    """
    n = len(things)
    colors = _sample_colors(rng, n)
    pictures = np.broadcast_to(_sample_grounds(rng, colors)[:, None, None], (n, IMAGE_SIZE, IMAGE_SIZE, 3)).copy()
    soft = rng.random(n) < _SOFT
    for slot in range(things.shapes.shape[1]):
        cover = _cover(things, slot, radius, soft)[..., None]
        own = colors[np.arange(n), things.colors[:, slot]]  # (S, 3)
        pictures += cover * (own[:, None, None] - pictures)
    return _finish(rng, pictures)


def _finish(rng: np.random.Generator, pictures: np.ndarray) -> np.ndarray:
    """Return pictures (S, 75, 75, 3) from 0 to 1 as bytes, some of them with flaws."""
    n = len(pictures)
    blurred, shifted, noisy = rng.random((3, n)) < [[_BLURRED], [_SHIFTED], [_NOISY]]
    pictures[blurred] = _blur(pictures[blurred], _column(rng.uniform(0, 0.25, blurred.sum())))
    gain, offset = (_column(rng.uniform(*bounds, shifted.sum())) for bounds in (_GAINS, _OFFSETS))
    pictures[shifted] = pictures[shifted] * gain + offset
    strength = _column(rng.uniform(0, _MOST_NOISE, noisy.sum()))
    pictures[noisy] += strength * rng.standard_normal(pictures[noisy].shape, dtype=np.float32)
    images: np.ndarray = np.rint(np.clip(pictures, 0, 1) * WHITE).astype(np.uint8)
    for row in np.flatnonzero(rng.random(n) < _JPEG):
        images[row] = compress(images[row], int(rng.integers(_LEAST_QUALITY, _MOST_QUALITY + 1)))
    return images


def compress(image: np.ndarray, quality: int) -> np.ndarray:
    """Return an RGB image (H, W, 3) uint8 as it is after JPEG of a quality from 1 to 95."""
    stream = io.BytesIO()
    Image.fromarray(image).save(stream, "JPEG", quality=quality)
    return np.asarray(Image.open(stream))


def _sample_colors(rng: np.random.Generator, n_scenes: int) -> np.ndarray:
    """Return (S, 6, 3), RGB from 0 to 1 of each scene's objects, within their names."""
    lowest, highest = np.moveaxis(_RANGES, 1, 0)  # (6, 3) each
    hue, saturation, value = np.moveaxis(rng.uniform(lowest, highest, (n_scenes, len(COLORS), 3)), 2, 0)[..., None]
    pure = np.clip(np.abs((hue / 60 + np.array([0, 4, 2])) % 6 - 3) - 1, 0, 1)
    rgb: np.ndarray = (value * (1 - saturation + saturation * pure)).astype(np.float32)
    return rgb


def _sample_grounds(rng: np.random.Generator, colors: np.ndarray) -> np.ndarray:
    """Return (S, 3), a light ground for half of the scenes, else any from which all six colors can be told."""
    n = len(colors)
    light = rng.uniform(0.86, 1, (n, 1)) + rng.uniform(-0.02, 0.02, (n, 3))
    any_level = rng.uniform(0, 1, (n, 1)) + rng.uniform(-0.05, 0.05, (n, 3))
    grounds = np.clip(np.where(rng.random((n, 1)) < 0.5, light, any_level), 0, 1)
    contrast = np.abs(colors - grounds[:, None]).max(axis=2).min(axis=1)
    return np.where(contrast[:, None] >= _CONTRAST, grounds, 1.0).astype(np.float32)


def _cover(things: Things, slot: int, radius: int, soft: np.ndarray) -> np.ndarray:
    """Return (S, 75, 75), how much of each pixel one object covers; 0 or 1 where edges are not soft."""
    line = np.arange(IMAGE_SIZE, dtype=np.float32)
    dx, dy = np.abs(line - things.centers[:, slot, :, None].astype(np.float32)).transpose(1, 0, 2)  # (S, 75) each
    dx, dy = dx[:, None, :], dy[:, :, None]
    disc = _DISC[things.shapes[:, slot]][:, None, None]
    distance = np.where(disc, np.hypot(dx, dy), np.maximum(dx, dy))
    cover = np.where(
        soft[:, None, None], np.clip(radius + 0.5 - distance, 0, 1), (distance <= radius).astype(np.float32)
    )
    covered: np.ndarray = cover * things.present[:, slot, None, None]
    return covered


def _blur(pictures: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Return pictures each of whose pixels gives `share` (S, 1, 1, 1) of itself to each neighbor, along y, then x."""
    for axis in (1, 2):
        width = [(0, 0)] * 4
        width[axis] = (1, 1)
        padded = np.pad(pictures, width, mode="edge")
        before, after = padded.take(range(IMAGE_SIZE), axis), padded.take(range(2, IMAGE_SIZE + 2), axis)
        pictures = pictures + share * (before + after - 2 * pictures)
    return pictures


def _column(values: np.ndarray) -> np.ndarray:
    """Return one number per scene (S,) as (S, 1, 1, 1) float32."""
    return values.astype(np.float32)[:, None, None, None]
