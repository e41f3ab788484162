"""Numbers that README and cards print: the attribution table, the mean aggregates, the curve, the golden logits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from rn_core.attribution import (
    METHODS,
    Attribution,
    Target,
    attribute_pairs,
    cell_weights,
    make_randomised_copy,
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
from rn_core.tasks.babi.encoding import WINDOW
from rn_core.tasks.babi.task import Babi
from rn_core.tasks.base import Task
from rn_core.tasks.clevr import QuestionGenerator, execute_nodes, sample_scene
from rn_core.tasks.clevr.task import Clevr
from rn_core.tasks.sort_of_clevr import SortOfClevr, questions, sample_scenes, solve
from rn_core.tasks.sort_of_clevr.cells import GRID_SIZE, STRIDE
from rn_core.tasks.sort_of_clevr.encoding import VIEWS
from rn_core.tasks.sort_of_clevr.rendering import object_masks

_CODES = torch.from_numpy(questions.question_codes())
_N_COLORS = len(questions.COLORS)
#: CLEVR's families that ask what the size, color, material or shape is of a thing that stands in a relation to another.
_ONE_STEP_QUERIES = (74, 75, 76, 77)
#: bAbI's tasks whose questions are answered by two statements, both among the last 20.
_TWO_FACTS = (11, 13, 14, 15, 17, 18, 19)


@dataclass(frozen=True)
class Case:
    """One question about one scene whose deciding pair is known.

    Attributes:
        inputs: what the encoder takes, one row each.
        question: (1, D_q) or (1, L), as `Batch.question`.
        true_pairs: (P,) bool, the deciding pair in both orders.
        weights: (25, 7) from cells to objects and ground, or None for object rows.
    """

    inputs: tuple[Tensor, ...]
    question: Tensor
    true_pairs: Tensor
    weights: Tensor | None = None


@torch.inference_mode()
def mean_aggregates(model: QuestionAnsweringModel, task: Task, seed: int, n_scenes: int) -> Tensor:
    """Return (Q, D_g), each question's aggregate in the mean over validation scenes: 36, or 1 if nothing is asked."""
    totals = []
    rng = make_rng(seed, "validation", 1)
    if not isinstance(task, SortOfClevr):
        batch = task.sample_batch(rng, n_scenes)
        objects, mask = model.encoder(*batch.inputs)
        return model.pair_core.trace(objects, mask, batch.question).aggregate.mean(dim=0, keepdim=True)
    for _ in range(n_scenes):
        objects, mask = model.encoder(*VIEWS[task.view](sample_scenes(rng, 1, task.margin)))
        index = torch.zeros(len(_CODES), dtype=torch.int64)
        totals.append(model.pair_core.trace(objects, mask, _CODES, index).aggregate)
    return torch.stack(totals).mean(dim=0)


def attribution_table(
    model: QuestionAnsweringModel,
    task: Task,
    seed: int,
    n_scenes: int,
    progress: Callable[[Iterable[Case]], Iterable[Case]] = iter,
) -> dict[str, dict[str, float]]:
    """Score every method on questions about fresh test scenes whose deciding pair is known; see `CASES`.

    Pixel pairs are merged to objects first.

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
    if task.name not in CASES:
        raise RNCoreError(
            f"Which pair decides is known for {', '.join(CASES)}, not for '{task.name}'; choose a model of one of them."
        )
    control = make_randomised_copy(model, seed)
    rows: dict[str, list[dict[str, float]]] = {name: [] for name in METHODS}
    orders = torch.Generator().manual_seed(seed)
    for case in progress(CASES[task.name](task, seed, n_scenes)):
        asked, shuffled_asked = (_ask(network, case) for network in (model, control))
        for name in METHODS:
            found, score = _point(asked, name, case.true_pairs)
            _, shuffled = _point(shuffled_asked, name, case.true_pairs)
            rows[name].append(
                score
                | _measure_curves(asked, found, orders)
                | {f"randomised_weights_{key}": value for key, value in shuffled.items()}
            )
    return {name: _summarise(scores) for name, scores in rows.items()}


def _pairs_of_colors(task: SortOfClevr, seed: int, n_scenes: int) -> Iterator[Case]:
    """Yield "closest" and "furthest" questions, one a scene; their deciding pair is (asked, target), and no other."""
    scenes = sample_scenes(make_rng(seed, "test", 2), n_scenes, task.margin)
    solution = solve(scenes)
    is_pixels = task.view == "pixels"
    for row in range(n_scenes):
        kind = ("closest_shape", "furthest_shape")[row % 2]
        index = questions.Question(kind, questions.COLORS[row // 2 % _N_COLORS]).index
        scene, targets = scenes[row : row + 1], solution.targets[row, index]
        weights = cell_weights(torch.from_numpy(object_masks(scene)[0]), GRID_SIZE, STRIDE) if is_pixels else None
        yield Case(
            inputs=VIEWS[task.view](scene),
            question=_CODES[index : index + 1],
            true_pairs=make_true_pairs(index % _N_COLORS, np.append(targets, False) if is_pixels else targets),
            weights=weights,
        )


def _pairs_of_one_step(task: Clevr, seed: int, n_scenes: int) -> Iterator[Case]:
    """Yield questions such as "What color is the cube left of the ball?", one a scene; the ball and the cube decide."""
    rng = make_rng(seed, "test", 2)
    generator, found = QuestionGenerator(rng), 0
    while found < n_scenes:
        scene = sample_scene(rng)
        question = generator.ask_family(scene, _ONE_STEP_QUERIES[found % len(_ONE_STEP_QUERIES)])
        if question is None:
            continue
        found += 1
        outputs = zip(question.program, execute_nodes(question.program, scene), strict=True)
        landmark, wanted = (output for node, output in outputs if node["type"] == "unique")
        yield Case(
            inputs=task.encode_scenes([scene]),
            question=task.encode_questions([question.text]),
            true_pairs=make_true_pairs(landmark, np.arange(scene.n_objects) == wanted),
        )


def _pairs_of_statements(task: Babi, seed: int, n_scenes: int) -> Iterator[Case]:
    """Yield questions that exactly two statements answer, a story each, tasks in turn; the two decide."""
    rng = make_rng(seed, "test", 2)
    for row in range(n_scenes):
        question = task.sample_question(rng, _TWO_FACTS[row % len(_TWO_FACTS)])
        n_statements = min(len(question.statements), WINDOW)
        one, other = (index - len(question.statements) + n_statements for index in question.support)
        yield Case(
            inputs=task.encode_scenes([question]),
            question=task.encode_questions([question.text]),
            true_pairs=make_true_pairs(one, np.arange(n_statements) == other),
        )


#: Task -> what yields its questions whose deciding pair is known.
CASES: Mapping[str, Callable[[Any, int, int], Iterator[Case]]] = MappingProxyType(
    {
        "sort-of-clevr/pixels": _pairs_of_colors,
        "sort-of-clevr/objects": _pairs_of_colors,
        "clevr/states": _pairs_of_one_step,
        "babi": _pairs_of_statements,
    }
)


def _summarise(scores: list[dict[str, float]]) -> dict[str, float]:
    """Return means over questions, but the median set size and the largest gap."""
    columns = {key: np.array([score[key] for score in scores]) for key in scores[0]}
    ways = {"keeping_pairs": np.median, "completeness_gap": lambda gaps: np.abs(gaps).max()}
    return {key: float(ways.get(key, np.mean)(values)) for key, values in columns.items()} | {"n": len(scores)}


@dataclass(frozen=True)
class _Asked:
    """One question put to one network.

    Attributes:
        f_phi: the network's own.
        relations: (P, D_g).
        target: the winning logit.
        weights: (25, 7) from cells to objects and ground, or None for object rows.
    """

    f_phi: nn.Sequential
    relations: Tensor
    target: Target
    weights: Tensor | None


def _ask(model: QuestionAnsweringModel, case: Case) -> _Asked:
    """Trace one question once, for all methods."""
    with torch.inference_mode():
        objects, mask = model.encoder(*case.inputs)
        trace = model.pair_core.trace(objects, mask, model.encode_question(case.question))
    return _Asked(model.pair_core.f_phi, trace.relations[0], Target(int(trace.logits[0].argmax())), case.weights)


def _point(asked: _Asked, method: str, true_pairs: Tensor) -> tuple[Attribution, dict[str, float]]:
    """Return a method's contributions; and whether it points at the true pair, with its mass there.

    Pairs of cells are merged to pairs of objects first, with ground as a seventh object.
    """
    found = attribute_pairs(asked.f_phi, asked.relations, asked.target, method)
    shares = found.contributions
    if asked.weights is not None:
        shares = merge_cells(pair_matrix(shares, GRID_SIZE * GRID_SIZE), asked.weights).flatten()
    return found, {
        "pointing_game": float(pointing_game(shares, true_pairs)),
        "relevance_mass": relevance_mass(shares, true_pairs),
    }


def _measure_curves(asked: _Asked, found: Attribution, orders: torch.Generator) -> dict[str, float]:
    """Return how the answer fares while pairs leave and enter, and what the shares miss."""
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
