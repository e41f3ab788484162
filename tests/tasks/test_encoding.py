"""Scenes and questions as tensors, by value."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from rn_core.common.errors import QuestionError, RNCoreError, SceneError
from rn_core.common.seeding import make_rng
from rn_core.tasks import TASKS
from rn_core.tasks.sort_of_clevr import (
    Question,
    Scene,
    SceneObject,
    SortOfClevr,
    make_batch,
    sample_questions,
    sample_scenes,
    solve,
    stack_scenes,
)
from rn_core.tasks.sort_of_clevr.encoding import (
    D_ROW,
    ROW_COLUMNS,
    check_image,
    check_rows,
    encode_images,
    encode_rows,
    shuffle_rows,
)
from rn_core.tasks.sort_of_clevr.questions import question_codes
from rn_core.tasks.sort_of_clevr.rendering import render_scenes


def test_rows_by_value():
    scene = Scene((SceneObject("green", "circle", 69, 5), SceneObject("yellow", "square", 37, 56)))
    rows, mask = encode_rows(stack_scenes([scene]))
    expected = torch.zeros(1, 6, 10)
    expected[0, 1] = torch.tensor([0, 1, 0, 0, 0, 0, 0, 1, 32 / 37, -32 / 37])
    expected[0, 5] = torch.tensor([0, 0, 0, 0, 0, 1, 1, 0, 0, 19 / 37])
    assert rows.dtype == torch.float32
    torch.testing.assert_close(rows, expected, rtol=0, atol=0)
    assert mask.tolist() == [[False, True, False, False, False, True]]


def test_row_columns_are_listed_in_order():
    assert [index for index, *_ in ROW_COLUMNS] == list(range(D_ROW)) == list(range(10))
    assert ROW_COLUMNS[2][1] == "color is blue"
    assert ROW_COLUMNS[7][1] == "shape is circle"


def test_shuffled_rows_are_the_same_rows_and_keep_their_mask():
    scenes = sample_scenes(make_rng(0, "train"), 200)
    scenes.present[::2, 3] = False
    rows, mask = encode_rows(scenes)
    mixed, mixed_mask = shuffle_rows(make_rng(1, "train"), rows, mask)
    assert not torch.equal(mixed, rows)
    assert torch.equal(mixed.abs().sum(dim=2) > 0, mixed_mask)
    for before, after in zip(rows, mixed, strict=True):
        assert sorted(before.tolist()) == sorted(after.tolist())
    first_colors = mixed[1::2, 0, :6].sum(dim=0)
    assert first_colors.min() > 3  # 100 scenes, 6 colors: each comes first about 17 times


def test_images_are_the_rendered_scenes():
    scenes = sample_scenes(make_rng(0, "train"), 3)
    (images,) = encode_images(scenes)
    assert images.dtype == torch.uint8
    np.testing.assert_array_equal(images.numpy(), render_scenes(scenes))


@pytest.mark.parametrize("view", ["pixels", "objects"])
def test_a_batch_asks_what_it_says(view):
    scenes = sample_scenes(make_rng(0, "train"), 5)
    asked = np.array([[0, 35], [6, 7], [18, 1], [30, 29], [12, 3]])
    batch = make_batch(scenes, asked, view)
    assert len(batch) == 10
    assert batch.scene_index.tolist() == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]
    assert batch.type_index.tolist() == [0, 5, 1, 1, 3, 0, 5, 4, 2, 0]
    np.testing.assert_array_equal(batch.question.numpy(), question_codes()[asked.ravel()])
    solution = solve(scenes)
    for place, (scene, question) in enumerate(zip(batch.scene_index.tolist(), asked.ravel().tolist(), strict=True)):
        assert batch.answer[place] == solution.answers[scene, question]
        assert batch.type_index[place] == Question.from_index(question).index // 6


@pytest.mark.parametrize("name", ["sort-of-clevr/objects", "sort-of-clevr/pixels"])
def test_sampled_batches_hold_true_answers(name):
    task = TASKS[name]
    batch = task.sample_batch(make_rng(0, "train"), 4)
    truth = solve(sample_scenes(make_rng(0, "train"), 4, task.margin)).answers
    assert task.name == name
    assert len(batch) == 4 * 36
    assert batch.inputs[0].shape[0] == 4
    np.testing.assert_array_equal(batch.answer.numpy().reshape(4, 36), truth)
    assert set(task.groups) == {"relational", "non_relational"}
    assert {kind for kinds in task.groups.values() for kind in kinds} == set(task.question_types)


def test_sampled_questions_are_different_and_even():
    asked = sample_questions(make_rng(0, "train"), 3000, 9)
    assert asked.shape == (3000, 9)
    assert all(len(set(row)) == 9 for row in asked.tolist())
    counts = np.bincount(asked.ravel(), minlength=36)
    assert np.abs(counts - 750).max() < 5 * np.sqrt(3000 * 0.25 * 0.75)


def test_all_questions_come_in_order_and_draw_nothing():
    rng = make_rng(0, "train")
    assert sample_questions(rng, 2).tolist() == [list(range(36))] * 2
    assert rng.bit_generator.random_raw() == make_rng(0, "train").bit_generator.random_raw()


def test_weights_make_a_type_rarer():
    weights = np.array([1, 1, 1, 1, 1, 0.1])
    asked = sample_questions(make_rng(0, "train"), 3000, 1, weights).ravel() // 6
    shares = np.bincount(asked, minlength=6) / 3000
    assert shares == pytest.approx(weights / weights.sum(), abs=0.03)


@pytest.mark.parametrize("n_questions", [0, 37])
def test_too_few_or_too_many_questions_are_one_sentence(n_questions):
    with pytest.raises(QuestionError, match=rf"must be 1 to 36, got {n_questions}; use None for all\.$"):
        sample_questions(make_rng(0, "train"), 2, n_questions)


def test_an_unknown_view_is_one_sentence():
    with pytest.raises(RNCoreError, match=r"^view must be one of pixels, objects, got 'pixel'\.$"):
        SortOfClevr("pixel")


@pytest.mark.parametrize(
    ("image", "got"),
    [
        (np.zeros((75, 75), np.uint8), r"uint8 \(75, 75\)"),
        (np.zeros((64, 75, 3), np.uint8), r"uint8 \(64, 75, 3\)"),
        (np.zeros((75, 75, 4), np.uint8), r"uint8 \(75, 75, 4\)"),
        (np.zeros((75, 75, 3), np.float32), r"float32 \(75, 75, 3\)"),
        ([[0]], "list"),
        (None, "NoneType"),
    ],
)
def test_a_bad_image_is_one_sentence(image, got):
    with pytest.raises(SceneError, match=rf"shape \(75, 75, 3\), got {got}; convert it to RGB and resize it\.$"):
        check_image(image)


def test_a_good_image_passes():
    image = np.zeros((75, 75, 3), np.uint8)
    assert check_image(image) is image


@pytest.mark.parametrize(
    "rows",
    [np.zeros((7, 10)), np.zeros((0, 10)), np.zeros((6, 9)), np.zeros(10), np.full((2, 10), np.nan), [[np.inf] * 10]],
)
def test_bad_rows_are_one_sentence(rows):
    with pytest.raises(SceneError, match=r"finite numbers of shape \(1 to 6, 10\), got shape .*; see ROW_COLUMNS"):
        check_rows(rows)


@pytest.mark.parametrize("rows", [[["a"] * 10], [[1], [1, 2]], None, [None]])
def test_rows_that_are_no_table_are_one_sentence(rows):
    with pytest.raises(SceneError, match="Object rows must be"):
        check_rows(rows)


def test_good_rows_become_float32():
    rows = check_rows([[0.5] * 10])
    assert rows.dtype == np.float32
    assert rows.shape == (1, 10)
