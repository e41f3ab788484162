"""Store published weights in 16 or 8 bits instead of 32: `python -m rn_core weights shrink NAME`."""

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
from rn_core.weights.packing import BITS, round_parameters
from rn_core.weights.store import (
    PRETRAINED,
    LoadedWeights,
    WeightsEntry,
    find_weights,
    list_weights,
    load_golden,
    load_weights,
    replace_golden,
    write_set,
)

#: Accuracy that may be lost, overall and in each group, where one question may be lost in any case: 0.05 points.
MAX_LOSS = 0.0005


def shrink_weights(
    name: str,
    spec: EvaluationSpec,
    bits: int = 16,
    progress: Callable[[Iterable[int]], Iterable[int]] = iter,
    folder: Path = PRETRAINED,
    mixed: bool = False,
) -> WeightsEntry:
    """Round the parameters of published weights, measure them again and write them in fewer bytes.

    The card gets the accuracies of what is written. They are compared with those that it had and, if these are better,
    with those of the parameters as they were on the same questions in the same arithmetic.

    Args:
        name: of the weights.
        spec: what they are evaluated on; the scenes and the folder of their card.
        bits: as `round_parameters`; 16 for networks of pairs, whose contributions are shown.
        progress: wraps the iteration over batches.
        folder: of all weights.
        mixed: leave as they were the matrices that cost accuracy on as many validation scenes, as `round_insensitive`
            does.

    Raises:
        WeightsError: if the network cannot have so few bits, its card was measured on something else, or more than
            0.05 points would be lost.
        RNCoreError: as `load_weights`, and if the files cannot be written.
    """
    loaded = load_weights(name, folder)
    _check_bits(loaded, bits)
    card, model, task = loaded.card, loaded.model, TASKS[loaded.card.task]
    _check_spec(card, spec, mixed)
    sets = [list(batches) for batches in spec.read_sets(task, _is_of_folder(card), progress)]
    if mixed:
        drawn = list(sample_batches(task, spec.seed, spec.n_scenes, "validation", progress))
        round_insensitive(model, task, drawn, MAX_LOSS, bits)
    else:
        round_parameters(model, bits=bits)
    found, files = spec.measure(model, task, sets)
    _check_questions(card, found)
    lost = _find_loss((card.measured, card.published_files), (found, files))
    if lost is not None:  # than on the card, whose figures can be from other arithmetic
        lost = _find_loss(spec.measure(load_weights(name, folder).model, task, sets), (found, files))
    if lost is not None:
        raise WeightsError(
            f"'{name}' would lose {100 * lost[1]:.2f} points of '{lost[0]}' in {bits} bits, and {100 * MAX_LOSS:.2f} "
            "are allowed; leave it as it is, or try --mixed."
        )
    mean = None
    if loaded.mean_aggregate is not None:
        mean = mean_aggregates(model, task, spec.seed, MEAN_SCENES)
    known = CardFacts(**{one.name: getattr(card, one.name) for one in fields(CardFacts)})
    command = f"python -m rn_core weights shrink {name} --bits {bits}{' --mixed' if mixed else ''}"
    facts = replace(known, recipe=f"{card.recipe} && {command}", metrics=found, published_files=files)
    with hold_name(name, folder):
        golden = _renew_golden(model, load_golden(find_weights(name, folder)))
        return write_set(name, model, facts, mean, folder, golden)


def rewrite_golden(folder: Path = PRETRAINED) -> None:
    """Write golden logits again where `make_golden` takes other scenes now; weights and figures stay."""
    for name, entry in list_weights(folder).items():
        if entry.card.golden_sha256 is None:
            continue
        with hold_name(name, folder):
            known = load_golden(entry)
            renewed = _renew_golden(load_weights(name, folder).model, known)
            if len(renewed["scene_index"]) != len(known["scene_index"]):
                replace_golden(entry, renewed)


def _check_bits(loaded: LoadedWeights, bits: int) -> None:
    """Raise WeightsError unless weights can be stored in so many bits."""
    if bits not in BITS:
        raise WeightsError(f"Parameters are stored in {' or '.join(map(str, BITS))} bits, got {bits}; choose one.")
    if bits == 8 and loaded.model.has_pairs:
        raise WeightsError(
            f"'{loaded.card.name}' relates pairs, and what each of them contributes is shown; store it in 16 bits."
        )


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
