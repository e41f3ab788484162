"""Scenes to and from JSON, and one sentence for each thing that can be wrong with a file."""

from __future__ import annotations

import copy
import json

import numpy as np
import pytest

from rn_core.common.errors import SceneError
from rn_core.common.seeding import make_rng
from rn_core.tasks import TASKS
from rn_core.tasks.physics import PhysicsScene, pull_ball, sample_scenes, stack_scenes
from rn_core.tasks.physics.scene_record import MAX_FRAMES, MAX_LENGTH, MAX_SPEED

SCENES = sample_scenes(make_rng(0, "test"), 12)
RECORD = {
    "frame_rate": 10,
    "positions": [[[0, 0.5], [0.3, 0.5], [-0.5, 0]], [[0, 0.5], [0.3, 0.5], [-0.4, 0]]],
    "velocities": [[[0, 0], [0, 0], [1, 0]], [[0, 0], [0, 0], [1, 0]]],
    "links": [{"balls": [0, 1], "rigid": True, "length": 0.3}, {"balls": [2, 0], "rigid": False, "length": 0.6}],
}


def change(path: tuple[str | int, ...], value: object) -> dict:
    """Return the record with another value at a path, or without it if the value is `...`."""
    record = copy.deepcopy(RECORD)
    *way, last = path
    part = record
    for step in way:
        part = part[step]
    if value is ...:
        del part[last]
    else:
        part[last] = value
    return record


def assert_equal(one: PhysicsScene, other: PhysicsScene) -> None:
    """Assert that two scenes are the same to the last bit."""
    for name in ("positions", "velocities", "links", "rigid", "lengths"):
        ours, theirs = getattr(one, name), getattr(other, name)
        assert ours.dtype == theirs.dtype
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("missing", [("links",), ("velocities",), ("links", "velocities")])
def test_paths_can_be_asked_about_where_nobody_knows_the_connections(missing):
    whole = SCENES.frames(0, 16).scene(3)
    record = json.loads(whole.to_json())
    nulls = {**record, **dict.fromkeys(missing)}
    bare = {key: value for key, value in record.items() if key not in missing}
    for name in ("physics/connections", "physics/count", "physics/predict"):
        wanted = TASKS[name].encode_scenes([whole])
        for scene in (bare, nulls, json.dumps(bare)):
            TASKS[name].check_answerable(scene, "")
            found = TASKS[name].encode_scenes([scene])
            assert all(np.array_equal(one, other) for one, other in zip(found, wanted, strict=True))
    with pytest.raises(SceneError):
        PhysicsScene.from_json(bare)


def test_what_is_unknown_of_a_scene_stays_unknown_and_is_never_simulated_or_scored():
    for unknown in ({"links"}, {"velocities"}, {"links", "velocities"}):
        record = {**RECORD, **dict.fromkeys(unknown)}
        scene = PhysicsScene.from_json(record, paths_only=True)
        assert scene.unknown == PhysicsScene.from_json(scene.to_json(), paths_only=True).unknown == unknown
        assert {name for name, value in json.loads(scene.to_json()).items() if value is None} == unknown
        assert scene.knows_links == ("links" not in unknown)
        lacks = f"lacks {' and '.join(sorted(unknown))}"
        with pytest.raises(SceneError, match=lacks):
            stack_scenes([scene])
        with pytest.raises(SceneError, match=lacks):
            pull_ball(scene, 0, (0, 0))
    assert not PhysicsScene.from_json(RECORD, paths_only=True).unknown


@pytest.mark.parametrize("row", range(12))
def test_a_scene_comes_back_to_the_last_bit(row):
    scene = SCENES.scene(row)
    assert_equal(PhysicsScene.from_json(scene.to_json()), scene)
    assert_equal(PhysicsScene.from_json(json.loads(scene.to_json())), scene)


def test_a_record_says_what_it_says():
    scene = PhysicsScene.from_json(RECORD)
    assert (scene.n_frames, scene.n_balls) == (2, 3)
    assert scene.positions[1, 2].tolist() == [np.float32(-0.4), 0]
    assert scene.velocities[0, 2].tolist() == [1, 0]
    assert np.argwhere(scene.links).tolist() == [[0, 1], [0, 2], [1, 0], [2, 0]]
    assert np.argwhere(scene.rigid).tolist() == [[0, 1], [1, 0]]
    assert scene.lengths[2, 0] == scene.lengths[0, 2] == np.float32(0.6)


def test_scenes_side_by_side_are_the_scenes_alone():
    scenes = [SCENES.scene(row) for row in (3, 0, 7)]
    stacked = stack_scenes(scenes)
    for row, scene in enumerate(scenes):
        assert_equal(stacked.scene(row), scene)
    assert stacked.n_systems.tolist() == SCENES.n_systems[[3, 0, 7]].tolist()
    assert_equal(SCENES[np.array([3, 0, 7])].scene(2), scenes[2])
    assert SCENES.frames(4, 9).positions.shape == (12, 5, 10, 2)


def test_a_scene_is_read_only():
    scene = SCENES.scene(0)
    with pytest.raises(ValueError, match="read-only"):
        scene.positions[0] = 0
    assert not np.shares_memory(scene.positions, SCENES.positions)


@pytest.mark.parametrize("n_balls", [1, 16])
def test_the_smallest_and_the_largest_scene_are_read(n_balls):
    scene = sample_scenes(make_rng(0, "test"), 1, n_balls).scene(0)
    assert_equal(PhysicsScene.from_json(scene.to_json()), scene)


def test_scenes_of_different_sizes_do_not_stack():
    scenes = [PhysicsScene.from_json(RECORD), SCENES.scene(0)]
    with pytest.raises(SceneError, match=r"got 3 balls in 2 frames, 10 balls in 16 frames; sort them apart"):
        stack_scenes(scenes)
    with pytest.raises(SceneError, match="got no scene"):
        stack_scenes([])


NAN, FIRST = float("nan"), ("positions", 0, 0)
FRAME = RECORD["positions"][0]
BAD = {
    "nothing": ("", r"must be JSON with .* got ''; check its brackets"),
    "no JSON": ('{"positions": [', r"must be JSON with .*; check its brackets"),
    "deep": ("[" * 100_000, r"must be JSON with .*; check its brackets"),
    "long": (" " * 2_000_001, r"at most 2,000,000 characters, got 2,000,001; shorten it"),
    "a list": ("[1, 2]", r"must be a JSON object with .* got \[1, 2\]; add its positions"),
    "no positions": (change(("positions",), ...), r"must be a JSON object with .*; add its positions"),
    "no frame rate": (change(("frame_rate",), ...), r'"frame_rate" must be 10 frames per second, got None; take such'),
    "another frame rate": (change(("frame_rate",), 30), r'"frame_rate" must be 10 frames per second, got 30'),
    "no frames": (change(("positions",), []), r"must have 1 to 256 frames, got 0; change that"),
    "too many frames": (change(("positions",), [FRAME] * (MAX_FRAMES + 1)), r"must have 1 to 256 frames, got 257"),
    "a frame that is none": (change(("positions", 0), 7), r"must be a list of one \[x, y\] per ball, got 7 in frame 0"),
    "no balls": (change(("positions", 0), []), r"must have 1 to 16 balls, got 0; change that"),
    "1,000 balls": (change(("positions", 0), [[0, 0]] * 1000), r"must have 1 to 16 balls, got 1000; change that"),
    "a ball that goes": (
        change(("positions", 1), FRAME[:2]),
        r"Frame 1 must have a position .* 3 balls .* got 2 balls",
    ),
    "fewer velocities": (change(("velocities",), [FRAME]), r"a velocity for each of the 2 frames, got 1 frames; make"),
    "no velocities": (
        change(("velocities",), ...),
        r"a velocity for each of the 2 frames, got None; make both as long",
    ),
    "velocities of others": (change(("velocities", 0), FRAME[:1]), r"Frame 0 must have a velocity .* got 1 balls"),
    "NaN": (change((*FIRST, 0), NAN), r"Ball 0's position in frame 0 must be a number from -1.1 to 1.1, got nan"),
    "infinite": (change((*FIRST, 1), float("inf")), r"Ball 0's position in frame 0 must be a number .* got inf"),
    "NaN as text": (json.dumps(change((*FIRST, 0), NAN)), r"Ball 0's position in frame 0 must be a number .* got nan"),
    "off the table": (change((*FIRST, 0), 1.2), r"Ball 0's position in frame 0 must be a number .* got 1.2; change it"),
    "a huge number": (change((*FIRST, 0), 10**400), r"Ball 0's position in frame 0 must be a number"),
    "a word": (change((*FIRST, 0), "left"), r"Ball 0's position in frame 0 must be a number .* got 'left'"),
    "true": (change((*FIRST, 0), True), r"Ball 0's position in frame 0 must be a number .* got True"),
    "three numbers": (change(FIRST, [0, 0, 0]), r"Ball 0's position in frame 0 must be .* \[x, y\], got \[0, 0, 0\]"),
    "too fast": (change(("velocities", 1, 2, 0), MAX_SPEED + 1), r"Ball 2's velocity in frame 1 must be .* got 11"),
    "an endless speed": (change(("velocities", 0, 1, 1), NAN), r"Ball 1's velocity in frame 0 must be .* got nan"),
    "on each other": (change((*FIRST, 0), 0.29), r"Balls 0 and 1 are 0.010 m apart in frame 0, but must be 0.03 m"),
    "stretched rod": (
        change(("positions", 1, 1, 0), 0.4),
        r"Balls 0 and 1 are 0.400 m apart in frame 1, .* of 0.300 m",
    ),
    "no links": (change(("links",), ...), r'lacks "links", so what is true of it is unknown; add them'),
    "links that are none": (change(("links",), 3), r'"links" must be a list of at most 3 links between 3 balls, got 3'),
    "too many links": (change(("links",), RECORD["links"] * 2), r"at most 3 links between 3 balls, got 4 of them"),
    "a ball that is not there": (change(("links", 0, "balls"), [0, 3]), r"Link 0 must connect balls 0 to 2, got 3"),
    "a ball below 0": (change(("links", 1, "balls"), [-1, 0]), r"Link 1 must connect balls 0 to 2, got -1; name one"),
    "half a ball": (change(("links", 0, "balls"), [0, 0.5]), r"Link 0 must connect balls 0 to 2, got 0.5; name one"),
    "one ball": (change(("links", 0, "balls"), [0]), r"Link 0 must name two balls, such as .* got \{'balls': \[0\]"),
    "no link": (change(("links", 0), [0, 1]), r"Link 0 must name two balls, such as .* got \[0, 1\]"),
    "itself": (change(("links", 0, "balls"), [1, 1]), r"Link 0 connects ball 1 to itself; name two different balls"),
    "twice": (change(("links", 1, "balls"), [1, 0]), r"Link 1 connects balls 1 and 0, as another link does"),
    "neither": (change(("links", 0, "rigid"), "yes"), r"Link 0's \"rigid\" must be true or false, got 'yes'"),
    "no length": (change(("links", 1, "length"), ...), r"Link 1's length must be a number from 0.01 to 3, got None"),
    "a length of 0": (change(("links", 1, "length"), 0), r"Link 1's length must be a number from 0.01 to 3, got 0"),
    "too long": (change(("links", 1, "length"), MAX_LENGTH + 1), r"Link 1's length must be .* got 4.0; change it"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_one_sentence(name):
    record, sentence = BAD[name]
    with pytest.raises(SceneError, match=sentence) as raised:
        PhysicsScene.from_json(record)
    assert "\n" not in str(raised.value)
    assert len(str(raised.value)) < 500
