"""Crowds: Sort-of-CLEVR scenes of two to ten objects, to train on any number, and to test on other numbers.

A crowd is asked about its first object, and every question about it has one answer. Up to six objects each have
their own color. The paper's question names a color and there are six, so further objects take one of the five
colors that are not asked about: the object asked about stays the only one of its color.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from rn_core.common.errors import SceneError
from rn_core.common.records import Batch
from rn_core.common.seeding import uniform_integers
from rn_core.tasks.sort_of_clevr.drawing import draw_questions
from rn_core.tasks.sort_of_clevr.encoding import one_hot, shuffle_rows, stack_rows
from rn_core.tasks.sort_of_clevr.questions import ANSWERS, QUESTION_TYPES, question_codes
from rn_core.tasks.sort_of_clevr.scene import (
    CLEARANCE,
    COLORS,
    DEFAULT_MARGIN,
    HIGHEST,
    LOWEST,
    MAX_MARGIN,
    MIDDLE,
    N_OBJECTS,
    SHAPES,
    squared_distances,
)

#: With more, so few placements are valid that sampling would stall.
SMALLEST_CROWD, LARGEST_CROWD = 2, 10
#: Stands for a count that no answer names: 6 or more with the answers of scenes of six.
UNSAYABLE = -1
#: With these, the count of every crowd can be answered.
CROWD_ANSWERS = (*ANSWERS, *map(str, range(N_OBJECTS, LARGEST_CROWD)))
_CANDIDATES = 4096
_CODES = question_codes().reshape(len(QUESTION_TYPES), len(COLORS), -1)
_YES, _NO, _ZERO = ANSWERS.index("yes"), ANSWERS.index("no"), ANSWERS.index("0")


@dataclass(frozen=True)
class CrowdBatch:
    """S scenes of n objects each; object 0 is the one that is asked about.

    Attributes:
        centers: (S, n, 2) int64, x then y in pixels.
        shapes: (S, n) int64, index into `SHAPES`.
        colors: (S, n) int64, index into `COLORS`; that of object 0 occurs once per scene.
    """

    centers: np.ndarray
    shapes: np.ndarray
    colors: np.ndarray

    def __len__(self) -> int:
        """Return the number of scenes S."""
        return len(self.centers)

    @property
    def n_objects(self) -> int:
        """Return the number of objects n of every scene."""
        return int(self.centers.shape[1])

    def __getitem__(self, rows: slice | np.ndarray) -> CrowdBatch:
        """Return the scenes that a slice or an index array selects."""
        return CrowdBatch(self.centers[rows], self.shapes[rows], self.colors[rows])


def sample_crowds(
    rng: np.random.Generator, n_objects: int, n_scenes: int, margin: float = DEFAULT_MARGIN
) -> CrowdBatch:
    """Draw scenes uniformly from all valid placements, by drawing whole scenes and dropping invalid ones.

    Valid: no two objects touch, no center is within `margin` of the image's middle lines, and the asked object's
    nearest (furthest) other object leads the second one by `margin` or more. `sample_scenes` asks the last of
    every object; here only one is asked about. Colors are drawn in a random order, shapes are fair coins.

    Args:
        rng: generator over PCG64.
        n_objects: objects per scene n, 2 to 10.
        n_scenes: number of scenes S, 1 or more.
        margin: pixels, 0 to 4; ties are never drawn.

    Raises:
        SceneError: if a number is out of range.
    """
    _check_range("The number of objects", n_objects, SMALLEST_CROWD, LARGEST_CROWD)
    _check_range("The number of scenes", n_scenes, 1, 1_000_000)
    if not 0 <= margin <= MAX_MARGIN:
        raise SceneError(f"margin must be from 0 to {MAX_MARGIN:g} pixels, got {margin!r}; choose one in between.")
    line = np.arange(LOWEST, HIGHEST + 1)
    line = line[np.abs(line - MIDDLE) >= max(margin, 1)]
    blocks: list[np.ndarray] = []
    while sum(map(len, blocks)) < n_scenes:
        centers = line[uniform_integers(rng, len(line), (_CANDIDATES, n_objects, 2))]  # (C, n, 2)
        blocks.append(centers[_find_valid(centers, margin)])
    size = (n_scenes, n_objects)
    return CrowdBatch(
        np.concatenate(blocks)[:n_scenes], uniform_integers(rng, len(SHAPES), size), _sample_colors(rng, *size)
    )


def _check_range(what: str, value: int, lowest: int, highest: int) -> None:
    """Raise SceneError unless `value` is a whole number in the range."""
    if not isinstance(value, int) or isinstance(value, bool) or not lowest <= value <= highest:
        raise SceneError(f"{what} must be a whole number from {lowest} to {highest}, got {value!r}; choose another.")


def _find_valid(centers: np.ndarray, margin: float) -> np.ndarray:
    """Return the indices of the candidates (C, n, 2) that keep every rule of `sample_crowds`."""
    one, other = np.triu_indices(centers.shape[1], k=1)
    apart = np.abs(centers[:, one] - centers[:, other]).max(axis=2).min(axis=1) >= CLEARANCE
    kept = np.flatnonzero(apart)
    smallest = np.minimum(*_leads(centers[kept]))
    clear: np.ndarray = kept[(smallest >= margin) & (smallest > 0)]
    return clear


def _leads(centers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return by how many pixels the asked object's nearest and furthest other lead the second one, (S,) each."""
    ranked = np.sqrt(np.sort(_squared(centers), axis=1).astype(np.float64))  # (S, n - 1)
    if ranked.shape[1] == 1:
        never = np.full(len(ranked), np.inf)
        return never, never
    return ranked[:, 1] - ranked[:, 0], ranked[:, -1] - ranked[:, -2]


def _squared(centers: np.ndarray) -> np.ndarray:
    """Return the squared distance of every other object from the asked one, (S, n, 2) -> (S, n - 1)."""
    return squared_distances(centers)[:, 0, 1:]


def _sample_colors(rng: np.random.Generator, n_scenes: int, n_objects: int) -> np.ndarray:
    """Return (S, n) colors: the six in a random order, then any but the first."""
    order = np.argsort(uniform_integers(rng, 2**32, (n_scenes, N_OBJECTS)), axis=1, kind="stable")
    extra = max(0, n_objects - N_OBJECTS)
    place = 1 + uniform_integers(rng, N_OBJECTS - 1, (n_scenes, extra))
    return np.concatenate([order, np.take_along_axis(order, place, axis=1)], axis=1)[:, :n_objects]


def solve_crowds(crowds: CrowdBatch, n_answers: int = len(ANSWERS)) -> np.ndarray:
    """Answer the six questions about the object asked about of every scene.

    Args:
        crowds: S scenes.
        n_answers: how many of `CROWD_ANSWERS` can be given.

    Returns:
        (S, 6) int64, one column per question type, index into `CROWD_ANSWERS`; `UNSAYABLE` where the count has no
        answer.
    """
    squared, others = _squared(crowds.centers), crowds.shapes[:, 1:]
    asked, rows = crowds.shapes[:, 0], np.arange(len(crowds))
    left, top = np.where(crowds.centers[:, 0] < MIDDLE, _YES, _NO).T
    closest, furthest = others[rows, squared.argmin(axis=1)], others[rows, squared.argmax(axis=1)]
    count = (others == asked[:, None]).sum(axis=1)
    sayable = np.where(_ZERO + count < n_answers, _ZERO + count, UNSAYABLE)
    return np.stack([asked, left, top, closest, furthest, sayable], axis=1)


def encode_crowds(crowds: CrowdBatch) -> tuple[Tensor, Tensor]:
    """Return object rows (S, n, 10) float32, columns as `ROW_COLUMNS`, and their mask (S, n), all True."""
    colors, shapes = one_hot(crowds.colors, len(COLORS)), one_hot(crowds.shapes, len(SHAPES))
    return stack_rows(colors, shapes, crowds.centers, np.ones(crowds.shapes.shape, dtype=bool))


def make_crowd_batch(crowds: CrowdBatch, n_answers: int = len(ANSWERS)) -> Batch:
    """Return the tensors of all six questions about every scene, those of one scene side by side.

    `Batch.answer` is `UNSAYABLE` where the true count is none of the first `n_answers` of `CROWD_ANSWERS`.
    """
    n_types = len(QUESTION_TYPES)
    codes = _CODES[:, crowds.colors[:, 0]].transpose(1, 0, 2)  # (S, 6 types, 11)
    return Batch(
        inputs=encode_crowds(crowds),
        question=torch.from_numpy(np.ascontiguousarray(codes)).flatten(0, 1),
        scene_index=torch.arange(len(crowds)).repeat_interleave(n_types),
        answer=torch.from_numpy(solve_crowds(crowds, n_answers)).flatten(),
        type_index=torch.arange(n_types).repeat(len(crowds)),
    )


def sample_mixed_crowds(
    rng: np.random.Generator,
    n_scenes: int,
    margin: float,
    n_questions: int | None = None,
    type_weights: np.ndarray | None = None,
) -> Batch:
    """Draw scenes with every number of objects from 2 to 10 equally often, and questions about one object of each.

    Args:
        rng: generator over PCG64.
        n_scenes: number of scenes S, 1 or more.
        margin: pixels, as `sample_crowds`.
        n_questions: different questions per scene, 1 to 6; None asks all six.
        type_weights: (6,) the probability of each question type, above 0; None draws all equally often.

    Returns:
        S scenes of 10 rows in a random order, of which the mask leaves out those without an object; all answers are
        among `CROWD_ANSWERS`.
    """
    sizes = SMALLEST_CROWD + uniform_integers(rng, LARGEST_CROWD - SMALLEST_CROWD + 1, (n_scenes,))
    shown, counts = np.unique(sizes, return_counts=True)
    parts = [
        make_crowd_batch(sample_crowds(rng, int(size), int(count), margin), len(CROWD_ANSWERS))
        for size, count in zip(shown, counts, strict=True)
    ]
    rows, mask = (torch.cat([_pad(part.inputs[k]) for part in parts]) for k in (0, 1))
    n_types = len(QUESTION_TYPES)
    asked = draw_questions(rng, np.ones((n_scenes, n_types), bool), n_types, n_questions, type_weights)  # (S, Q)
    chosen = torch.from_numpy(asked + n_types * np.arange(n_scenes)[:, None]).flatten()
    return Batch(
        inputs=shuffle_rows(rng, rows, mask),
        question=torch.cat([part.question for part in parts])[chosen],
        scene_index=torch.arange(n_scenes).repeat_interleave(asked.shape[1]),
        answer=torch.cat([part.answer for part in parts])[chosen],
        type_index=torch.cat([part.type_index for part in parts])[chosen],
    )


def _pad(part: Tensor) -> Tensor:
    """Return rows (S, n, ...) or their mask with zeros (False) up to 10 rows per scene."""
    padded = part.new_zeros((len(part), LARGEST_CROWD, *part.shape[2:]))
    padded[:, : part.shape[1]] = part
    return padded
