"""A rendered data set: read back by the folder reader, resumed to the same bytes, never taken for another one."""

from __future__ import annotations

import io
import json
import os
import signal
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from rn_core import cli
from rn_core.common.errors import RNCoreError
from rn_core.common.seeding import MAX_SEED
from rn_core.tasks.clevr import ClevrScene, dataset, execute
from rn_core.tasks.clevr.dataset import PictureRecipe, draw_picture, write_dataset
from rn_core.tasks.clevr.encoding import ANSWERS
from rn_core.tasks.clevr.folder import open_split
from rn_core.tasks.clevr.folder_batches import read_batches
from rn_core.tasks.clevr.json_stream import stream_records
from rn_core.tasks.clevr.picture_size import CLEVR_SIZE, PictureSize
from rn_core.tasks.clevr.rendering import Guide

RECIPE = PictureRecipe("validation", seed=3, samples=1)


def draw_fast(scene: ClevrScene, seed: int, samples: int, size: PictureSize = CLEVR_SIZE) -> tuple[np.ndarray, Guide]:
    """Stand for the renderer: a picture of one color, in which every object shows 300 pixels."""
    shape = (size.height, size.width)
    shown = np.full(size.height * size.width, scene.n_objects)
    shown[: 300 * scene.n_objects] = np.repeat(np.arange(scene.n_objects), 300)
    picture = np.full((*shape, 3), seed % 256, dtype=np.uint8)
    return picture, Guide(shown.reshape(shape), np.zeros((*shape, 3)), np.zeros((*shape, 3)))


@pytest.fixture
def fast(monkeypatch) -> None:
    """Let pictures take no time."""
    monkeypatch.setattr(dataset, "render_guided", draw_fast)


def read_all(root: Path) -> dict[str, bytes]:
    """Return every file below a folder."""
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_the_command_renders_what_the_folder_reader_reads(tmp_path, capsys):
    root = tmp_path / "made"
    command = ["generate", str(root), "--task", "clevr", "--scenes", "2", "--split", "validation"]
    assert cli.main([*command, "--samples", "1", "--seed", "3", "--processes", "2", "--json"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert made == {"output": str(root), "scenes": 2, "split": "validation", "seed": 3, "samples": 1}
    scene, picture = draw_picture(RECIPE, 1)
    np.testing.assert_array_equal(np.asarray(Image.open(root / "images/val/CLEVR_val_000001.png")), picture)
    split = open_split(root, "val")
    assert split.images == ("CLEVR_val_000000.png", "CLEVR_val_000001.png")
    written = split.load_scenes()[1].to_dict()["objects"]
    marks = [(thing.pop("bbox"), thing.pop("center")) for thing in written]
    assert all(len(box) == 4 and len(center) == 2 for box, center in marks)
    assert written == scene.to_dict()["objects"]
    (batch,) = read_batches(root, "pixels")
    assert batch.inputs[0].shape == (2, 128, 128, 3)
    assert len(batch.answer) == 20


@pytest.mark.usefixtures("fast")
def test_questions_are_true_of_the_scenes_and_written_as_clevr_does(tmp_path):
    write_dataset(tmp_path, RECIPE, 5)
    split = open_split(tmp_path, "val")
    scenes = split.load_scenes()
    records = list(stream_records(tmp_path / "questions/CLEVR_val_questions.json", "questions"))
    assert len(records) == 50
    for number, record in enumerate(records):
        assert list(record) == [
            "image_index",
            "program",
            "question_index",
            "image_filename",
            "question_family_index",
            "split",
            "answer",
            "question",
        ]
        assert record["question_index"] == number
        assert record["image_filename"] == f"CLEVR_val_{record['image_index']:06d}.png"
        assert {tuple(node) for node in record["program"]} == {("inputs", "function", "value_inputs")}
        scene = scenes[record["image_index"]]
        assert execute(record["program"], scene.to_dict()) == record["answer"] == ANSWERS[split.answers[number]]


@pytest.mark.usefixtures("fast")
def test_an_interrupted_run_goes_on_to_the_same_bytes(tmp_path, monkeypatch):
    write_dataset(tmp_path / "whole", RECIPE, 4)
    drawn = []

    def break_down(*arguments):
        if len(drawn) == 2:
            raise KeyboardInterrupt
        drawn.append(arguments)
        return draw_fast(*arguments)

    monkeypatch.setattr(dataset, "render_guided", break_down)
    with pytest.raises(KeyboardInterrupt):
        write_dataset(tmp_path / "broken", RECIPE, 4)
    assert sorted(read_all(tmp_path / "broken")) == [f"images/val/CLEVR_val_00000{k}.png" for k in (0, 1)]
    monkeypatch.setattr(dataset, "render_guided", draw_fast)
    seen = []
    write_dataset(tmp_path / "broken", RECIPE, 4, progress=lambda missing: seen.extend(missing) or missing)
    assert seen == [2, 3]
    assert read_all(tmp_path / "broken") == read_all(tmp_path / "whole")


@pytest.mark.usefixtures("fast")
def test_more_scenes_are_added_to_those_that_are_there(tmp_path):
    write_dataset(tmp_path / "grown", RECIPE, 2)
    first = read_all(tmp_path / "grown")
    write_dataset(tmp_path / "grown", RECIPE, 3)
    write_dataset(tmp_path / "whole", RECIPE, 3)
    assert read_all(tmp_path / "grown") == read_all(tmp_path / "whole")
    assert first["images/val/CLEVR_val_000001.png"] == read_all(tmp_path / "whole")["images/val/CLEVR_val_000001.png"]


@pytest.mark.usefixtures("fast")
def test_splits_and_seeds_share_no_scene():
    recipes = [PictureRecipe(split, seed) for split in ("train", "validation", "test") for seed in (0, 1, MAX_SEED)]
    scenes = {draw_picture(recipe, index)[0].to_json() for recipe in recipes for index in range(3)}
    assert len(scenes) == 27


def test_a_scene_is_drawn_again_until_every_object_shows_200_pixels(monkeypatch):
    tried = []

    def hide_one(scene, seed, samples, size):
        picture, guide = draw_fast(scene, seed, samples, size)
        tried.append(scene)
        if len(tried) < 3:
            guide.shown[guide.shown == 1] = 0
            guide.shown.ravel()[:199] = 1
        return picture, guide

    monkeypatch.setattr(dataset, "render_guided", hide_one)
    scene, _ = draw_picture(RECIPE, 0)
    assert len(tried) == 3
    assert scene is tried[2]


@pytest.mark.usefixtures("fast")
def test_other_pictures_are_refused(tmp_path):
    write_dataset(tmp_path, RECIPE, 1)
    for other in (PictureRecipe("validation", 4, 1), PictureRecipe("validation", 3, 2)):
        with pytest.raises(RNCoreError, match=r"CLEVR_val_000000\.png' was made with seed 3 and 1 samples, not seed"):
            write_dataset(tmp_path, other, 1)
    with pytest.raises(RNCoreError, match=r"CLEVR_val_000000\.png' is 480x320, not 240x160; give that size again"):
        write_dataset(tmp_path, PictureRecipe("validation", 3, 1, PictureSize(240, 160)), 1)
    path = tmp_path / "images/val/CLEVR_val_000000.png"
    text = PngImagePlugin.PngInfo()
    text.add_text("xx_core", "{}")
    buffer = io.BytesIO()
    Image.new("RGB", (2, 2)).save(buffer, "PNG", pnginfo=text)
    for content in (b"no picture", buffer.getvalue()):
        path.write_bytes(content)
        with pytest.raises(RNCoreError, match="was not made by this command; choose an empty folder"):
            write_dataset(tmp_path, RECIPE, 2)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--scenes", "0"], "The number of scenes must be a whole number from 1 to 1,000,000, got 0; change it."),
        (["--processes", "0"], "The number of processes must be a whole number from 1 to 256, got 0; change it."),
        (["--samples", "0"], "samples must be a whole number from 1 to 1024, got 0; change it."),
        (["--size", "big"], "A picture's size must be written as in 240x160, width first, got 'big'; change it."),
        (["--size", "40x40"], "A picture's sides must have 48 to 1920 pixels, got 40x40; change it."),
        (["--size", "240x159"], "must be 160 high or more to show all objects, got 240x159; change it to 240x160."),
        (["--seed", "-1"], "A seed must be a whole number from 0 to 4294967295, got -1"),
    ],
)
def test_bad_options_are_one_sentence_and_leave_nothing(options, sentence, tmp_path, capsys):
    root = tmp_path / "made"
    assert cli.main(["generate", str(root), "--task", "clevr", "--scenes", "1", *options]) == 1
    assert sentence in capsys.readouterr().err
    assert not root.exists()


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path, fast):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(RNCoreError, match=r"Could not write to '.*file': File exists; choose another folder"):
        write_dataset(tmp_path / "file", RECIPE, 1)


def end_process(_index: int) -> None:
    """End this process as the system does when it is out of memory."""
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_process_that_is_ended_is_one_sentence():
    with pytest.raises(RNCoreError, match="One of 2 processes was ended from outside"), dataset._workers(2) as run:
        list(run(end_process, [0]))


@pytest.mark.usefixtures("fast")
def test_more_questions_are_asked_about_the_same_pictures(tmp_path):
    write_dataset(tmp_path, RECIPE, 2)
    before = {name: content for name, content in read_all(tmp_path).items() if "questions" not in name}
    write_dataset(tmp_path, RECIPE, 2, n_questions=25)
    split = open_split(tmp_path, "val")
    assert np.bincount(split.image_index).tolist() == [25, 25]
    assert len(set(zip(split.image_index.tolist(), split.texts, strict=True))) > 45
    after = read_all(tmp_path)
    assert all(after[name] == content for name, content in before.items())
    for wrong in (0, 91):
        with pytest.raises(
            RNCoreError, match=f"questions about a scene must be a whole number from 1 to 90, got {wrong}"
        ):
            write_dataset(tmp_path, RECIPE, 2, n_questions=wrong)
