"""Scenes: what may be sampled, what may be built by hand, and the sentence for everything else."""

from __future__ import annotations

import json

import numpy as np
import pytest

from rn_core.common.errors import RNCoreError, SceneError, UnknownNameError
from rn_core.common.seeding import make_rng
from rn_core.tasks.sort_of_clevr import Scene, SceneObject, sample_scene, sample_scenes, solve, stack_scenes
from rn_core.tasks.sort_of_clevr.scene import CLEARANCE, COLORS, SHAPES, SceneBatch

RED = SceneObject("red", "square", 20, 30)
BLUE = SceneObject("blue", "circle", 50, 60)


def spread_objects(n_objects: int) -> tuple[SceneObject, ...]:
    """Return objects far apart, one a color, the colors used again from the seventh on."""
    return tuple(SceneObject(COLORS[k % 6], "square", 10 + 18 * (k % 4), 10 + 20 * (k // 4)) for k in range(n_objects))


def arrays(scenes: SceneBatch) -> tuple[np.ndarray, ...]:
    """Return the arrays of a batch."""
    return scenes.centers, scenes.shapes, scenes.present


@pytest.mark.parametrize("margin", [0, 1, 1.5, 2, 3, 4])
def test_sampled_scenes_keep_every_rule(margin):
    scenes = sample_scenes(make_rng(0, "explore"), 400, margin)
    assert len(scenes) == 400
    for row in range(len(scenes)):
        scene = scenes.scene(row)  # a Scene checks place, colors and clearance
        assert [thing.color for thing in scene.objects] == list(COLORS)
        for k, one in enumerate(scene.objects):
            for other in scene.objects[:k]:
                assert abs(one.x - other.x) >= 12 or abs(one.y - other.y) >= 12
    margins = solve(scenes).margins
    assert margins.min() >= margin
    assert margins.min() > 0


def test_every_margin_is_used_up():
    """The margin rejects no more than it says: some scene comes within a pixel of it."""
    for margin in (0, 2, 3):
        assert solve(sample_scenes(make_rng(1, "explore"), 2000, margin)).margins.min() < margin + 1


@pytest.mark.parametrize("n_scenes", [1, 2, 50, 500])
def test_the_first_scenes_do_not_depend_on_how_many_are_drawn(n_scenes):
    few, many = sample_scenes(make_rng(4, "train"), n_scenes), sample_scenes(make_rng(4, "train"), 1200)
    for one, other in zip(arrays(few), arrays(many), strict=True):
        np.testing.assert_array_equal(one, other[:n_scenes])


def test_same_seed_same_scenes_and_other_seeds_others():
    one, again, other = (sample_scenes(make_rng(seed, "train"), 50) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.centers, again.centers)
    np.testing.assert_array_equal(one.shapes, again.shapes)
    assert (one.centers != other.centers).any(axis=(1, 2)).all()


def test_no_scene_of_one_split_is_in_another():
    seen = [
        {scene.tobytes() for scene in sample_scenes(make_rng(0, split), 2000).centers}
        for split in ("train", "validation", "test", "explore")
    ]
    assert len(set.union(*seen)) == 4 * 2000


def test_placement_is_the_plain_rejection_sampler_s():
    """Shares of a coarse grid agree with scenes that a slow sampler draws one number at a time."""
    rng = np.random.default_rng(0)
    drawn = rng.integers(5, 70, (150_000, 6, 2))
    gaps = np.abs(drawn[:, :, None] - drawn[:, None]).max(axis=-1) + 100 * np.eye(6, dtype=int)
    drawn = drawn[(gaps.min(axis=(1, 2)) >= 12) & (np.abs(drawn - 37).min(axis=(1, 2)) >= 2)]
    distance = np.sqrt(((drawn[:, :, None] - drawn[:, None]) ** 2).sum(axis=-1))
    ranked = np.sort(distance, axis=2)
    keeps = np.minimum(ranked[:, :, 2] - ranked[:, :, 1], ranked[:, :, 5] - ranked[:, :, 4]).min(axis=1) >= 2
    slow, fast = drawn[keeps], sample_scenes(make_rng(6, "train"), 20_000, margin=2).centers
    assert len(slow) > 1500
    edges = np.array([5, 18, 31, 44, 57, 70])
    for axis in (0, 1):
        shares = [np.histogram(centers[..., axis], edges)[0] / centers[..., axis].size for centers in (slow, fast)]
        assert shares[0] == pytest.approx(shares[1], abs=0.015)


def test_every_color_is_placed_and_shaped_alike():
    scenes = sample_scenes(make_rng(3, "train"), 20_000)
    # 20,000 draws with a spread of about 20 pixels: six standard errors are 0.9 pixels.
    assert np.abs(scenes.centers.mean(axis=0) - 37).max() < 0.9
    assert np.abs(scenes.shapes.mean(axis=0) - 0.5).max() < 0.02
    assert np.abs(np.corrcoef(scenes.shapes.T) - np.eye(6)).max() < 0.04
    x, y = scenes.centers.reshape(-1, 2).T
    assert {x.min(), y.min()} == {5}
    assert {x.max(), y.max()} == {69}


def test_sample_scene_is_the_first_of_many():
    assert sample_scene(make_rng(8, "explore")) == sample_scenes(make_rng(8, "explore"), 9).scene(0)


@pytest.mark.parametrize("margin", [-0.1, 4.1, float("nan"), float("inf")])
def test_a_margin_out_of_range_is_one_sentence(margin):
    with pytest.raises(SceneError, match=r"^margin must be from 0 to 4 pixels, got .*; choose one in between\.$"):
        sample_scenes(make_rng(0, "test"), 1, margin)


@pytest.mark.parametrize("n_scenes", [0, -3])
def test_fewer_than_one_scene_is_one_sentence(n_scenes):
    with pytest.raises(SceneError, match=rf"^The number of scenes must be 1 or more, got {n_scenes}\.$"):
        sample_scenes(make_rng(0, "test"), n_scenes)


def test_a_batch_can_be_sliced_and_indexed():
    scenes = sample_scenes(make_rng(0, "test"), 10)
    np.testing.assert_array_equal(scenes[2:5].centers, scenes.centers[2:5])
    np.testing.assert_array_equal(scenes[np.array([7, 1])].shapes, scenes.shapes[[7, 1]])
    assert len(scenes[2:5]) == 3


def test_stacking_scenes_gives_the_batch_they_came_from():
    scenes = sample_scenes(make_rng(0, "test"), 30)
    again = stack_scenes([scenes.scene(row) for row in range(30)])
    for one, other in zip(arrays(scenes), arrays(again), strict=True):
        np.testing.assert_array_equal(one, other)


def test_absent_objects_are_marked():
    batch = stack_scenes([Scene((BLUE,))])
    assert batch.present.tolist() == [[False, False, True, False, False, False]]
    assert batch.centers[0, 2].tolist() == [50, 60]
    assert batch.shapes[0, 2] == SHAPES.index("circle")
    assert batch.scene(0) == Scene((BLUE,))


def test_objects_are_kept_in_the_order_of_the_colors():
    assert Scene((BLUE, RED)) == Scene((RED, BLUE))
    assert Scene((BLUE, RED)).objects == (RED, BLUE)


def test_get_replace_and_remove():
    scene = Scene((RED, BLUE))
    assert scene.get("blue") == BLUE
    moved = scene.replace("red", x=25, shape="circle")
    assert moved.get("red") == SceneObject("red", "circle", 25, 30)
    assert moved.get("blue") == BLUE
    assert scene.get("red") == RED
    assert scene.remove("red") == Scene((BLUE,))
    with pytest.raises(UnknownNameError, match=r"Unknown object color in this scene 'green'.*red, blue"):
        scene.get("green")
    with pytest.raises(SceneError, match="1 to 6 objects, got 0"):
        Scene((RED,)).remove("red")


def test_json_round_trip():
    for row in range(20):
        scene = sample_scenes(make_rng(0, "test"), 20).scene(row)
        assert Scene.from_json(scene.to_json()) == scene
    assert json.loads(Scene((RED,)).to_json()) == {"objects": [{"color": "red", "shape": "square", "x": 20, "y": 30}]}


def test_numpy_positions_become_plain_numbers():
    scene = Scene((SceneObject("red", "square", np.int64(20), np.int32(30)),))
    assert [type(value) for value in (scene.objects[0].x, scene.objects[0].y)] == [int, int]
    assert Scene.from_json(scene.to_json()) == scene


@pytest.mark.parametrize(
    ("objects", "sentence"),
    [
        ((SceneObject("pink", "square", 20, 20),), r"color must be one of red, .*, yellow, got 'pink'\."),
        ((SceneObject("red", "star", 20, 20),), r"shape must be one of square, circle, got 'star'\."),
        ((SceneObject("red", "square", 4, 20),), r"red object's x must be .* from 5 to 69, got 4; move it"),
        ((SceneObject("red", "square", 20, 70),), r"red object's y must be .* from 5 to 69, got 70; move it"),
        ((SceneObject("red", "square", 20.0, 20),), r"red object's x must be a whole number .*, got 20\.0;"),
        ((SceneObject("red", "square", 20, True),), r"red object's y must be a whole number .*, got True;"),
        ((SceneObject("red", "square", "20", 20),), r"red object's x must be a whole number .*, got '20';"),
        ((RED, SceneObject("blue", "circle", 31, 41)), r"red and the blue object are 11 pixels apart and must be 12"),
        ((RED, SceneObject("red", "circle", 60, 60)), r"own color, got red, red; change one of them\."),
        ((), r"1 to 6 objects, got 0; add or remove some\."),
        (spread_objects(7), r"1 to 6 objects, got 7; add or remove some\."),
    ],
)
def test_a_scene_that_breaks_a_rule_is_one_sentence(objects, sentence):
    with pytest.raises(SceneError, match=sentence) as caught:
        Scene(objects)
    assert "\n" not in str(caught.value)


def test_objects_at_the_edges_of_every_rule_are_valid():
    corners = (SceneObject("red", "square", 5, 5), SceneObject("green", "circle", 69, 69))
    neighbor = SceneObject("blue", "square", 5 + CLEARANCE, 5)
    assert len(Scene((*corners, neighbor)).objects) == 3


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        "7",
        "{}",
        '{"objects": 3}',
        '{"objects": [1]}',
        '{"objects": [{"color": "red"}]}',
        '{"objects": [{"color": "red", "shape": "square", "x": 20, "y": 30, "z": 1}]}',
        "[" * 100_000,
        None,
    ],
)
def test_text_that_is_no_scene_is_one_sentence(text):
    with pytest.raises(SceneError, match=r"^A scene must be JSON like .*, got .*; check its brackets and names\.$"):
        Scene.from_json(text)


def test_a_rule_broken_inside_json_is_named_itself():
    with pytest.raises(SceneError, match="shape must be one of square, circle, got 'star'"):
        Scene.from_json('{"objects": [{"color": "red", "shape": "star", "x": 20, "y": 30}]}')
    with pytest.raises(RNCoreError, match=r"got \['red'\]"):
        Scene.from_json('{"objects": [{"color": ["red"], "shape": "star", "x": 20, "y": 30}]}')
