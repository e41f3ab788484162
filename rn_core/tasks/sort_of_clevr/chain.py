"""The chain: from a named object, 0 to 7 jumps to the nearest object not yet visited; types, code, solver, margins.

Source: Palm et al. 2018, "Recurrent Relational Networks" (https://arxiv.org/abs/1711.08028), Pretty-CLEVR. Where we
differ: only questions whose jumps are all clear by a margin are asked.

A question is an index from 0 to 127: `jumps * 16 + start`, where a start is one of the eight colors or eight shapes. A
chain that starts at a color ends at a shape, and one that starts at a shape at a color.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rn_core.common.errors import QuestionError, lookup
from rn_core.tasks.sort_of_clevr.chain_scene import CHAIN_COLORS, CHAIN_SHAPES, N_CHAIN_OBJECTS, ChainBatch
from rn_core.tasks.sort_of_clevr.scene import squared_distances

#: Pixels by which the nearest object not yet visited is nearer than the next one, at every jump.
CHAIN_MARGIN = 3.0
N_JUMPS = N_CHAIN_OBJECTS
CHAIN_TYPES = tuple(f"jumps_{jumps}" for jumps in range(N_JUMPS))
CHAIN_STARTS = (*CHAIN_COLORS, *CHAIN_SHAPES)
CHAIN_ANSWERS = (*CHAIN_SHAPES, *CHAIN_COLORS)
N_CHAIN_QUESTIONS = N_JUMPS * len(CHAIN_STARTS)
D_CHAIN_QUESTION = len(CHAIN_STARTS) + N_JUMPS


@dataclass(frozen=True)
class ChainQuestion:
    """One question: how many jumps from the object of a color or a shape."""

    jumps: int
    start: str

    def __post_init__(self) -> None:
        """Raise QuestionError for other jumps, or UnknownNameError for another start."""
        if self.jumps not in range(N_JUMPS):
            raise QuestionError(f"A chain has 0 to {N_JUMPS - 1} jumps, got {self.jumps!r}; choose one of them.")
        lookup(self.start, dict.fromkeys(CHAIN_STARTS), "color or shape")

    @property
    def index(self) -> int:
        """Return 0 to 127, the question's column in every table of answers."""
        return self.jumps * len(CHAIN_STARTS) + CHAIN_STARTS.index(self.start)

    @property
    def asks(self) -> str:
        """Return "shape" or "color", what is asked of the object that is reached."""
        return "shape" if self.start in CHAIN_COLORS else "color"

    @staticmethod
    def from_index(index: int) -> ChainQuestion:
        """Return the question of an index from 0 to 127."""
        jumps, start = divmod(int(index), len(CHAIN_STARTS))
        return ChainQuestion(jumps, CHAIN_STARTS[start])


@dataclass(frozen=True)
class ChainSolution:
    """The symbolic solver's chains and its answers to every question about every scene.

    Attributes:
        paths: (S, 8, 8) int64, the object reached from each one (second dimension) after 0 to 7 jumps (third), as
            places in `CHAIN_COLORS`; -1 where the start is absent or no object is left.
        answers: (S, 128) int64, index into `CHAIN_ANSWERS`; -1 where there is none.
        margins: (S, 128) float64, the least number of pixels by which the object jumped to was nearer than the next one
            not yet visited, over all jumps so far; infinite where there was never a choice.
    """

    paths: np.ndarray
    answers: np.ndarray
    margins: np.ndarray


def chain_codes() -> np.ndarray:
    """Return (128, 24) float32 codes: 8 bits the start's color, 8 bits its shape, 8 bits the number of jumps."""
    jumps, start = np.divmod(np.arange(N_CHAIN_QUESTIONS), len(CHAIN_STARTS))
    codes = np.concatenate([np.eye(len(CHAIN_STARTS))[start], np.eye(N_JUMPS)[jumps]], axis=1)
    return codes.astype(np.float32)


def find_paths(scenes: ChainBatch, revisits: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Follow the chain from every object of every scene; of equally near objects the first in order is taken.

    Args:
        scenes: S scenes.
        revisits: whether objects may be visited again; the one where the chain stands never is its own neighbor.

    Returns:
        paths (S, 8, 8) as in `ChainSolution`, and the least lead so far in pixels, (S, 8, 8) float64.
    """
    distance = np.sqrt(squared_distances(scenes.centers).astype(np.float64))  # (S, 8, 8)
    rows, n = np.arange(len(scenes))[:, None], N_CHAIN_OBJECTS
    at = np.broadcast_to(np.arange(n), (len(scenes), n)).copy()  # (S, 8), one chain per start
    alive = scenes.present.copy()
    closed = np.broadcast_to(~scenes.present[:, None], (len(scenes), n, n)).copy()
    least = np.full((len(scenes), n), np.inf)
    paths, leads = [np.where(alive, at, -1)], [least]
    for _ in range(N_JUMPS - 1):
        if revisits:
            closed[:] = ~scenes.present[:, None]
        np.put_along_axis(closed, at[..., None], True, axis=2)
        left = np.where(closed, np.inf, distance[rows, at])  # (S, 8, 8)
        nearest, second = np.sort(left, axis=2)[..., :2].transpose(2, 0, 1)
        alive &= np.isfinite(nearest)
        at = left.argmin(axis=2)
        lead = np.subtract(second, nearest, out=np.full(least.shape, np.inf), where=np.isfinite(second))
        least = np.minimum(least, lead)
        paths.append(np.where(alive, at, -1))
        leads.append(least)
    return np.stack(paths, axis=2), np.stack(leads, axis=2)


def solve_chains(scenes: ChainBatch) -> ChainSolution:
    """Answer all 128 questions of every scene."""
    paths, leads = find_paths(scenes)
    return ChainSolution(paths, read_answers(scenes, paths), _by_start(scenes, leads, np.inf))


def read_answers(scenes: ChainBatch, paths: np.ndarray) -> np.ndarray:
    """Return the answers (S, 128) int64 that chains (S, 8, 8) give, wherever they lead; -1 where there is none."""
    n = N_CHAIN_OBJECTS
    shapes = np.take_along_axis(scenes.shapes[:, None], np.maximum(paths, 0), axis=2)  # (S, 8, 8)
    by_color = np.where(paths >= 0, shapes, -1)
    by_shape = _by_start(scenes, np.where(paths >= 0, n + paths, -1), -1)
    answers = by_shape.reshape(len(scenes), N_JUMPS, 2 * n)
    answers[:, :, :n] = by_color.transpose(0, 2, 1)
    return answers.reshape(len(scenes), -1)


def _by_start(scenes: ChainBatch, values: np.ndarray, absent: float) -> np.ndarray:
    """Return (S, 128), one column per question, of values (S, 8, 8) per object and jumps.

    Starts are the eight colors, then the eight shapes; `absent` stands for a shape that no object has.
    """
    n = N_CHAIN_OBJECTS
    slots = np.full((len(scenes), n), -1)
    where, slot = np.nonzero(scenes.present)
    slots[where, scenes.shapes[where, slot]] = slot  # (S, 8), the object of each shape
    of_shapes = np.take_along_axis(values, np.maximum(slots, 0)[..., None], axis=1)
    of_shapes = np.where((slots >= 0)[..., None], of_shapes, absent)
    found = np.concatenate([values, of_shapes], axis=1).transpose(0, 2, 1)  # (S, jumps, 16)
    return found.reshape(len(scenes), -1)
