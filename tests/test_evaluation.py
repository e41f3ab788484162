"""Accuracy and intervals against closed forms and simulation."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from rn_core.common.errors import RNCoreError
from rn_core.common.records import Batch
from rn_core.common.seeding import make_rng
from rn_core.evaluation.accuracy import accuracy_interval, count_right, count_solved, evaluate, evaluate_batches
from rn_core.tasks import TASKS
from rn_core.tasks.sort_of_clevr import sample_scenes, solve
from rn_core.tasks.sort_of_clevr.questions import QUESTION_TYPES, blind_floor


def wilson_interval(right: int, n: int) -> tuple[float, float]:
    """Return Wilson's interval as SciPy computes it."""
    from scipy.stats import binomtest  # here: scipy.stats takes a second, and every process imports this file

    return binomtest(right, n).proportion_ci(method="wilson")


class Oracle(nn.Module):
    """Looks the answers up, but answers one question type with a constant."""

    def __init__(self, wrong_type: int | None = None) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))
        self.wrong_type = wrong_type

    def forward(self, inputs, question, scene_index):
        rows, _ = inputs
        slot = rows[..., :6].argmax(dim=2)
        shape, center = rows[..., 6:8].argmax(dim=2), (rows[..., 8:] * 37 + 37).round()
        logits = torch.zeros(len(question), 10)
        for m, code in enumerate(question):
            s = int(scene_index[m])
            i = int((slot[s] == code[:6].argmax()).nonzero())
            kind = int(code[7]) * 3 + int(code[8:].argmax())
            apart = (center[s] - center[s, i]).square().sum(dim=1)
            near = apart.clone()
            near[i] = 1e9
            same = int((shape[s] == shape[s, i]).sum()) - 1
            found = (
                shape[s, i],
                2 if center[s, i, 0] < 37 else 3,
                2 if center[s, i, 1] < 37 else 3,
                shape[s, near.argmin()],
                shape[s, apart.argmax()],
                4 + same,
            )[kind]
            logits[m, 0 if kind == self.wrong_type else int(found)] = 1
        return logits


def test_an_oracle_scores_one_and_a_constant_the_blind_share():
    task = TASKS["sort-of-clevr/objects"]
    assert evaluate(Oracle(), task, 0, 60).overall.accuracy == 1
    found = evaluate(Oracle(wrong_type=3), task, 0, 60)
    assert found.groups["non_relational"].accuracy == 1
    assert found.types["furthest_shape"].accuracy == 1
    assert 0.3 < found.types["closest_shape"].accuracy < 0.7
    assert found.types["closest_shape"].n == 60 * 6
    assert found.overall.n == 60 * 36
    assert found.blind_floor["count_same_shape"] < 0.5 <= found.blind_floor["shape"] < 0.6


def test_evaluation_leaves_the_model_in_its_mode_and_depends_on_the_seed_alone():
    task = TASKS["sort-of-clevr/objects"]
    model = Oracle(wrong_type=3).train()
    first, again = evaluate(model, task, 5, 20), evaluate(model, task, 5, 20)
    assert model.training
    assert first == again
    assert first != evaluate(model, task, 6, 20)


@pytest.mark.parametrize(("right", "n"), [(0, 20), (13, 20), (19, 20), (20, 20), (990, 1000)])
def test_the_interval_is_wilsons_when_questions_are_independent(right, n):
    answers = np.zeros(n, dtype=int)
    answers[:right] = 1
    found = accuracy_interval(answers, np.ones(n, dtype=int))
    wilson = wilson_interval(right, n)
    assert found.accuracy == right / n
    # One question a scene: the estimated design effect is n / (n - 1), never below 1.
    assert found.low == pytest.approx(wilson.low, abs=0.01)
    assert found.high == pytest.approx(wilson.high, abs=0.01)


def test_the_interval_covers_also_when_scenes_share_their_luck():
    rng = np.random.default_rng(0)
    hits = 0
    for _ in range(400):
        luck = rng.beta(4, 1, size=100)
        right = rng.binomial(36, luck)
        found = accuracy_interval(right, np.full(100, 36))
        hits += found.low <= 0.8 <= found.high
    assert 0.92 <= hits / 400 <= 0.98


class FirstWord(nn.Module):
    """Answers with the number of the question's first word."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))

    def forward(self, inputs, question, scene_index):
        return nn.functional.one_hot(question[:, 0], 60).float()


def ask_stories(right: list[list[bool]], clustered: bool) -> Batch:
    """Return questions of bAbI's task 1, some a story, that `FirstWord` answers as `right` says."""
    question = torch.tensor([[int(is_right)] for story in right for is_right in story])
    n = len(question)
    return Batch(
        inputs=(torch.zeros(n, 1, 1, dtype=torch.int64), torch.ones(n, 1, dtype=torch.bool)),
        question=question,
        scene_index=torch.arange(n),
        answer=torch.ones(n, dtype=torch.int64),
        type_index=torch.zeros(n, dtype=torch.int64),
        cluster=torch.arange(len(right)).repeat_interleave(torch.tensor([*map(len, right)])) if clustered else None,
    )


def test_questions_of_one_story_are_counted_together():
    right = [[True, False, True], [True], [False, False]]
    counts = count_right(FirstWord(), TASKS["babi"], ask_stories(right, clustered=True))
    assert counts[:, 0].tolist() == [[2, 3], [1, 1], [0, 2]]
    assert not counts[:, 1:].any()
    apart = count_right(FirstWord(), TASKS["babi"], ask_stories(right, clustered=False))
    assert apart[:, 0].tolist() == [[1, 1], [0, 1], [1, 1], [1, 1], [0, 1], [0, 1]]


def test_a_part_of_a_batch_keeps_its_stories_together_and_so_does_another_device():
    batch = ask_stories([[True] * 2, [False] * 3, [True]], clustered=True)
    part = batch.select(slice(3, 6))
    assert part.cluster.tolist() == [0, 0, 1]
    assert part.scene_index.tolist() == [0, 1, 2] and part.question.tolist() == [[0], [0], [1]]
    assert batch.to("meta").cluster.device.type == "meta"
    assert batch.to("cpu").kept is None


def test_the_interval_is_wider_where_questions_of_one_story_agree():
    """Of five questions a story that are right or wrong together, each story counts as one question."""
    agreeing = [[k % 4 > 0] * 5 for k in range(80)]
    found, apart = (
        evaluate_batches(
            FirstWord(), TASKS["babi"], [ask_stories(agreeing[:30], clustered), ask_stories(agreeing[30:], clustered)]
        )
        for clustered in (True, False)
    )
    assert (found.n, apart.n) == (80, 400)
    assert found.overall.n == apart.overall.n == 400
    assert found.overall.accuracy == apart.overall.accuracy == 0.75
    wilson = wilson_interval(60, 80)
    assert found.overall.low == pytest.approx(wilson.low, abs=0.005)
    assert found.overall.high == pytest.approx(wilson.high, abs=0.005)
    assert apart.overall.high - apart.overall.low < 0.5 * (found.overall.high - found.overall.low)


def test_a_task_is_solved_above_the_mark_alone():
    found = evaluate_batches(FirstWord(), TASKS["babi"], [ask_stories([[True] * 19 + [False]], clustered=True)])
    assert list(found.groups) == ["qa1"], "tasks that nobody asked about are left out"
    assert [count_solved(found, mark) for mark in (0.94, 0.95, 0.96)] == [1, 0, 0]


def test_no_scenes_is_refused():
    with pytest.raises(RNCoreError, match="1 or more, got 0"):
        evaluate(Oracle(), TASKS["sort-of-clevr/objects"], 0, 0)


def test_the_blind_floor_is_what_a_constant_scores():
    answers = solve(sample_scenes(make_rng(0, "test"), 500)).answers
    floors = blind_floor(answers)
    assert set(floors) == set(QUESTION_TYPES)
    for row, kind in enumerate(QUESTION_TYPES):
        block = answers[:, row * 6 : row * 6 + 6]
        assert floors[kind] == max((block == answer).mean() for answer in range(10))
