"""A new measurement of shipped weights, in batches, each of which can be its last."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pages._lab.desk import Report
from rn_core.common.device import choose_device, fast_autocast
from rn_core.common.records import Evaluation
from rn_core.common.seeding import next_seed
from rn_core.evaluation.accuracy import evaluate
from rn_core.tasks import TASKS
from rn_core.weights.store import WeightsEntry, load_weights


def fresh_seed(entry: WeightsEntry) -> int:
    """Return the seed after the card's: scenes that its figures were not measured on."""
    return next_seed(0 if entry.card.metrics is None else entry.card.metrics.seed)


def measure(entry: WeightsEntry, seed: int, n_scenes: int, report: Report) -> Evaluation:
    """Ask shipped weights every question about fresh test scenes.

    Args:
        entry: which weights.
        seed: root seed of the scenes.
        n_scenes: how many.
        report: called before each batch and at the end; what it raises ends the measurement.

    Raises:
        WeightsError: if the file is missing, changed or damaged.
    """
    weights = load_weights(entry.name)
    device = choose_device()
    with fast_autocast(device):
        return evaluate(
            weights.model.to(device), TASKS[entry.card.task], seed, n_scenes,
            progress=lambda batches: _reported(batches, n_scenes, report),
        )  # fmt: skip


def _reported(batches: Iterable[int], n_scenes: int, report: Report) -> Iterator[int]:
    """Yield the first scene of each batch, reporting before it."""
    for first in batches:
        report(first / n_scenes, f"{first} of {n_scenes} scenes")
        yield first
    report(1.0, f"{n_scenes} scenes")
