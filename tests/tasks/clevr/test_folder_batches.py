"""A folder's questions as batches: all of them once, with the file's answers, and a sentence where it cannot be."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from rn_core import cli
from rn_core.answering import load
from rn_core.common.errors import RNCoreError
from rn_core.tasks import TASKS
from rn_core.tasks.clevr import folder_batches
from rn_core.tasks.clevr.encoding import ANSWERS, encode_scenes
from rn_core.tasks.clevr.folder import open_split
from rn_core.tasks.clevr.image_cache import load_image
from rn_core.tasks.clevr.tokens import encode_tokens
from rn_core.weights.public import import_file


@pytest.fixture
def folder(shared_data, tmp_path) -> Path:
    """Four train pictures with their 40 official questions."""
    root = tmp_path / "CLEVR_v1.0"
    for part in ("images/train", "questions", "scenes"):
        (root / part).mkdir(parents=True)
    for path in (shared_data / "clevr/images").glob("CLEVR_train_*.png"):
        shutil.copyfile(path, root / "images/train" / path.name)
    questions = shared_data / "clevr/questions/official_train_questions_images0-3.json"
    shutil.copyfile(questions, root / "questions/CLEVR_train_questions.json")
    scenes = shared_data / "clevr/scenes/CLEVR_train_scenes_first200.json"
    shutil.copyfile(scenes, root / "scenes/CLEVR_train_scenes.json")
    return root


@pytest.mark.parametrize("view", ["pixels", "states"])
@pytest.mark.parametrize("pictures", [1, 3, 25])
def test_every_question_comes_once_with_its_picture_and_answer(folder, monkeypatch, view, pictures):
    monkeypatch.setattr(folder_batches, "_PICTURES_A_BATCH", pictures)
    read, found, first = open_split(folder, "train"), [], 0
    scenes = read.load_scenes()
    for batch in TASKS[f"clevr/{view}"].read_batches(folder):
        for row, place in enumerate(batch.scene_index.tolist()):
            words = tuple(number for number in batch.question[row].tolist() if number)
            found.append((first + place, words, ANSWERS[batch.answer[row]], int(batch.type_index[row])))
        assert (batch.scene_index.diff() >= 0).all()
        n_scenes = len(batch.inputs[0])
        if view == "pixels":
            wanted = np.stack([load_image(read.image_path(first + k)) for k in range(n_scenes)])
            assert np.array_equal(batch.inputs[0], wanted)
        else:
            wanted = encode_scenes(scenes[first : first + n_scenes])
            assert all(torch.equal(one, other) for one, other in zip(batch.inputs, wanted, strict=True))
        first += n_scenes
    records = json.loads((folder / "questions/CLEVR_train_questions.json").read_text())["questions"]
    asked = [(record["image_index"], record["question"], str(record["answer"])) for record in records]
    expected = [(image, tuple(encode_tokens([text])[0].tolist()), answer) for image, text, answer in asked]
    assert sorted(row[:3] for row in found) == sorted(expected)
    assert sorted(row[3] for row in found) == sorted(read.type_index.tolist())


def refusal(folder: Path, split: str | None = None) -> str:
    with pytest.raises(RNCoreError) as caught:
        list(TASKS["clevr/states"].read_batches(folder, split))
    return str(caught.value)


def test_scene_graphs_need_no_pictures(folder):
    wanted = list(TASKS["clevr/states"].read_batches(folder))
    for whole in (folder / "images", folder / "cache"):
        shutil.rmtree(whole)
    found = list(TASKS["clevr/states"].read_batches(folder))  # from the questions
    again = list(TASKS["clevr/states"].read_batches(folder))  # from their cache
    for batches in (found, again):
        assert [batch.answer.tolist() for batch in batches] == [batch.answer.tolist() for batch in wanted]
    with pytest.raises(RNCoreError, match="has no images/train; unpack the pictures there"):
        list(TASKS["clevr/pixels"].read_batches(folder))


def test_which_split_must_be_said_where_there_are_several(folder):
    shutil.copyfile(folder / "questions/CLEVR_train_questions.json", folder / "questions/CLEVR_val_questions.json")
    assert "has questions for train, val; say which with --split" in refusal(folder)


def test_questions_without_answers_measure_nothing(folder):
    path = folder / "questions/CLEVR_train_questions.json"
    content = json.loads(path.read_text())
    del content["questions"][7]["answer"]
    path.write_text(json.dumps(content))
    assert "Question 7 of split 'train' has no answer or no program" in refusal(folder)


def test_what_is_missing_is_named(folder, tmp_path):
    assert "There is no folder" in refusal(tmp_path / "nowhere")
    assert "got split 'vall'" in refusal(folder, "vall")
    (folder / "scenes/CLEVR_train_scenes.json").unlink()
    assert "CLEVR_train_scenes.json" in refusal(folder)


def test_the_public_weights_are_measured_on_a_folder(folder, shared_data, tmp_path, monkeypatch, capsys):
    weights = shared_data / "clevr-public-weights/original_fp_epoch_493.pth"
    place = tmp_path / "pretrained"
    import_file("clevr/rn-pixels-public", weights, place)
    monkeypatch.setattr(cli, "load", lambda name, device, folder: load(name, device, place))
    assert cli.main(["evaluate", "clevr/rn-pixels-public", "--data", str(folder), "--json", "--device", "cpu"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["overall"]["n"] == 40 and found["overall"]["accuracy"] >= 37 / 40
    assert set(found["groups"]) <= {"count", "exist", "compare_integer", "query_attribute", "compare_attribute"}
    assert sum(group["n"] for group in found["groups"].values()) == 40
    assert found["n"] == 4
