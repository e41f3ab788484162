"""A CLEVR scene as a page edits it: things called by letters, sampled by a seed or put there by a person."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from pages._lab.words import join_words
from rn_core.common.errors import SceneError, quote
from rn_core.common.seeding import make_rng
from rn_core.tasks.clevr import ClevrScene
from rn_core.tasks.clevr.camera import FURTHEST, POSITION, fit_camera, project
from rn_core.tasks.clevr.placement import EXTENT, check_placement
from rn_core.tasks.clevr.sampling import sample_only_scene
from rn_core.tasks.clevr.scene import COLORS, MATERIALS, MAX_OBJECTS, RADIUS, SHAPES, SIZES

#: What the objects of a scene are called, in its order.
LETTERS = tuple("ABCDEFGHIJ")
#: Value -> its letter in a URL.
_CODES = (
    dict(zip(SIZES, "ls", strict=True)),
    dict(zip(COLORS, "arbgnpcy", strict=True)),
    dict(zip(MATERIALS, "rm", strict=True)),
    dict(zip(SHAPES, "csy", strict=True)),
)
_VALUES = tuple({code: value for value, code in table.items()} for table in _CODES)
#: Places in hundredths or, behind dashes, in ten-millionths, which those of scene files need.
_CODE = re.compile(r"([ls])([arbgnpcy])([rm])([csy])(?:(\d{1,3})\.(\d{1,3})\.|(\d{1,8})-(\d{1,8})-)(\d{1,5})")
_COARSE, _FINE = 100, 10_000_000
#: Way between the places that are tried for a new thing.
_STEP = 0.25


@dataclass(frozen=True)
class Thing:
    """One object.

    Attributes:
        size: of `SIZES`.
        color: of `COLORS`.
        material: of `MATERIALS`.
        shape: of `SHAPES`.
        x: on the ground, -3 to 3.
        y: the same.
        rotation: about z in radians, as CLEVR's scene graphs have it, 0 to 360.
    """

    size: str
    color: str
    material: str
    shape: str
    x: float
    y: float
    rotation: float = 0.0

    @property
    def radius(self) -> float:
        """Return its radius, half its height, half a cube's edge."""
        return RADIUS[SIZES.index(self.size)]

    @property
    def words(self) -> str:
        """Return all its attributes, as questions name them."""
        return f"{self.size} {self.color} {self.material} {self.shape}"


#: An object of an edited scene: itself, or the letter of the sampled one that it still is.
Part = Thing | str
#: Place of a camera: x, y and z.
Camera = tuple[float, float, float]


def things_of(scene: ClevrScene) -> tuple[Thing, ...]:
    """Return a scene's objects."""
    rotation = np.zeros(scene.n_objects) if scene.rotation is None else scene.rotation
    words = zip(*(scene.words[name] for name in ("size", "color", "material", "shape")), strict=True)
    return tuple(
        Thing(size, color, material, shape, float(x), float(y), float(turn))
        for (size, color, material, shape), (x, y, _), turn in zip(words, scene.coords, rotation, strict=True)
    )


def pixel_places(scene: ClevrScene) -> np.ndarray:
    """Return (N, 3) float64, as `ClevrScene.pixel_coords`; raises SceneError where the scene does not say."""
    if scene.pixel_coords is None:
        raise SceneError("This scene lacks its objects' places in the picture; add their pixel_coords.")
    return scene.pixel_coords


def build_scene(things: Sequence[Thing], camera: np.ndarray) -> ClevrScene:
    """Return the scene of some things, seen by a camera.

    Args:
        things: 1 to 10.
        camera: (3,) float64, its place.

    Raises:
        SceneError: for another number of things, or places that CLEVR's rules forbid.
    """
    scene = build_seen(things, camera)
    _check_places(scene)
    return scene


def build_seen(things: Sequence[Thing], camera: np.ndarray) -> ClevrScene:
    """Return the scene of things as they were seen, which may stand nearer than CLEVR's rules allow; as `build_scene`.

    Raises:
        SceneError: for another number of things.
    """
    if not 1 <= len(things) <= MAX_OBJECTS:
        raise SceneError(f"A scene must have 1 to {MAX_OBJECTS} objects, got {len(things)}; change that.")
    coords = np.array([(thing.x, thing.y, thing.radius) for thing in things])
    pixels = project(coords, camera)
    pixels[:, :2] = np.rint(pixels[:, :2])
    return ClevrScene(
        sizes=np.array([SIZES.index(thing.size) for thing in things]),
        colors=np.array([COLORS.index(thing.color) for thing in things]),
        materials=np.array([MATERIALS.index(thing.material) for thing in things]),
        shapes=np.array([SHAPES.index(thing.shape) for thing in things]),
        coords=coords,
        rotation=np.array([thing.rotation for thing in things]),
        pixel_coords=pixels,
    )


def _check_places(scene: ClevrScene) -> None:
    """Raise SceneError, objects called by their letters, where CLEVR's rules forbid a place."""
    try:
        check_placement(scene)
    except SceneError as err:
        name = re.compile(r"\b([Oo]bjects?) (\d)(?: and (\d))?")
        raise SceneError(name.sub(_say_letters, str(err))) from err


def _say_letters(match: re.Match[str]) -> str:
    """Return "object C" for "object 2"."""
    letters = [LETTERS[int(number)] for number in match.groups()[1:] if number]
    return f"{match[1]} {' and '.join(letters)}"


@functools.lru_cache(maxsize=256)
def sampled_scene(seed: int) -> ClevrScene:
    """Return the scene that the page shows for a seed."""
    return sample_only_scene(make_rng(seed, "explore"))


@functools.lru_cache(maxsize=256)
def sampled_things(seed: int) -> tuple[Thing, ...]:
    """Return the objects of that scene."""
    return things_of(sampled_scene(seed))


@functools.lru_cache(maxsize=256)
def camera_of(seed: int) -> np.ndarray:
    """Return the place of the camera of that scene; edits do not move it."""
    scene = sampled_scene(seed)
    return fit_camera(scene.coords, pixel_places(scene))


def resolve(seed: int, parts: tuple[Part, ...]) -> tuple[Thing, ...]:
    """Return the objects of an edited scene; raises SceneError for a letter that the sampled scene does not have."""
    sampled = dict(zip(LETTERS, sampled_things(seed), strict=False))
    for part in parts:
        if isinstance(part, str) and part not in sampled:
            raise SceneError(f"Scene {seed} has the objects {', '.join(sampled)}, got '{part}'; choose one of these.")
    return tuple(sampled[part] if isinstance(part, str) else part for part in parts)


@functools.lru_cache(maxsize=256)
def edited_scene(seed: int, parts: tuple[Part, ...], camera: Camera | None = None) -> ClevrScene:
    """Return an edited scene, seen by a camera (None: the sampled scene's); raises SceneError if it breaks a rule."""
    return build_scene(resolve(seed, parts), camera_of(seed) if camera is None else np.array(camera))


def make_parts(seed: int, things: Sequence[Thing]) -> tuple[Part, ...] | None:
    """Return an edited scene as its parts, things of the sampled one by letter; None for the sampled scene itself."""
    letters = dict(zip(sampled_things(seed), LETTERS, strict=False))
    parts = tuple(letters.get(thing, thing) for thing in things)
    return None if parts == LETTERS[: len(sampled_things(seed))] else parts


def keep_near(value: float, digits: int = 2) -> float:
    """Return a place along one side of the ground, within it and to a hundredth, or to another number of digits."""
    return min(max(round(value, digits), -EXTENT), EXTENT)


def move_thing(things: Sequence[Thing], letter: str, x: float, y: float) -> tuple[Thing, ...]:
    """Return the things with one of them elsewhere; places are kept to a hundredth, as in a URL."""
    k = LETTERS.index(letter)
    moved = replace(things[k], x=keep_near(x), y=keep_near(y), rotation=round(things[k].rotation, 2))
    return (*things[:k], moved, *things[k + 1 :])


def add_thing(
    things: Sequence[Thing],
    seed: int,
    size: str = "small",
    color: str = "gray",
    material: str = "rubber",
    shape: str = "cube",
) -> tuple[Thing, ...]:
    """Return the things with a new one, as near to the middle as there is room.

    Args:
        things: those that there are.
        seed: the scene's.
        size: the new one's.
        color: the same.
        material: the same.
        shape: the same.

    Raises:
        SceneError: if there is no room.
    """
    new = Thing(size, color, material, shape, x=0, y=0)
    steps = np.arange(-EXTENT, EXTENT + _STEP / 2, _STEP).tolist()
    for x, y in sorted(((x, y) for x in steps for y in steps), key=lambda place: np.hypot(*place)):
        try:
            build_scene((*things, replace(new, x=x, y=y)), camera_of(seed))
        except SceneError:
            continue
        return (*things, replace(new, x=x, y=y))
    raise SceneError(f"This scene has no room for another object (it has {len(things)}); remove one first.")


def format_parts(parts: tuple[Part, ...]) -> str:
    """Return an edited scene as URL text, such as `A_lrmc312.45.90_C`: letters, or what and where a thing is."""
    return "_".join(part if isinstance(part, str) else _format_thing(part) for part in parts)


def _format_thing(thing: Thing) -> str:
    """Return one thing as URL text: size, color, material, shape, x, y and rotation."""
    kind = "".join(table[value] for table, value in zip(_CODES, _kind(thing), strict=True))
    is_coarse = all(value == round(value, 2) for value in (thing.x, thing.y))
    units, sign = (_COARSE, ".") if is_coarse else (_FINE, "-")
    x, y = (round(units * (value + EXTENT)) for value in (thing.x, thing.y))
    return f"{kind}{x}{sign}{y}{sign}{round(100 * thing.rotation)}"


def _kind(thing: Thing) -> tuple[str, ...]:
    """Return a thing's attributes in the order of a URL."""
    return thing.size, thing.color, thing.material, thing.shape


def parse_parts(text: str) -> tuple[Part, ...]:
    """Read what `format_parts` wrote; whether it is a scene is seen later.

    Raises:
        SceneError: naming the part that is no object.
    """
    return tuple(part if part in LETTERS else _parse_thing(part) for part in text.split("_")[: MAX_OBJECTS + 1])


def _parse_thing(text: str) -> Thing:
    """Read one thing."""
    match = _CODE.fullmatch(text)
    is_coarse = match is not None and match[5] is not None
    units, digits = (_COARSE, 2) if is_coarse else (_FINE, 7)
    across, along = (int(match[5] or match[7]), int(match[6] or match[8])) if match else (0, 0)
    if match is None or max(across, along) > 2 * units * EXTENT or int(match[9]) > 36_000:
        raise SceneError(
            f"An object must be a letter such as A, or read like lrmc312.45.90 (size l or s, color, material r or m, "
            f"shape c, s or y, then x, y and rotation in hundredths), got {quote(text)}."
        )
    size, color, material, shape = (values[code] for values, code in zip(_VALUES, match.groups()[:4], strict=True))
    x, y = (round(number / units - EXTENT, digits) for number in (across, along))
    return Thing(size, color, material, shape, x, y, int(match[9]) / 100)


def opened_things(scene: ClevrScene) -> tuple[Thing, ...]:
    """Return the objects of a scene that was opened, as exactly as a URL can say it; cubes stand as they did."""
    return tuple(
        replace(
            thing,
            x=keep_near(thing.x, digits=7),
            y=keep_near(thing.y, digits=7),
            rotation=round(thing.rotation if thing.rotation >= 0 else thing.rotation % (2 * np.pi), 2),
        )
        for thing in things_of(scene)
    )


def format_camera(camera: Camera) -> str:
    """Return a camera's place as URL text: x, -y and z in thousandths, such as `7481.6508.5344`."""
    x, y, z = camera
    return ".".join(str(round(1000 * value)) for value in (x, -y, z))


def parse_camera(text: str) -> Camera:
    """Read what `format_camera` wrote; raises SceneError for another text, or a place unlike CLEVR's."""
    match = re.fullmatch(r"(\d{4,5})\.(\d{4,5})\.(\d{4,5})", text)
    if match is not None:
        x, y, z = (int(number) / 1000 for number in match.groups())
        if np.abs(np.subtract((x, -y, z), POSITION)).max() <= FURTHEST:
            return x, -y, z
    raise SceneError(
        f"A camera must read like 7481.6508.5344, within {FURTHEST:g} of CLEVR's {POSITION}, got {quote(text)}."
    )


def name_things(things: Sequence[Thing]) -> tuple[str, ...]:
    """Return the things' short names: letter, color and shape."""
    return tuple(f"{letter} {thing.color} {thing.shape}" for letter, thing in zip(LETTERS, things, strict=False))


def describe_things(things: Sequence[Thing]) -> str:
    """Return a scene in words, for people who cannot see it."""
    named = [f"{letter} is a {thing.words}" for letter, thing in zip(LETTERS, things, strict=False)]
    return f"Scene of {len(things)} objects: {join_words(named)}."
