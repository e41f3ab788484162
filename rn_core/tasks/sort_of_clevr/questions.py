"""The six question types of Sort-of-CLEVR, their 11-bit code, and the symbolic solver.

Source: Santoro et al. 2017, section 4.2 (types) and supplement D (11 bits: six for the color, five for
the type). A question is an index from 0 to 35: `type * 6 + color`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rn_core.tasks.sort_of_clevr.scene import COLORS, MIDDLE, N_OBJECTS, SHAPES, SceneBatch, squared_distances

NON_RELATIONAL = ("shape", "left", "top")
RELATIONAL = ("closest_shape", "furthest_shape", "count_same_shape")
QUESTION_TYPES = NON_RELATIONAL + RELATIONAL
GROUPS = {"relational": RELATIONAL, "non_relational": NON_RELATIONAL}
ANSWERS = (*SHAPES, "yes", "no", *map(str, range(N_OBJECTS)))
N_QUESTIONS = len(QUESTION_TYPES) * len(COLORS)
D_QUESTION = len(COLORS) + 2 + 3
_YES, _NO, _ZERO = ANSWERS.index("yes"), ANSWERS.index("no"), ANSWERS.index("0")
#: Further than any two pixels of an image; marks objects that are not candidates, and never wins.
_NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True)
class Question:
    """One question: a type of `QUESTION_TYPES` about the object of one color."""

    type: str
    color: str

    @property
    def index(self) -> int:
        """Return 0 to 35, the question's column in every table of answers."""
        return QUESTION_TYPES.index(self.type) * len(COLORS) + COLORS.index(self.color)

    @property
    def is_relational(self) -> bool:
        """Return whether the answer needs another object than the asked one."""
        return self.type in RELATIONAL

    @staticmethod
    def from_index(index: int) -> Question:
        """Return the question of an index from 0 to 35."""
        kind, color = divmod(int(index), len(COLORS))
        return Question(QUESTION_TYPES[kind], COLORS[color])


@dataclass(frozen=True)
class Solution:
    """The symbolic solver's answers to every question about every scene.

    Attributes:
        answers: (S, 36) int64, index into `ANSWERS`; -1 where the scene cannot answer (the object asked about is
            absent, or it has no other object beside it).
        targets: (S, 36, 6) bool, the objects that decide the answer together with the asked one: the asked
            one itself (shape, left, top), the nearest or furthest, or all others (count).
        margins: (S, 36) float64, pixels to the answer's decision boundary; infinite where there is none.
    """

    answers: np.ndarray
    targets: np.ndarray
    margins: np.ndarray


def question_codes() -> np.ndarray:
    """Return (36, 11) float32 codes: 6 bits color, 2 bits non-relational or relational, 3 bits subtype."""
    codes = np.zeros((N_QUESTIONS, D_QUESTION), dtype=np.float32)
    for index in range(N_QUESTIONS):
        kind, color = divmod(index, len(COLORS))
        group, subtype = divmod(kind, 3)
        codes[index, [color, N_OBJECTS + group, N_OBJECTS + 2 + subtype]] = 1
    return codes


def solve(scenes: SceneBatch) -> Solution:
    """Answer all 36 questions of every scene.

    Ties, which sampled scenes never have, go to the color that comes first and have margin 0.
    """
    n_scenes = len(scenes)
    other = scenes.present[:, None, :] & ~np.eye(N_OBJECTS, dtype=bool)  # (S, asked, other)
    squared = squared_distances(scenes.centers)
    closest, gap_closest = _extreme(squared, other, sign=1)
    furthest, gap_furthest = _extreme(squared, other, sign=-1)
    same_shape = other & (scenes.shapes[:, :, None] == scenes.shapes[:, None, :])
    left, top = (np.where(scenes.centers[..., axis] < MIDDLE, _YES, _NO) for axis in (0, 1))
    offset = np.abs(scenes.centers - MIDDLE).astype(np.float64)
    take = np.take_along_axis
    answers = np.stack(
        [
            scenes.shapes,
            left,
            top,
            take(scenes.shapes, closest, axis=1),
            take(scenes.shapes, furthest, axis=1),
            _ZERO + same_shape.sum(axis=2),
        ],
        axis=1,
    )  # (S, 6 types, 6 colors)
    myself = np.broadcast_to(np.eye(N_OBJECTS, dtype=bool), other.shape)
    targets = np.stack([myself, myself, myself, _one_hot(closest), _one_hot(furthest), other], axis=1)
    never = np.full((n_scenes, N_OBJECTS), np.inf)
    margins = np.stack([never, offset[..., 0], offset[..., 1], gap_closest, gap_furthest, never], axis=1)
    answerable = np.repeat(scenes.present[:, None, :], len(QUESTION_TYPES), axis=1)
    answerable[:, len(NON_RELATIONAL) :] &= np.asarray(other.any(axis=2))[:, None, :]
    flat = (n_scenes, N_QUESTIONS)
    return Solution(
        np.where(answerable, answers, -1).reshape(flat),
        (targets & answerable[..., None]).reshape(*flat, N_OBJECTS),
        margins.reshape(flat),
    )


def _extreme(squared: np.ndarray, candidate: np.ndarray, sign: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the nearest (`sign` 1) or furthest (-1) candidate of each object and its lead in pixels.

    Args:
        squared: (S, 6, 6) squared distances.
        candidate: (S, 6, 6) bool, which objects may be chosen.
        sign: 1 or -1.

    Returns:
        index (S, 6), and the distance gap to the second best (S, 6), infinite with one candidate.
    """
    cost = np.where(candidate, sign * squared, _NEVER)
    best = cost.argmin(axis=2)
    first, second = np.moveaxis(np.partition(cost, 1, axis=2)[..., :2], 2, 0)
    with np.errstate(invalid="ignore"):
        gap = np.abs(np.sqrt(np.abs(second).astype(np.float64)) - np.sqrt(np.abs(first).astype(np.float64)))
    return best, np.where(second == _NEVER, np.inf, gap)


def _one_hot(index: np.ndarray) -> np.ndarray:
    """Return bool (..., 6) with True at `index`."""
    marked: np.ndarray = np.arange(N_OBJECTS) == index[..., None]
    return marked


def blind_floor(answers: np.ndarray) -> dict[str, float]:
    """Return the accuracy of the best constant answer for each question type.

    Args:
        answers: (S, 36) answers of a large sample of scenes.
    """
    by_type = answers.reshape(len(answers), len(QUESTION_TYPES), len(COLORS))
    return {
        kind: float(np.bincount(by_type[:, row].ravel()).max() / by_type[:, row].size)
        for row, kind in enumerate(QUESTION_TYPES)
    }


def answer_shares(answers: np.ndarray) -> dict[str, dict[str, float]]:
    """Return, for each question type, the share of each answer that occurs in (S, 36) `answers`."""
    by_type = answers.reshape(len(answers), len(QUESTION_TYPES), len(COLORS))
    shares = {}
    for row, kind in enumerate(QUESTION_TYPES):
        counts = np.bincount(by_type[:, row].ravel(), minlength=len(ANSWERS)) / by_type[:, row].size
        shares[kind] = {ANSWERS[k]: float(counts[k]) for k in np.flatnonzero(counts)}
    return shares
