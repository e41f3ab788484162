"""What answers to the questions about two named objects can be guessed: knowing nothing, or A and B alone."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from rn_core.common.seeding import uniform_integers
from rn_core.tasks.sort_of_clevr.scene import (
    CLEARANCE,
    COLORS,
    DEFAULT_MARGIN,
    SceneBatch,
    sample_scenes,
)
from rn_core.tasks.sort_of_clevr.triples import (
    N_TRIPLE_QUESTIONS,
    PAIRS,
    TRIPLE_ANSWERS,
    TRIPLE_TYPES,
    solve_triples,
)

_SCENES_A_BLOCK = 2_000


def find_triple_floors(rng: np.random.Generator, n_scenes: int, margin: float = DEFAULT_MARGIN) -> dict[str, float]:
    """Return for each question type the accuracy of the best constant answer, over the questions that are asked."""
    solution = solve_triples(sample_scenes(rng, n_scenes, margin))
    clear = (solution.margins >= margin).reshape(n_scenes, len(TRIPLE_TYPES), -1)
    answers = solution.answers.reshape(clear.shape)
    counts = (np.bincount(answers[:, row][clear[:, row]]) for row in range(len(TRIPLE_TYPES)))
    return {kind: float(count.max() / count.sum()) for kind, count in zip(TRIPLE_TYPES, counts, strict=True)}


def find_two_object_floors(
    rng: np.random.Generator, n_scenes: int, n_redeals: int, margin: float = DEFAULT_MARGIN
) -> dict[str, float]:
    """Return for each question type the accuracy of someone who sees A and B and nothing else.

    For each of `n_scenes` scenes, A and B stay where they are and the other four are drawn again `2 * n_redeals` times;
    the commonest answer among the first half is tried on the second, so that the figure is not an overestimate.

    Args:
        rng: generator over PCG64.
        n_scenes: scenes S, each with one pair A and B.
        n_redeals: scenes of either half for each of them.
        margin: pixels, as for `sample_scenes`; only questions that are clear by it count.
    """
    drawn = sample_scenes(rng, n_scenes, margin)
    pairs = uniform_integers(rng, len(PAIRS), (n_scenes,))
    right = np.zeros((len(TRIPLE_TYPES), 2))
    for row, pair in enumerate(pairs):
        others = _redeal(rng, drawn[row : row + 1], PAIRS[pair], 2 * n_redeals, margin)
        solution = solve_triples(others)
        columns = np.arange(pair, N_TRIPLE_QUESTIONS, len(PAIRS))
        right += _score_halves(solution.answers[:, columns], solution.margins[:, columns] >= margin)
    return {kind: float(hits / asked) for kind, (hits, asked) in zip(TRIPLE_TYPES, right, strict=True)}


def _score_halves(answers: np.ndarray, clear: np.ndarray) -> np.ndarray:
    """Return (3, 2): right answers and questions of the second half, if the first half's commonest is given."""
    half = len(answers) // 2
    found = np.zeros((answers.shape[1], 2))
    for column in range(answers.shape[1]):
        seen, asked = (answers[part, column][clear[part, column]] for part in (slice(half), slice(half, None)))
        if len(seen):
            guess = np.bincount(seen, minlength=len(TRIPLE_ANSWERS)).argmax()
            found[column] = (asked == guess).sum(), len(asked)
    return found


def _redeal(
    rng: np.random.Generator, kept: SceneBatch, pair: tuple[int, int], n_scenes: int, margin: float
) -> SceneBatch:
    """Return scenes that hold two objects of a scene; the other four are drawn anew, apart from them and each other."""
    blocks = list(_draw_blocks(rng, kept, pair, n_scenes, margin))
    names = ("centers", "shapes", "present")
    return SceneBatch(*(np.concatenate([getattr(block, name) for block in blocks])[:n_scenes] for name in names))


def _draw_blocks(
    rng: np.random.Generator, kept: SceneBatch, pair: tuple[int, int], n_scenes: int, margin: float
) -> Iterator[SceneBatch]:
    """Yield valid scenes in blocks, until there are enough."""
    slots, n_found = list(pair), 0
    others = [slot for slot in range(len(COLORS)) if slot not in pair]
    while n_found < n_scenes:
        dealt = sample_scenes(rng, _SCENES_A_BLOCK, margin)
        dealt.centers[:, slots], dealt.shapes[:, slots] = kept.centers[:, slots], kept.shapes[:, slots]
        offsets = np.abs(dealt.centers[:, others, None] - dealt.centers[:, None, slots])  # (S, 4, 2, 2)
        block = dealt[np.flatnonzero(offsets.max(axis=3).min(axis=(1, 2)) >= CLEARANCE)]
        n_found += len(block)
        yield block
