"""Scenes as the page edits them: letters, links, rules, and the camera that stays."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages._lab.clevr.things import (
    LETTERS,
    Thing,
    add_thing,
    camera_of,
    edited_scene,
    format_parts,
    make_parts,
    move_thing,
    name_things,
    parse_parts,
    resolve,
    sampled_scene,
    sampled_things,
    things_of,
)
from rn_core.common.errors import SceneError
from rn_core.tasks.clevr.camera import project
from rn_core.tasks.clevr.placement import check_placement
from rn_core.tasks.clevr.scene import COLORS, MATERIALS, SHAPES, SIZES
from rn_core.tasks.clevr.world import RELATION_OFFSET, RELATIONS

hundredths = st.integers(-300, 300).map(lambda number: round(number / 100, 2))
things = st.builds(
    Thing,
    *(st.sampled_from(values) for values in (SIZES, COLORS, MATERIALS, SHAPES)),
    hundredths,
    hundredths,
    st.integers(0, 36_000).map(lambda number: number / 100),
)


@given(st.lists(st.one_of(st.sampled_from(LETTERS), things), min_size=1, max_size=10))
def test_parts_survive_the_url(parts):
    assert parse_parts(format_parts(tuple(parts))) == tuple(parts)
    assert set(format_parts(tuple(parts))) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJ0123456789-._")


@pytest.mark.parametrize("seed", [0, 2, 7])
def test_the_sampled_things_are_no_edit_and_one_moved_is_the_only_thing_written_out(seed):
    whole = sampled_things(seed)
    assert make_parts(seed, whole) is None
    moved = (*whole[:-1], replace(whole[-1], color="gray", x=0.5, y=-0.25, rotation=1.5))
    parts = make_parts(seed, moved)
    assert parts[:-1] == LETTERS[: len(whole) - 1]
    assert resolve(seed, parts) == moved


@pytest.mark.parametrize("seed", range(5))
def test_the_camera_stays_so_things_that_stay_keep_their_pixels(seed):
    scene = sampled_scene(seed)
    left = edited_scene(seed, LETTERS[: scene.n_objects - 1])
    assert np.abs(left.pixel_coords[:, :2] - scene.pixel_coords[:-1, :2]).max() <= 1
    np.testing.assert_allclose(left.pixel_coords[:, 2], scene.pixel_coords[:-1, 2], atol=0.02)
    np.testing.assert_allclose(project(left.coords, camera_of(seed))[:, :2], left.pixel_coords[:, :2], atol=0.51)


def test_relations_of_an_edited_scene_are_those_of_its_places():
    scene = edited_scene(2, make_parts(2, move_thing(sampled_things(2), "C", 1.38, -2.53)))
    for name in RELATIONS:
        for i in range(scene.n_objects):
            for j in range(scene.n_objects):
                offset = (scene.coords[j] - scene.coords[i]) @ np.array(scene.directions[name])
                assert scene.related[name][i, j] == (offset > RELATION_OFFSET)


def test_a_broken_rule_is_one_sentence_that_calls_objects_by_their_letters():
    whole = sampled_things(2)
    onto = move_thing(whole, "B", whole[3].x, whole[3].y)
    with pytest.raises(SceneError, match="Objects B and D must leave a gap"):
        edited_scene(2, make_parts(2, onto))
    with pytest.raises(SceneError, match=r"has the objects A, B, C, D, got 'G'"):
        edited_scene(1, ("A", "G"))
    with pytest.raises(SceneError, match="1 to 10 objects, got 0"):
        edited_scene(1, ())


@pytest.mark.parametrize(
    "text", ["", "K", "lrmc1.2", "lrmc700.0.0", "lrmc1.2.99999", "A__B", "xrmc1.2.3", "A_lrmc1.2.3x"]
)
def test_other_texts_are_no_scenes(text):
    with pytest.raises(SceneError, match="An object must be a letter"):
        parse_parts(text)


def test_a_new_thing_finds_room_until_the_scene_is_full():
    grown = sampled_things(1)
    while len(grown) < 10:
        grown = add_thing(grown, 1, color="cyan")
        check_placement(edited_scene(1, make_parts(1, grown)))
    assert [thing.color for thing in grown[4:]] == ["cyan"] * 6
    with pytest.raises(SceneError, match="no room for another"):
        add_thing(grown, 1)


def test_names_tell_alike_things_apart():
    twice = (sampled_things(2)[4], sampled_things(2)[4])
    assert name_things(twice) == ("A purple sphere", "B purple sphere")
    assert things_of(sampled_scene(2)) == sampled_things(2)
