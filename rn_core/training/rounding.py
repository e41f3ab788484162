"""Choose which parameters are stored in fewer bits, by what rounding them costs on validation questions."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from rn_core.common.records import Batch, Evaluation
from rn_core.evaluation.accuracy import evaluate_batches
from rn_core.models import QuestionAnsweringModel
from rn_core.tasks import Task
from rn_core.weights.packing import round_parameters

#: Batches on which the change of the logits is measured, matrix by matrix.
_N_SENSITIVITY = 4


def find_loss(before: Evaluation, after: Evaluation, max_loss: float) -> tuple[str, float] | None:
    """Return what lost more accuracy than allowed, a group or "overall", and how much; None if nothing did.

    Args:
        before: of the network as it was.
        after: of the rounded one, on the same questions.
        max_loss: allowed accuracy, 0 to 1. A group may also lose one question, the least that it can show.
    """
    pairs = {"overall": (before.overall, after.overall)}
    pairs |= {group: (known, after.groups[group]) for group, known in before.groups.items()}
    for group, (known, now) in pairs.items():
        lost = known.accuracy - now.accuracy
        allowed = max_loss * known.n  # questions
        if round(lost * known.n) > (allowed if group == "overall" else max(allowed, 1)):
            return group, lost
    return None


def round_insensitive(
    model: QuestionAnsweringModel, task: Task, batches: Sequence[Batch], max_loss: float, bits: int = 16
) -> tuple[str, ...]:
    """Round matrices, but not those that cost more than some accuracy, and return the names of these.

    All matrices are rounded first. While a group of questions loses too much, the one goes back to what it was whose
    rounding changes the logits most for its size: by the largest mean square per value. Vectors, such as biases, stay
    as they are, since they have less than 1 % of the values.

    Args:
        model: is changed in place.
        task: which it answers.
        batches: of validation questions, at least one.
        max_loss: as `find_loss`.
        bits: as `round_parameters`.
    """
    exact = {name: value.clone() for name, value in model.named_parameters() if value.ndim > 1}
    before = evaluate_batches(model, task, batches)
    changes = _measure_changes(model, exact, batches[:_N_SENSITIVITY], bits)
    kept: list[str] = []
    round_parameters(model, exact, bits)
    for name in sorted(exact, key=lambda name: changes[name] / exact[name].numel(), reverse=True):
        if find_loss(before, evaluate_batches(model, task, batches), max_loss) is None:
            break
        model.get_parameter(name).copy_(exact[name])
        kept.append(name)
    return tuple(kept)


@torch.inference_mode()
def _measure_changes(
    model: QuestionAnsweringModel, exact: dict[str, Tensor], batches: Sequence[Batch], bits: int
) -> dict[str, float]:
    """Return how rounding each parameter alone changes the logits: the mean square of the differences."""
    wanted = _ask(model, batches)
    changes = {}
    for name, value in exact.items():
        round_parameters(model, {name}, bits)
        changes[name] = float((_ask(model, batches) - wanted).square().mean())
        model.get_parameter(name).copy_(value)
    return changes


def _ask(model: QuestionAnsweringModel, batches: Sequence[Batch]) -> Tensor:
    """Return the logits of all batches, one after the other."""
    return torch.cat([model(batch.inputs, batch.question, batch.scene_index).flatten() for batch in batches])
