"""Drawing scenes: the number of groups first, then which balls are in each, how they are connected, and how they start.

Source: Santoro et al. 2017 (arXiv 1706.01427), section 3.4 and supplement F. The paper does not say how its balls were
connected; here every number of connected groups is as likely as every other, so that chance is known.
"""

from __future__ import annotations

import numpy as np

from rn_core.common.errors import SceneError
from rn_core.common.seeding import uniform_integers
from rn_core.tasks.physics.scene import PhysicsScenes
from rn_core.tasks.physics.simulation import simulate
from rn_core.tasks.physics.world import (
    CLEARANCE,
    DEFAULT_BALLS,
    HALF_SIDE,
    MAX_BALLS,
    MAX_SPEED,
    MIN_SPEED,
    N_FRAMES,
    RADIUS,
)

#: Places drawn at once.
_CANDIDATES = 32
_GAP = 2 * RADIUS + CLEARANCE
_FURTHEST = HALF_SIDE - RADIUS - CLEARANCE


def sample_scenes(
    rng: np.random.Generator, n_scenes: int, n_balls: int = DEFAULT_BALLS, n_frames: int = N_FRAMES
) -> PhysicsScenes:
    """Draw scenes and let MuJoCo move their balls.

    The number of groups is uniform from 1 to `n_balls`, and so are the ways to cut a shuffled row of the balls into
    as many. Within a group each ball but the first is connected to one of those before it, by a spring or a rigid
    link with equal probability. Places are uniform, whatever connects the balls, and links start at rest length, so
    that the first frame says nothing about connections; directions are uniform, and so is speed.

    Args:
        rng: generator over PCG64; the first k of n scenes are the same for every n >= k.
        n_scenes: number of scenes S, 1 or more.
        n_balls: balls N of each, 1 to 16.
        n_frames: frames F, 1 to 256; fewer of them are the first ones of more.

    Raises:
        SceneError: in one sentence, if a number is out of range.
        RNCoreError: in one sentence, if MuJoCo cannot be loaded.
    """
    if not 1 <= n_balls <= MAX_BALLS:
        raise SceneError(f"A scene must have 1 to {MAX_BALLS} balls, got {n_balls!r}; change that.")
    if n_scenes < 1:
        raise SceneError(f"The number of scenes must be 1 or more, got {n_scenes!r}.")
    starts = [_sample_start(rng, n_balls) for _ in range(n_scenes)]
    return simulate(PhysicsScenes(*(np.stack(part) for part in zip(*starts, strict=True))), n_frames)


def _sample_start(rng: np.random.Generator, n_balls: int) -> tuple[np.ndarray, ...]:
    """Draw one scene's first frame, as the fields of `PhysicsScene`."""
    rigid, links = _sample_links(rng, n_balls)
    places = _sample_places(rng, n_balls)
    velocities = _sample_velocities(rng, places, rigid)
    offsets = places[:, None] - places
    lengths = np.where(links, np.sqrt((offsets**2).sum(axis=2)), 0)
    return places[None], velocities[None], links, rigid, lengths.astype(np.float32)


def _sample_links(rng: np.random.Generator, n_balls: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw which balls are connected by rigid links, and which by any; (N, N) bool each."""
    n_systems = 1 + _draw(rng, n_balls)
    row = _shuffle(rng, n_balls)
    cuts = 1 + np.sort(_shuffle(rng, n_balls - 1)[: n_systems - 1])
    rigid, links = np.zeros((2, n_balls, n_balls), dtype=bool)
    for system in np.split(row, cuts):
        for k in range(1, len(system)):
            pair = ([system[k], system[(other := _draw(rng, k))]], [system[other], system[k]])
            links[pair] = True
            rigid[pair] = _draw(rng, 2) == 1
    return rigid, links


def _sample_places(rng: np.random.Generator, n_balls: int) -> np.ndarray:
    """Draw (N, 2) float32, uniform on the table; one too near to an earlier one is drawn again."""
    places = np.empty((n_balls, 2), dtype=np.float32)
    found = 0
    while found < n_balls:
        for place in _FURTHEST * (2 * _fractions(rng, (_CANDIDATES, 2)) - 1):
            apart = ((places[:found] - place) ** 2).sum(axis=1)
            if found < n_balls and (apart >= _GAP**2).all():
                places[found] = place
                found += 1
    return places


def _sample_velocities(rng: np.random.Generator, places: np.ndarray, rigid: np.ndarray) -> np.ndarray:
    """Draw (N, 2) float32 by direction and speed, and remove what rigid links do not let happen.

    What is left are the nearest velocities that change no rigid link's length.
    """
    n_balls = len(places)
    turn, quick = _fractions(rng, (2, n_balls))
    headings = np.array([np.cos(2 * np.pi * turn), np.sin(2 * np.pi * turn)])
    drawn = ((MIN_SPEED + (MAX_SPEED - MIN_SPEED) * quick) * headings).T.ravel()
    first, second = np.nonzero(np.triu(rigid))
    rows = np.arange(len(first))
    stretch = np.zeros((len(first), n_balls, 2))
    stretch[rows, first] = places[first] - places[second]
    stretch[rows, second] = -stretch[rows, first]
    rates = stretch.reshape(len(first), 2 * n_balls)
    drawn -= rates.T @ np.linalg.solve(rates @ rates.T, rates @ drawn)
    velocities: np.ndarray = drawn.reshape(n_balls, 2).astype(np.float32)
    return velocities


def _draw(rng: np.random.Generator, high: int) -> int:
    """Draw a whole number from 0 to `high` - 1."""
    return int(uniform_integers(rng, high, (1,))[0])


def _fractions(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Draw numbers between 0 and 1."""
    return (uniform_integers(rng, 2**32, shape) + 0.5) / 2**32


def _shuffle(rng: np.random.Generator, n: int) -> np.ndarray:
    """Draw an order of 0 to `n` - 1."""
    return np.argsort(uniform_integers(rng, 2**32, (n,)), kind="stable")
