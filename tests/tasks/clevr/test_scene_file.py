"""Scene files of CLEVR's generator: found again from pictures of any size, and one sentence for what is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from rn_core.common.errors import RNCoreError
from rn_core.common.seeding import make_rng
from rn_core.tasks.clevr import ClevrScene, sample_scenes
from rn_core.tasks.clevr.camera import FURTHEST, POSITION, is_usual, project, sample_cameras
from rn_core.tasks.clevr.picture_size import PictureSize
from rn_core.tasks.clevr.scene_file import read_scene_file

SIZES = [PictureSize(480, 320), PictureSize(320, 240), PictureSize(240, 160)]


def photograph(size: PictureSize, n_objects: int | None, n_scenes: int = 5) -> list[tuple[dict, np.ndarray]]:
    """Return scenes' JSON with whole pixels of a picture of a size, and where each one's camera stands."""
    rng, records = make_rng(size.width, "test"), []
    scenes = sample_scenes(rng, n_scenes)
    for scene, camera in zip(scenes, sample_cameras(rng, n_scenes), strict=True):
        record = {"objects": scene.to_dict()["objects"][:n_objects]}
        seen = size.place(project(scene.coords, camera))
        for thing, (column, row, depth) in zip(record["objects"], seen, strict=False):
            thing["pixel_coords"] = [round(column), round(row), float(depth)]
        records.append((record, camera))
    return records


def written(*records: dict, **others: object) -> bytes:
    """Return a file of scenes."""
    return json.dumps({"info": others, "scenes": records}).encode()


@pytest.mark.parametrize("n_objects", [1, None])
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_the_camera_is_found_again_from_a_picture_of_any_size(size, n_objects):
    shots = photograph(size, n_objects)
    content = written(*(record for record, _ in shots))
    for number, (record, camera) in enumerate(shots):
        found = read_scene_file(content, "x.json", number)
        assert (found.size, found.n_scenes) == (size, len(shots))
        assert found.scene.to_dict()["objects"] == record["objects"]
        assert is_usual(found.camera)
        gap = np.abs(project(found.scene.coords, found.camera) - project(found.scene.coords, camera))
        assert gap[:, :2].max() < 1.5 * 480 / size.width  # of pixels that were rounded to whole ones
        if n_objects is None:
            np.testing.assert_allclose(found.camera, camera, atol=0.05)
        for named in (read_scene_file(json.dumps(record).encode(), "one.json", size=size),
                      read_scene_file(written(record, size=str(size)), "own.json"),
                      read_scene_file(written(record | {"image_size": list(size)}), "other.json")):  # fmt: skip
            np.testing.assert_allclose(named.camera, found.camera, atol=1e-9)


def test_real_files_are_read(shared_data: Path):
    for name, n_scenes in (("train_scenes_first200", 200), ("val_scenes_first10", 10)):
        path = shared_data / f"clevr/scenes/CLEVR_{name}.json"
        records = json.loads(path.read_text())["scenes"]
        for number in (0, 7, n_scenes - 1):
            found = read_scene_file(path.read_bytes(), path.name, number)
            assert (found.n_scenes, found.size) == (n_scenes, PictureSize())
            assert found.scene.to_dict() == ClevrScene.from_json(records[number]).to_dict()
            assert is_usual(found.camera)


def test_a_scene_without_pixels_is_seen_by_clevrs_camera(four_things):
    found = read_scene_file(json.dumps(four_things()).encode(), "x.json")
    assert (tuple(found.camera), found.size) == (POSITION, None)


ONE = photograph(SIZES[0], None, 1)[0][0]


def changed(**changes: object) -> dict:
    """Return a scene whose first object differs."""
    return ONE | {"objects": [ONE["objects"][0] | changes, *ONE["objects"][1:]]}


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "'x.json' is not a complete JSON file: it ends too early"),
        (b"\x89PNG", "'x.json' is not readable JSON"),
        (b'{"scenes": [{"objects"', "'x.json' is not a complete JSON file"),
        (b"[" * 300_000, "'x.json' must be an object with 'scenes', got a bare list"),
        (b'{"scenes": ' + b"[" * 300_000, "'x.json' is not"),
        (b'{"questions": []}', "'x.json' must hold a list named 'scenes', found none"),
        (b'{"scenes": []}', "'x.json' has no scenes; choose another file"),
        (b'{"scenes": [3]}', "Scene 0 of 'x.json' must be a JSON object, got 3"),
        (written(changed(shape="cone")), "Scene 0 of 'x.json' cannot be opened: Object 0's shape must be one of cube"),
        (written({"objects": ONE["objects"][:1] * 2}), "cannot be opened: Objects 0 and 1 must leave a gap of 0.25"),
        (written(changed(pixel_coords=[9, 9, 3.0])), "fit none in a picture of any size; name the size, or leave"),
        (written(ONE, size="240x160"), "fit none in a picture of 240x160; choose another size"),
        (written(ONE, size="0x160"), "A picture's sides must have 1 pixel or more, got 0x160"),
        (written(ONE | {"image_size": [480]}), r"two whole numbers, width and height, got \[480\]"),
        (written(ONE | {"directions": {name: [1, 0, 0] for name in ("left", "right", "front", "behind")}}),
         "Its direction 'left' must be CLEVR's"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_opened_is_one_sentence(content, sentence):
    with pytest.raises(RNCoreError, match=sentence) as caught:
        read_scene_file(content, "x.json")
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 500


def test_only_scenes_that_are_there_can_be_opened():
    with pytest.raises(RNCoreError, match=r"^'x\.json' has the scenes 0 to 1, got 2; choose one of these\.$"):
        read_scene_file(written(ONE, ONE), "x.json", 2)
    with pytest.raises(RNCoreError, match=r"has the scenes 0 to 0, got 1"):
        read_scene_file(json.dumps(ONE).encode(), "x.json", 1)


def test_cameras_further_than_clevrs_but_not_far_are_found():
    scene = ClevrScene.from_json({"objects": ONE["objects"]})
    for way, is_found in ((FURTHEST - 0.3, True), (FURTHEST + 0.5, False)):
        camera = np.add(POSITION, (0, way, 0))
        record = {"objects": [thing | {"pixel_coords": place} for thing, place in zip(
            ONE["objects"], project(scene.coords, camera).tolist(), strict=True)]}  # fmt: skip
        content = json.dumps(record).encode()
        if is_found:
            np.testing.assert_allclose(read_scene_file(content, "x.json").camera, camera, atol=1e-3)
        else:
            with pytest.raises(RNCoreError, match="fit none"):
                read_scene_file(content, "x.json")
