"""A new measurement of shipped weights: in batches, one at a time for each spare core, over when a person moves on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from threading import Semaphore

from rn_core.device import choose_device, fast_autocast
from rn_core.evaluation import Evaluation, evaluate
from rn_core.seeding import MAX_SEED
from rn_core.tasks import TASKS
from rn_core.weights import WeightsEntry, load_weights

#: Share of the measurement that is done, 0 to 1, and what is going on in words.
Report = Callable[[float, str], object]
_PATIENCE = 0.5


def fresh_seed(entry: WeightsEntry) -> int:
    """Return the seed after the card's: scenes that its figures were not measured on."""
    return (entry.card.get("metrics", {}).get("seed", 0) + 1) % (MAX_SEED + 1)


def measure(entry: WeightsEntry, seed: int, n_scenes: int, turns: Semaphore, report: Report) -> Evaluation:
    """Ask shipped weights every question about fresh test scenes.

    Args:
        entry: which weights.
        seed: root seed of the scenes.
        n_scenes: how many.
        turns: holds as many measurements as may go on at once.
        report: called every half second while waiting and before each batch; what it raises ends the measurement.

    Raises:
        WeightsError: if the file is missing, changed or damaged.
    """
    while not turns.acquire(timeout=_PATIENCE):
        report(0.0, "Waiting for another measurement to end …")
    try:
        weights = load_weights(entry.name)
        device = choose_device()
        with fast_autocast(device):
            return evaluate(
                weights.model.to(device), TASKS[entry.card["task"]], seed, n_scenes,
                progress=lambda batches: _reported(batches, n_scenes, report),
            )  # fmt: skip
    finally:
        turns.release()


def _reported(batches: Iterable[int], n_scenes: int, report: Report) -> Iterator[int]:
    """Yield the first scene of each batch, reporting before it."""
    for first in batches:
        report(first / n_scenes, f"{first} of {n_scenes} scenes")
        yield first
    report(1.0, f"{n_scenes} scenes")
