"""The solver against a slow one written from the English questions alone, and what the answers look like."""

from __future__ import annotations

import math

import numpy as np
import pytest

from rn_core.common.seeding import make_rng
from rn_core.tasks.sort_of_clevr import Question, Scene, SceneObject, sample_scenes, solve, stack_scenes
from rn_core.tasks.sort_of_clevr.questions import (
    ANSWERS,
    GROUPS,
    N_QUESTIONS,
    QUESTION_TYPES,
    answer_shares,
    blind_floor,
    question_codes,
)
from rn_core.tasks.sort_of_clevr.scene import COLORS

N_SCENES = 10_000


def solve_slowly(scene: Scene, question: Question) -> tuple[str | None, set[str], float]:
    """Answer one question of one scene: the answer, the colors that decide it, the pixels to its boundary."""
    asked = next((thing for thing in scene.objects if thing.color == question.color), None)
    if asked is None:
        return None, set(), math.nan
    if question.type == "shape":
        return asked.shape, {asked.color}, math.inf
    if question.type == "left":
        return ("yes" if asked.x < 37 else "no"), {asked.color}, abs(asked.x - 37)
    if question.type == "top":
        return ("yes" if asked.y < 37 else "no"), {asked.color}, abs(asked.y - 37)
    others = [thing for thing in scene.objects if thing is not asked]
    if not others:
        return None, set(), math.nan
    if question.type == "count_same_shape":
        same = sum(1 for thing in others if thing.shape == asked.shape)
        return str(same), {thing.color for thing in others}, math.inf
    distances = {thing: math.sqrt((thing.x - asked.x) ** 2 + (thing.y - asked.y) ** 2) for thing in others}
    others.sort(key=distances.get, reverse=question.type == "furthest_shape")  # a stable sort: ties stay in order
    margin = abs(distances[others[0]] - distances[others[1]]) if len(others) > 1 else math.inf
    return others[0].shape, {others[0].color}, margin


def check_against_slow_solver(scenes: list[Scene]) -> None:
    """Compare answers, targets and margins of every question of every scene."""
    solution = solve(stack_scenes(scenes))
    answers = np.full((len(scenes), N_QUESTIONS), -1)
    targets = np.zeros((len(scenes), N_QUESTIONS, len(COLORS)), dtype=bool)
    margins = np.full((len(scenes), N_QUESTIONS), math.nan)
    for row, scene in enumerate(scenes):
        for column in range(N_QUESTIONS):
            text, deciding, margin = solve_slowly(scene, Question.from_index(column))
            if text is not None:
                answers[row, column] = ANSWERS.index(text)
                targets[row, column] = [color in deciding for color in COLORS]
                margins[row, column] = margin
    np.testing.assert_array_equal(solution.answers, answers)
    np.testing.assert_array_equal(solution.targets, targets)
    answered = answers >= 0
    assert answered.any()
    np.testing.assert_allclose(solution.margins[answered], margins[answered], rtol=0, atol=1e-9)


@pytest.fixture(scope="module")
def answers() -> np.ndarray:
    """Answers (20,000, 36) of new scenes."""
    return solve(sample_scenes(make_rng(1, "validation"), 20_000)).answers


def test_the_slow_solver_agrees_on_ten_thousand_scenes():
    scenes = sample_scenes(make_rng(0, "test"), N_SCENES)
    check_against_slow_solver([scenes.scene(row) for row in range(N_SCENES)])


def test_the_slow_solver_agrees_where_objects_are_missing():
    rng = np.random.default_rng(0)
    scenes = []
    for scene in map(sample_scenes(make_rng(2, "test"), 600).scene, range(600)):
        gone = rng.permutation(COLORS)[: rng.integers(1, len(COLORS))]
        for color in gone:
            scene = scene.remove(color)
        scenes.append(scene)
    assert {len(scene.objects) for scene in scenes} == {1, 2, 3, 4, 5}
    check_against_slow_solver(scenes)


def test_a_tie_goes_to_the_first_color_and_has_no_margin():
    red = SceneObject("red", "square", 37, 37)
    scene = Scene((SceneObject("blue", "circle", 17, 37), SceneObject("green", "square", 57, 37), red))
    solution = solve(stack_scenes([scene]))
    for kind in ("closest_shape", "furthest_shape"):
        column = Question(kind, "red").index
        assert ANSWERS[solution.answers[0, column]] == "square"
        assert solution.targets[0, column].tolist() == [False, True, False, False, False, False]
        assert solution.margins[0, column] == 0


def test_the_middle_is_neither_left_nor_top():
    solution = solve(stack_scenes([Scene((SceneObject("red", "square", 37, 37),))]))
    for kind in ("left", "top"):
        assert ANSWERS[solution.answers[0, Question(kind, "red").index]] == "no"
        assert solution.margins[0, Question(kind, "red").index] == 0


def test_every_sampled_answer_exists_and_fits_its_type(answers):
    shapes, yes_no, counts = {0, 1}, {2, 3}, set(range(4, 10))
    for row, allowed in enumerate((shapes, yes_no, yes_no, shapes, shapes, counts)):
        assert set(np.unique(answers[:, 6 * row : 6 * row + 6])) == allowed


def test_two_way_answers_are_even_to_two_percent(answers):
    shares = answer_shares(answers)
    for kind in QUESTION_TYPES[:-1]:
        assert sum(shares[kind].values()) == pytest.approx(1)
        assert list(shares[kind].values()) == pytest.approx([0.5, 0.5], abs=0.02)


def test_counts_follow_five_fair_coins_to_one_percent(answers):
    shares = answer_shares(answers)["count_same_shape"]
    assert list(shares) == [str(count) for count in range(6)]
    assert list(shares.values()) == pytest.approx([math.comb(5, k) / 32 for k in range(6)], abs=0.01)


def test_answer_shares_by_hand():
    table = np.zeros((2, N_QUESTIONS), dtype=np.int64)
    table[:, 6:12] = ANSWERS.index("yes")
    table[0, 6:9] = ANSWERS.index("no")
    shares = answer_shares(table)
    assert shares["shape"] == {"square": 1.0}
    assert shares["left"] == {"yes": 0.75, "no": 0.25}


def test_blind_floor_is_the_best_of_all_constant_answers(answers):
    some = answers[:500]
    for row, kind in enumerate(QUESTION_TYPES):
        asked = some[:, 6 * row : 6 * row + 6].ravel().tolist()
        best = max(sum(1 for answer in asked if answer == constant) for constant in range(len(ANSWERS)))
        assert blind_floor(some)[kind] == pytest.approx(best / len(asked), abs=1e-12)


def test_question_index_and_back():
    seen = [Question.from_index(index) for index in range(N_QUESTIONS)]
    assert len(set(seen)) == N_QUESTIONS
    assert [question.index for question in seen] == list(range(N_QUESTIONS))
    assert seen[0] == Question("shape", "red")
    assert seen[35] == Question("count_same_shape", "yellow")


def test_groups_split_the_types_as_the_paper_does():
    relational = {question.type for question in map(Question.from_index, range(N_QUESTIONS)) if question.is_relational}
    assert relational == set(GROUPS["relational"]) == {"closest_shape", "furthest_shape", "count_same_shape"}
    assert set(GROUPS["non_relational"]) == {"shape", "left", "top"}


def test_codes_have_eleven_bits_one_each_for_color_group_and_subtype():
    codes = question_codes()
    assert codes.shape == (36, 11)
    assert codes.dtype == np.float32
    assert len({tuple(code) for code in codes}) == 36
    for index, code in enumerate(codes):
        question = Question.from_index(index)
        expected = np.zeros(11)
        expected[COLORS.index(question.color)] = 1
        expected[7 if question.is_relational else 6] = 1
        expected[8 + QUESTION_TYPES.index(question.type) % 3] = 1
        np.testing.assert_array_equal(code, expected)
