"""A folder in CLEVR's layout, built from real pictures, scene graphs and questions, and broken in every way."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rn_core.common.errors import RNCoreError
from rn_core.tasks.clevr import execute
from rn_core.tasks.clevr.encoding import ANSWERS
from rn_core.tasks.clevr.folder import UNKNOWN, find_splits, open_split
from rn_core.tasks.clevr.program import GROUPS, QUESTION_TYPES
from tests.tasks.clevr.conftest import read_list

QUESTIONS = {
    "train": "clevr/questions/official_train_questions_images0-3.json",
    "val": "clevr/questions/reference_questions_val0-9.json",
}
SCENES = {
    "train": "clevr/scenes/CLEVR_train_scenes_first200.json",
    "val": "clevr/scenes/CLEVR_val_scenes_first10.json",
}


@pytest.fixture
def folder(shared_data, tmp_path) -> Path:
    """A small CLEVR_v1.0: four train pictures, ten val pictures, one test picture with two questions."""
    root = tmp_path / "CLEVR_v1.0"
    for name in ("questions", "scenes"):
        (root / name).mkdir(parents=True)
    for split in ("train", "val", "test"):
        (root / "images" / split).mkdir(parents=True)
        for path in (shared_data / "clevr/images").glob(f"CLEVR_{split}_*.png"):
            shutil.copyfile(path, root / "images" / split / path.name)
    for split in ("train", "val"):
        shutil.copyfile(shared_data / QUESTIONS[split], root / "questions" / f"CLEVR_{split}_questions.json")
        shutil.copyfile(shared_data / SCENES[split], root / "scenes" / f"CLEVR_{split}_scenes.json")
    asked = [
        {
            "image_index": 0,
            "split": "test",
            "image_filename": "CLEVR_test_000000.png",
            "question_index": k,
            "question": q,
        }
        for k, q in enumerate(["Is there a big thing?", "How many cubes are there?"])
    ]
    (root / "questions/CLEVR_test_questions.json").write_text(json.dumps({"info": {}, "questions": asked}))
    return root


@pytest.mark.parametrize("split", ["train", "val"])
def test_questions_are_those_of_the_file(folder, shared_data, split):
    read = open_split(folder, split)
    questions = read_list(shared_data / QUESTIONS[split], "questions")
    assert read.texts == tuple(question["question"] for question in questions)
    assert [read.images[k] for k in read.image_index] == [question["image_filename"] for question in questions]
    assert [ANSWERS[k] for k in read.answers] == [
        question.get("answer_text", question["answer"]) for question in questions
    ]
    kinds = [question["program"][-1].get("type", question["program"][-1].get("function")) for question in questions]
    assert [QUESTION_TYPES[k] for k in read.type_index] == kinds
    assert {QUESTION_TYPES[k] for k in read.type_index} <= {kind for kinds in GROUPS.values() for kind in kinds}
    assert read.images == tuple(sorted(read.images))
    assert len(read.images) == {"train": 4, "val": 10}[split]
    for column in (read.image_index, read.answers, read.type_index):
        assert column.dtype == np.int64
    assert all(read.image_path(k).is_file() for k in range(len(read.images)))


def test_scenes_belong_to_the_pictures_and_give_the_answers(folder, shared_data):
    for split in ("train", "val"):
        read = open_split(folder, split)
        scenes = read.load_scenes()
        assert [scene.to_dict()["image_filename"] for scene in scenes] == list(read.images)
        for row, question in enumerate(read_list(shared_data / QUESTIONS[split], "questions")):
            assert execute(question["program"], scenes[read.image_index[row]]) == ANSWERS[read.answers[row]]


def test_the_test_split_has_questions_without_answers_and_no_scenes(folder):
    read = open_split(folder, "test")
    assert read.texts == ("Is there a big thing?", "How many cubes are there?")
    assert read.answers.tolist() == read.type_index.tolist() == [UNKNOWN, UNKNOWN]
    with pytest.raises(RNCoreError, match=r"^Could not read '.*CLEVR_test_scenes\.json': No such file or directory;"):
        read.load_scenes()


def test_splits_are_found(folder):
    assert find_splits(folder) == ("test", "train", "val")
    assert find_splits(folder / "images") == ()


def test_reading_can_be_watched(folder):
    seen: list[Any] = []

    def watch(records):
        for record in records:
            seen.append(record)
            yield record

    open_split(folder, "val", watch).load_scenes(watch)
    assert len(seen) == 110


def test_pictures_that_nobody_asks_about_are_left_out(folder):
    shutil.copyfile(folder / "images/val/CLEVR_val_000000.png", folder / "images/val/CLEVR_val_000099.png")
    (folder / "images/val/notes.txt").write_text("none")
    assert len(open_split(folder, "val").images) == 10


def test_the_file_name_follows_from_the_index_where_it_is_missing(folder):
    edit_question(folder, lambda question: question.pop("image_filename"))
    assert open_split(folder, "val").image_index[0] == 0


def edit_question(folder: Path, change: Callable[[dict], Any], kind: str = "questions") -> None:
    """Change the first record of the val split's questions or scenes."""
    path = folder / kind / f"CLEVR_val_{kind}.json"
    content = json.loads(path.read_text())
    change(content[kind][0])
    path.write_text(json.dumps(content))


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("", r"^There is no folder '.*CLEVR_v1\.0'; give the one that CLEVR_v1\.0\.zip was unpacked to\.$"),
        ("questions", r"^'.*' has no questions/CLEVR_<split>_questions\.json; give the folder that holds images and"),
        ("questions/CLEVR_val_questions.json", r"has questions for test, train, got split 'val'; use one of them\.$"),
        ("images", r"^'.*' has no images/val; unpack the pictures there\.$"),
        ("images/val", r"^'.*' has no images/val; unpack the pictures there\.$"),
        ("images/val/CLEVR_val_000003.png", r"val' lacks CLEVR_val_000003\.png, which the questions are about; unpack"),
    ],
)
def test_what_is_missing_is_one_sentence(folder, path, sentence):
    gone = folder / path
    gone.unlink() if gone.is_file() else shutil.rmtree(gone)
    with pytest.raises(RNCoreError, match=sentence) as caught:
        open_split(folder, "val")
    assert "\n" not in str(caught.value)


def test_several_missing_pictures_are_counted(folder):
    for index in (2, 5, 7):
        (folder / f"images/val/CLEVR_val_{index:06d}.png").unlink()
    with pytest.raises(RNCoreError, match=r"lacks CLEVR_val_000002\.png and 2 more, which"):
        open_split(folder, "val")


@pytest.mark.parametrize("split", ["../val", "", "dev", "val/../val", None, 3, "v" * 1000])
def test_another_split_is_one_sentence(folder, split):
    with pytest.raises(RNCoreError, match=r"has questions for test, train, val, got split .*; use one of them\.$"):
        open_split(folder, split)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            lambda q: q.update(image_filename="../../secret.png"),
            r"such as CLEVR_val_000000\.png, got '\.\./\.\./secret",
        ),
        (lambda q: q.update(image_filename="/etc/passwd"), r"^Question 0 must have an \"image_filename\" such as"),
        (lambda q: q.update(image_filename=7), r"such as CLEVR_val_000000\.png, got 7; correct it\.$"),
        (lambda q: q.update(image_filename="other.png"), r"lacks other\.png, which the questions are about"),
        (lambda q: (q.pop("image_filename"), q.update(image_index=-1)), r"such as CLEVR_val_000000\.png, got None;"),
        (lambda q: q.update(question=""), r'^Question 0 must have a "question" of 1 to 1000 characters, got \'\'\.$'),
        (lambda q: q.update(question="x" * 2000), r"of 1 to 1000 characters, got 'x+\.\.\.x+'\.$"),
        (lambda q: q.pop("question"), r"of 1 to 1000 characters, got None\.$"),
        (lambda q: q.update(answer="maybe"), r"^Question 0's answer must be one of 0, .*, yes, no, got 'maybe'\.$"),
        (lambda q: q.update(answer=11), r"^Question 0's answer must be one of 0, .*, got 11\.$"),
        (lambda q: q.update(answer=[1]), r"^Question 0's answer must be one of 0, .*, got \[1\]\.$"),
        (lambda q: q.update(program=[{"type": "scene"}]), r"program must end with one of count, .*, got 'scene'\.$"),
        (lambda q: q.update(program="count"), r"program must end with one of count, .*, got None\.$"),
        (lambda q: q.update(program=[7]), r"program must end with one of count, .*, got None\.$"),
    ],
)
def test_a_broken_question_is_one_sentence(folder, change, sentence):
    edit_question(folder, change)
    with pytest.raises(RNCoreError, match=sentence) as caught:
        open_split(folder, "val")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda s: s.update(objects=[]), r"^Scene 0: A scene must have 1 to 10 objects, got 0; change that\.$"),
        (lambda s: s.update(image_filename="CLEVR_val_000777.png"), r"has no scene of CLEVR_val_000000\.png; get the"),
        (lambda s: s["objects"][0].update(color="pink"), r"^Scene 0: Object 0's color must be one of gray, .*'pink'\."),
    ],
)
def test_a_broken_scene_is_one_sentence(folder, change, sentence):
    edit_question(folder, change, "scenes")
    with pytest.raises(RNCoreError, match=sentence):
        open_split(folder, "val").load_scenes()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (
            "",
            r"^'CLEVR_val_questions\.json' is not a complete JSON file: it ends too early; download",
        ),
        (
            '{"questions": []}',
            r"^'CLEVR_val_questions\.json' must hold at least one question, got none; get the complete",
        ),
        ('{"questions": [7]}', r"^Question 0 must be a JSON object, got 7\.$"),
        ('{"scenes": []}', r"must hold a list named 'questions', found none; is it the right file\?$"),
    ],
)
def test_a_file_that_holds_no_questions_is_one_sentence(folder, content, sentence):
    (folder / "questions/CLEVR_val_questions.json").write_text(content)
    with pytest.raises(RNCoreError, match=sentence):
        open_split(folder, "val")
