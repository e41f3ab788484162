"""Scenes and questions of a set as tensors."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from rn_core.common.errors import SceneError, quote
from rn_core.tasks.own.scene import OwnScene
from rn_core.tasks.own.schema import Schema

#: Standard deviations from the mean of the training scenes beyond which a number is unlike them.
_FAR = 10.0


def encode_objects(schema: Schema, scene: OwnScene) -> np.ndarray:
    """Return (N, F) float32, one value per feature: z-scores, and places of categories; raises SceneError."""
    if not 1 <= len(scene.objects) <= schema.n_objects:
        raise SceneError(f"A scene must have 1 to {schema.n_objects} objects, got {len(scene.objects)}; change it.")
    names = {column.name for column in schema.columns}
    for thing in scene.objects:
        if {*thing.features} != names:
            raise SceneError(
                f"Object {quote(thing.name)} must have the features {', '.join(sorted(names))}, got "
                f"{', '.join(sorted(thing.features))}; change them."
            )
    rows = [[column.encode(thing.features[column.name]) for column in schema.columns] for thing in scene.objects]
    return np.array(rows, dtype=np.float32)


def find_unseen(schema: Schema, scene: OwnScene) -> list[str]:
    """Return the features of a scene that are unlike those of all training scenes, in words, each once."""
    found: dict[str, None] = {}
    for column in schema.columns:
        for thing in scene.objects:
            value = thing.features[column.name]
            if value in column.unseen or (not column.values and abs(column.encode(value)) > _FAR):
                found[f"a {column.name} of {quote(value) if isinstance(value, str) else format(value, 'g')}"] = None
    return [*found]


def encode_pairs(schema: Schema, scene: OwnScene) -> tuple[np.ndarray, np.ndarray]:
    """Return the listed pairs: objects (P, 2) int64, and scaled features (P, F_p) float32; raises SceneError."""
    place = {thing.name: row for row, thing in enumerate(scene.objects)}
    try:
        index = [(place[pair.first], place[pair.second]) for pair in scene.pairs]
        values = [[each.encode(pair.features[each.name]) for each in schema.pair_columns] for pair in scene.pairs]
    except KeyError as err:
        raise SceneError(
            f"A pair of scene {quote(scene.name)} lacks {err}; its objects and features must exist."
        ) from err
    n_pairs, n_features = len(scene.pairs), len(schema.pair_columns)
    return np.array(index, np.int64).reshape(n_pairs, 2), np.array(values, np.float32).reshape(n_pairs, n_features)


def encode_about(scene: OwnScene, about: Sequence[str], n_about: int) -> np.ndarray:
    """Return (n_about,) int64, the objects that are asked about, -1 behind them; the scene has them all."""
    names = [thing.name for thing in scene.objects]
    found = [names.index(name) for name in about]
    return np.array(found + [-1] * (n_about - len(found)), dtype=np.int64)


def make_rows(schema: Schema, cells: np.ndarray) -> np.ndarray:
    """Return an object's inputs without pair features, (N, F + n_about) float32; nothing is asked about yet.

    Args:
        schema: of the set.
        cells: (N, F) as `encode_objects`.
    """
    n_objects = len(cells)
    rows = np.zeros((n_objects, schema.d_features + schema.n_about), dtype=np.float32)
    start, every = 0, np.arange(n_objects)
    for column, values in zip(schema.columns, cells.T, strict=True):
        if column.values:
            rows[every, start + values.astype(np.int64)] = 1
        else:
            rows[:, start] = values
        start += column.width
    return rows


def mark_about(schema: Schema, rows: np.ndarray, about: np.ndarray) -> np.ndarray:
    """Return a copy of inputs (N, D) in which the objects of `about` (n_about,), as `encode_about`, are marked."""
    rows = rows.copy()
    places = np.flatnonzero(about >= 0)
    rows[about[places], schema.d_features + places] = 1
    return rows


def put_pairs(schema: Schema, rows: np.ndarray, index: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return inputs with each object's place among the others and its pair features; as they are without any.

    Args:
        schema: of the set.
        rows: (N, F + n_about) as `make_rows`.
        index: (P, 2) int64, the pairs.
        values: (P, F_p) float32.
    """
    if not schema.pair_columns:
        return rows
    n_objects = len(rows)
    grid = np.zeros((n_objects, schema.n_objects, len(schema.pair_columns)), dtype=np.float32)
    grid[index[:, 0], index[:, 1]] = values
    place = np.eye(n_objects, schema.n_objects, dtype=np.float32)
    return np.concatenate([rows, place, grid.reshape(n_objects, -1)], axis=1)


def pad_scenes(rows: Sequence[np.ndarray]) -> tuple[Tensor, Tensor]:
    """Return rows (S, N, D) float32 and mask (S, N) of scenes of different sizes."""
    sizes = np.array([len(each) for each in rows])
    padded = np.zeros((len(rows), sizes.max(), rows[0].shape[1]), dtype=np.float32)
    for place, each in enumerate(rows):
        padded[place, : len(each)] = each
    return torch.from_numpy(padded), torch.from_numpy(np.arange(sizes.max()) < sizes[:, None])


def encode_scene(schema: Schema, scene: OwnScene) -> np.ndarray:
    """Return one scene's inputs (N, D) as it is asked about; raises SceneError for what the schema does not know."""
    rows = put_pairs(schema, make_rows(schema, encode_objects(schema, scene)), *encode_pairs(schema, scene))
    return mark_about(schema, rows, encode_about(scene, scene.about, schema.n_about))
