"""Places that CLEVR allows: all real ones, and the sentence for each rule that is broken."""

from __future__ import annotations

import pytest

from rn_core.common.errors import SceneError
from rn_core.tasks.clevr import ClevrScene
from rn_core.tasks.clevr.placement import check_placement


def make_scene(*places: tuple[float, float, float]) -> ClevrScene:
    """Return large red cubes at places."""
    thing = {"size": "large", "color": "red", "material": "metal", "shape": "cube"}
    return ClevrScene.from_json({"objects": [thing | {"3d_coords": list(place)} for place in places]})


def test_every_real_and_synthetic_scene_keeps_the_rules(real_scenes, synthetic_records):
    for scene in (*real_scenes, *map(ClevrScene.from_json, synthetic_records)):
        check_placement(scene)


@pytest.mark.parametrize(
    ("places", "sentence"),
    [
        ([(3.1, 0, 0.7)], r"^Object 0's x and y must be from -3 to 3, got 3\.1 and 0; move it\.$"),
        ([(0, 0, 0.7), (2, -3.01, 0.7)], r"^Object 1's x and y must be from -3 to 3, got 2 and -3\.01; move it\.$"),
        ([(0, 0, 0.35)], r"^Object 0's z must be its radius 0\.7, got 0\.35; change its height\.$"),
        (
            [(0, 0, 0.7), (1.0, 1.2, 0.7)],
            r"^Objects 0 and 1 must leave a gap of 0\.25, got 0\.16; move one of them away",
        ),
        (
            [(-2.5, 1, 0.7), (0, 0, 0.7), (1.9, -1.6, 0.7)],
            r"^Object 2 must be clearly left or right of object 1, by 0\.4, got 0\.04; move it\.$",
        ),
        (
            [(0, 0, 0.7), (1.31, 1.51, 0.7)],
            r"^Object 1 must be clearly in front or behind of object 0, by 0\.4, got 0\.00; move it\.$",
        ),
    ],
)
def test_a_place_that_breaks_a_rule_is_one_sentence(places, sentence):
    with pytest.raises(SceneError, match=sentence):
        check_placement(make_scene(*places))


def test_places_at_the_edge_of_every_rule_are_allowed():
    check_placement(make_scene((3, 3, 0.7), (-3, -3, 0.7), (3, -3, 0.7)))
    check_placement(make_scene((0, 0, 0.7), (1.65 * 0.95, 1.65 * (1 - 0.95**2) ** 0.5, 0.7)))
