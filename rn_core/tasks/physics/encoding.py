"""Scenes as arrays: one row per ball for the networks, what they are to say, and the simplest prediction to beat.

Source: Santoro et al. 2017 (arXiv 1706.01427). Section 3.4 gives a ball's row as RGB and (x, y) over 16 steps, and
supplement F as "for example" 33 numbers, with one for the color. Here it is the former, 35 numbers.
"""

from __future__ import annotations

import numpy as np

from rn_core.common.errors import SceneError
from rn_core.tasks.physics.scene import PhysicsScenes
from rn_core.tasks.physics.scene_record import check_places
from rn_core.tasks.physics.world import COLORS, HALF_SIDE, MAX_BALLS, N_FRAMES, RADIUS, TABLE_WIDTH

#: Numbers in a ball's row: red, green and blue from 0 to 1, then x in 16 frames, then y in 16 frames, in meters.
D_ROW = 3 + 2 * N_FRAMES
#: How far the three numbers of a color may be off together: less than one step of 255.
_COLOR_SLACK = 1e-3
_RGB = np.array(list(COLORS.values()), dtype=np.float32) / 255


def encode_rows(
    scenes: PhysicsScenes, n_rows: int | None = None, colors: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return one row per ball.

    Args:
        scenes: S scenes of exactly 16 frames; see `PhysicsScenes.frames` to take some out of more.
        n_rows: rows per scene, N to 16; those without a ball are 0. None makes as many as there are balls.
        colors: (N,) or (S, N) int64, which color of `COLORS` each ball has, 0 to 15; None gives ball k the k-th.

    Returns:
        Rows (S, n_rows, 35) float32 as `D_ROW` says, and (S, n_rows) bool, True where there is a ball.

    Raises:
        SceneError: in one sentence, if the frames are not 16 or the rows too few or too many.
    """
    if scenes.n_frames != N_FRAMES:
        raise SceneError(f"The networks read {N_FRAMES} frames, got {scenes.n_frames}; give them as many.")
    n_balls = scenes.n_balls
    n_rows = n_balls if n_rows is None else n_rows
    if not n_balls <= n_rows <= MAX_BALLS:
        raise SceneError(f"{n_balls} balls need {n_balls} to {MAX_BALLS} rows, got {n_rows!r}; change that.")
    rows = np.zeros((len(scenes), n_rows, D_ROW), dtype=np.float32)
    rows[:, :n_balls, :3] = _RGB[np.arange(n_balls) if colors is None else colors]
    paths = scenes.positions.transpose(0, 2, 3, 1)  # (S, N, 2, F)
    rows[:, :n_balls, 3:] = paths.reshape(len(scenes), n_balls, 2 * N_FRAMES)
    return rows, np.broadcast_to(np.arange(n_rows) < n_balls, (len(scenes), n_rows)).copy()


def check_rows(rows: np.ndarray) -> np.ndarray:
    """Return balls' rows as float32.

    Raises:
        SceneError: in one sentence, unless they are (n, 35) finite numbers, of 1 to 16 balls with different colors of
            `COLORS` and paths that a scene's JSON may hold, too.
    """
    is_numeric = np.issubdtype(rows.dtype, np.floating) or np.issubdtype(rows.dtype, np.integer)
    shaped = rows.shape[1:] == (D_ROW,) and 1 <= len(rows) <= MAX_BALLS
    if not is_numeric or not shaped or not np.isfinite(rows).all():
        raise SceneError(
            f"Rows of balls must be 1 to {MAX_BALLS} of {D_ROW} finite numbers, got shape {rows.shape} of "
            f"{rows.dtype}; see `encode_rows`."
        )
    away = np.abs(rows[:, None, :3] - _RGB).sum(axis=2)  # (n, C)
    strange = np.flatnonzero(away.min(axis=1) > _COLOR_SLACK)
    if len(strange):
        got = ", ".join(f"{part:g}" for part in rows[strange[0], :3])
        raise SceneError(f"Row {strange[0]} must begin with red, green and blue of one of `COLORS`, got {got}.")
    colors = find_colors(rows)
    if len({*colors}) < len(colors):
        raise SceneError(f"Every ball must have its own color, got {', '.join(colors)}; change one of them.")
    paths = rows[:, 3:].reshape(len(rows), 2, N_FRAMES).transpose(2, 0, 1)  # (F, n, 2)
    check_places(paths)
    return rows.astype(np.float32)


def find_colors(rows: np.ndarray) -> list[str]:
    """Return the names of the colors that balls have, by their rows (N, 35)."""
    away = np.abs(rows[:, None, :3] - _RGB).sum(axis=2)  # (N, C)
    names = tuple(COLORS)
    return [names[color] for color in away.argmin(axis=1)]


def list_pairs(n_balls: int) -> np.ndarray:
    """Return all pairs of balls (P, 2) int64, i < j, P = N (N - 1) / 2, in the order of `connection_targets`."""
    return np.transpose(np.triu_indices(n_balls, k=1))


def connection_targets(scenes: PhysicsScenes) -> np.ndarray:
    """Return whether each pair of balls is connected, (S, P) bool in the order of `list_pairs`.

    Source: supplement F, where we differ: the paper's 100 numbers for 10 balls say everything twice, and of every ball
    whether it is connected to itself.
    """
    i, j = list_pairs(scenes.n_balls).T
    return scenes.links[:, i, j]


def color_targets(scenes: PhysicsScenes, colors: np.ndarray, n_colors: int) -> np.ndarray:
    """Return whether the balls of each pair of colors are connected, (S, P) bool in the order of `list_pairs`.

    Args:
        scenes: S scenes of N balls.
        colors: (S, N) int64, the color of each ball, 0 to `n_colors` - 1, each at most once per scene.
        n_colors: colors that have pairs; those of which a scene has no ball are connected to none.
    """
    spread = np.zeros((len(scenes), n_colors, n_colors), dtype=bool)
    rows = np.arange(len(scenes))[:, None, None]
    spread[rows, colors[:, :, None], colors[:, None, :]] = scenes.links
    i, j = list_pairs(n_colors).T
    return spread[:, i, j]


def count_targets(scenes: PhysicsScenes) -> np.ndarray:
    """Return the number of groups less one, (S,) int64 from 0 to N - 1: the index of the answer among 1 to N."""
    return scenes.n_systems - 1


def prediction_targets(scenes: PhysicsScenes) -> np.ndarray:
    """Return the positions behind the 16 observed frames, (S, F - 16, N, 2) float32 in meters.

    Raises:
        SceneError: in one sentence, if there are none.
    """
    if scenes.n_frames <= N_FRAMES:
        raise SceneError(f"Predictions need more than {N_FRAMES} frames, got {scenes.n_frames}; simulate more.")
    return scenes.positions[:, N_FRAMES:]


def predict_constant_velocity(positions: np.ndarray, n_frames: int, reflects: bool = True) -> np.ndarray:
    """Return where balls would be that keep the velocity between their last two frames.

    Args:
        positions: (S, F, N, 2) in meters, F at least 2.
        n_frames: frames to predict, K.
        reflects: whether walls throw balls back without loss; False lets them go on through walls.

    Returns:
        (S, K, N, 2) float32, meters.
    """
    last = positions[:, -1:].astype(np.float64)
    steps = np.arange(1, n_frames + 1)[:, None, None]
    ahead = last + steps * (last - positions[:, -2:-1])  # (S, K, N, 2)
    if reflects:
        furthest = HALF_SIDE - RADIUS
        ahead = furthest - np.abs((ahead + furthest) % (4 * furthest) - 2 * furthest)
    expected: np.ndarray = ahead.astype(np.float32)
    return expected


def prediction_errors(predicted: np.ndarray, true: np.ndarray) -> np.ndarray:
    """Return how far predictions are off in each frame: the mean distance over scenes and balls, in table widths.

    Args:
        predicted: (S, K, N, 2) in meters.
        true: (S, K, N, 2) in meters.

    Returns:
        (K,) float64; its mean is the error in table widths per frame.
    """
    offsets = predicted.astype(np.float64) - true
    means: np.ndarray = np.sqrt((offsets**2).sum(axis=3)).mean(axis=(0, 2)) / TABLE_WIDTH
    return means
