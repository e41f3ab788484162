"""Scene files of CLEVR's generator: {"scenes": [...]} or one scene, of pictures of any size.

The generator writes no picture size; it is inferred from the coordinates, unless a field of the file or a person
says it.
"""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from rn_core.common.checks import is_whole, shown
from rn_core.common.errors import RNCoreError, SceneError
from rn_core.tasks.clevr.camera import (
    FURTHEST,
    POSITION,
    USUAL,
    WIDTH,
    fit_all,
    guess_size,
    misfit,
    scale_pixels,
)
from rn_core.tasks.clevr.json_stream import stream_items
from rn_core.tasks.clevr.picture_size import CLEVR_SIZE, PictureSize, parse_size
from rn_core.tasks.clevr.placement import check_placement
from rn_core.tasks.clevr.scene import ClevrScene
from rn_core.tasks.clevr.world import DIRECTIONS, RELATIONS

#: Most bytes of a text that may be a scene of its own.
_MAX_SINGLE = 200_000
#: A misfit up to this one is sure to be rounding; the others are compared with those of other sizes.
_SURE, _ALLOWED = 0.5, 1.0
#: How far a direction may be from CLEVR's.
_NEAR = 1e-3
#: Fields of a scene, or of the file's "info", that can hold a picture's size: as one value, or as width and height.
_SIZE_KEYS = ("image_size", "size")
_SIDE_KEYS = (("image_width", "image_height"), ("width", "height"))


@dataclass(frozen=True)
class FoundScene:
    """One scene of a file.

    Attributes:
        scene: as the file has it.
        camera: (3,) float64, the place from which its picture is seen.
        size: of the picture that its pixel coordinates belong to; None where it has none.
        n_scenes: how many scenes the file has.
    """

    scene: ClevrScene
    camera: np.ndarray
    size: PictureSize | None
    n_scenes: int


def read_scene_file(content: bytes, name: str, number: int = 0, size: PictureSize | None = None) -> FoundScene:
    """Return one scene of a file, seen by the camera that its pixel coordinates tell, or by CLEVR's without them.

    Args:
        content: of the file.
        name: its name, for sentences.
        number: which of its scenes, from 0.
        size: of its pictures; None takes the size that the file names, else the one that the coordinates tell.

    Raises:
        RNCoreError: in one sentence, if it is no such file or has fewer scenes.
        SceneError: the same, if the scene is malformed, its objects stand where CLEVR's never do, or no camera like
            CLEVR's sees it so.
    """
    record, info, n_scenes = _find_record(content, name, number)
    try:
        scene = ClevrScene.from_json(record)
        _check_directions(scene)
        check_placement(scene)
        camera, found = find_camera(scene, size or _named_size(record) or _named_size(info))
    except RNCoreError as err:
        raise SceneError(f"Scene {number} of '{name}' cannot be opened: {err}") from err
    return FoundScene(scene, camera, found, n_scenes)


def _find_record(content: bytes, name: str, number: int) -> tuple[Mapping[str, Any], Any, int]:
    """Return one scene's JSON, the "info" beside the scenes, and how many scenes there are."""
    single = _read_single(content)
    if single is not None:
        return _pick(single, name, number, 1), None, 1
    others: dict[str, Any] = {}
    record, n_scenes = None, 0
    text = io.TextIOWrapper(io.BytesIO(content), "utf-8-sig")
    for index, item in enumerate(stream_items(text, name, "scenes", others)):
        record = item if index == number else record
        n_scenes = index + 1
    return _pick(record, name, number, n_scenes), others.get("info"), n_scenes


def _read_single(content: bytes) -> Mapping[str, Any] | None:
    """Return the JSON of a file that is one scene by itself; None for another file."""
    if len(content) > _MAX_SINGLE:
        return None
    with contextlib.suppress(ValueError, RecursionError):
        record = json.loads(content.decode("utf-8-sig"))
        if isinstance(record, dict) and "objects" in record and "scenes" not in record:
            return record
    return None


def _pick(record: Any, name: str, number: int, n_scenes: int) -> Mapping[str, Any]:
    """Return a scene's JSON; raises RNCoreError if the file has no scene of that number."""
    if not n_scenes:
        raise RNCoreError(f"'{name}' has no scenes; choose another file.")
    if not 0 <= number < n_scenes:
        raise RNCoreError(f"'{name}' has the scenes 0 to {n_scenes - 1}, got {number}; choose one of these.")
    if not isinstance(record, Mapping):
        raise SceneError(f"Scene {number} of '{name}' must be a JSON object, got {shown(record)}; correct the file.")
    return record


def _check_directions(scene: ClevrScene) -> None:
    """Raise SceneError unless left, right, front and behind are where they are in CLEVR."""
    for relation in RELATIONS:
        if np.abs(np.subtract(scene.directions[relation], DIRECTIONS[relation])).max() > _NEAR:
            raise SceneError(
                f"Its direction '{relation}' must be CLEVR's, {shown(list(DIRECTIONS[relation]))}, got "
                f'{shown(list(scene.directions[relation]))}; leave "directions" out.'
            )


def _named_size(record: Any) -> PictureSize | None:
    """Return the picture size that fields of a scene or of "info" name; None where they name none."""
    if not isinstance(record, Mapping):
        return None
    for key in _SIZE_KEYS:
        value = record.get(key)
        if isinstance(value, str):
            return read_any_size(value)
        if isinstance(value, list):
            return _size_of(value)
    for keys in _SIDE_KEYS:
        if all(key in record for key in keys):
            return _size_of([record[key] for key in keys])
    return None


def _size_of(sides: list[Any]) -> PictureSize:
    """Return the size of two sides; raises SceneError if they are none."""
    if len(sides) != 2 or not all(is_whole(side) for side in sides):
        raise SceneError(f"The size of its picture must be two whole numbers, width and height, got {shown(sides)}.")
    return read_any_size("x".join(map(str, sides)))


def read_any_size(text: str) -> PictureSize:
    """Return the size of a picture that others rendered; raises RNCoreError for a text that says none."""
    size = parse_size(text)
    if min(size) < 1:
        raise SceneError(f"A picture's sides must have 1 pixel or more, got {size}; change it.")
    return size


def find_camera(scene: ClevrScene, size: PictureSize | None = None) -> tuple[np.ndarray, PictureSize | None]:
    """Return the place (3,) float64 of the camera that pixel coordinates tell, and the size of their picture.

    Args:
        scene: its pixel coordinates may belong to a picture of any size; without them the camera is CLEVR's.
        size: of the picture; None infers it.

    Raises:
        SceneError: in one sentence, if no camera like CLEVR's sees the objects there.
    """
    if scene.pixel_coords is None:
        return np.array(POSITION), None
    sizes = [(size, _ALLOWED, FURTHEST)] if size else _likely_sizes(scene.coords, scene.pixel_coords)
    for each, most_misfit, furthest in sizes:
        place = _fit(scene.coords, scene.pixel_coords, each, most_misfit, furthest)
        if place is not None:
            return place, each
    where = f"in a picture of {size}" if size else "in a picture of any size"
    raise SceneError(
        f"Its pixel coordinates must be those of a camera like CLEVR's, but fit none {where}; "
        f"{'choose another size' if size else 'name the size'}, or leave them out."
    )


def _likely_sizes(coords: np.ndarray, pixel_coords: np.ndarray) -> list[tuple[PictureSize, float, float]]:
    """Return a picture's possible sizes, likeliest first, with the most misfit and distance that a camera may have."""
    sizes = [(CLEVR_SIZE, _SURE, USUAL)]
    with np.errstate(all="ignore"), contextlib.suppress(np.linalg.LinAlgError):
        guessed = guess_size(coords, pixel_coords)
        if guessed is not None:
            sizes.append((PictureSize(*guessed), _ALLOWED, USUAL))
    return [*sizes, (CLEVR_SIZE, _ALLOWED, FURTHEST)]


def _fit(
    coords: np.ndarray, pixel_coords: np.ndarray, size: PictureSize, most_misfit: float, furthest: float
) -> np.ndarray | None:
    """Return the place (3,) of the camera that fits best in a picture of a size; None if none fits well enough."""
    scaled = scale_pixels(pixel_coords, *size)
    best, least = None, most_misfit
    for place in fit_all(coords, scaled):
        with np.errstate(all="ignore"):
            gap = misfit(coords, scaled, place, max(1.0, WIDTH / size.width))
        if gap <= least and np.abs(place - POSITION).max() <= furthest:
            best, least = place, gap
    return best
