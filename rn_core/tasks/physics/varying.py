"""Scenes whose numbers of balls vary, as batches padded to the most, and a pool of them.

Which colors the balls of a scene have is drawn, so that each pair of colors occurs beside few balls and many.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from rn_core.common.errors import RNCoreError
from rn_core.common.records import Batch, PairBatch
from rn_core.common.seeding import uniform_integers
from rn_core.tasks.physics.encoding import encode_rows
from rn_core.tasks.physics.pair_facts import choose_pairs
from rn_core.tasks.physics.pool import N_SYMMETRIES, draw_pool, turn_scenes
from rn_core.tasks.physics.sampling import sample_scenes
from rn_core.tasks.physics.scene import PhysicsScenes
from rn_core.tasks.physics.world import FEWEST_BALLS, MOST_BALLS, N_FRAMES

_SIZES = np.arange(FEWEST_BALLS, MOST_BALLS + 1)
_DRAWS = 2**32
#: Scenes of one number of balls, and the color of each ball (S, N) -> answers, one row per scene.
Targets = Callable[[PhysicsScenes, np.ndarray], torch.Tensor]
#: Scenes of one number of balls, pairs (S, K, 2) and colors (S, N) -> what is true of each pair, (S, K, F).
Facts = Callable[[PhysicsScenes, np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class VaryingPool:
    """Scenes that are used repeatedly, each time turned, mirrored and with other colors.

    A batch has more scenes of many balls than of few: a number of balls is as frequent as it is large, because there
    is more to learn from, and more to get wrong in, scenes of many.

    Attributes:
        scenes: number of balls -> scenes of as many.
        targets: what is to be answered.
        facts: what is true of pairs.
    """

    scenes: Mapping[int, PhysicsScenes]
    targets: Targets
    facts: Facts

    def sample_batch(self, rng: np.random.Generator, n_scenes: int, type_weights: np.ndarray | None = None) -> Batch:
        """Draw scenes, each perhaps more than once; all ask the same."""
        return join_scenes(
            [encode_scenes(scenes, colors, self.targets) for scenes, colors in self._draw(rng, n_scenes)]
        )

    def sample_pair_batch(
        self, rng: np.random.Generator, n_scenes: int, n_pairs: int, type_weights: np.ndarray | None = None
    ) -> PairBatch:
        """Draw scenes as `sample_batch` does, and `n_pairs` pairs of balls of each; see `pair_facts`."""
        drawn = self._draw(rng, n_scenes)
        chosen = [choose_pairs(rng, scenes, n_pairs) for scenes, _ in drawn]
        facts = [self.facts(scenes, pairs, colors) for (scenes, colors), pairs in zip(drawn, chosen, strict=True)]
        batch = join_scenes([encode_scenes(scenes, colors, self.targets) for scenes, colors in drawn])
        return PairBatch(
            inputs=batch.inputs,
            question=batch.question,
            scene_index=batch.scene_index,
            type_index=batch.type_index,
            pairs=torch.from_numpy(np.concatenate(chosen)),
            question_facts=torch.zeros(n_scenes, 0, dtype=torch.int64),
            question_fact_sizes=(),
            pair_facts=torch.from_numpy(np.concatenate(facts)),
        )

    def _draw(self, rng: np.random.Generator, n_scenes: int) -> list[tuple[PhysicsScenes, np.ndarray]]:
        """Draw scenes, turned and mirrored at random, by numbers of balls; beside each part its colors (S, N)."""
        parts = []
        for n_balls, count in _draw_sizes(rng, n_scenes, _SIZES):
            scenes = self.scenes[n_balls]
            drawn = scenes[uniform_integers(rng, len(scenes), (count,))]
            turned = turn_scenes(drawn, uniform_integers(rng, N_SYMMETRIES, (count,)))
            parts.append((turned, draw_colors(rng, count, n_balls)))
        return parts


def draw_varying_pool(
    seed: int,
    n_scenes: int,
    n_frames: int,
    targets: Targets,
    facts: Facts,
    progress: Callable[[Iterable[Any]], Iterable[Any]] = iter,
) -> VaryingPool:
    """Draw scenes of split train, in proportion to how often a batch takes each number of balls.

    Args:
        seed: root seed.
        n_scenes: scenes of all numbers of balls together, at least one of each.
        n_frames: frames of each.
        targets: as in `VaryingPool`, and so is `facts`.
        facts: see there.
        progress: wraps the iteration over numbers of balls (a progress bar).

    Raises:
        RNCoreError: if there are too few scenes, or MuJoCo cannot be loaded.
    """
    counts = np.floor(n_scenes * _SIZES / _SIZES.sum()).astype(np.int64)
    if counts.min() < 1:
        least = -(-_SIZES.sum() // FEWEST_BALLS)
        raise RNCoreError(
            f"A pool of {FEWEST_BALLS} to {MOST_BALLS} balls needs at least {least} scenes, got {n_scenes!r}."
        )
    scenes = {
        int(n_balls): draw_pool(seed, int(count), n_frames, n_balls=int(n_balls))
        for n_balls, count in progress(list(zip(_SIZES, counts, strict=True)))
    }
    return VaryingPool(scenes, targets, facts)


def sample_varying(rng: np.random.Generator, n_scenes: int, n_frames: int, targets: Targets) -> Batch:
    """Draw new scenes with every number of balls from 2 to 12 equally often, of which the first 16 frames are seen."""
    parts = []
    for n_balls, count in _draw_sizes(rng, n_scenes):
        scenes = sample_scenes(rng, count, n_balls, n_frames)
        parts.append(encode_scenes(scenes, draw_colors(rng, count, n_balls), targets))
    return join_scenes(parts)


def _draw_sizes(rng: np.random.Generator, n_scenes: int, weights: np.ndarray | None = None) -> list[tuple[int, int]]:
    """Draw a number of balls for each of the scenes; return each number and how many scenes have it."""
    weights = np.ones_like(_SIZES) if weights is None else weights
    ends = weights.cumsum()
    drawn = np.searchsorted(ends, uniform_integers(rng, int(ends[-1]), (n_scenes,)), side="right")
    places, counts = np.unique(drawn, return_counts=True)
    return [(int(_SIZES[place]), int(count)) for place, count in zip(places, counts, strict=True)]


def draw_colors(rng: np.random.Generator, n_scenes: int, n_balls: int) -> np.ndarray:
    """Draw which of the first 12 colors the balls of each scene have, (S, N) int64, each at most once."""
    drawn: np.ndarray = uniform_integers(rng, _DRAWS, (n_scenes, MOST_BALLS)).argsort(axis=1, kind="stable")
    return drawn[:, :n_balls]


def encode_scenes(scenes: PhysicsScenes, colors: np.ndarray, targets: Targets) -> Batch:
    """Return scenes of one number of balls as a batch of 12 rows each, of which the mask leaves out the empty ones."""
    n_scenes = len(scenes)
    seen = scenes.frames(0, N_FRAMES)
    return Batch(
        inputs=tuple(torch.from_numpy(part) for part in encode_rows(seen, MOST_BALLS, colors)),
        question=torch.zeros(n_scenes, 0),
        scene_index=torch.arange(n_scenes),
        answer=targets(scenes, colors),
        type_index=torch.zeros(n_scenes, dtype=torch.int64),
    )


def join_scenes(parts: list[Batch]) -> Batch:
    """Return batches of one question per scene as one."""
    n_scenes = sum(map(len, parts))
    return Batch(
        inputs=tuple(torch.cat(part) for part in zip(*(batch.inputs for batch in parts), strict=True)),
        question=torch.zeros(n_scenes, 0),
        scene_index=torch.arange(n_scenes),
        answer=torch.cat([batch.answer for batch in parts]),
        type_index=torch.zeros(n_scenes, dtype=torch.int64),
    )
