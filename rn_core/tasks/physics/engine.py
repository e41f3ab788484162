"""Balls on a table in MuJoCo: springs are its tendons, rigid links its equality constraints.

Two sliding joints move a ball in the plane of the table; nothing slows it down. A model is compiled once for each
number of balls and of links. Which balls its links connect is no part of that: every scene writes it into the model.
"""

from __future__ import annotations

import copy
import functools
from types import ModuleType
from typing import Any

import numpy as np

from rn_core.common.errors import RNCoreError
from rn_core.tasks.physics.world import (
    CONTACT_STIFFNESS,
    HALF_SIDE,
    MASS,
    RADIUS,
    RIGID_SECONDS,
    STEPS_A_FRAME,
    STIFFNESS,
    TIMESTEP,
)

_WALLS = ((1, 0), (-1, 0), (0, 1), (0, -1))


def move_balls(
    positions: np.ndarray, velocities: np.ndarray, rigid: np.ndarray, lengths: np.ndarray, n_frames: int
) -> tuple[np.ndarray, np.ndarray]:
    """Let MuJoCo move the balls of S scenes; what happens in one depends on no other.

    Args:
        positions: (S, N, 2) of the first frame, in meters.
        velocities: (S, N, 2) of the first frame, in meters per second.
        rigid: (S, N, N) bool, which links are rigid.
        lengths: (S, N, N) rest lengths in meters; 0 where there is none.
        n_frames: frames F, the first one included; 1 or more.

    Returns:
        Positions and velocities, (S, F, N, 2) float32 each.

    Raises:
        RNCoreError: in one sentence, if MuJoCo cannot be loaded.
    """
    n_scenes, n_balls = positions.shape[:2]
    frames = np.empty((2, n_scenes, n_frames, n_balls, 2), dtype=np.float32)
    tables: dict[int, _Table] = {}
    for row in range(n_scenes):
        pairs = np.argwhere(np.triu(lengths[row]))
        if len(pairs) not in tables:
            tables[len(pairs)] = _Table(n_balls, len(pairs))
        table = tables[len(pairs)]
        table.connect(pairs, rigid[row], lengths[row])
        table.run(positions[row], velocities[row], frames[:, row])
    return frames[0], frames[1]


class _Table:
    """One table with N balls and K links, reconnected for every scene."""

    def __init__(self, n_balls: int, n_links: int) -> None:
        """Copy the compiled model, so that every thread has its own."""
        self._mujoco = load_mujoco()
        self._model = copy.copy(_compile(n_balls, n_links))
        self._data = self._mujoco.MjData(self._model)

    def connect(self, pairs: np.ndarray, rigid: np.ndarray, lengths: np.ndarray) -> None:
        """Connect pairs (K, 2), i < j, by springs and `rigid` links (N, N), whose `lengths` (N, N) are at rest."""
        model, (first, second) = self._model, pairs.T
        stiff, length = rigid[first, second], lengths[first, second]
        model.tendon_stiffness[:] = np.where(stiff, 0, STIFFNESS)
        model.tendon_lengthspring[:] = length[:, None]
        model.eq_active0[:] = stiff
        model.eq_data[:, 0] = length - model.tendon_length0
        # A tendon's two ends, the bodies they lie on, and the joints that those slide along.
        model.wrap_objid[:] = pairs.ravel()
        model.tendon_treeid.reshape(-1, 2)[:] = pairs
        model.ten_J_colind[:] = (2 * pairs[:, :, None] + (0, 1)).ravel()

    def run(self, positions: np.ndarray, velocities: np.ndarray, frames: np.ndarray) -> None:
        """Start the balls (N, 2) and write their positions and velocities into `frames` (2, F, N, 2)."""
        data = self._data
        self._mujoco.mj_resetData(self._model, data)
        data.qpos[:], data.qvel[:] = positions.ravel(), velocities.ravel()
        for index in range(frames.shape[1]):
            if index:
                self._mujoco.mj_step(self._model, data, STEPS_A_FRAME)
            frames[0, index], frames[1, index] = data.qpos.reshape(-1, 2), data.qvel.reshape(-1, 2)


@functools.cache
def _compile(n_balls: int, n_links: int) -> Any:
    """Return MuJoCo's model of a table with some balls and links, each link between any two balls."""
    pairs = np.transpose(np.triu_indices(n_balls, k=1))[:n_links]
    return load_mujoco().MjModel.from_xml_string(describe_table(n_balls, pairs))


def describe_table(n_balls: int, pairs: np.ndarray) -> str:
    """Return a table in MuJoCo's XML, with a tendon for each of the pairs (K, 2) of balls."""
    # Apart from each other, since MuJoCo derives from this how strongly a link acts on its balls.
    angles = 2 * np.pi * np.arange(n_balls) / n_balls
    balls = "".join(
        f'<body pos="{x} {y} 0"><joint type="slide" axis="1 0 0" ref="{x}"/>'
        f'<joint type="slide" axis="0 1 0" ref="{y}"/><geom type="sphere" size="{RADIUS}" mass="{MASS}"/>'
        f'<site name="{k}"/></body>'
        for k, (x, y) in enumerate(zip(np.cos(angles) / 2, np.sin(angles) / 2, strict=True))
    )
    walls = "".join(
        f'<geom type="plane" size="1 1 1" pos="{HALF_SIDE * x} {HALF_SIDE * y} 0" zaxis="{-x} {-y} 0"/>'
        for x, y in _WALLS
    )
    tendons = "".join(f'<spatial name="{i}-{j}"><site site="{i}"/><site site="{j}"/></spatial>' for i, j in pairs)
    rods = "".join(f'<tendon tendon1="{i}-{j}" active="false"/>' for i, j in pairs)
    return f"""<mujoco>
        <option timestep="{TIMESTEP}" gravity="0 0 0" jacobian="dense"/>
        <default>
            <geom condim="1" solref="{-CONTACT_STIFFNESS} 0" solimp="0.99 0.99 0.01"/>
            <equality solref="{RIGID_SECONDS} 1" solimp="0.999 0.999 0.01"/>
        </default>
        <worldbody>{walls}{balls}</worldbody><tendon>{tendons}</tendon><equality>{rods}</equality>
    </mujoco>"""


def load_mujoco() -> ModuleType:
    """Return MuJoCo; raises RNCoreError, in one sentence, if it cannot be loaded."""
    try:
        import mujoco
    except (ImportError, OSError, AttributeError) as err:
        raise RNCoreError(
            f"Simulating needs MuJoCo, which could not be loaded ({str(err)[:200]}); run `python -m pip install "
            "mujoco`, or use the scenes that come with the package."
        ) from err
    module: ModuleType = mujoco
    return module
