"""Pictures, pixel by pixel."""

from __future__ import annotations

import hashlib

import numpy as np

from rn_core.common.seeding import make_rng
from rn_core.tasks.sort_of_clevr import Scene, SceneObject, sample_scenes, solve, stack_scenes
from rn_core.tasks.sort_of_clevr.rendering import BACKGROUND, PALETTE, render_scene, render_scenes, shape_mask
from rn_core.tasks.sort_of_clevr.scene import COLORS

#: sha256 of 1,000 images and their 36,000 answers, seed 0 of the test split, margin 2.
GOLDEN = "4cded585511f5e37256ad3548056e104add5988b60543e3f6f07156cd412ead9"


def paint_slowly(scene: Scene) -> np.ndarray:
    """Return the picture of a scene, each pixel asked which object covers it."""
    image = np.zeros((75, 75, 3), dtype=np.uint8)
    for row in range(75):
        for column in range(75):
            image[row, column] = (255, 255, 255)
            for thing in scene.objects:
                x, y = column - thing.x, row - thing.y
                inside = abs(x) <= 5 and abs(y) <= 5 if thing.shape == "square" else x * x + y * y <= 25
                if inside:
                    image[row, column] = PALETTE[thing.color]
    return image


def test_every_pixel_is_the_slow_painter_s():
    scenes = sample_scenes(make_rng(0, "explore"), 12)
    images = render_scenes(scenes)
    assert images.shape == (12, 75, 75, 3)
    assert images.dtype == np.uint8
    for row in range(12):
        np.testing.assert_array_equal(images[row], paint_slowly(scenes.scene(row)))


def test_objects_at_the_edge_and_close_together_stay_whole():
    scene = Scene(
        (
            SceneObject("red", "square", 5, 5),
            SceneObject("green", "circle", 17, 5),
            SceneObject("blue", "circle", 5, 17),
            SceneObject("orange", "square", 69, 69),
            SceneObject("gray", "circle", 57, 69),
            SceneObject("yellow", "circle", 69, 57),
        )
    )
    np.testing.assert_array_equal(render_scene(scene), paint_slowly(scene))


def test_a_removed_object_leaves_white_and_nothing_else_changes():
    scene = sample_scenes(make_rng(1, "explore"), 1).scene(0)
    for thing in scene.objects:
        before, after = render_scene(scene), render_scene(scene.remove(thing.color))
        changed = (before != after).any(axis=-1)
        assert changed.sum() == (121 if thing.shape == "square" else 81)
        assert (before[changed] == PALETTE[thing.color]).all()
        assert (after[changed] == BACKGROUND).all()


def test_partial_scenes_in_one_batch_are_painted_apart():
    full = sample_scenes(make_rng(2, "explore"), 2)
    scenes = [
        full.scene(0),
        full.scene(1).remove("red").remove("yellow"),
        Scene((SceneObject("gray", "circle", 37, 37),)),
    ]
    images = render_scenes(stack_scenes(scenes))
    for image, scene in zip(images, scenes, strict=True):
        np.testing.assert_array_equal(image, paint_slowly(scene))


def test_shape_masks():
    assert shape_mask("square").sum() == 121
    disc = shape_mask("circle")
    assert disc.shape == (11, 11)
    assert disc.sum() == 81  # whole points within 5 of the origin
    assert disc[5].all()
    assert not disc[0, :5].any()


def test_the_palette_has_six_colors_apart_from_each_other_and_from_the_ground():
    assert tuple(PALETTE) == COLORS
    colors = np.array([*PALETTE.values(), BACKGROUND], dtype=float)
    distance = np.linalg.norm(colors[:, None] - colors[None], axis=-1) + 1000 * np.eye(7)
    assert distance.min() > 60


def test_golden_bytes():
    """A seed gives these bytes on every platform and in every version; changing them breaks every saved link."""
    scenes = sample_scenes(make_rng(0, "test"), 1000)
    digest = hashlib.sha256(render_scenes(scenes).tobytes())
    digest.update(solve(scenes).answers.astype("<i8").tobytes())
    assert digest.hexdigest() == GOLDEN
