"""Sort-of-CLEVR's questions about two named objects and every third one: types, code, solver, margins, floors.

Source: the ternary questions of the public generator that most people start from
(https://github.com/kimhc6028/relational-networks, `sort_of_clevr_generator.py`). Where we differ: the distance from the
line is the true one, not the vertical one; an obtuse triangle is found by integers; and only questions whose answer is
clear by a margin are asked.

A question is an index from 0 to 44: `type * 15 + pair`, where a pair is two colors in the order of `COLORS`; none of
the three asks for an order of A and B.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from rn_core.common.errors import QuestionError, lookup
from rn_core.tasks.sort_of_clevr.scene import COLORS, N_OBJECTS, SceneBatch

TRIPLE_TYPES = ("between", "line", "obtuse")
PAIRS = tuple(combinations(range(N_OBJECTS), 2))
TRIPLE_ANSWERS = ("yes", "no", *map(str, range(N_OBJECTS - 1)))
N_TRIPLE_QUESTIONS = len(TRIPLE_TYPES) * len(PAIRS)
D_TRIPLE_QUESTION = 2 * N_OBJECTS + len(TRIPLE_TYPES)
#: Pixels on either side of the line through A and B.
LINE_REACH = 12
_YES, _NO, _ZERO = (TRIPLE_ANSWERS.index(answer) for answer in ("yes", "no", "0"))
_FIRST, _SECOND = np.array(PAIRS).T
#: (15, 6) bool: whether an object is neither A nor B.
_IS_THIRD = ~(np.eye(N_OBJECTS, dtype=bool)[_FIRST] | np.eye(N_OBJECTS, dtype=bool)[_SECOND])


@dataclass(frozen=True)
class TripleQuestion:
    """One question: a type of `TRIPLE_TYPES` about the objects of two colors, kept in the order of `COLORS`."""

    type: str
    first: str
    second: str

    def __post_init__(self) -> None:
        """Put the colors in order; raises QuestionError if they are the same."""
        lookup(self.type, dict.fromkeys(TRIPLE_TYPES), "question type")
        named = sorted((self.first, self.second), key=lambda color: lookup(color, _PLACES, "color"))
        if named[0] == named[1]:
            raise QuestionError(f"A question about two objects needs two colors, got {named[0]} twice; change one.")
        object.__setattr__(self, "first", named[0])
        object.__setattr__(self, "second", named[1])

    @property
    def index(self) -> int:
        """Return 0 to 44, the question's column in every table of answers."""
        pair = PAIRS.index((_PLACES[self.first], _PLACES[self.second]))
        return TRIPLE_TYPES.index(self.type) * len(PAIRS) + pair

    @staticmethod
    def from_index(index: int) -> TripleQuestion:
        """Return the question of an index from 0 to 44."""
        kind, pair = divmod(int(index), len(PAIRS))
        return TripleQuestion(TRIPLE_TYPES[kind], *(COLORS[slot] for slot in PAIRS[pair]))


_PLACES = {color: place for place, color in enumerate(COLORS)}


@dataclass(frozen=True)
class TripleSolution:
    """The symbolic solver's answers to every question about every scene.

    Attributes:
        answers: (S, 45) int64, index into `TRIPLE_ANSWERS`; -1 where an object asked about is absent.
        targets: (S, 45, 6) bool, the third objects k whose triples (A, B, k) decide the answer: those that are counted,
            or that are near the line; all of them where there is none, since each might have been.
        margins: (S, 45) float64, pixels that a third object can move before the answer may change; infinite where
            there is no third object.
    """

    answers: np.ndarray
    targets: np.ndarray
    margins: np.ndarray

    def deciding_triples(self, scene: int, index: int) -> list[tuple[int, int, int]]:
        """Return the triples (A, B, k) that decide one answer, as places in `COLORS`."""
        first, second = PAIRS[index % len(PAIRS)]
        return [(first, second, int(k)) for k in np.flatnonzero(self.targets[scene, index])]


def triple_codes() -> np.ndarray:
    """Return (45, 15) float32 codes: 6 bits the color of A, 6 bits that of B, 3 bits the type."""
    codes = np.zeros((N_TRIPLE_QUESTIONS, D_TRIPLE_QUESTION), dtype=np.float32)
    for index in range(N_TRIPLE_QUESTIONS):
        kind, pair = divmod(index, len(PAIRS))
        first, second = PAIRS[pair]
        codes[index, [first, N_OBJECTS + second, 2 * N_OBJECTS + kind]] = 1
    return codes


def solve_triples(scenes: SceneBatch) -> TripleSolution:
    """Answer all 45 questions of every scene.

    On a boundary an object lies in the box, and within reach of the line; a right angle is not obtuse. Questions that
    are asked in training have no such case.
    """
    first, second = scenes.centers[:, _FIRST, None], scenes.centers[:, _SECOND, None]  # (S, 15, 1, 2)
    center = scenes.centers[:, None]  # (S, 1, 6, 2)
    found = [rule(first, second, center) for rule in (_find_between, _find_near_line, _find_obtuse)]
    third = _IS_THIRD & scenes.present[:, None]  # (S, 15, 6)
    hit = np.stack([true for true, _ in found], axis=1) & third[:, None]  # (S, 3, 15, 6)
    inside = np.stack([depth for _, depth in found], axis=1)  # (S, 3, 15, 6)
    counts = hit.sum(axis=3)
    answers = _ZERO + counts
    answers[:, 1] = np.where(counts[:, 1] > 0, _YES, _NO)
    asked = scenes.present[:, _FIRST] & scenes.present[:, _SECOND]  # (S, 15)
    targets = np.where(counts[..., None] > 0, hit, third[:, None]) & asked[:, None, :, None]
    return TripleSolution(
        np.where(asked[:, None], answers, -1).reshape(len(scenes), -1),
        targets.reshape(len(scenes), -1, N_OBJECTS),
        _find_margins(inside, third[:, None]).reshape(len(scenes), -1),
    )


def _find_margins(depth: np.ndarray, third: np.ndarray) -> np.ndarray:
    """Return (S, 3, 15), the pixels to the answers' boundaries, from each third object's own (S, 3, 15, 6)."""
    margins: np.ndarray = np.where(third, np.abs(depth), np.inf).min(axis=3)
    nearest = np.where(third[:, 0], depth[:, 1], -np.inf).max(axis=2)  # "any near the line" turns on the nearest one
    margins[:, 1] = np.abs(nearest)
    return margins


def _find_between(first: np.ndarray, second: np.ndarray, center: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return which centers lie in the box spanned by A and B, and how deep in pixels; negative outside."""
    low, high = np.minimum(first, second), np.maximum(first, second)
    depth = np.minimum(center - low, high - center).min(axis=-1)
    return depth >= 0, depth.astype(np.float64)


def _find_near_line(first: np.ndarray, second: np.ndarray, center: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return which centers lie within `LINE_REACH` of the line through A and B, and by how many pixels."""
    along, offset = second - first, center - first
    area = along[..., 0] * offset[..., 1] - along[..., 1] * offset[..., 0]
    true = area**2 <= LINE_REACH**2 * _dot(along, along)
    return true, LINE_REACH - np.abs(area) / _length(along)


def _find_obtuse(first: np.ndarray, second: np.ndarray, center: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return which centers form an obtuse triangle with A and B, and how far they are beyond a right angle in pixels.

    The angle at A (or B) is obtuse beyond the normal of AB through A (or B); the one at the center, in the circle whose
    diameter is AB.
    """
    along, offset = second - first, center - first
    from_second = center - second
    true = (_dot(offset, along) < 0) | (_dot(from_second, -along) < 0) | (_dot(offset, from_second) < 0)
    length = _length(along)
    place = _dot(offset, along) / length
    middle = np.sqrt(_dot(offset + from_second, offset + from_second)) / 2
    return true, np.maximum(np.maximum(-place, place - length), length / 2 - middle)


def _length(along: np.ndarray) -> np.ndarray:
    """Return the distance between A and B, at least 1: absent objects may stand in one place."""
    length: np.ndarray = np.sqrt(np.maximum(_dot(along, along), 1))
    return length


def _dot(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return the dot product over the last axis."""
    product: np.ndarray = (one * other).sum(axis=-1)
    return product
