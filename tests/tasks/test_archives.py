"""Sort-of-CLEVR sets of others as .npz files: read where their meaning is certain, else one sentence."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rn_core.common.errors import RNCoreError
from rn_core.common.reading import Reading
from rn_core.common.seeding import make_rng
from rn_core.tasks import TASKS
from rn_core.tasks.sort_of_clevr import sample_scenes, solve
from rn_core.tasks.sort_of_clevr.archives import load_archive
from rn_core.tasks.sort_of_clevr.dataset import write_scenes
from rn_core.tasks.sort_of_clevr.questions import ANSWERS, question_codes
from rn_core.tasks.sort_of_clevr.rendering import render_scenes
from rn_core.tasks.sort_of_clevr.scene import COLORS

SCENES = sample_scenes(make_rng(3, "test"), 4)
TRUTH = solve(SCENES).answers
ASKED = np.random.default_rng(0).permuted(np.tile(np.arange(36), (4, 1)), axis=1)[:, :9]
GIVEN = {
    "images": render_scenes(SCENES),
    "questions": question_codes()[ASKED],
    "answers": np.take_along_axis(TRUTH, ASKED, axis=1),
}
WORDS = np.array(ANSWERS)[GIVEN["answers"]]


def write(folder: Path, **changes: Any) -> Path:
    """Write the arrays with some changed, None leaving one out."""
    arrays = {name: value for name, value in {**GIVEN, **changes}.items() if value is not None}
    np.savez(folder / "set.npz", **arrays)
    return folder / "set.npz"


def reorder(names: tuple[str, ...]) -> np.ndarray:
    """Return the answers as numbers of names in another order."""
    return np.vectorize(names.index)(WORDS)


ORDER = ("yes", "no", "square", "circle", "0", "1", "2", "3", "4", "5")


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"questions": GIVEN["questions"].astype(bool)},
        {"images": (GIVEN["images"] / 255).astype(np.float32)},
        {"answers": WORDS},
        {"answers": np.where(WORDS == "square", "Rectangle", WORDS)},
        {"answers": np.eye(10)[GIVEN["answers"]]},
        {"answers": reorder(ORDER), "answer_names": np.array(ORDER)},
        {"answers": reorder(ORDER), "answer_names": np.array(ORDER).astype(bytes)},
        {"answers": WORDS.astype(bytes)},
        {"questions": GIVEN["questions"][..., [5, 4, 3, 2, 1, 0, 6, 7, 8, 9, 10]], "colors": np.array(COLORS[::-1])},
    ],
)
def test_images_questions_and_answers_come_out_as_they_went_in(tmp_path, changes):
    found = load_archive(write(tmp_path, **changes), Reading())
    assert np.array_equal(found.images, GIVEN["images"])
    assert np.array_equal(found.question, ASKED.ravel())
    assert np.array_equal(found.answer, GIVEN["answers"].ravel())
    assert np.array_equal(found.image_index, np.repeat(np.arange(4), 9))
    assert np.array_equal(found.number, np.arange(36))


def test_one_question_per_image_needs_no_axis(tmp_path):
    path = write(tmp_path, questions=GIVEN["questions"][:, 0], answers=GIVEN["answers"][:, 0])
    assert np.array_equal(load_archive(path, Reading()).question, ASKED[:, 0])


def test_what_generate_writes_is_read_and_batches_hold_all_of_it(tmp_path):
    write_scenes(tmp_path / "own.npz", 3, "test", 60, 1.0)
    batches = list(TASKS["sort-of-clevr/pixels"].read_batches(tmp_path / "own.npz"))
    assert [len(batch.inputs[0]) for batch in batches] == [50, 10]
    own = sample_scenes(make_rng(3, "test"), 60, 1.0)
    assert np.array_equal(np.concatenate([batch.inputs[0] for batch in batches]), render_scenes(own))
    assert np.array_equal(np.concatenate([batch.answer for batch in batches]), solve(own).answers.ravel())
    assert np.array_equal(batches[1].question, np.tile(question_codes(), (10, 1)))
    assert batches[1].scene_index.tolist() == np.repeat(np.arange(10), 36).tolist()


def test_questions_that_are_none_are_left_out_and_named(tmp_path):
    codes, answers = GIVEN["questions"].copy(), WORDS.copy()
    codes[1, 2, :6] = 0
    codes[2, 0, 8] += 1
    answers[3, 8] = "purple"
    reading = Reading()
    found = load_archive(write(tmp_path, questions=codes, answers=answers), reading)
    assert [each.index for each in reading.skipped] == [11, 18, 35]
    assert np.array_equal(found.number, np.setdiff1d(np.arange(36), [11, 18, 35]))
    assert "got 'purple'" in str(reading.skipped[2])
    with pytest.raises(RNCoreError, match=r"^'set\.npz', question 11 \(from 0\): its bits must be"):
        load_archive(write(tmp_path, questions=codes), Reading(strict=True))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"answers": reorder(ORDER)}, "do not mean square, circle, yes, .* say with an array answer_names"),
        ({"answer_names": np.array(["yes", "no"])}, "answer_names must be square, circle, .* got yes, no; write them"),
        ({"answer_names": np.array([b"n\xf6"])}, r"got n\ufffd; write them as numpy\.array\(\['square'"),
        ({"colors": np.array(["pink"] * 6)}, "colors must be red, .* in any order, got pink"),
        ({"images": None}, "has no array 'images', but questions, answers; convert it where it was made"),
        ({"questions": None}, "has no array 'questions', but images, answers;"),
        ({"images": GIVEN["images"][:, ::2]}, r"images must be of shape \(S, 75, 75, 3\), got \(4, 38, 75, 3\)"),
        ({"images": GIVEN["images"].astype(float)}, "images must be uint8, or shares from 0 to 1, got float64"),
        ({"questions": GIVEN["questions"][..., :10]}, r"must be bits of shape \(S, Q, 11\) for 4 images, got"),
        ({"questions": GIVEN["questions"].reshape(36, 11)}, r"got float32 \(36, 11\); group them by image"),
        ({"answers": GIVEN["answers"][:, :5]}, r"answers must be numbers or words of shape \(4, 9\), got"),
        ({"answers": GIVEN["answers"].astype(object)}, "has pickled arrays, which could run code; convert it"),
    ],
)
def test_what_is_not_certain_is_one_sentence(tmp_path, changes, sentence):
    with pytest.raises(RNCoreError, match=sentence) as caught:
        load_archive(write(tmp_path, **changes), Reading())
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [pickle.dumps([1]), b"\x93NUMPY\x01\x00", b"", b"PK\x03\x04"])
def test_sets_in_other_forms_are_refused_with_a_way_to_convert_them(tmp_path, content):
    (tmp_path / "sort-of-clevr.pickle").write_bytes(content)
    with pytest.raises(RNCoreError, match=r"convert it where it was made, with numpy\.savez|is a damaged .npz file"):
        load_archive(tmp_path / "sort-of-clevr.pickle", Reading())
    with pytest.raises(RNCoreError, match=r"is not a file; give a \.npz file"):
        load_archive(tmp_path, Reading())
    with pytest.raises(RNCoreError, match="has no splits, got 'val'; leave --split out"):
        TASKS["sort-of-clevr/pixels"].read_batches(tmp_path, "val")
