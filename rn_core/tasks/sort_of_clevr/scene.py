"""Sort-of-CLEVR scenes: six objects, one of each color, each a square or a circle.

Source: Santoro et al. 2017 (arXiv 1706.01427), section 4.2 and supplement D. The paper gives the image
size, the colors and the shapes; object radius, no overlap and the margin are stated here.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TypeVar

import numpy as np

from rn_core.common.checks import shown
from rn_core.common.errors import SceneError, lookup
from rn_core.common.seeding import uniform_integers

AnyScene = TypeVar("AnyScene")
IMAGE_SIZE = 75
RADIUS = 5
#: The image's middle column and row: left of it is "left", above it is "top".
MIDDLE = (IMAGE_SIZE - 1) // 2
LOWEST, HIGHEST = RADIUS, IMAGE_SIZE - 1 - RADIUS
#: Two centers this far apart along x or along y never touch, whatever the shapes.
CLEARANCE = 2 * RADIUS + 2
COLORS = ("red", "green", "blue", "orange", "gray", "yellow")
SHAPES = ("square", "circle")
N_OBJECTS = len(COLORS)
DEFAULT_MARGIN = 2.0
#: Above this so few placements are valid that sampling would stall.
MAX_MARGIN = 4.0
#: Placements drawn at once: few enough for the cache, enough for about a hundred valid ones.
_CANDIDATES = 4096
_PAIRS = np.triu_indices(N_OBJECTS, k=1)


@dataclass(frozen=True)
class SceneObject:
    """One object. `x` runs right and `y` down, in whole pixels from 0 to 74; both name its center."""

    color: str
    shape: str
    x: int
    y: int


@dataclass(frozen=True)
class Scene:
    """One scene: one to six objects of different colors, in the order of `COLORS`."""

    objects: tuple[SceneObject, ...]

    def __post_init__(self) -> None:
        """Check every rule of the task, so that a `Scene` that exists is valid.

        Raises:
            SceneError: naming the object, the rule it breaks and the values allowed.
        """
        check_objects(self.objects)
        plain = (SceneObject(thing.color, thing.shape, int(thing.x), int(thing.y)) for thing in self.objects)
        ordered = tuple(sorted(plain, key=lambda thing: COLORS.index(thing.color)))
        object.__setattr__(self, "objects", ordered)

    def get(self, color: str) -> SceneObject:
        """Return the object of `color`; raises UnknownNameError if this scene has none."""
        return lookup(color, {thing.color: thing for thing in self.objects}, "object color in this scene")

    def replace(self, color: str, **changes: object) -> Scene:
        """Return a scene in which the object of `color` has new values for `shape`, `x` or `y`."""
        changed = SceneObject(**{**asdict(self.get(color)), **changes})
        return Scene(tuple(changed if thing.color == color else thing for thing in self.objects))

    def remove(self, color: str) -> Scene:
        """Return a scene without the object of `color`."""
        gone = self.get(color)
        return Scene(tuple(thing for thing in self.objects if thing != gone))

    def to_json(self) -> str:
        """Return `{"objects": [{"color", "shape", "x", "y"}, ...]}` as text."""
        return json.dumps({"objects": [asdict(thing) for thing in self.objects]})

    @staticmethod
    def from_json(text: str) -> Scene:
        """Read what `to_json` wrote.

        Raises:
            SceneError: if the text is not such a scene.
        """
        return read_scene(text, Scene, "square")


@dataclass(frozen=True)
class SceneBatch:
    """Many scenes as arrays; slot k of a scene holds its object of color `COLORS[k]`.

    Attributes:
        centers: (S, 6, 2) int64, x then y in pixels.
        shapes: (S, 6) int64, index into `SHAPES`.
        present: (S, 6) bool, False where the scene has no object of that color.
    """

    centers: np.ndarray
    shapes: np.ndarray
    present: np.ndarray

    def __len__(self) -> int:
        """Return the number of scenes S."""
        return len(self.centers)

    def __getitem__(self, rows: slice | np.ndarray) -> SceneBatch:
        """Return the scenes that a slice or an index array selects."""
        return SceneBatch(self.centers[rows], self.shapes[rows], self.present[rows])

    def scene(self, row: int) -> Scene:
        """Return one scene as a checked `Scene`."""
        return Scene(
            tuple(
                SceneObject(COLORS[k], SHAPES[self.shapes[row, k]], *map(int, self.centers[row, k]))
                for k in np.flatnonzero(self.present[row])
            )
        )


def check_objects(objects: tuple[SceneObject, ...]) -> None:
    """Raise SceneError unless the objects are valid one by one and apart from each other."""
    if not 1 <= len(objects) <= N_OBJECTS:
        raise SceneError(f"A scene must have 1 to {N_OBJECTS} objects, got {len(objects)}; add or remove some.")
    for thing in objects:
        check_object(thing)
    colors = [thing.color for thing in objects]
    if len(set(colors)) < len(colors):
        raise SceneError(f"Every object must have its own color, got {', '.join(colors)}; change one of them.")
    check_apart(objects)


def check_apart(objects: tuple[SceneObject, ...]) -> None:
    """Raise SceneError if two objects touch, naming them."""
    for k, one in enumerate(objects):
        for other in objects[:k]:
            apart = max(abs(one.x - other.x), abs(one.y - other.y))
            if apart < CLEARANCE:
                raise SceneError(
                    f"The {other.color} and the {one.color} object are {apart} pixels apart and must be "
                    f"{CLEARANCE} or more apart along x or y; move one of them."
                )


def read_scene(text: str, make: Callable[[tuple[SceneObject, ...]], AnyScene], shape: str) -> AnyScene:
    """Return the scene of a text `{"objects": [{"color", "shape", "x", "y"}, ...]}`.

    Args:
        text: JSON.
        make: returns a scene of its objects; raises SceneError for one that breaks a rule.
        shape: of the object in the example that an error gives.

    Raises:
        SceneError: as `make`, or if the text is no such JSON.
    """
    try:
        return make(tuple(SceneObject(**row) for row in json.loads(text)["objects"]))
    except SceneError:
        raise
    except (ValueError, KeyError, TypeError, RecursionError) as err:
        raise SceneError(
            f'A scene must be JSON like {{"objects": [{{"color": "red", "shape": "{shape}", "x": 20, "y": 30}}]}}, '
            f"got {str(text)[:60]!r}; check its brackets and names."
        ) from err


def check_object(thing: SceneObject, colors: tuple[str, ...] = COLORS, shapes: tuple[str, ...] = SHAPES) -> None:
    """Raise SceneError unless color and shape are of those allowed and the object lies inside the image."""
    for value, allowed, what in ((thing.color, colors, "color"), (thing.shape, shapes, "shape")):
        if value not in allowed:
            raise SceneError(f"An object's {what} must be one of {', '.join(allowed)}, got {shown(value)}.")
    for axis, place in (("x", thing.x), ("y", thing.y)):
        whole = isinstance(place, int | np.integer) and not isinstance(place, bool)
        if not whole or not LOWEST <= place <= HIGHEST:
            raise SceneError(
                f"The {thing.color} object's {axis} must be a whole number of pixels from {LOWEST} to {HIGHEST}, "
                f"got {shown(place)}; move it inside the image."
            )


def stack_scenes(scenes: list[Scene]) -> SceneBatch:
    """Turn scenes into arrays; absent colors sit at the image's middle with `present` False."""
    centers = np.full((len(scenes), N_OBJECTS, 2), MIDDLE, dtype=np.int64)
    shapes = np.zeros((len(scenes), N_OBJECTS), dtype=np.int64)
    present = np.zeros((len(scenes), N_OBJECTS), dtype=bool)
    for row, scene in enumerate(scenes):
        for thing in scene.objects:
            slot = COLORS.index(thing.color)
            centers[row, slot] = thing.x, thing.y
            shapes[row, slot] = SHAPES.index(thing.shape)
            present[row, slot] = True
    return SceneBatch(centers, shapes, present)


def sample_scenes(
    rng: np.random.Generator, n_scenes: int, margin: float = DEFAULT_MARGIN, radius: int = RADIUS
) -> SceneBatch:
    """Draw scenes uniformly from all valid placements, by drawing whole scenes and dropping invalid ones.

    Valid: no two objects touch, every center is `margin` or more from the image's middle lines, and for
    every object the distances to its nearest and second nearest (furthest and second furthest) neighbor
    differ by `margin` or more, so no answer sits on its decision boundary. Shapes are fair coins.

    Args:
        rng: generator over PCG64; the first k of n scenes are the same for every n >= k.
        n_scenes: number of scenes S, 1 or more.
        margin: pixels, 0 to 4.
        radius: of the objects in pixels; they lie inside the image and are 2 * radius + 2 pixels apart along x or y.

    Raises:
        SceneError: if `n_scenes` or `margin` is out of range.
    """
    if not 0 <= margin <= MAX_MARGIN:
        raise SceneError(f"margin must be from 0 to {MAX_MARGIN:g} pixels, got {margin!r}; choose one in between.")
    if n_scenes < 1:
        raise SceneError(f"The number of scenes must be 1 or more, got {n_scenes!r}.")
    x_of, y_of = _make_places(margin, radius)
    blocks: list[tuple[np.ndarray, ...]] = []
    while sum(len(shapes) for *_, shapes in blocks) < n_scenes:
        drawn = uniform_integers(rng, len(SHAPES) * len(x_of), (N_OBJECTS, _CANDIDATES))
        place, shapes = np.divmod(drawn, len(SHAPES))
        x, y = x_of[place], y_of[place]  # (6, C)
        valid = _find_valid(x, y, margin, 2 * radius + 2)
        blocks.append((x[:, valid].T, y[:, valid].T, shapes[:, valid].T))
    x, y, shapes = (np.concatenate(part)[:n_scenes] for part in zip(*blocks, strict=True))  # (S, 6)
    return SceneBatch(np.stack([x, y], axis=2).astype(np.int64), shapes, np.ones(shapes.shape, dtype=bool))


def sample_scene(rng: np.random.Generator, margin: float = DEFAULT_MARGIN) -> Scene:
    """Draw one scene; see `sample_scenes`."""
    return sample_scenes(rng, 1, margin).scene(0)


def squared_distances(centers: np.ndarray) -> np.ndarray:
    """Return the squared distance between every two centers, (..., 6, 2) -> (..., 6, 6), exact integers."""
    offsets = centers[..., :, None, :] - centers[..., None, :, :]
    squares: np.ndarray = np.einsum("...c,...c->...", offsets, offsets)
    return squares


def _make_places(margin: float, radius: int) -> tuple[np.ndarray, np.ndarray]:
    """Return x and y, (K,) int8 each, of all places for a center that are `margin` or more from the middle lines."""
    line = np.arange(radius, IMAGE_SIZE - radius, dtype=np.int8)
    line = line[np.abs(line - MIDDLE) >= max(margin, 1)]
    return np.tile(line, len(line)), np.repeat(line, len(line))


def _find_valid(x: np.ndarray, y: np.ndarray, margin: float, clearance: int) -> np.ndarray:
    """Return the indices of the candidate placements, x and y (6, C) int8, that keep every rule of `sample_scenes`."""
    one, other = _PAIRS
    distance = np.maximum(np.abs(x[one] - x[other]), np.abs(y[one] - y[other]))  # (15, C), along x or y
    apart = np.flatnonzero(distance.min(axis=0) >= clearance)
    centers = np.stack([x[:, apart].T, y[:, apart].T], axis=2).astype(np.int16)
    ranked = np.sqrt(np.sort(squared_distances(centers), axis=2).astype(np.float64))  # (A, 6, 6), self first
    gap_closest = ranked[:, :, 2] - ranked[:, :, 1]
    gap_furthest = ranked[:, :, -1] - ranked[:, :, -2]
    smallest = np.minimum(gap_closest, gap_furthest).min(axis=1)
    clear: np.ndarray = apart[(smallest >= margin) & (smallest > 0)]
    return clear
