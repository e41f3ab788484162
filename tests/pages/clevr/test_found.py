"""Objects found in a picture: whose they are, what a network says without some of them, where the camera stood."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from pages._lab.clevr.found import Found, find_objects, found_membership, leave_out, true_places
from pages._lab.clevr.nodes import make_nodes
from pages._lab.clevr.pictures import bundled_picture
from pages._lab.clevr.state import ClevrState
from pages._lab.clevr.things import build_scene, camera_of, format_camera, parse_camera, sampled_scene, sampled_things
from pages._lab.clevr.uploaded import find_camera, place_things, uploaded_scene
from rn_core.answering import Answerer
from rn_core.attribution.readout import answer_logits
from rn_core.common.errors import SceneError
from rn_core.tasks.clevr.camera import POSITION
from tests.test_clevr_perception import perfect_maps

SCENE, THINGS = sampled_scene(2), sampled_things(2)
PIXELS = bundled_picture().pixels
QUESTION = "How many spheres are left of the red cube?"


@pytest.fixture
def see(monkeypatch, random_answerer):
    """Return `see(scene)`: a random network behind a convolution that sees just this scene in every picture."""

    def make(scene) -> Answerer:
        answerer = random_answerer("rn-slots")
        monkeypatch.setattr(answerer.model.encoder, "find_maps", lambda images: perfect_maps([scene] * len(images)))
        return answerer

    return make


def test_what_a_perfect_network_finds_is_the_scene(see):
    found = find_objects(see(SCENE).model.encoder, PIXELS)
    places = true_places(SCENE)
    assert len(found) == len(THINGS)
    for true, place in zip(THINGS, places.tolist(), strict=True):
        (seen,) = [each for each in found if each.place == pytest.approx(place, abs=1e-3)]
        assert seen.thing.words == true.words
        assert (seen.thing.x, seen.thing.y) == pytest.approx((true.x, true.y), abs=0.006)


def test_each_slot_belongs_to_the_object_it_lies_on_and_empty_ones_to_none():
    true = true_places(SCENE)
    places = torch.stack([true[3] + 5, torch.tensor([2.0, 2.0]), true[0], torch.full((2,), torch.nan)])
    expected = torch.zeros(4, 8, dtype=torch.float64)
    expected[0, 3] = expected[1, 7] = expected[2, 0] = 1
    assert torch.equal(found_membership(SCENE, places), expected)
    assert torch.equal(found_membership(SCENE, None)[:7, :7], torch.eye(7, dtype=torch.float64))
    assert found_membership(None, places).tolist() == [[1], [1], [1], [0]]


def test_ground_is_a_node_only_where_something_is_found_on_it():
    state, places = ClevrState(model="rn-slots"), true_places(SCENE)
    astray = torch.cat([places, torch.tensor([[2.0, 2.0]])])
    letters = tuple("ABCDEFG")
    assert make_nodes(state, places).labels == letters
    assert make_nodes(state, astray).labels == (*letters, "ground")
    assert make_nodes(state.change(pair=("A", "ground")), places).labels == (*letters, "ground")


def test_leaving_objects_out_is_what_a_scene_without_them_gives(see):
    (whole,) = see(SCENE).passes([PIXELS], [QUESTION])
    membership = found_membership(SCENE, whole.places)
    left = leave_out(whole.relations, membership, [1, 4])
    smaller = build_scene([thing for k, thing in enumerate(THINGS) if k not in (1, 4)], camera_of(2))
    answerer = see(smaller)
    (alone,) = answerer.passes([PIXELS], [QUESTION])
    logits = answer_logits(answerer.f_phi(QUESTION), left).float()
    torch.testing.assert_close(logits, alone.logits, atol=1e-4, rtol=1e-4)
    assert not torch.allclose(whole.logits, alone.logits, atol=1e-3)


@pytest.mark.parametrize("seed", range(4))
def test_the_camera_of_a_picture_follows_from_where_objects_are_found(seed):
    scene, things = sampled_scene(seed), sampled_things(seed)
    places = true_places(scene).tolist()
    found = [Found(thing, tuple(place)) for thing, place in zip(things, places, strict=True)]
    camera = find_camera(found)
    assert camera == pytest.approx(camera_of(seed), abs=0.1)
    assert parse_camera(format_camera(camera)) == camera
    seen = uploaded_scene(things, camera)
    np.testing.assert_allclose(seen.pixel_coords[:, :2], scene.pixel_coords[:, :2], atol=2)
    assert find_camera(found[:1]) == pytest.approx(camera_of(seed), abs=0.75), "one object tells little"
    drawn = np.random.default_rng(seed).normal(0, 0.2, (len(things), 2))
    noisy = [
        replace(each, thing=replace(each.thing, x=each.thing.x + dx, y=each.thing.y + dy))
        for each, (dx, dy) in zip(found, drawn, strict=True)
    ]
    placed = place_things(noisy, find_camera(noisy))
    seen = uploaded_scene(placed, find_camera(noisy))
    inside = [k for k, thing in enumerate(placed) if max(abs(thing.x), abs(thing.y)) < 3]
    np.testing.assert_allclose(seen.pixel_coords[inside, :2], scene.pixel_coords[inside, :2], atol=1.5)
    assert len(inside) > len(things) / 2
    astray = [Found(thing, (240 - x, 160 - y)) for thing, (x, y) in zip(things, places, strict=True)]
    assert find_camera(astray) == pytest.approx(POSITION, abs=2)


def test_what_was_seen_may_break_the_rules_of_places_but_not_of_numbers():
    close = (THINGS[0], THINGS[0])
    assert uploaded_scene(close, None).n_objects == 2
    for wrong in ((), THINGS * 2, ("A", THINGS[0])):
        with pytest.raises(SceneError):
            uploaded_scene(wrong, None)
