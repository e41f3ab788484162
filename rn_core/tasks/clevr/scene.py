"""CLEVR scenes: attributes, places and spatial relations of up to ten objects, to and from CLEVR's own JSON."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from rn_core.tasks.clevr.scene_record import OBJECT_KEYS, read_record
from rn_core.tasks.clevr.world import (
    COLORS,
    DIRECTIONS,
    MATERIALS,
    MAX_OBJECTS,
    RADIUS,
    RELATION_OFFSET,
    RELATIONS,
    SHAPES,
    SIZES,
    VALUES,
    offsets_along,
)

__all__ = [
    "COLORS",
    "DIRECTIONS",
    "MATERIALS",
    "MAX_OBJECTS",
    "RADIUS",
    "RELATIONS",
    "SHAPES",
    "SIZES",
    "VALUES",
    "ClevrScene",
]

#: The order of the keys in CLEVR's files.
_SCENE_KEYS = ("image_index", "objects", "relationships", "image_filename", "split", "directions")
_RELATION_KEYS = ("right", "behind", "front", "left")


@dataclass(frozen=True, eq=False)
class ClevrScene:
    """One scene of N objects, 1 to 10; its arrays are read-only.

    Attributes:
        sizes: (N,) int64, index into `SIZES`.
        colors: (N,) int64, index into `COLORS`.
        materials: (N,) int64, index into `MATERIALS`.
        shapes: (N,) int64, index into `SHAPES`.
        coords: (N, 3) float64, centers; the ground is z = 0, CLEVR's x and y run from -3 to 3.
        rotation: (N,) float64 about z, in radians despite its range of 0 to 360 (it was drawn as degrees and
            applied as radians); None where the scene does not say.
        pixel_coords: (N, 3) float64: column, row and depth along the camera's axis in the 480 x 320 picture; or None.
        directions: name -> unit vector, at least one for each of `RELATIONS`.
        relationships: (4, N, N) bool in the order of `RELATIONS`: [r, i, j] says that j stands in relation r to i;
            None computes it from `coords` and `directions`.
        extra: what else the scene's JSON holds, as JSON text: [fields of the scene, [fields of each object], fields of
            its relationships]; None for nothing.
    """

    sizes: np.ndarray
    colors: np.ndarray
    materials: np.ndarray
    shapes: np.ndarray
    coords: np.ndarray
    rotation: np.ndarray | None = None
    pixel_coords: np.ndarray | None = None
    directions: Mapping[str, tuple[float, float, float]] = field(default_factory=lambda: dict(DIRECTIONS))
    relationships: np.ndarray | None = None
    extra: str | None = None

    def __post_init__(self) -> None:
        """Compute relations that are not given and make every array read-only."""
        if self.relationships is None:
            object.__setattr__(self, "relationships", offsets_along(self.coords, self.directions) > RELATION_OFFSET)
        arrays = (self.sizes, self.colors, self.materials, self.shapes, self.coords)
        for array in (*arrays, self.relationships, self.rotation, self.pixel_coords):
            if array is not None:
                array.setflags(write=False)

    @property
    def n_objects(self) -> int:
        """Return the number of objects N."""
        return len(self.shapes)

    @property
    def relation_table(self) -> np.ndarray:
        """Return `relationships` (4, N, N) bool, which are there from the start, given or computed."""
        assert self.relationships is not None
        return self.relationships

    @functools.cached_property
    def attributes(self) -> dict[str, np.ndarray]:
        """Return attribute -> (N,) int64, index into `VALUES[attribute]`."""
        return {"size": self.sizes, "color": self.colors, "material": self.materials, "shape": self.shapes}

    @functools.cached_property
    def related(self) -> dict[str, np.ndarray]:
        """Return relation -> (N, N) bool: [i, j] says that j stands in that relation to i."""
        return dict(zip(RELATIONS, self.relation_table, strict=True))

    @functools.cached_property
    def words(self) -> dict[str, tuple[str, ...]]:
        """Return attribute -> the value of each object in CLEVR's spelling."""
        return {name: tuple(VALUES[name][k] for k in column) for name, column in self.attributes.items()}

    @staticmethod
    def from_json(record: Mapping[str, Any] | str) -> ClevrScene:
        """Read one scene of CLEVR's JSON, as text or parsed.

        Needed are "objects", each with shape, size, material, color and "3d_coords". "rotation" and "pixel_coords"
        must be in all objects or in none. "directions" are CLEVR's and "relationships" computed where they are
        missing; all other fields are kept as they are.

        Raises:
            SceneError: in one sentence, naming the object and what is wrong with it.
        """
        return ClevrScene(**read_record(record))

    def to_dict(self) -> dict[str, Any]:
        """Return the scene as CLEVR writes it, keys in its order; equal to what `from_json` read, and complete."""
        extra, extras, others = json.loads(self.extra) if self.extra else ({}, [{}] * self.n_objects, {})
        objects = [
            _in_order({**extras[index], **known}, OBJECT_KEYS) for index, known in enumerate(self._object_records())
        ]
        relations = {name: [np.flatnonzero(row).tolist() for row in self.related[name]] for name in _RELATION_KEYS}
        directions = {name: list(vector) for name, vector in self.directions.items()}
        known = {"objects": objects, "relationships": relations | others, "directions": directions}
        return _in_order({**extra, **known}, _SCENE_KEYS)

    def to_json(self) -> str:
        """Return `to_dict` as text."""
        return json.dumps(self.to_dict())

    def _object_records(self) -> list[dict[str, Any]]:
        """Return the fields of each object that have arrays here."""
        records = [dict(zip(self.words, values, strict=True)) for values in zip(*self.words.values(), strict=True)]
        for index, known in enumerate(records):
            known["3d_coords"] = self.coords[index].tolist()
            if self.rotation is not None:
                known["rotation"] = float(self.rotation[index])
            if self.pixel_coords is not None:
                column, row, depth = self.pixel_coords[index].tolist()
                known["pixel_coords"] = [*(int(v) if v.is_integer() else v for v in (column, row)), depth]
        return records


def _in_order(record: dict[str, Any], keys: tuple[str, ...]) -> dict[str, Any]:
    """Return a record with `keys` first, in their order, and the others behind."""
    first = {key: record[key] for key in keys if key in record}
    return {**first, **record}
