"""Scenes drawn once and used repeatedly, each time turned, mirrored and with other colors."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields

import numpy as np
import torch

from rn_core.common.errors import RNCoreError
from rn_core.common.records import Batch, MotionBatch, PairBatch
from rn_core.common.seeding import make_rng, uniform_integers
from rn_core.tasks.physics.pair_facts import choose_pairs
from rn_core.tasks.physics.sampling import sample_scenes
from rn_core.tasks.physics.scene import PhysicsScenes
from rn_core.tasks.physics.world import DEFAULT_BALLS

#: Scenes that are drawn with one generator.
_ROUND = 500
#: Ways to turn and mirror a square table onto itself.
N_SYMMETRIES = 8
_DRAWS = 2**32


@dataclass(frozen=True)
class ScenePool:
    """Scenes of one number of balls and frames.

    Attributes:
        scenes: S scenes.
        encode: scenes -> batch with one question each.
        facts: scenes and pairs (S, K, 2) -> what is true of each (S, K, F).
    """

    scenes: PhysicsScenes
    encode: Callable[[PhysicsScenes], Batch]
    facts: Callable[[PhysicsScenes, np.ndarray], np.ndarray]

    def sample_batch(self, rng: np.random.Generator, n_scenes: int, type_weights: np.ndarray | None = None) -> Batch:
        """Draw scenes, each perhaps more than once; all ask the same."""
        return self.encode(self._draw(rng, n_scenes))

    def sample_pair_batch(
        self, rng: np.random.Generator, n_scenes: int, n_pairs: int, type_weights: np.ndarray | None = None
    ) -> PairBatch:
        """Draw scenes as `sample_batch` does, and `n_pairs` pairs of balls of each; see `pair_facts`."""
        scenes = self._draw(rng, n_scenes)
        batch, pairs = self.encode(scenes), choose_pairs(rng, scenes, n_pairs)
        return PairBatch(
            inputs=batch.inputs,
            question=batch.question,
            scene_index=batch.scene_index,
            type_index=batch.type_index,
            pairs=torch.from_numpy(pairs),
            question_facts=torch.zeros(n_scenes, 0, dtype=torch.int64),
            question_fact_sizes=(),
            pair_facts=torch.from_numpy(self.facts(scenes, pairs)),
        )

    def sample_motion_batch(self, rng: np.random.Generator, n_scenes: int) -> MotionBatch:
        """Draw scenes as `sample_batch` does, with all that is true of them."""
        scenes = self._draw(rng, n_scenes)
        parts = (scenes.links.astype(np.int64) + scenes.rigid, scenes.lengths, scenes.positions, scenes.velocities)
        return MotionBatch(
            self.encode(scenes).inputs, *(torch.from_numpy(np.ascontiguousarray(part)) for part in parts)
        )

    def _draw(self, rng: np.random.Generator, n_scenes: int) -> PhysicsScenes:
        """Draw scenes, each turned, mirrored and colored at random."""
        scenes = self.scenes[uniform_integers(rng, len(self.scenes), (n_scenes,))]
        order = uniform_integers(rng, _DRAWS, (n_scenes, scenes.n_balls)).argsort(axis=1, kind="stable")
        return turn_scenes(recolor_scenes(scenes, order), uniform_integers(rng, N_SYMMETRIES, (n_scenes,)))


def recolor_scenes(scenes: PhysicsScenes, order: np.ndarray) -> PhysicsScenes:
    """Return scenes in which ball k moves and is connected as ball `order[s, k]` of scene s was; `order` is (S, N)."""
    rows = np.arange(len(scenes))[:, None, None]
    paths = (part[rows, np.arange(scenes.n_frames)[:, None], order[:, None]] for part in _paths(scenes))
    links = (part[rows, order[:, :, None], order[:, None]] for part in (scenes.links, scenes.rigid, scenes.lengths))
    return PhysicsScenes(*paths, *links)


def turn_scenes(scenes: PhysicsScenes, symmetry: np.ndarray) -> PhysicsScenes:
    """Return scenes seen in one of eight ways (S,), 0 to 7: 1 swaps x and y, 2 mirrors x, 4 mirrors y, and their sums.

    All of these leave the table and the laws of motion as they are.
    """
    swaps = (symmetry & 1 > 0)[:, None, None, None]
    signs = np.stack([1 - (symmetry & 2), 1 - (symmetry & 4) / 2], axis=1)[:, None, None].astype(np.float32)
    positions, velocities = (np.where(swaps, part[..., ::-1], part) * signs for part in _paths(scenes))
    return PhysicsScenes(positions, velocities, scenes.links, scenes.rigid, scenes.lengths)


def _paths(scenes: PhysicsScenes) -> tuple[np.ndarray, np.ndarray]:
    """Return positions and velocities, (S, F, N, 2) each."""
    return scenes.positions, scenes.velocities


def draw_pool(
    seed: int,
    n_scenes: int,
    n_frames: int,
    progress: Callable[[Iterable[int]], Iterable[int]] = iter,
    n_balls: int = DEFAULT_BALLS,
) -> PhysicsScenes:
    """Draw scenes of split train.

    Args:
        seed: root seed.
        n_scenes: S, 1 or more.
        n_frames: frames F of each.
        progress: wraps the iteration over rounds (a progress bar).
        n_balls: balls N of each.

    Raises:
        RNCoreError: if there is to be no scene, or MuJoCo cannot be loaded.
    """
    if n_scenes < 1:
        raise RNCoreError(f"A pool needs at least one scene, got {n_scenes!r}; draw some.")
    rounds = [
        sample_scenes(make_rng(seed, "train", first), min(_ROUND, n_scenes - first), n_balls, n_frames)
        for first in progress(range(0, n_scenes, _ROUND))
    ]
    names = (field.name for field in fields(PhysicsScenes))
    return PhysicsScenes(*(np.concatenate([getattr(part, name) for part in rounds]) for name in names))
