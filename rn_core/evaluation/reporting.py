"""Numbers for README and cards: the attribution table, the mean aggregates, the curve, the golden logits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from rn_core.attribution import (
    METHODS,
    Attribution,
    Target,
    attribute_pairs,
    cell_weights,
    found_weights,
    make_randomized_copy,
    make_true_pairs,
    measure_faithfulness,
    merge_cells,
    pair_matrix,
    pointing_game,
    relevance_mass,
    smallest_keeping_set,
)
from rn_core.common.errors import RNCoreError
from rn_core.common.seeding import make_rng
from rn_core.models import QuestionAnsweringModel
from rn_core.tasks import TASKS, Task
from rn_core.tasks.base import FewQuestions, PairsKnown


@dataclass(frozen=True)
class Case:
    """One question about one scene whose deciding pair is known.

    Attributes:
        inputs: what the encoder takes, one row each.
        question: (1, D_q) or (1, L), as `Batch.question`.
        true_pairs: (P,) bool, the deciding pair in both orders.
        weights: (25, 7) from cells to objects and ground, or None for object rows.
        masks: for images, (K, H, W) bool, the pixels of each object; None for object rows.
    """

    inputs: tuple[Tensor, ...]
    question: Tensor
    true_pairs: Tensor
    weights: Tensor | None = None
    masks: np.ndarray | None = None


@torch.inference_mode()
def mean_aggregates(model: QuestionAnsweringModel, task: Task, seed: int, n_scenes: int) -> Tensor:
    """Return (Q, D_g), each question's mean aggregate over validation scenes; Q is 1 for tasks without questions."""
    totals: list[Tensor] = []
    rng = make_rng(seed, "validation", 1)
    if not isinstance(task, FewQuestions):
        batch = task.sample_batch(rng, n_scenes)
        return model.trace(batch.inputs, batch.question).aggregate.mean(dim=0, keepdim=True)
    for _ in range(n_scenes):
        inputs, questions = task.sample_every_question(rng)
        index = torch.zeros(len(questions), dtype=torch.int64)
        totals.append(model.trace(inputs, questions, index).aggregate)
    return torch.stack(totals).mean(dim=0)


def attribution_table(
    model: QuestionAnsweringModel,
    task: Task,
    seed: int,
    n_scenes: int,
    progress: Callable[[Iterable[Case]], Iterable[Case]] = iter,
) -> dict[str, dict[str, float]]:
    """Score every method on questions about new test scenes whose deciding pair is known.

    Pixel pairs are first merged into object pairs.

    Returns:
        method -> "pointing_game" (share of questions whose strongest pair is the true one), "relevance_mass"
        (share of the positive contributions on it), "deletion" and "insertion" (share of the curve on which the
        answer is kept while the strongest pairs leave or enter first), the same under "random_order", the pointing
        game and mass of a model with shuffled weights under "randomised_weights_...", "keeping_pairs" (median size
        of the smallest set of top pairs that keeps the answer), "completeness_gap" (largest) and "n" (questions).

    Raises:
        RNCoreError: if the model has no pairs, the task no such questions, or `n_scenes` is below 1.
    """
    if not model.has_pairs:
        raise RNCoreError("Only Relation Networks have pairs to attribute; choose one.")
    if n_scenes < 1:
        raise RNCoreError(f"The number of scenes must be 1 or more, got {n_scenes!r}.")
    if not isinstance(task, PairsKnown):
        known = ", ".join(name for name, other in TASKS.items() if isinstance(other, PairsKnown))
        raise RNCoreError(
            f"The deciding pair is known for {known}, not for '{task.name}'; choose a model of one of them."
        )
    control = make_randomized_copy(model, seed)
    rows: dict[str, list[dict[str, float]]] = {name: [] for name in METHODS}
    orders = torch.Generator().manual_seed(seed)
    for case in progress(read_cases(task, seed, n_scenes)):
        asked, shuffled_asked = (_ask(network, case) for network in (model, control))
        for name in METHODS:
            found, score = _point(asked, name, case.true_pairs)
            _, shuffled = _point(shuffled_asked, name, case.true_pairs)
            rows[name].append(
                score
                | _measure_curves(asked, found, orders)
                | {f"randomised_weights_{key}": value for key, value in shuffled.items()}
            )
    return {name: _summarize(scores) for name, scores in rows.items()}


def read_cases(task: PairsKnown, seed: int, n_scenes: int) -> Iterator[Case]:
    """Yield a task's questions about new test scenes whose deciding pair is known."""
    for known in task.sample_known_pairs(make_rng(seed, "test", 2), n_scenes):
        weights = None
        if known.masks is not None and task.cell_grid is not None:
            weights = cell_weights(torch.from_numpy(known.masks), *task.cell_grid)
        yield Case(known.inputs, known.question, make_true_pairs(known.asked, known.others), weights, known.masks)


def _summarize(scores: list[dict[str, float]]) -> dict[str, float]:
    """Return means over questions, but the median for set sizes and the maximum for gaps."""
    columns = {key: np.array([score[key] for score in scores]) for key in scores[0]}
    ways: dict[str, Callable[[np.ndarray], float]] = {
        "keeping_pairs": lambda sizes: float(np.median(sizes)),
        "completeness_gap": lambda gaps: float(np.abs(gaps).max()),
    }
    return {key: ways[key](values) if key in ways else float(np.mean(values)) for key, values in columns.items()} | {
        "n": len(scores)
    }


@dataclass(frozen=True)
class _Asked:
    """One question to one network.

    Attributes:
        f_phi: the network's own.
        relations: (P, D_g).
        target: the winning logit.
        weights: (N, 7) from cells or found objects to objects and ground, or None for object rows.
    """

    f_phi: nn.Sequential
    relations: Tensor
    target: Target
    weights: Tensor | None


def _ask(model: QuestionAnsweringModel, case: Case) -> _Asked:
    """Trace one question once, for all methods."""
    with torch.inference_mode():
        trace = model.trace(case.inputs, case.question)
    places = model.encoder.locate(trace.objects[0])
    weights = case.weights if places is None or case.masks is None else found_weights(places, case.masks)
    return _Asked(model.pair_core.f_phi, trace.relations[0], Target(int(trace.logits[0].argmax())), weights)


def _point(asked: _Asked, method: str, true_pairs: Tensor) -> tuple[Attribution, dict[str, float]]:
    """Return a method's contributions, whether it points at the true pair, and its mass there.

    Pairs of cells are first merged into pairs of objects, with ground as a seventh object.
    """
    found = attribute_pairs(asked.f_phi, asked.relations, asked.target, method)
    shares = found.contributions
    if asked.weights is not None:
        shares = merge_cells(pair_matrix(shares, len(asked.weights)), asked.weights).flatten()
    return found, {
        "pointing_game": float(pointing_game(shares, true_pairs)),
        "relevance_mass": relevance_mass(shares, true_pairs),
    }


def _measure_curves(asked: _Asked, found: Attribution, orders: torch.Generator) -> dict[str, float]:
    """Return the deletion and insertion results of a method, and its completeness gap."""
    measured = (asked.f_phi, asked.relations, found.contributions)
    curves = measure_faithfulness(*measured, asked.target, orders, n_points=26)
    return {
        "deletion": curves.deletion.kept_area,
        "insertion": curves.insertion.kept_area,
        "random_order_deletion": curves.random_deletion.kept_area,
        "random_order_insertion": curves.random_insertion.kept_area,
        "keeping_pairs": len(smallest_keeping_set(*measured).pairs),
        "completeness_gap": found.completeness_gap or 0.0,
    }
