"""Objects found in a picture: whose they are, and what a network says without some of them."""

from __future__ import annotations

import pytest
import torch

from pages._lab.clevr.found import find_objects, found_membership, leave_out, true_places
from pages._lab.clevr.pictures import bundled_picture
from pages._lab.clevr.things import build_scene, camera_of, sampled_scene, sampled_things
from rn_core.answering import Answerer
from rn_core.attribution.readout import answer_logits
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
