"""Reading CLEVR's scene JSON: everything checked, one sentence for what is wrong."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from rn_core.common.checks import check_number, check_numbers, is_whole, shown
from rn_core.common.errors import SceneError, did_you_mean
from rn_core.tasks.clevr.world import DIRECTIONS, MAX_OBJECTS, RELATION_OFFSET, RELATIONS, VALUES, offsets_along

#: Fields of an object that have an array in `ClevrScene`.
OBJECT_KEYS = ("color", "size", "rotation", "shape", "3d_coords", "material", "pixel_coords")
#: Relations that are given may differ from the rule where the offset is this near to it (rounded coordinates).
_OFFSET_SLACK = 0.05
#: CLEVR places centers from -3 to 3; a scene that is read may lie further out.
_FURTHEST = 10.0
_MAX_TEXT = 200_000
_MAX_PIXEL = 100_000.0
_EXAMPLE = (
    '{"objects": [{"shape": "cube", "size": "large", "material": "metal", "color": "red", "3d_coords": [0, 1, 0.7]}]}'
)


def read_record(record: Mapping[str, Any] | str) -> dict[str, Any]:
    """Return what one scene of CLEVR's JSON says, as the fields of `ClevrScene`.

    Args:
        record: the scene, as text or parsed.

    Raises:
        SceneError: in one sentence, naming the object and what is wrong with it.
    """
    record = _parse(record)
    objects = record["objects"]
    coords = _read_triples(objects, "3d_coords", -_FURTHEST, _FURTHEST)
    if coords is None:
        raise SceneError('Every object needs "3d_coords", three numbers such as [0, 1, 0.7]; add them.')
    directions = _read_directions(record.get("directions"))
    return {
        "sizes": _read_values(objects, "size"),
        "colors": _read_values(objects, "color"),
        "materials": _read_values(objects, "material"),
        "shapes": _read_values(objects, "shape"),
        "coords": coords,
        "rotation": _read_rotation(objects),
        "pixel_coords": _read_triples(objects, "pixel_coords", -_MAX_PIXEL, _MAX_PIXEL),
        "directions": directions,
        "relationships": _read_relations(record.get("relationships"), coords, directions),
        "extra": _read_extra(record),
    }


def _parse(record: Mapping[str, Any] | str) -> Mapping[str, Any]:
    """Return a scene's JSON object, checked down to a list of 1 to 10 JSON objects."""
    if isinstance(record, str):
        if len(record) > _MAX_TEXT:
            raise SceneError(f"A scene's JSON must have at most {_MAX_TEXT} characters, got {len(record)}; shorten it.")
        try:
            record = json.loads(record)
        except (ValueError, RecursionError) as err:
            raise SceneError(f"A scene must be JSON like {_EXAMPLE}, got {shown(record)}; check its brackets.") from err
    if not isinstance(record, Mapping) or not isinstance(record.get("objects"), list):
        raise SceneError(f"A scene must be a JSON object like {_EXAMPLE}, got {shown(record)}; add its objects.")
    if not 1 <= len(record["objects"]) <= MAX_OBJECTS:
        raise SceneError(f"A scene must have 1 to {MAX_OBJECTS} objects, got {len(record['objects'])}; change that.")
    for index, thing in enumerate(record["objects"]):
        if not isinstance(thing, Mapping):
            raise SceneError(f"Object {index} must be a JSON object with a shape and so on, got {shown(thing)}.")
    return record


def _read_values(objects: list[Mapping[str, Any]], attribute: str) -> np.ndarray:
    """Return (N,) int64, each object's index in `VALUES[attribute]`."""
    return np.array([_read_value(thing, index, attribute) for index, thing in enumerate(objects)], dtype=np.int64)


def _read_value(thing: Mapping[str, Any], index: int, attribute: str) -> int:
    """Return the index of an object's value in `VALUES[attribute]`."""
    value, allowed = thing.get(attribute), VALUES[attribute]
    if not isinstance(value, str) or value not in allowed:
        guess = did_you_mean(value, list(allowed)) if isinstance(value, str) and len(value) < 50 else ""
        raise SceneError(
            f"Object {index}'s {attribute} must be one of {', '.join(allowed)}, got {shown(value)}.{guess}"
        )
    return allowed.index(value)


def _is_everywhere(objects: list[Mapping[str, Any]], key: str) -> bool:
    """Return whether all objects have a field; raises SceneError if only some have."""
    missing = [index for index, thing in enumerate(objects) if thing.get(key) is None]
    if missing and len(missing) < len(objects):
        raise SceneError(f'Either all objects have "{key}" or none, but object {missing[0]} has none; add it.')
    return not missing


def _read_triples(objects: list[Mapping[str, Any]], key: str, low: float, high: float) -> np.ndarray | None:
    """Return (N, 3) float64 of a field with three numbers, or None if no object has it."""
    if not _is_everywhere(objects, key):
        return None
    rows = [check_numbers(thing[key], f"Object {index}'s {key}", low, high) for index, thing in enumerate(objects)]
    return np.array(rows)


def _read_rotation(objects: list[Mapping[str, Any]]) -> np.ndarray | None:
    """Return (N,) float64, or None if no object has a rotation."""
    if not _is_everywhere(objects, "rotation"):
        return None
    checked = [check_number(thing["rotation"], f"Object {k}'s rotation", -360, 360) for k, thing in enumerate(objects)]
    return np.array(checked)


def _read_directions(given: Any) -> Mapping[str, tuple[float, float, float]]:
    """Return the scene's directions, or CLEVR's where it gives none."""
    if given is None:
        return dict(DIRECTIONS)
    if not isinstance(given, Mapping) or not set(RELATIONS) <= set(given) or len(given) > 2 * len(DIRECTIONS):
        raise SceneError(
            f'"directions" must name {", ".join(RELATIONS)}, got {shown(given)}; leave them out for CLEVR\'s.'
        )
    vectors = {
        str(name): check_numbers(vector, f"Direction {shown(name)}", -1.01, 1.01) for name, vector in given.items()
    }
    for name, vector in vectors.items():
        if abs(sum(part * part for part in vector) - 1) > 0.01:
            raise SceneError(f"Direction '{name}' must have length 1, got {shown(list(vector))}; divide by its length.")
    return vectors


def _read_relations(
    given: Any, coords: np.ndarray, directions: Mapping[str, tuple[float, float, float]]
) -> np.ndarray | None:
    """Return (4, N, N) bool of the relations given, checked against the coordinates, or None where none are."""
    if given is None:
        return None
    n_objects = len(coords)
    table = np.zeros((len(RELATIONS), n_objects, n_objects), dtype=bool)
    for r, name in enumerate(RELATIONS):
        rows = given.get(name) if isinstance(given, Mapping) else None
        if not isinstance(rows, list) or len(rows) != n_objects:
            raise SceneError(
                f'"relationships" must hold, for each of {", ".join(RELATIONS)}, one list per object, '
                f"got {shown(rows)} for {name}; leave them out to have them computed."
            )
        for i, others in enumerate(rows):
            table[r, i, _read_others(others, n_objects, name, i)] = True
    _check_relations(table, offsets_along(coords, directions))
    return table


def _read_others(others: Any, n_objects: int, relation: str, index: int) -> list[int]:
    """Return the indices that one object's list of a relation names."""
    if not isinstance(others, list) or len(others) > n_objects:
        raise SceneError(f"Object {index}'s list of '{relation}' must name other objects, got {shown(others)}.")
    for other in others:
        if not is_whole(other) or not 0 <= other < n_objects:
            raise SceneError(
                f"Object {index}'s list of '{relation}' must name objects 0 to {n_objects - 1}, got {shown(other)}."
            )
    return others


def _check_relations(table: np.ndarray, offsets: np.ndarray) -> None:
    """Raise SceneError where relations given contradict the coordinates by more than rounding."""
    wrong = (table != (offsets > RELATION_OFFSET)) & (np.abs(offsets - RELATION_OFFSET) > _OFFSET_SLACK)
    if wrong.any():
        r, i, j = np.argwhere(wrong)[0]
        says = "lists" if table[r, i, j] else "does not list"
        raise SceneError(
            f"Object {i}'s list of '{RELATIONS[r]}' {says} object {j}, but their 3d_coords say otherwise "
            f"({offsets[r, i, j]:.2f} along '{RELATIONS[r]}', the rule is above {RELATION_OFFSET}); "
            'leave "relationships" out to have them computed.'
        )


def _read_extra(record: Mapping[str, Any]) -> str:
    """Return the fields without arrays as JSON text; raises SceneError if they are no JSON."""
    scene = {key: value for key, value in record.items() if key not in ("objects", "relationships", "directions")}
    objects = [{key: value for key, value in thing.items() if key not in OBJECT_KEYS} for thing in record["objects"]]
    relations = {key: value for key, value in (record.get("relationships") or {}).items() if key not in RELATIONS}
    try:
        text = json.dumps([scene, objects, relations], allow_nan=False)
    except (TypeError, ValueError, RecursionError) as err:
        raise SceneError(f"A scene's other fields must be plain JSON values ({err}); remove what is not.") from err
    if len(text) > _MAX_TEXT:
        raise SceneError(
            f"A scene's other fields must have at most {_MAX_TEXT} characters, got {len(text)}; remove some."
        )
    return text
