"""What `explain` is asked about: a picture, a scene or a story from a file."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from rn_core import cli
from rn_core.common.errors import RNCoreError, SceneError
from rn_core.common.seeding import make_rng
from rn_core.evaluation.asked_files import read_asked
from rn_core.tasks import TASKS
from rn_core.tasks.base import ScenesRead
from rn_core.tasks.sort_of_clevr.rendering import render_scene

RNG = make_rng(0, "explore")
PIXELS, OBJECTS = TASKS["sort-of-clevr/pixels"], TASKS["sort-of-clevr/objects"]


@pytest.mark.parametrize("name", ["sort-of-clevr/objects", "sort-of-clevr/pixels", "clevr/states"])
def test_a_scenes_file_is_read_as_the_scene(name, tmp_path):
    task = TASKS[name]
    scene, _ = task.sample_shown(make_rng(4, "explore"))
    path = tmp_path / "scene.json"
    path.write_text(scene.to_json(), encoding="utf-8-sig")  # with the mark that some editors begin a file with
    values, seen = read_asked(task, None, path, RNG)
    assert values == json.loads(scene.to_json())
    for one, other in zip(task.encode_scenes([seen]), task.encode_scenes([scene]), strict=True):
        np.testing.assert_array_equal(one.numpy(), other.numpy())
    assert isinstance(task, ScenesRead) == (name != "clevr/states")


def test_a_story_and_a_picture_are_read(tmp_path):
    story, picture = tmp_path / "story.txt", tmp_path / "scene.png"
    story.write_text("Mary moved to the bathroom.\nJohn went to the hallway.\n", encoding="utf-8")
    values, seen = read_asked(TASKS["babi"], None, story, RNG)
    assert values == seen
    TASKS["babi"].check_answerable(seen, "Where is Mary?")
    scene, _ = PIXELS.sample_shown(make_rng(4, "explore"))
    Image.fromarray(render_scene(scene).repeat(3, axis=0).repeat(3, axis=1)).save(picture)
    values, seen = read_asked(PIXELS, picture, None, RNG)
    assert values == {"picture": str(picture)}
    np.testing.assert_array_equal(seen, render_scene(scene))
    assert read_asked(TASKS["clevr/pixels"], picture, None, RNG)[1].shape == (225, 225, 3)


def test_what_cannot_be_asked_about_is_one_sentence(tmp_path):
    broken, binary = tmp_path / "x.png", tmp_path / "x.json"
    broken.write_bytes(b"no picture")
    binary.write_bytes(b"\xff\xfe\x00")
    for task, picture, scene, words in (
        (PIXELS, broken, None, "'x.png' is not a complete PNG or JPEG"),
        (PIXELS, tmp_path / "none.png", None, "cannot be read"),
        (OBJECTS, broken, None, "takes no pictures"),
        (PIXELS, broken, binary, "not both"),
        (OBJECTS, None, binary, "no text in UTF-8"),
        (OBJECTS, None, broken, "A scene must be JSON"),
    ):
        with pytest.raises(RNCoreError, match=words):
            read_asked(task, picture, scene, RNG)
    with pytest.raises(SceneError):
        TASKS["clevr/pixels"].fit_picture(np.zeros((3, 3), dtype=np.uint8))


@pytest.mark.weights
def test_explain_takes_a_picture(tmp_path, capsys):
    scene, _ = PIXELS.sample_shown(make_rng(4, "explore"))
    path = tmp_path / "scene.png"
    Image.fromarray(render_scene(scene)).save(path)
    question = "Is the red object on the left?"
    assert cli.main(["explain", "sort-of-clevr/rn-slots", question, "--picture", str(path), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["answer"] == ("yes" if scene.get("red").x < 37 else "no")
    assert found["scene"] == {"picture": str(path)}
    assert found["warnings"] == []
    assert cli.main(["explain", "sort-of-clevr/rn-objects", question, "--picture", str(path)]) == 1
    assert "takes no pictures" in capsys.readouterr().err
