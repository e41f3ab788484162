"""Scenes of the chain task: eight objects, one of each color and one of each shape.

After Palm et al. 2018 (arXiv 1711.08028), Pretty-CLEVR: a scene is drawn on Sort-of-CLEVR's 75 pixels here.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace

import numpy as np

from rn_core.common.errors import SceneError, lookup
from rn_core.common.seeding import uniform_integers
from rn_core.tasks.sort_of_clevr.scene import (
    CLEARANCE,
    COLORS,
    HIGHEST,
    LOWEST,
    MIDDLE,
    SceneObject,
    check_apart,
    check_object,
    read_scene,
)

CHAIN_COLORS = (*COLORS, "purple", "cyan")
CHAIN_SHAPES = ("square", "circle", "triangle", "diamond", "star", "cross", "pentagon", "hexagon")
N_CHAIN_OBJECTS = len(CHAIN_COLORS)
_PAIRS = np.triu_indices(N_CHAIN_OBJECTS, k=1)
#: Placements drawn at once, of which a few dozen are valid.
_CANDIDATES = 512


@dataclass(frozen=True)
class ChainScene:
    """One scene: one to eight objects of different colors and different shapes, in the order of `CHAIN_COLORS`."""

    objects: tuple[SceneObject, ...]

    def __post_init__(self) -> None:
        """Check every rule of the task; raises SceneError naming the object, the rule it breaks and what is allowed."""
        for each in self.objects:
            check_object(each, CHAIN_COLORS, CHAIN_SHAPES)
        if not self.objects:
            raise SceneError(f"A scene must have 1 to {N_CHAIN_OBJECTS} objects, got none; add one.")
        for what in ("color", "shape"):
            values = [getattr(each, what) for each in self.objects]
            twice = next((value for value in values if values.count(value) > 1), None)
            if twice is not None:
                raise SceneError(f"Every object must have a {what} of its own, got {twice} twice; change one.")
        plain = (SceneObject(each.color, each.shape, int(each.x), int(each.y)) for each in self.objects)
        ordered = tuple(sorted(plain, key=lambda each: CHAIN_COLORS.index(each.color)))
        object.__setattr__(self, "objects", ordered)

    def remove(self, color: str) -> ChainScene:
        """Return a scene without the object of `color`."""
        return ChainScene(tuple(each for each in self.objects if each.color != color))

    def move(self, color: str, x: int, y: int) -> ChainScene:
        """Return a scene in which the object of `color` has its center elsewhere.

        Raises:
            UnknownNameError: if there is no such object.
            SceneError: if the place lies outside of the picture, or the object touches another one there.
        """
        lookup(color, {each.color: each for each in self.objects}, "object color in this scene")
        moved = (replace(each, x=x, y=y) if each.color == color else each for each in self.objects)
        scene = ChainScene(tuple(moved))
        check_apart(scene.objects)
        return scene

    def to_json(self) -> str:
        """Return `{"objects": [{"color", "shape", "x", "y"}, ...]}` as text."""
        return json.dumps({"objects": [asdict(each) for each in self.objects]})

    @staticmethod
    def from_json(text: str) -> ChainScene:
        """Read what `to_json` wrote; raises SceneError if the text is not such a scene."""
        return read_scene(text, ChainScene, "star")


@dataclass(frozen=True)
class ChainBatch:
    """Many scenes as arrays; slot k of a scene holds its object of color `CHAIN_COLORS[k]`.

    Attributes:
        centers: (S, 8, 2) int64, x then y in pixels.
        shapes: (S, 8) int64, index into `CHAIN_SHAPES`; of present objects each differs.
        present: (S, 8) bool, False where the scene has no object of that color.
    """

    centers: np.ndarray
    shapes: np.ndarray
    present: np.ndarray

    def __len__(self) -> int:
        """Return the number of scenes S."""
        return len(self.centers)

    def scene(self, row: int) -> ChainScene:
        """Return one scene as a checked `ChainScene`."""
        return ChainScene(
            tuple(
                SceneObject(CHAIN_COLORS[k], CHAIN_SHAPES[self.shapes[row, k]], *map(int, self.centers[row, k]))
                for k in np.flatnonzero(self.present[row])
            )
        )


def stack_chains(scenes: list[ChainScene]) -> ChainBatch:
    """Turn scenes into arrays; absent colors sit at the image's middle with shape -1 and `present` False."""
    centers = np.full((len(scenes), N_CHAIN_OBJECTS, 2), MIDDLE, dtype=np.int64)
    shapes = np.full((len(scenes), N_CHAIN_OBJECTS), -1, dtype=np.int64)
    for row, scene in enumerate(scenes):
        for each in scene.objects:
            slot = CHAIN_COLORS.index(each.color)
            centers[row, slot] = each.x, each.y
            shapes[row, slot] = CHAIN_SHAPES.index(each.shape)
    return ChainBatch(centers, shapes, shapes >= 0)


def sample_chains(rng: np.random.Generator, n_scenes: int) -> ChainBatch:
    """Draw scenes uniformly from all placements in which no two objects touch; shapes are a random order.

    Args:
        rng: generator over PCG64; the first k of n scenes have the same places for every n >= k.
        n_scenes: number of scenes S, 1 or more.

    Raises:
        SceneError: if `n_scenes` is out of range.
    """
    if n_scenes < 1:
        raise SceneError(f"The number of scenes must be 1 or more, got {n_scenes!r}.")
    blocks: list[np.ndarray] = []
    while sum(map(len, blocks)) < n_scenes:
        drawn = uniform_integers(rng, HIGHEST + 1 - LOWEST, (2, N_CHAIN_OBJECTS, _CANDIDATES)) + LOWEST
        x, y = drawn.astype(np.int8)
        one, other = _PAIRS
        apart = np.maximum(np.abs(x[one] - x[other]), np.abs(y[one] - y[other])).min(axis=0)  # (C,), along x or y
        blocks.append(drawn[:, :, apart >= CLEARANCE].T)  # (K, 8, 2)
    centers = np.concatenate(blocks)[:n_scenes]
    keys = uniform_integers(rng, 2**32, (n_scenes, N_CHAIN_OBJECTS))
    shapes = np.argsort(keys, axis=1, kind="stable")
    return ChainBatch(centers, shapes, np.ones(shapes.shape, dtype=bool))
