"""Facts about single pairs of balls, which relations can learn before they learn answers.

Two connected balls keep their distance, or swing around it; so one pair shows whether it is connected, and its colors
show which pair it is. Two balls of one group that are not connected directly look most like connected ones, so such
pairs are chosen more often.
"""

from __future__ import annotations

import numpy as np

from rn_core.common.seeding import uniform_integers
from rn_core.tasks.physics.encoding import list_pairs
from rn_core.tasks.physics.scene import PhysicsScenes

#: How much more often pairs are chosen that are connected, and that are connected through other balls only.
_CONNECTED_WEIGHT, _SYSTEM_WEIGHT = 8, 4
_DRAWS = 2**32


def choose_pairs(rng: np.random.Generator, scenes: PhysicsScenes, n_pairs: int) -> np.ndarray:
    """Draw pairs of different balls, in either order, each perhaps more than once.

    Args:
        rng: a generator over `PCG64`.
        scenes: S scenes of N balls, 2 or more.
        n_pairs: pairs K a scene.

    Returns:
        (S, K, 2) int64, the balls i and j of each pair.
    """
    pairs = list_pairs(scenes.n_balls)  # (P, 2)
    i, j = pairs.T
    weights = np.where(scenes.systems[:, i] == scenes.systems[:, j], _SYSTEM_WEIGHT, 1)  # (S, P)
    weights[scenes.links[:, i, j]] = _CONNECTED_WEIGHT
    ends = weights.cumsum(axis=1)
    draws = uniform_integers(rng, _DRAWS, (len(scenes), n_pairs)) / _DRAWS * ends[:, -1:]  # (S, K)
    chosen: np.ndarray = pairs[(ends[:, None] <= draws[..., None]).sum(axis=2)]  # (S, K, 2)
    turned = uniform_integers(rng, 2, (len(scenes), n_pairs, 1)) == 1
    return np.where(turned, chosen[..., ::-1], chosen)


def connected_facts(scenes: PhysicsScenes, pairs: np.ndarray) -> np.ndarray:
    """Return whether each of the pairs (S, K, 2) is connected, (S, K, 1) float32."""
    connected: np.ndarray = scenes.links[np.arange(len(scenes))[:, None], pairs[..., 0], pairs[..., 1]]
    return connected[..., None].astype(np.float32)


def which_facts(
    scenes: PhysicsScenes, pairs: np.ndarray, colors: np.ndarray | None = None, n_colors: int | None = None
) -> np.ndarray:
    """Return whether each of the pairs (S, K, 2) is connected, then the same at its colors' place among all P, else 0.

    Args:
        scenes: S scenes of N balls.
        pairs: (S, K, 2) int64, the balls of each pair.
        colors: (S, N) int64, the color of each ball; None gives ball k the k-th.
        n_colors: colors that have pairs; None for N.

    Returns:
        (S, K, 1 + P) float32; places as in `encoding.list_pairs(n_colors)`.
    """
    n_colors = n_colors or scenes.n_balls
    colors = np.broadcast_to(np.arange(scenes.n_balls), (len(scenes), scenes.n_balls)) if colors is None else colors
    places = np.zeros((n_colors, n_colors), dtype=np.int64)
    i, j = list_pairs(n_colors).T
    places[i, j] = places[j, i] = np.arange(len(i))
    connected = connected_facts(scenes, pairs)
    first, second = (np.take_along_axis(colors, pairs[..., end], axis=1) for end in (0, 1))  # (S, K) each
    which = places[first, second, None] == np.arange(len(i))  # (S, K, P)
    return np.concatenate([connected, connected * which], axis=2).astype(np.float32)
