"""What answers to the chain can be guessed: knowing nothing, or by a rule that forgets which objects were visited."""

from __future__ import annotations

import numpy as np

from rn_core.tasks.sort_of_clevr.chain import (
    CHAIN_MARGIN,
    CHAIN_STARTS,
    CHAIN_TYPES,
    N_JUMPS,
    find_paths,
    read_answers,
    solve_chains,
)
from rn_core.tasks.sort_of_clevr.chain_scene import N_CHAIN_OBJECTS, ChainBatch, sample_chains
from rn_core.tasks.sort_of_clevr.scene import squared_distances

#: Floor -> who answers.
FLOORS = {
    "constant": "best constant answer of those asked for, a shape or a color",
    "nearest": "nearest of nearest: each jump to the nearest object, visited or not",
    "ranked": "by distance from the start: after k jumps, the k-th nearest object",
}


def find_chain_floors(
    rng: np.random.Generator, n_scenes: int, margin: float = CHAIN_MARGIN
) -> dict[str, dict[str, float]]:
    """Return floor of `FLOORS` -> question type -> accuracy over the questions that are asked.

    Args:
        rng: generator over PCG64.
        n_scenes: scenes S, with all their clear questions.
        margin: pixels; only questions that are clear by it count.
    """
    scenes = sample_chains(rng, n_scenes)
    solution = solve_chains(scenes)
    clear = _by_jumps(solution.margins >= margin)
    truth = _by_jumps(solution.answers)
    guesses = {
        "nearest": read_answers(scenes, find_paths(scenes, revisits=True)[0]),
        "ranked": read_answers(scenes, _rank_objects(scenes)),
    }
    found = {"constant": dict(zip(CHAIN_TYPES, _score_constants(truth, clear), strict=True))}
    for name, answers in guesses.items():
        right = (_by_jumps(answers) == truth) & clear
        found[name] = dict(zip(CHAIN_TYPES, (right.sum(axis=1) / clear.sum(axis=1)).tolist(), strict=True))
    return found


def _by_jumps(values: np.ndarray) -> np.ndarray:
    """Return values (S, 128) as (8, S * 16), one row per number of jumps."""
    return np.moveaxis(values.reshape(-1, N_JUMPS, len(CHAIN_STARTS)), 1, 0).reshape(N_JUMPS, -1)


def _score_constants(truth: np.ndarray, clear: np.ndarray) -> list[float]:
    """Return per number of jumps how often one shape, or one color where a color is asked for, is right."""
    places = truth % N_CHAIN_OBJECTS
    counts = [np.bincount(places[row][clear[row]], minlength=N_CHAIN_OBJECTS) for row in range(N_JUMPS)]
    return [float(count.max() / count.sum()) for count in counts]


def _rank_objects(scenes: ChainBatch) -> np.ndarray:
    """Return (S, 8, 8) int64, for each object all objects by distance from it, itself first."""
    return np.argsort(squared_distances(scenes.centers), axis=2, kind="stable")
