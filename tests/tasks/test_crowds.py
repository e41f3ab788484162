"""Crowds: what may be sampled, and a second, slower solver that agrees with the first."""

from __future__ import annotations

import math

import numpy as np
import pytest

from rn_core.common.errors import SceneError
from rn_core.common.seeding import make_rng
from rn_core.tasks import TASKS
from rn_core.tasks.sort_of_clevr import COLORS, SceneBatch, make_batch, solve
from rn_core.tasks.sort_of_clevr.crowds import (
    UNSAYABLE,
    CrowdBatch,
    encode_crowds,
    make_crowd_batch,
    sample_crowds,
    solve_crowds,
)
from rn_core.tasks.sort_of_clevr.language import text
from rn_core.tasks.sort_of_clevr.questions import ANSWERS, QUESTION_TYPES, Question
from rn_core.tasks.sort_of_clevr.scene import SHAPES

SIZES = range(2, 11)


def answer_slowly(crowds: CrowdBatch, row: int) -> list[str]:
    """Return the six answers about object 0 of one scene, with plain loops over plain numbers."""
    centers = [tuple(map(int, center)) for center in crowds.centers[row]]
    shapes = [SHAPES[shape] for shape in crowds.shapes[row]]
    others = range(1, len(centers))
    distances = {k: math.dist(centers[0], centers[k]) for k in others}
    nearest, furthest = min(others, key=distances.get), max(others, key=distances.get)
    return [
        shapes[0],
        "yes" if centers[0][0] < 37 else "no",
        "yes" if centers[0][1] < 37 else "no",
        shapes[nearest],
        shapes[furthest],
        str(sum(shapes[k] == shapes[0] for k in others)),
    ]


@pytest.mark.parametrize("n_objects", SIZES)
def test_the_slow_solver_agrees(n_objects):
    crowds = sample_crowds(make_rng(0, "test"), n_objects, 150)
    for row, found in enumerate(solve_crowds(crowds)):
        slow = answer_slowly(crowds, row)
        said = [str(ANSWERS[k]) if k != UNSAYABLE else "no word" for k in found]
        assert said[:5] == slow[:5]
        assert said[5] == (slow[5] if int(slow[5]) <= 5 else "no word")


def test_counts_without_a_word_occur_from_seven_objects_on():
    shares = [(solve_crowds(sample_crowds(make_rng(1, "test"), n, 400)) == UNSAYABLE).mean(axis=0) for n in SIZES]
    assert all((share[:5] == 0).all() for share in shares)
    assert [share[5] > 0 for share in shares] == [n >= 7 for n in SIZES]


@pytest.mark.parametrize("n_objects", SIZES)
@pytest.mark.parametrize("margin", [0, 2])
def test_sampled_crowds_keep_every_rule(n_objects, margin):
    crowds = sample_crowds(make_rng(2, "test"), n_objects, 60, margin)
    assert (len(crowds), crowds.n_objects) == (60, n_objects)
    assert crowds.centers.min() >= 5
    assert crowds.centers.max() <= 69
    assert np.abs(crowds.centers - 37).min() >= max(margin, 1)
    for centers, colors in zip(crowds.centers.tolist(), crowds.colors.tolist(), strict=True):
        for k, one in enumerate(centers):
            assert all(max(abs(one[0] - x), abs(one[1] - y)) >= 12 for x, y in centers[:k])
        distances = sorted(math.dist(centers[0], other) for other in centers[1:])
        leads = [b - a for a, b in (distances[:2], distances[-2:])] if n_objects > 2 else [math.inf]
        assert min(leads) >= max(margin, 1e-9)
        assert colors.count(colors[0]) == 1
        assert len(set(colors)) == min(n_objects, 6)


def test_every_color_is_asked_and_repeated_alike():
    colors = sample_crowds(make_rng(3, "test"), 7, 3000).colors
    asked = np.bincount(colors[:, 0], minlength=6) / 3000
    extra = np.bincount(colors[:, 6], minlength=6) / 3000
    assert asked == pytest.approx([1 / 6] * 6, abs=0.035)
    assert extra == pytest.approx([1 / 6] * 6, abs=0.035)


def test_same_seed_same_crowds():
    one, again, other = (sample_crowds(make_rng(seed, "test"), 8, 20) for seed in (4, 4, 5))
    for name in ("centers", "shapes", "colors"):
        np.testing.assert_array_equal(getattr(one, name), getattr(again, name))
        assert not np.array_equal(getattr(one, name), getattr(other, name))


def test_six_objects_are_the_task_s_own_scenes():
    """Rows, codes and answers of a crowd of six are those of the same scene in the task."""
    crowds = sample_crowds(make_rng(6, "test"), 6, 40)
    slots = np.argsort(crowds.colors, axis=1)  # (S, 6): which object has color k
    scenes = SceneBatch(
        np.take_along_axis(crowds.centers, slots[..., None], axis=1),
        np.take_along_axis(crowds.shapes, slots, axis=1),
        np.ones((40, 6), dtype=bool),
    )
    asked = np.arange(6)[None] * 6 + crowds.colors[:, :1]
    ours, theirs = make_crowd_batch(crowds), make_batch(scenes, asked, "objects")
    for name in ("question", "scene_index", "answer", "type_index"):
        np.testing.assert_array_equal(getattr(ours, name), getattr(theirs, name))
    rows, mask = encode_crowds(crowds)
    np.testing.assert_array_equal(np.take_along_axis(rows.numpy(), slots[..., None], axis=1), theirs.inputs[0])
    assert mask.all()
    assert solve(scenes).margins[np.arange(40)[:, None], asked].min() >= 2


def test_scenes_can_be_selected():
    crowds = sample_crowds(make_rng(0, "test"), 9, 10)
    np.testing.assert_array_equal(crowds[np.array([7, 1])].colors, crowds.colors[[7, 1]])
    assert len(crowds[2:5]) == 3


def test_a_batch_names_its_types_in_order():
    batch = make_crowd_batch(sample_crowds(make_rng(0, "test"), 10, 3))
    assert batch.type_index.tolist() == [*range(len(QUESTION_TYPES))] * 3
    assert batch.inputs[0].shape == (3, 10, 10)
    assert batch.question[:, : len(COLORS)].sum().item() == len(batch)


def read_row(row: np.ndarray) -> tuple[str, str, float, float]:
    """Return color, shape, x and y in pixels of an object row."""
    x, y = row[8:] * 37 + 37
    return COLORS[row[:6].argmax()], SHAPES[row[6:8].argmax()], x, y


def test_any_number_of_objects_is_asked_about_and_answered():
    """Every answer agrees with plain loops over the rows that a network sees."""
    task = TASKS["sort-of-clevr/objects-2to10"]
    batch = task.sample_batch(make_rng(7, "test"), 300)
    rows, mask = (part.numpy() for part in batch.inputs)
    assert rows.shape == (300, 10, 10)
    assert not rows[~mask].any()
    assert {*mask.sum(axis=1).tolist()} == {*SIZES}
    for scene, code, answer, kind in zip(
        batch.scene_index, batch.question, batch.answer, batch.type_index, strict=True
    ):
        things = [read_row(row) for row in rows[scene][mask[scene]]]
        asked = [k for k, thing in enumerate(things) if thing[0] == COLORS[code[:6].argmax()]]
        assert len(asked) == 1
        things.insert(0, things.pop(asked[0]))
        centers, shapes = np.array([[thing[2:] for thing in things]]), [[SHAPES.index(thing[1]) for thing in things]]
        crowd = CrowdBatch(np.rint(centers).astype(np.int64), np.array(shapes), np.zeros((1, len(things)), np.int64))
        assert task.answers[answer] == answer_slowly(crowd, 0)[kind]


def test_questions_of_any_number_follow_their_weights():
    task = TASKS["sort-of-clevr/objects-2to10"]
    weights = np.array([1e-12, 1e-12, 1e-12, 0.5, 0.5, 1e-12])
    batch = task.sample_batch(make_rng(8, "test"), 200, 2, weights)
    assert {*batch.type_index.tolist()} == {3, 4}
    assert batch.scene_index.tolist() == [scene for scene in range(200) for _ in range(2)]


def test_rows_of_a_crowd_are_read_whatever_their_number():
    task = TASKS["sort-of-clevr/objects-2to10"]
    crowd = sample_crowds(make_rng(9, "test"), 10, 1)
    rows, (color, other) = encode_crowds(crowd)[0][0].numpy(), crowd.colors[0, [0, 6]]
    task.check_answerable(rows, text(Question("count_same_shape", COLORS[color])))
    assert task.encode_scenes([rows[:3], rows])[1].sum(dim=1).tolist() == [3, 10]
    with pytest.raises(SceneError, match=r"^The object asked about must be the only \w+ one, got 2 of them; ask about"):
        task.check_answerable(rows[[0, 6, 6]], text(Question("shape", COLORS[other])))
    with pytest.raises(SceneError, match=r"^A relational question needs at least two objects"):
        task.check_answerable(rows[:1], text(Question("closest_shape", COLORS[color])))
    with pytest.raises(SceneError, match=r"^Object rows must be finite numbers of shape \(1 to 10, 10\)"):
        task.check_answerable(np.zeros((11, 10)), text(Question("left", COLORS[color])))


@pytest.mark.parametrize("n_objects", [1, 11, 2.0, True])
def test_a_number_of_objects_out_of_range_is_one_sentence(n_objects):
    with pytest.raises(SceneError, match=r"^The number of objects must be a whole number from 2 to 10, got .*;"):
        sample_crowds(make_rng(0, "test"), n_objects, 1)


def test_bad_numbers_of_scenes_and_margins_are_one_sentence():
    with pytest.raises(SceneError, match=r"^The number of scenes must be a whole number from 1 to"):
        sample_crowds(make_rng(0, "test"), 3, 0)
    with pytest.raises(SceneError, match=r"^margin must be from 0 to 4 pixels, got 5"):
        sample_crowds(make_rng(0, "test"), 3, 1, 5)
