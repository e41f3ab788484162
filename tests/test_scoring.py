"""How logits are judged, against what is written out."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from rn_core.common.records import Batch
from rn_core.tasks.scoring import MultiLabelScoring, OneAnswer


def make_batch(answer: torch.Tensor, type_index: list[int]) -> Batch:
    n = len(answer)
    return Batch((torch.zeros(n, 1),), torch.zeros(n, 0), torch.arange(n), answer, torch.tensor(type_index))


def test_one_answer_is_softmax():
    logits = torch.tensor([[0.0, 1.0, 2.0], [3.0, 1.0, 0.0], [0.0, 0.0, 5.0]])
    batch, scoring = make_batch(torch.tensor([2, 1, 2]), [1, 0, 1]), OneAnswer(2, 3)
    by_hand = [
        math.log(sum(math.exp(z) for z in row)) - row[k] for row, k in zip(logits.tolist(), (2, 1, 2), strict=True)
    ]
    assert scoring.loss(logits, batch).item() == pytest.approx(sum(by_hand) / 3)
    marks = scoring.mark(logits, batch)
    assert (marks.question.tolist(), marks.type_index.tolist(), marks.right.tolist()) == (
        [0, 1, 2],
        [1, 0, 1],
        [True, False, True],
    )
    np.testing.assert_array_equal(scoring.count_floors(batch), [[0, 1, 0], [0, 0, 2]])
    text, probabilities = scoring.read(logits[0], ("a", "b", "c"))
    assert text == "c"
    assert probabilities["b"] == pytest.approx(math.e / (1 + math.e + math.e**2))


def test_many_yes_or_no_are_sigmoids():
    logits = torch.tensor([[2.0, -1.0], [1.0, 3.0]])
    batch, scoring = make_batch(torch.tensor([[True, False], [True, False]]), [0, 0]), MultiLabelScoring()
    by_hand = [math.log(1 + math.exp(z)) for z in (-2, -1, -1, 3)]
    assert scoring.loss(logits, batch).item() == pytest.approx(sum(by_hand) / 4)
    marks = scoring.mark(logits, batch)
    assert marks.question.tolist() == [0, 0, 1, 1, 0, 1]
    assert marks.type_index.tolist() == [0, 0, 0, 0, 1, 1]
    assert marks.right.tolist() == [True, True, True, False, True, False]
    np.testing.assert_array_equal(scoring.count_floors(batch), [[2, 2], [0, 0]])
