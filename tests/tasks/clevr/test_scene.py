"""Scenes: CLEVR's JSON there and back, the rule of relations, and the sentence for everything else."""

from __future__ import annotations

import json
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rn_core.common.errors import SceneError
from rn_core.tasks.clevr import RELATIONS, VALUES, ClevrScene
from rn_core.tasks.clevr.scene import DIRECTIONS

ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda parts: st.lists(parts, max_size=3) | st.dictionaries(st.text(max_size=5), parts, max_size=3),
    max_leaves=6,
)


def test_every_real_and_synthetic_scene_is_written_as_it_was_read(train_records, val_records, synthetic_records):
    records = [*train_records, *val_records, *synthetic_records]
    assert len(records) == 510
    for record in records:
        text = json.dumps(record)
        assert ClevrScene.from_json(record).to_dict() == record
        assert ClevrScene.from_json(text).to_json() == text  # also the order of keys, 3 and not 3.0, -0.0 and not 0.0


def test_fields_that_are_not_clevr_s_are_kept(four_things):
    record = four_things()
    record |= {"note": {"by": ["hand", None]}, "image_index": 7}
    record["objects"][2]["weight"] = [1, 2.5]
    whole = ClevrScene.from_json(record).to_dict()
    assert whole["note"] == {"by": ["hand", None]}
    assert whole["image_index"] == 7
    assert whole["objects"] == record["objects"]
    whole["relationships"]["above"] = [[], [], [], []]
    assert ClevrScene.from_json(whole).to_dict() == whole


def test_relations_given_are_those_of_the_rule(train_records, val_records, synthetic_records):
    """Loops over every two objects, on the coordinates and directions as the files have them."""
    n_lists = 0
    for record in (*train_records, *val_records, *synthetic_records):
        bare = {key: value for key, value in record.items() if key != "relationships"}
        assert ClevrScene.from_json(bare).to_dict() == record
        places = [thing["3d_coords"] for thing in record["objects"]]
        for name in RELATIONS:
            for i, one in enumerate(places):
                offsets = [
                    sum((b - a) * d for a, b, d in zip(one, other, record["directions"][name], strict=True))
                    for other in places
                ]
                assert [j for j, offset in enumerate(offsets) if offset > 0.2] == record["relationships"][name][i]
                n_lists += 1
    assert n_lists == 12_804


def test_related_reads_as_j_stands_in_relation_to_i(four_things):
    scene = ClevrScene.from_json(four_things())
    assert scene.n_objects == 4
    assert scene.related["right"].nonzero()[1].tolist() == [1, 2, 3, 2, 3, 3]  # further right: larger x and y
    assert scene.related["behind"][0].tolist() == [False, True, True, True]
    np.testing.assert_array_equal(scene.related["left"], scene.related["right"].T)
    np.testing.assert_array_equal(scene.related["front"], scene.related["behind"].T)
    for r, name in enumerate(RELATIONS):
        np.testing.assert_array_equal(scene.relationships[r], scene.related[name])


def test_attributes_are_indices_into_the_values(real_scenes, train_records):
    for scene, record in zip(real_scenes, train_records, strict=False):
        for index, thing in enumerate(record["objects"]):
            for name, values in VALUES.items():
                assert values[scene.attributes[name][index]] == thing[name] == scene.words[name][index]
        assert scene.coords.tolist() == [thing["3d_coords"] for thing in record["objects"]]
        assert scene.pixel_coords.tolist() == [thing["pixel_coords"] for thing in record["objects"]]
        assert scene.rotation.tolist() == [thing["rotation"] for thing in record["objects"]]


def test_what_is_missing_is_clevr_s_or_absent(four_things):
    scene = ClevrScene.from_json(four_things())
    assert scene.rotation is None
    assert scene.pixel_coords is None
    assert scene.directions == DIRECTIONS
    whole = scene.to_dict()
    assert list(whole) == ["objects", "relationships", "directions"]
    assert whole["relationships"]["behind"] == [[1, 2, 3], [2, 3], [3], []]
    assert "rotation" not in whole["objects"][0]


def test_directions_of_the_scene_are_used(four_things):
    record = four_things()
    turned = {"left": [0, 1, 0], "right": [0, -1, 0], "front": [1, 0, 0], "behind": [-1, 0, 0]}
    scene = ClevrScene.from_json(record | {"directions": turned})
    assert scene.related["left"][0].tolist() == [False, True, True, True]
    assert scene.related["front"][0].tolist() == [False, True, True, True]
    assert scene.to_dict()["directions"] == turned


def test_a_scene_is_frozen_and_travels_between_processes(real_scenes):
    scene = real_scenes[0]
    for array in (scene.coords, scene.colors, scene.relationships, scene.related["left"], scene.rotation):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0
    assert pickle.loads(pickle.dumps(scene)).to_json() == scene.to_json()


def test_relations_may_differ_from_rounded_coordinates_but_not_contradict_them(four_things):
    record = ClevrScene.from_json(four_things()).to_dict()
    record["objects"][1]["3d_coords"] = [-1.5 + 0.29, -2.0, 0.35]  # 0.19 along right of object 0
    near = ClevrScene.from_json({"objects": record["objects"]}).to_dict()
    near["relationships"]["right"][0] = [1, 2, 3]
    assert ClevrScene.from_json(near).related["right"][0, 1]
    near["relationships"]["right"][0] = [1, 2]
    with pytest.raises(
        SceneError, match=r"^Object 0's list of 'right' does not list object 3, but their 3d_coords say"
    ):
        ClevrScene.from_json(near)
    near["relationships"]["right"][0] = [0, 1, 2, 3]
    with pytest.raises(SceneError, match=r"lists object 0, .*leave \"relationships\" out to have them computed\.$"):
        ClevrScene.from_json(near)


def change(path: str, value: object):
    """Return a function that changes one part of a scene's JSON; the path "objects/0/color" names the part."""

    def apply(record: dict) -> dict:
        *way, last = [int(part) if part.isdigit() else part for part in path.split("/")]
        inner = record
        for part in way:
            inner = inner[part]
        inner[last] = value
        return record

    return apply


def everywhere(value: list) -> dict[str, list]:
    """Return the same list for each relation."""
    return {name: list(value) for name in RELATIONS}


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        ("objects", [], r"1 to 10 objects, got 0; change that\."),
        ("objects", [{}] * 11, r"1 to 10 objects, got 11; change that\."),
        ("objects", [{}] * 1_000_000, r"1 to 10 objects, got 1000000; change that\."),
        ("objects", "many", r"A scene must be a JSON object like .*; add its objects\."),
        ("objects/1", 7, r"Object 1 must be a JSON object with a shape and so on, got 7\."),
        (
            "objects/0/color",
            "purpel",
            r"Object 0's color must be one of gray, .*, got 'purpel'\. Did you mean 'purple'\?",
        ),
        ("objects/0/shape", None, r"Object 0's shape must be one of cube, sphere, cylinder, got None\."),
        ("objects/3/size", ["large"], r"Object 3's size must be one of large, small, got \['large'\]\."),
        ("objects/0/material", "x" * 10_000, r"Object 0's material must be one of rubber, metal, got 'x+\.\.\.x+'\."),
        (
            "objects/2/3d_coords",
            [0, 1],
            r"Object 2's 3d_coords must be a list of three numbers, got \[0, 1\]; change it\.",
        ),
        (
            "objects/2/3d_coords",
            [0, float("nan"), 1],
            r"Object 2's 3d_coords must be a number from -10 to 10, got nan;",
        ),
        ("objects/2/3d_coords", [0, float("inf"), 1], r"must be a number from -10 to 10, got inf;"),
        ("objects/2/3d_coords", [0, 10**5000, 1], r"must be a number from -10 to 10, got a huge int;"),
        ("objects/2/3d_coords", [0, 1e308, 1], r"must be a number from -10 to 10, got 1e\+308;"),
        ("objects/2/3d_coords", [0, True, 1], r"must be a number from -10 to 10, got True;"),
        ("objects/2/3d_coords", None, r'Either all objects have "3d_coords" or none, but object 2 has none; add it\.'),
        ("objects/2/rotation", 3.0, r'Either all objects have "rotation" or none, but object 0 has none; add it\.'),
        ("objects/0/pixel_coords", [1, 2, 3], r'Either all objects have "pixel_coords" or none, but object 1'),
        (
            "directions",
            {"left": [1, 0, 0]},
            r'"directions" must name left, right, front, behind, got .*; leave them out',
        ),
        ("directions", everywhere([0, 0, 0]), r"Direction 'left' must have length 1, got .*; divide by"),
        (
            "directions",
            everywhere([0, 2, 0]),
            r"Direction 'left' must be a number from -1.01 to 1.01, got 2;",
        ),
        ("relationships", [], r'"relationships" must hold, for each of .*, one list per object, got None for left;'),
        ("relationships", everywhere([[]]), r"one list per object, got \[\[\]\] for left; leave them out"),
        (
            "relationships",
            everywhere([4] * 4),
            r"Object 0's list of 'left' must name other objects, got 4\.",
        ),
        ("relationships", everywhere([[4]] * 4), r"list of 'left' must name objects 0 to 3, got 4\."),
        ("relationships", everywhere([[-1]] * 4), r"list of 'left' must name objects 0 to 3, got -1\."),
        (
            "relationships",
            everywhere([[True]] * 4),
            r"list of 'left' must name objects 0 to 3, got True\.",
        ),
        ("note", {1, 2}, r"A scene's other fields must be plain JSON values \(.*\); remove what is not\."),
        ("note", float("nan"), r"A scene's other fields must be plain JSON values \(.*\); remove what is not\."),
        ("note", "x" * 300_000, r"A scene's other fields must have at most 200000 characters, got 3\d+; remove some\."),
    ],
)
def test_a_scene_that_breaks_a_rule_is_one_sentence(four_things, path, value, sentence):
    with pytest.raises(SceneError, match=sentence) as caught:
        ClevrScene.from_json(change(path, value)(four_things()))
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


def nested(depth: int) -> list:
    """Return a list within a list, and so on."""
    inner: list = []
    for _ in range(depth):
        inner = [inner]
    return inner


@pytest.mark.parametrize(
    "text", ["", "[", "{}", "null", "7", "[]", '{"objects": 3}', "[" * 100_000, "x" * 300_000, None, 5]
)
def test_text_that_is_no_scene_is_one_sentence(text):
    with pytest.raises(SceneError, match=r"^A scene('s JSON)? must (be|have) .*\.$"):
        ClevrScene.from_json(text)


@pytest.mark.parametrize(
    "path", ["objects", "objects/0", "objects/0/color", "objects/0/3d_coords", "note", "directions"]
)
def test_a_deep_scene_is_one_sentence(four_things, path):
    with pytest.raises(SceneError, match=r"^[^\n]{,400}\.$"):
        ClevrScene.from_json(change(path, nested(100_000))(four_things()))


PATHS = ["objects", "directions", "relationships", "note"] + [
    f"objects/{index}{key}"
    for index in (0, 3)
    for key in ("", "/color", "/shape", "/3d_coords", "/rotation", "/pixel_coords", "/3d_coords/1")
]


@given(path=st.sampled_from(PATHS), value=ANY_JSON)
def test_any_json_in_any_place_is_read_or_refused_in_a_sentence(path, value):
    thing = {"size": "large", "color": "red", "material": "metal", "shape": "cube"}
    places = [[0.0, 2.0, 0.7], [0.0, -2.0, 0.7], [2.0, 0.0, 0.7], [-2.0, 0.0, 0.7]]
    record = {"objects": [thing | {"3d_coords": place} for place in places]}
    try:
        scene = ClevrScene.from_json(change(path, value)(record))
    except SceneError as err:
        assert str(err).endswith((".", "?"))
        assert "\n" not in str(err)
    else:
        assert ClevrScene.from_json(scene.to_json()).to_dict() == scene.to_dict()
