"""Pictures of any size: boxes, centers and pixel coordinates against rays of our own; the same bytes for a seed."""

from __future__ import annotations

import hashlib
import json

import numpy as np
import pytest
from PIL import Image

from rn_core.common.seeding import make_rng
from rn_core.tasks.clevr import ClevrScene, dataset, sample_scenes
from rn_core.tasks.clevr.camera import fit_camera, project
from rn_core.tasks.clevr.dataset import PictureRecipe, draw_picture, write_dataset
from rn_core.tasks.clevr.marking import describe_marked
from rn_core.tasks.clevr.picture_size import CLEVR_SIZE, PictureSize
from rn_core.tasks.clevr.rendering import render_guided
from tests.tasks.clevr.test_dataset import draw_fast
from tests.tasks.clevr.test_rendering import shown_slowly

SCENES = sample_scenes(make_rng(5, "test"), 2)


@pytest.mark.parametrize(("width", "height"), [(240, 160), (160, 140)])
def test_boxes_and_centers_are_those_of_rays_through_each_pixel(width, height):
    size = PictureSize(width, height)
    for seed, scene in enumerate(SCENES):
        picture, guide = render_guided(scene, seed, 1, size)
        assert picture.shape == (height, width, 3)
        camera = fit_camera(scene.coords, scene.pixel_coords)
        truth = shown_slowly(scene, camera, width, height)
        places = project(scene.coords, camera)[:, :2]
        middle = np.array([240, 160]), np.array([width, height]) / 2
        for index, thing in enumerate(describe_marked(scene, guide.shown, size)["objects"]):
            rows, columns = np.nonzero(truth == index)
            box = [columns.min(), rows.min(), columns.max() + 1 - columns.min(), rows.max() + 1 - rows.min()]
            # Rays go through any place of a pixel, and bevels take a little off edges and corners.
            np.testing.assert_allclose(thing["bbox"], box, atol=2.5)
            np.testing.assert_allclose(thing["center"], [columns.mean() + 0.5, rows.mean() + 0.5], atol=0.75)
            expected = (places[index] - middle[0]) * width / 480 + middle[1]
            np.testing.assert_allclose(thing["pixel_coords"][:2], expected, atol=0.75 * width / 480)


def test_masks_of_a_few_pixels_have_the_boxes_that_are_counted_by_hand():
    scene = ClevrScene.from_json({"objects": [{**thing} for thing in _two_things()]})
    shown = np.array([[2, 2, 0, 2], [1, 0, 0, 2], [1, 2, 2, 2]])
    things = describe_marked(scene, shown, PictureSize(4, 3))["objects"]
    assert [thing["bbox"] for thing in things] == [[1, 0, 2, 2], [0, 1, 1, 2]]
    assert [thing["center"] for thing in things] == [[2.17, 1.17], [0.5, 2.0]]
    assert "pixel_coords" not in things[0]


def _two_things() -> list[dict[str, object]]:
    known = {"size": "large", "material": "metal", "color": "red", "shape": "cube"}
    return [{**known, "3d_coords": [x, x, 0.7]} for x in (-1, 1)]


def test_a_folder_of_another_size_has_the_same_scenes_and_the_same_bytes_each_time(tmp_path, monkeypatch):
    recipe = PictureRecipe("validation", 3, 1, PictureSize(96, 64))
    write_dataset(tmp_path / "one", recipe, 1)
    write_dataset(tmp_path / "two", recipe, 1)
    digests = [
        [hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted((tmp_path / name).rglob("*.*"))]
        for name in ("one", "two")
    ]
    assert digests[0] == digests[1]
    assert len(digests[0]) == 3
    (record,) = json.loads((tmp_path / "one/scenes/CLEVR_val_scenes.json").read_text())["scenes"]
    with Image.open(tmp_path / "one/images/val/CLEVR_val_000000.png") as image:
        assert image.size == (96, 64)
    monkeypatch.setattr(dataset, "render_guided", draw_fast)
    usual, _ = draw_picture(PictureRecipe("validation", 3, 1), 0)
    made = ClevrScene.from_json(record)
    np.testing.assert_array_equal(made.coords, usual.coords)
    np.testing.assert_allclose(made.pixel_coords, usual.pixel_coords * [0.2, 0.2, 1], atol=0.01)
    assert all({"bbox", "center"} <= set(thing) for thing in record["objects"])


def test_the_usual_size_is_not_named_in_what_is_written():
    assert "size" not in PictureRecipe().to_dict()
    for size in (CLEVR_SIZE, PictureSize(240, 160)):
        recipe = PictureRecipe("test", 1, 2, size)
        assert PictureRecipe.from_dict(recipe.to_dict()) == recipe
