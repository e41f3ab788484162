"""Store published weights in 16 bits instead of 32: `python -m rn_core weights halve NAME`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import fields, replace
from pathlib import Path

import torch

from rn_core.common.device import fast_autocast
from rn_core.common.errors import WeightsError
from rn_core.common.records import Evaluation
from rn_core.evaluation.reporting import mean_aggregates
from rn_core.models import QuestionAnsweringModel
from rn_core.tasks import TASKS
from rn_core.training.publishing import MEAN_SCENES, EvaluationSpec
from rn_core.weights.card import CardFacts
from rn_core.weights.file_set import hold_name
from rn_core.weights.store import (
    PRETRAINED,
    WeightsEntry,
    find_weights,
    load_golden,
    load_weights,
    round_parameters,
    write_set,
)

#: Accuracy that may be lost, overall and in each group: 0.05 points.
MAX_LOSS = 0.0005


def halve_weights(
    name: str,
    spec: EvaluationSpec,
    progress: Callable[[Iterable[int]], Iterable[int]] = iter,
    folder: Path = PRETRAINED,
) -> WeightsEntry:
    """Round the parameters of published weights to float16, measure them again and write them in half the bytes.

    Args:
        name: of the weights.
        spec: what they are evaluated on; the scenes or the folder of their card.
        progress: wraps the iteration over test batches.
        folder: of all weights.

    Raises:
        WeightsError: if their card was measured on something else, or more than 0.05 points would be lost.
        RNCoreError: as `load_weights`, and if the files cannot be written.
    """
    loaded = load_weights(name, folder)
    card, model, task = loaded.card, loaded.model, TASKS[loaded.card.task]
    round_parameters(model)
    measure = spec.measure if spec.data is None else spec.measure_folder
    with fast_autocast(torch.device("cpu")):  # as the card was measured
        found = measure(model, task, progress)
    _check_loss(name, card.measured, found)
    mean = None
    if loaded.mean_aggregate is not None:
        mean = mean_aggregates(model, task, spec.seed, MEAN_SCENES)
    facts = CardFacts(**{one.name: getattr(card, one.name) for one in fields(CardFacts)})
    with hold_name(name, folder):
        golden = _answer_again(model, load_golden(find_weights(name, folder)))
        return write_set(name, model, replace(facts, metrics=found), mean, folder, golden)


def _check_loss(name: str, before: Evaluation, after: Evaluation) -> None:
    """Raise WeightsError unless both were measured on as many questions, and little was lost."""
    known = {"overall": before.overall, **before.groups}
    for group, now in {"overall": after.overall, **after.groups}.items():
        if known[group].n != now.n or before.seed != after.seed:
            raise WeightsError(
                f"The card of '{name}' was measured on {known[group].n:,} questions with seed {before.seed}, not on "
                f"{now.n:,} with seed {after.seed}; measure on the same, by --scenes, --seed, --data and --split."
            )
        lost = known[group].accuracy - now.accuracy
        if lost > MAX_LOSS:
            raise WeightsError(
                f"'{name}' would lose {100 * lost:.2f} points of '{group}' in 16 bits, and {100 * MAX_LOSS:.2f} are "
                "allowed; leave it in 32."
            )


@torch.inference_mode()
def _answer_again(model: QuestionAnsweringModel, golden: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Return golden inputs with the logits that a model gives now."""
    inputs = tuple(golden[f"inputs.{index}"] for index in range(sum(key.startswith("inputs.") for key in golden)))
    return {**golden, "logits": model(inputs, golden["question"], golden["scene_index"])}
