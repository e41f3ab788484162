"""Store published weights in 16 bits instead of 32: `python -m rn_core weights halve NAME`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import fields, replace
from pathlib import Path

import torch

from rn_core.common.errors import WeightsError
from rn_core.common.records import Evaluation
from rn_core.evaluation.accuracy import sample_batches
from rn_core.evaluation.reporting import mean_aggregates
from rn_core.models import QuestionAnsweringModel
from rn_core.tasks import TASKS
from rn_core.training.publishing import MEAN_SCENES, EvaluationSpec, make_golden
from rn_core.training.rounding import find_loss, round_insensitive
from rn_core.weights.card import Card, CardFacts
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

#: Accuracy that may be lost, overall and in each group, where one question may be lost in any case: 0.05 points.
MAX_LOSS = 0.0005


def halve_weights(
    name: str,
    spec: EvaluationSpec,
    progress: Callable[[Iterable[int]], Iterable[int]] = iter,
    folder: Path = PRETRAINED,
    mixed: bool = False,
) -> WeightsEntry:
    """Round the parameters of published weights to float16, measure them again and write them in half the bytes.

    The card gets the accuracies of what is written. They are compared with those that it had and, if these are better,
    with those in 32 bits on the same questions in the same arithmetic.

    Args:
        name: of the weights.
        spec: what they are evaluated on; the scenes and the folder of their card.
        progress: wraps the iteration over batches.
        folder: of all weights.
        mixed: keep in 32 bits what costs accuracy on as many validation scenes, as `round_insensitive` does.

    Raises:
        WeightsError: if their card was measured on something else, or more than 0.05 points would be lost.
        RNCoreError: as `load_weights`, and if the files cannot be written.
    """
    loaded = load_weights(name, folder)
    card, model, task = loaded.card, loaded.model, TASKS[loaded.card.task]
    _check_spec(card, spec, mixed)
    sets = [list(batches) for batches in spec.read_sets(task, _is_of_folder(card), progress)]
    if mixed:
        drawn = list(sample_batches(task, spec.seed, spec.n_scenes, "validation", progress))
        round_insensitive(model, task, drawn, MAX_LOSS)
    else:
        round_parameters(model)
    found, files = spec.measure(model, task, sets)
    _check_questions(card, found)
    lost = _find_loss((card.measured, card.published_files), (found, files))
    if lost is not None:  # than on the card, whose figures can be from other arithmetic
        lost = _find_loss(spec.measure(load_weights(name, folder).model, task, sets), (found, files))
    if lost is not None:
        raise WeightsError(
            f"'{name}' would lose {100 * lost[1]:.2f} points of '{lost[0]}' in 16 bits, and {100 * MAX_LOSS:.2f} are "
            "allowed; leave it in 32, or try --mixed."
        )
    mean = None
    if loaded.mean_aggregate is not None:
        mean = mean_aggregates(model, task, spec.seed, MEAN_SCENES)
    facts = CardFacts(**{one.name: getattr(card, one.name) for one in fields(CardFacts)})
    with hold_name(name, folder):
        golden = _renew_golden(model, load_golden(find_weights(name, folder)))
        return write_set(name, model, replace(facts, metrics=found, published_files=files), mean, folder, golden)


def _is_of_folder(card: Card) -> bool:
    """Return whether weights were trained on a data folder."""
    return card.trained.settings.get("data") is not None


def _check_spec(card: Card, spec: EvaluationSpec, mixed: bool) -> None:
    """Raise WeightsError unless all that a card's figures are about can be measured again."""
    files = card.published_files
    if files is not None and (spec.data is None or spec.split != files.split):
        raise WeightsError(
            f"The card of '{card.name}' has figures of the published files, split {files.split}; give their folder, "
            f"by --data and --split {files.split}."
        )
    if mixed and _is_of_folder(card):
        raise WeightsError(
            f"--mixed chooses by validation scenes that are drawn, but '{card.name}' was trained on a data folder; "
            "leave --mixed out."
        )


def _check_questions(card: Card, found: Evaluation) -> None:
    """Raise WeightsError unless something was measured on as many questions as the card's figures."""
    known = card.measured
    if known.overall.n != found.overall.n or known.seed != found.seed:
        raise WeightsError(
            f"The card of '{card.name}' was measured on {known.overall.n:,} questions with seed {known.seed}, not on "
            f"{found.overall.n:,} with seed {found.seed}; measure on the same, by --scenes, --seed, --data and --split."
        )


def _find_loss(before: tuple[Evaluation | None, ...], after: tuple[Evaluation | None, ...]) -> tuple[str, float] | None:
    """Return what lost more than `MAX_LOSS` in one of the evaluations, as `find_loss` does."""
    pairs = zip(before, after, strict=True)
    losses = (find_loss(known, now, MAX_LOSS) for known, now in pairs if known is not None and now is not None)
    return next((lost for lost in losses if lost is not None), None)


def _renew_golden(model: QuestionAnsweringModel, golden: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Return golden inputs with the logits that a model gives now."""
    inputs = tuple(golden[f"inputs.{index}"] for index in range(sum(key.startswith("inputs.") for key in golden)))
    return make_golden(model, inputs, golden["question"], golden["scene_index"])
