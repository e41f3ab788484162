"""Letting a scene continue from any of its frames, also after a ball was pulled somewhere else."""

from __future__ import annotations

import numpy as np

from rn_core.common.errors import SceneError
from rn_core.tasks.physics.engine import move_balls
from rn_core.tasks.physics.scene import PhysicsScene, PhysicsScenes
from rn_core.tasks.physics.scene_record import MAX_FRAMES
from rn_core.tasks.physics.truth import find_systems
from rn_core.tasks.physics.world import HALF_SIDE, MASS, RADIUS, STIFFNESS

#: Joules in all springs and balls once one was pulled; drawn scenes have at most 4. It gives a ball 7 m/s, or
#: stretches a spring by 0.58 m.
MAX_ENERGY = 25.0


def simulate(scenes: PhysicsScenes, n_frames: int, first: int = 0) -> PhysicsScenes:
    """Let balls move on from one of their frames.

    Args:
        scenes: S scenes.
        n_frames: frames of the result, the one that it starts with included; 1 to 256.
        first: the frame to start with; negative ones count from the last.

    Returns:
        The same balls with the same links; what follows frame 0 of a drawn scene is the drawn scene, bit for bit.

    Raises:
        SceneError: in one sentence, if a number is out of range.
        RNCoreError: in one sentence, if MuJoCo cannot be loaded.
    """
    if not 1 <= n_frames <= MAX_FRAMES:
        raise SceneError(f"The frames to simulate must be 1 to {MAX_FRAMES}, got {n_frames!r}; change that.")
    _check_frame(first, scenes.n_frames)
    positions, velocities = move_balls(
        scenes.positions[:, first], scenes.velocities[:, first], scenes.rigid, scenes.lengths, n_frames
    )
    return PhysicsScenes(positions, velocities, scenes.links, scenes.rigid, scenes.lengths)


def pull_ball(scene: PhysicsScene, ball: int, place: tuple[float, float], frame: int = -1) -> PhysicsScene:
    """Return one frame in which a ball was pulled to another place and is let go there, at rest.

    Rigid links are not stretched: what they connect to the ball moves along and comes to rest with it. Springs are.

    Args:
        scene: the scene before the pull.
        ball: 0 to N - 1.
        place: x and y in meters.
        frame: the frame in which it is pulled; negative ones count from the last.

    Raises:
        SceneError: in one sentence, if something of the scene is unknown, there is no such ball or frame, or a ball
            that moves would leave the table, lie on another one or load the springs too much.
    """
    if scene.unknown:
        raise SceneError(
            f"A ball can be pulled only where the whole scene is known, but it lacks "
            f"{' and '.join(sorted(scene.unknown))}; add that to its file."
        )
    if not 0 <= ball < scene.n_balls:
        raise SceneError(f"The ball to pull must be 0 to {scene.n_balls - 1}, got {ball!r}; choose one of them.")
    _check_frame(frame, scene.n_frames)
    bodies = find_systems(scene.rigid[None])[0]
    moved = bodies == bodies[ball]
    positions, velocities = scene.positions[frame].copy(), scene.velocities[frame].copy()
    positions[moved] += np.asarray(place, dtype=np.float32) - positions[ball]
    velocities[moved] = 0
    _check_places(positions, moved)
    _check_energy(positions, velocities, scene)
    return PhysicsScene(positions[None], velocities[None], scene.links, scene.rigid, scene.lengths)


def _check_frame(frame: int, n_frames: int) -> None:
    """Raise SceneError unless a scene has such a frame."""
    if not -n_frames <= frame < n_frames:
        raise SceneError(f"The frame to start with must be 0 to {n_frames - 1}, got {frame!r}; choose one of them.")


def _check_places(positions: np.ndarray, moved: np.ndarray) -> None:
    """Raise SceneError if one of the balls (N, 2) that moved (N,) is off the table or on a ball that did not."""
    furthest = HALF_SIDE - RADIUS
    for ball in np.flatnonzero(moved):
        x, y = positions[ball]
        if not (abs(x) <= furthest and abs(y) <= furthest):
            raise SceneError(
                f"Ball {ball} would lie at ({x:.2f}, {y:.2f}), but both must be from {-furthest:g} to {furthest:g} m; "
                "pull less far."
            )
        apart = np.linalg.norm(positions[~moved] - positions[ball], axis=1)
        if (apart < 2 * RADIUS).any():
            other = np.flatnonzero(~moved)[apart.argmin()]
            raise SceneError(
                f"Ball {ball} would lie {apart.min():.2f} m from ball {other}, but they must be {2 * RADIUS:g} m "
                "apart; pull it elsewhere."
            )


def _check_energy(positions: np.ndarray, velocities: np.ndarray, scene: PhysicsScene) -> None:
    """Raise SceneError if balls at `positions` (N, 2) with `velocities` (N, 2) have too much energy."""
    apart = np.linalg.norm(positions[:, None] - positions, axis=2)
    stretch = np.triu(apart - scene.lengths)[scene.links & ~scene.rigid]
    energy = STIFFNESS / 2 * (stretch**2).sum() + MASS / 2 * (velocities**2).sum()
    if energy > MAX_ENERGY:
        raise SceneError(f"Pulled too far ({energy:.0f} J, limit {MAX_ENERGY:g} J); try a shorter pull.")
