"""A scene as bit masks: every set of its at most ten objects is one whole number, bit i for object i.

The ways to describe things are those of CLEVR's generator (Johnson et al. 2017, arXiv 1612.06890, section 3.2).
"""

from __future__ import annotations

import functools
from typing import NamedTuple

import numpy as np

from rn_core.tasks.clevr.language import DESCRIPTIONS
from rn_core.tasks.clevr.scene import ClevrScene
from rn_core.tasks.clevr.world import MAX_OBJECTS, VALUES

ATTRIBUTES = tuple(VALUES)
_N_DESCRIPTIONS = len(DESCRIPTIONS)
#: (1024,) how many objects a set holds.
_SIZE = np.array([mask.bit_count() for mask in range(2**MAX_OBJECTS)])
#: (4, 324) whether a description names an attribute: its place among the values, 0 for "not named".
_IS_NAMED = np.indices([1 + len(values) for values in VALUES.values()]).reshape(len(VALUES), -1) > 0
#: One trivial way for so many telling ones: a tenth of all.
_TELLING_PER_TRIVIAL = 9


class RelatedOptions(NamedTuple):
    """Ways to describe things by a relation; each is a number, relation * 324 + index into `DESCRIPTIONS`.

    Attributes:
        telling: without the relation, the description would find more.
        trivial: the description alone would find the same things.
        n_options: ways to draw from: all telling ones and at most a ninth as many trivial ones.
    """

    telling: list[int]
    trivial: list[int]
    n_options: int


class SceneMasks:
    """What the generator asks of a scene, computed once or when first asked.

    Attributes:
        scene: the scene itself.
        everything: all objects.
        found: for each of the 324 descriptions, the objects that fit it.
        real: the descriptions that fit an object.
        related: [relation][object]: what stands in that relation to it.
        same: attribute -> for each object, the others that share it.
        words: attribute -> the value of each object.
    """

    def __init__(self, scene: ClevrScene) -> None:
        """Compute the masks of a scene."""
        self.scene = scene
        bits = 1 << np.arange(scene.n_objects)
        self.everything = (1 << scene.n_objects) - 1
        self.words = scene.words
        self.same: dict[str, list[int]] = {}
        table = np.array([self.everything])
        for name, column in scene.attributes.items():
            holders = (column == np.arange(len(VALUES[name]))[:, None]) @ bits  # (V,)
            self.same[name] = (holders[column] & ~bits).tolist()
            table = (table[:, None] & np.append(self.everything, holders)).ravel()
        self.found: list[int] = table.tolist()
        self.real: list[int] = np.flatnonzero(table).tolist()
        near = scene.relation_table @ bits  # (4, N)
        self.related: list[list[int]] = near.tolist()
        self._table = table  # (324,)
        self._near = near[:, :, None] & table  # (4, N, 324)
        self._n_near = _SIZE[self._near]
        self._kept: dict[tuple[object, ...], list[int]] = {}
        self._kept_related: dict[tuple[object, ...], RelatedOptions] = {}

    def fits_one(self, unnamed: tuple[str, ...], among: int | None = None) -> list[int]:
        """Return the descriptions that fit exactly one object.

        Args:
            unnamed: attributes that must not be named.
            among: the objects that count; None for all of the scene.
        """
        key = (unnamed, among)
        if key not in self._kept:
            table = self._table if among is None else self._table & among
            self._kept[key] = np.flatnonzero((_SIZE[table] == 1) & allowed(unnamed)).tolist()
        return self._kept[key]

    def related_one(self, landmark: int, unnamed: tuple[str, ...]) -> RelatedOptions:
        """Return the ways to describe exactly one object by its relation to the object `landmark`."""
        return self._related_options(landmark, unnamed, 1, 1)

    def related_some(self, landmark: int, unnamed: tuple[str, ...], fewest: int) -> RelatedOptions:
        """Return the ways to describe `fewest` (0 or 1) or more objects by their relation to the object `landmark`."""
        return self._related_options(landmark, unnamed, fewest, MAX_OBJECTS)

    def _related_options(self, landmark: int, unnamed: tuple[str, ...], fewest: int, most: int) -> RelatedOptions:
        """Return the ways to describe `fewest` to `most` objects by their relation to the object `landmark`."""
        key = (landmark, unnamed, fewest, most)
        if key not in self._kept_related:
            number = self._n_near[:, landmark]  # (4, 324)
            fits = (number >= fewest) & (number <= most) & (self._table > 0) & allowed(unnamed)
            is_trivial = self._near[:, landmark] == self._table
            telling, trivial = np.flatnonzero(fits & ~is_trivial).tolist(), np.flatnonzero(fits & is_trivial).tolist()
            n_trivial = min(round(len(telling) / _TELLING_PER_TRIVIAL), len(trivial))
            self._kept_related[key] = RelatedOptions(telling, trivial, len(telling) + n_trivial)
        return self._kept_related[key]


@functools.cache
def allowed(unnamed: tuple[str, ...]) -> np.ndarray:
    """Return (324,) bool, which descriptions name none of the attributes in `unnamed`."""
    named = _IS_NAMED[[ATTRIBUTES.index(name) for name in unnamed]]
    return ~np.asarray(named.any(axis=0))


@functools.cache
def naming_only(attribute: str) -> list[int]:
    """Return the descriptions that name this attribute and no other one."""
    others = tuple(name for name in ATTRIBUTES if name != attribute)
    return np.flatnonzero(allowed(others) & ~allowed((attribute,))).tolist()
