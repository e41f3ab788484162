"""Bit masks against loops over objects and descriptions."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from rn_core.common.seeding import make_rng
from rn_core.tasks.clevr import ClevrScene, sample_scenes
from rn_core.tasks.clevr.language import DESCRIPTIONS
from rn_core.tasks.clevr.masks import SceneMasks, allowed, naming_only
from rn_core.tasks.clevr.world import RELATIONS, VALUES

SCENES = sample_scenes(make_rng(3, "test"), 6)
NAMES = tuple(VALUES)
UNNAMED = [(), ("size",), ("color", "shape")]


def fitting(scene: ClevrScene, number: int) -> set[int]:
    """Return the objects that fit a description."""
    things = zip(*scene.words.values(), strict=True)
    said = DESCRIPTIONS[number]
    return {i for i, thing in enumerate(things) if all(a in (None, b) for a, b in zip(said, thing, strict=True))}


def near(scene: ClevrScene, relation: int, landmark: int) -> set[int]:
    """Return the objects in a relation to another one."""
    return set(np.flatnonzero(scene.related[RELATIONS[relation]][landmark]).tolist())


def names_none(number: int, unnamed: tuple[str, ...]) -> bool:
    """Return whether a description keeps quiet about some attributes."""
    return all(DESCRIPTIONS[number][NAMES.index(name)] is None for name in unnamed)


def as_mask(objects: set[int]) -> int:
    """Return a set as a mask."""
    return sum(1 << index for index in objects)


@pytest.mark.parametrize("scene", SCENES)
def test_sets(scene):
    masks = SceneMasks(scene)
    assert masks.everything == as_mask(set(range(scene.n_objects)))
    assert masks.found == [as_mask(fitting(scene, number)) for number in range(len(DESCRIPTIONS))]
    assert masks.real == [number for number in range(len(DESCRIPTIONS)) if fitting(scene, number)]
    for relation, landmark in itertools.product(range(4), range(scene.n_objects)):
        assert masks.related[relation][landmark] == as_mask(near(scene, relation, landmark))
    for name, landmark in itertools.product(NAMES, range(scene.n_objects)):
        alike = {i for i, word in enumerate(scene.words[name]) if word == scene.words[name][landmark]}
        assert masks.same[name][landmark] == as_mask(alike - {landmark})


@pytest.mark.parametrize("unnamed", UNNAMED)
@pytest.mark.parametrize("scene", SCENES[:3])
def test_descriptions_of_one_object(scene, unnamed):
    masks = SceneMasks(scene)
    for among in (None, 0b101, 0):
        inside = set(range(10)) if among is None else {i for i in range(10) if among >> i & 1}
        assert masks.fits_one(unnamed, among) == [
            number
            for number in range(len(DESCRIPTIONS))
            if len(fitting(scene, number) & inside) == 1 and names_none(number, unnamed)
        ]


@pytest.mark.parametrize("unnamed", UNNAMED)
@pytest.mark.parametrize("scene", SCENES[:2])
def test_descriptions_by_a_relation(scene, unnamed):
    masks = SceneMasks(scene)
    for landmark in range(scene.n_objects):
        ways = {
            (relation * len(DESCRIPTIONS) + number): (
                len(there := alone & near(scene, relation, landmark)),
                there == alone,
            )
            for relation in range(4)
            for number in range(len(DESCRIPTIONS))
            if (alone := fitting(scene, number)) and names_none(number, unnamed)
        }
        for options, sizes in (
            (masks.related_one(landmark, unnamed), range(1, 2)),
            (masks.related_some(landmark, unnamed, 0), range(11)),
            (masks.related_some(landmark, unnamed, 1), range(1, 11)),
        ):
            assert options.telling == [way for way, (size, trivial) in ways.items() if size in sizes and not trivial]
            assert options.trivial == [way for way, (size, trivial) in ways.items() if size in sizes and trivial]
            a_tenth = round(len(options.telling) / 9)
            assert options.n_options - len(options.telling) == min(a_tenth, len(options.trivial))


def test_what_descriptions_may_name():
    for unnamed in UNNAMED:
        assert allowed(unnamed).tolist() == [names_none(number, unnamed) for number in range(len(DESCRIPTIONS))]
    assert [DESCRIPTIONS[number] for number in naming_only("material")] == [
        (None, None, "rubber", None),
        (None, None, "metal", None),
    ]
