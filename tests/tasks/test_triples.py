"""Questions about A, B and every third object: truth against a slow solver, margins, English, batches, floors."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest
import torch

from rn_core.common.errors import QuestionError, SceneError
from rn_core.common.seeding import make_rng
from rn_core.tasks import TASKS
from rn_core.tasks.sort_of_clevr import triple_floors
from rn_core.tasks.sort_of_clevr.encoding import encode_rows
from rn_core.tasks.sort_of_clevr.scene import (
    CLEARANCE,
    COLORS,
    Scene,
    SceneBatch,
    sample_scene,
    sample_scenes,
    stack_scenes,
)
from rn_core.tasks.sort_of_clevr.triple_language import TRIPLE_TEXTS, parse_triple, triple_text
from rn_core.tasks.sort_of_clevr.triples import (
    N_TRIPLE_QUESTIONS,
    TRIPLE_ANSWERS,
    TripleQuestion,
    solve_triples,
    triple_codes,
)

TASK = TASKS["sort-of-clevr/triples"]
SCENES = sample_scenes(make_rng(3, "test"), 60)


def is_between(a, b, k):
    return all(sorted((a[axis], b[axis], k[axis]))[1] == k[axis] for axis in (0, 1))


def is_near_line(a, b, k):
    """Whether the foot of the perpendicular is at most 12 pixels away."""
    along = complex(b[0] - a[0], b[1] - a[1])
    foot = (complex(k[0] - a[0], k[1] - a[1]) / along).real * along + complex(*a)
    return abs(complex(*k) - foot) <= 12


def is_obtuse(a, b, k):
    """Whether the largest angle, by the law of cosines, is above 90 degrees."""
    short, middle, long = sorted(math.dist(*side) for side in combinations((a, b, k), 2))
    return (short**2 + middle**2 - long**2) / (2 * short * middle) < 0


def solve_slowly(scene, question):
    """Return the answer and the third objects that are counted, by colors."""
    a, b = ((scene.get(color).x, scene.get(color).y) for color in (question.first, question.second))
    rule = {"between": is_between, "line": is_near_line, "obtuse": is_obtuse}[question.type]
    others = [thing for thing in scene.objects if thing.color not in (question.first, question.second)]
    hit = [thing.color for thing in others if rule(a, b, (thing.x, thing.y))]
    answer = str(len(hit)) if question.type != "line" else ("yes" if hit else "no")
    return answer, hit or [thing.color for thing in others]


def test_the_solver_agrees_with_a_slow_one_and_names_the_triples_that_decide():
    solution = solve_triples(SCENES)
    for row in range(len(SCENES)):
        for index in range(N_TRIPLE_QUESTIONS):
            if solution.margins[row, index] < 1e-6:
                continue  # exactly on a boundary, where floats may differ
            question = TripleQuestion.from_index(index)
            answer, deciding = solve_slowly(SCENES.scene(row), question)
            assert TRIPLE_ANSWERS[solution.answers[row, index]] == answer
            first, second = COLORS.index(question.first), COLORS.index(question.second)
            assert solution.deciding_triples(row, index) == [(first, second, COLORS.index(k)) for k in deciding]


def test_an_answer_stays_when_a_third_object_moves_by_less_than_the_margin():
    rng, solution = np.random.default_rng(0), solve_triples(SCENES)
    angle = rng.uniform(0, 2 * np.pi, len(SCENES))
    for index in range(N_TRIPLE_QUESTIONS):
        question = TripleQuestion.from_index(index)
        third = next(k for k in rng.permutation(6) if COLORS[k] not in (question.first, question.second))
        moved = SCENES.centers.astype(float)
        step = 0.99 * solution.margins[:, index, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
        moved[:, third] += step
        again = solve_triples(SceneBatch(moved, SCENES.shapes, SCENES.present))
        np.testing.assert_array_equal(again.answers[:, index], solution.answers[:, index])


def test_margins_are_the_pixels_to_the_boundary():
    def margins(x, y):
        centers = np.zeros((1, 6, 2), dtype=np.int64)
        centers[0, :3] = (10, 10), (60, 10 + 24), (x, y)
        return solve_triples(SceneBatch(centers, np.zeros((1, 6), dtype=np.int64), np.arange(6)[None] < 3)).margins[0]

    assert margins(30, 30)[0] == 4 and margins(30, 54)[0] == 20 and margins(5, 54)[0] == 20  # of the box
    length, offset = math.hypot(50, 24), abs(50 * 44 - 24 * 20) / math.hypot(50, 24)
    assert margins(30, 54)[15] == pytest.approx(offset - 12)
    assert margins(10, 70)[30] == pytest.approx(60 * 24 / length)  # along AB, to the normal through A


def test_what_is_absent_is_neither_asked_about_nor_counted():
    whole = solve_triples(SCENES)
    found = solve_triples(stack_scenes([SCENES.scene(row).remove("orange").remove("blue") for row in range(60)]))
    asks = triple_codes()[:, [2, 3, 8, 9]].any(axis=1)
    assert (found.answers[:, asks] == -1).all() and not found.targets[:, asks].any()
    assert (found.answers[:, ~asks] >= 0).all() and not found.targets[..., 2:4].any()
    assert (found.margins[:, ~asks] >= whole.margins[:, ~asks])[:, :6].all()  # of "between"


@pytest.mark.parametrize("index", range(N_TRIPLE_QUESTIONS))
def test_text_and_back_in_either_order_of_the_colors(index):
    question = TripleQuestion.from_index(index)
    assert question.index == index and triple_text(question) == TRIPLE_TEXTS[index]
    assert parse_triple(TRIPLE_TEXTS[index].upper().rstrip("?")) == question
    words = TRIPLE_TEXTS[index].split()
    one, other = words.index(question.first), words.index(question.second)
    words[one], words[other] = words[other], words[one]
    assert parse_triple(" ".join(words)) == question


@pytest.mark.parametrize(
    ("sentence", "message"),
    [
        ("Is red near blue?", "The word 'near' is not in this task's language"),
        ("How many objects are in the box between the red and the red object?", "is not one of the 45 questions. Did"),
        (" ", "Type a question, such as 'How many objects are in the box between the red and the green "),
        (3, "Type a question"),
    ],
)
def test_other_texts_are_refused_in_one_sentence(sentence, message):
    with pytest.raises(QuestionError, match=message):
        parse_triple(sentence)


def test_a_question_about_one_color_or_an_absent_object_is_refused():
    with pytest.raises(QuestionError, match="needs two colors, got red twice"):
        TripleQuestion("between", "red", "red")
    scene = sample_scene(make_rng(0, "test")).remove("blue")
    TASK.check_answerable(scene, TRIPLE_TEXTS[0])
    with pytest.raises(SceneError, match="This scene has no blue object; ask about two of red, green, orange"):
        TASK.check_answerable(scene, TRIPLE_TEXTS[1])


def test_batches_hold_clear_questions_with_their_true_answers():
    batch = TASK.sample_batch(make_rng(5, "train"), 40, 12)
    scenes = sample_scenes(make_rng(5, "train"), 40)
    solution, rows = solve_triples(scenes), encode_rows(scenes)[0]
    index = (batch.question[:, None] == torch.from_numpy(triple_codes())).all(dim=2).int().argmax(dim=1).numpy()
    at = batch.scene_index.numpy()
    assert (solution.margins[at, index] >= TASK.margin).all()
    np.testing.assert_array_equal(batch.answer, solution.answers[at, index])
    np.testing.assert_array_equal(batch.type_index, index // 15)
    assert len({*zip(at, index, strict=True)}) == len(batch) == 40 * 12
    by_color = batch.inputs[0].take_along_dim(batch.inputs[0][..., :6].argmax(dim=2).argsort(dim=1)[..., None], dim=1)
    assert torch.equal(by_color, rows) and not torch.equal(batch.inputs[0], rows)


def test_all_clear_questions_are_asked_where_no_number_is_given_and_weights_choose_among_types():
    batch = TASK.sample_batch(make_rng(1, "test"), 30)
    clear = solve_triples(sample_scenes(make_rng(1, "test"), 30)).margins >= TASK.margin
    np.testing.assert_array_equal(batch.scene_index.bincount(), clear.sum(axis=1))
    weights = np.array([1e-12, 1.0, 1e-12])
    assert (TASK.sample_batch(make_rng(1, "test"), 30, 4, weights).type_index == 1).all()
    with pytest.raises(QuestionError, match="must be 1 to 45, got 46"):
        TASK.sample_batch(make_rng(1, "test"), 1, 46)


def test_examples_are_clear_questions_with_their_true_answers_types_in_turn():
    batch, examples = TASK.sample_examples(make_rng(4, "explore"), 9)
    assert [example.type for example in examples] == ["between", "line", "obtuse"] * 3
    for row, example in enumerate(examples):
        scene, question = Scene.from_json(example.scene), parse_triple(example.question)
        assert (question.type, example.answer) == (example.type, solve_slowly(scene, question)[0])
        assert solve_triples(stack_scenes([scene])).margins[0, question.index] >= TASK.margin
        assert torch.equal(batch.inputs[0][row], TASK.encode_scenes([scene])[0][0])
        assert torch.equal(batch.question[row], TASK.encode_questions([example.question])[0])
        assert TRIPLE_ANSWERS[batch.answer[row]] == example.answer


def test_the_blind_floor_is_the_commonest_answer_of_what_is_asked():
    batch = TASK.sample_batch(make_rng(2, "test"), 200)
    floors = triple_floors.find_triple_floors(make_rng(2, "test"), 200)
    counts = TASK.scoring.count_floors(batch)
    assert list(floors.values()) == pytest.approx((counts.max(axis=1) / counts.sum(axis=1)).tolist())


def test_who_sees_two_objects_is_right_as_often_as_the_commonest_answer_of_redealt_scenes(monkeypatch):
    kept = SCENES[:1]
    scenes = triple_floors._redeal(make_rng(0, "test"), kept, (1, 4), 50, 2.0)
    assert len(scenes) == 50 and (scenes.centers[:, [1, 4]] == kept.centers[:, [1, 4]]).all()
    apart = np.abs(scenes.centers[:, :, None] - scenes.centers[:, None]).max(axis=3) + 99 * np.eye(6, dtype=np.int64)
    assert apart.min() >= CLEARANCE
    monkeypatch.setattr(triple_floors, "_redeal", lambda rng, kept, pair, n, margin: kept[np.zeros(n, dtype=int)])
    sure = triple_floors.find_two_object_floors(make_rng(0, "test"), 20, 3)
    assert sure == {"between": 1.0, "line": 1.0, "obtuse": 1.0}  # others that never move give the answer away
