"""Mixed precision keeps in 32 bits what costs accuracy, and nothing else but vectors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch

from rn_core.common.records import Accuracy, Batch, Evaluation
from rn_core.common.seeding import make_rng
from rn_core.evaluation.accuracy import evaluate_batches
from rn_core.models import QuestionAnsweringModel, build_model
from rn_core.tasks import TASKS
from rn_core.training.rounding import find_loss, round_insensitive
from tests.test_training import ROWS

TASK = TASKS["sort-of-clevr/objects"]
LAST = "core.f_phi.2.weight"


@pytest.fixture
def model() -> QuestionAnsweringModel:
    """Return a network whose last matrix is lost in 16 bits: its values lie below the smallest float16."""
    made = build_model(ROWS, seed=0).eval().requires_grad_(False)
    made.get_parameter(LAST).mul_(1e-9)
    made.get_parameter("core.f_phi.2.bias").zero_()
    return made


@pytest.fixture
def batches(model: QuestionAnsweringModel) -> list[Batch]:
    """Return questions whose true answers are those of the network in 32 bits."""
    drawn = [TASK.sample_batch(make_rng(0, "validation", first), 5) for first in range(4)]
    return [
        replace(batch, answer=model(batch.inputs, batch.question, batch.scene_index).argmax(dim=1)) for batch in drawn
    ]


def read(model: QuestionAnsweringModel) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in model.named_parameters()}


def nearest_half(value: torch.Tensor) -> torch.Tensor:
    return value.half().float()


def test_only_the_matrix_that_costs_accuracy_stays_in_32_bits(model, batches):
    exact = read(model)
    assert round_insensitive(model, TASK, batches, max_loss=0.03) == (LAST,)
    for name, value in read(model).items():
        stays = name == LAST or value.ndim == 1
        assert torch.equal(value, exact[name] if stays else nearest_half(exact[name])), name
        assert value.ndim == 1 or not torch.equal(nearest_half(exact[name]), exact[name]), "16 bits lose something"


@pytest.mark.parametrize(("max_loss", "expected"), [(1.0, nearest_half), (-1.0, torch.clone)])
def test_all_matrices_are_rounded_where_any_loss_is_allowed_and_none_where_none_is_small_enough(
    model: QuestionAnsweringModel,
    batches: list[Batch],
    max_loss: float,
    expected: Callable[[torch.Tensor], torch.Tensor],
):
    exact = read(model)
    kept = round_insensitive(model, TASK, batches, max_loss)
    matrices = {name: value for name, value in read(model).items() if value.ndim > 1}
    assert set(kept) == (set(matrices) if max_loss < 0 else set())
    for name, value in matrices.items():
        assert torch.equal(value, expected(exact[name])), name


def change_accuracy(found: Evaluation, group: str, n: int, wrong: int) -> Evaluation:
    """Return an evaluation with a group, or "overall", of n questions of which some are answered wrong."""
    value = Accuracy(1 - wrong / n, 0.0, 1.0, n)
    if group == "overall":
        return replace(found, overall=value)
    return replace(found, groups=found.groups | {group: value})


@pytest.mark.parametrize(
    ("group", "n", "wrong", "is_lost"),
    [
        ("overall", 20_000, 10, False),
        ("overall", 20_000, 11, True),
        ("overall", 500, 1, True),
        ("relational", 20_000, 10, False),
        ("relational", 20_000, 11, True),
        ("relational", 500, 1, False),
        ("relational", 500, 2, True),
    ],
)
def test_a_loss_is_more_than_what_is_allowed_and_than_one_question_of_a_group(model, batches, group, n, wrong, is_lost):
    found = evaluate_batches(model, TASK, batches)
    before, after = (change_accuracy(found, group, n, count) for count in (0, wrong))
    expected = (group, pytest.approx(wrong / n)) if is_lost else None
    assert find_loss(before, after, 0.0005) == expected
    assert find_loss(after, before, 0.0005) is None, "what gained lost nothing"
