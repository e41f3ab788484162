"""MuJoCo moves balls as physics says: springs, rigid links, contacts, momentum, energy."""

from __future__ import annotations

import sys
from functools import cache

import mujoco
import numpy as np
import pytest

from rn_core.common.errors import RNCoreError
from rn_core.common.seeding import make_rng
from rn_core.tasks.physics import PhysicsScene, PhysicsScenes, sample_scenes
from rn_core.tasks.physics.engine import _Table, describe_table, move_balls
from rn_core.tasks.physics.world import (
    CONTACT_STIFFNESS,
    FRAME_RATE,
    HALF_SIDE,
    MASS,
    RADIUS,
    RIGID_SECONDS,
    STEPS_A_FRAME,
    STIFFNESS,
    TIMESTEP,
)


@cache
def drawn_scenes() -> PhysicsScenes:
    """Return 300 scenes."""
    return sample_scenes(make_rng(0, "test"), 300)


#: Angular speed of two balls on a spring.
SWING = np.sqrt(2 * STIFFNESS / MASS)


def move(positions, velocities, length, n_frames, rigid=False):
    """Move the balls (N, 2) of one scene, in which a link of some length, if any, connects balls 0 and 1."""
    lengths = np.zeros((1, len(positions), len(positions)))
    if length:
        lengths[0, 0, 1] = lengths[0, 1, 0] = length
    start = (np.array(part, dtype=float)[None] for part in (positions, velocities))
    moved = move_balls(*start, (lengths > 0) & rigid, lengths, n_frames)
    return [part[0].astype(np.float64) for part in moved]


def distances(positions: np.ndarray) -> np.ndarray:
    """Return the distances between all balls, (..., N, 2) -> (..., N, N)."""
    return np.linalg.norm(positions[..., :, None, :] - positions[..., None, :, :].astype(np.float64), axis=-1)


def energy(scenes: PhysicsScenes) -> np.ndarray:
    """Return the energy of balls and springs in each frame, (S, F) joules."""
    stretch = (distances(scenes.positions) - scenes.lengths[:, None]) * (scenes.links & ~scenes.rigid)[:, None]
    moving = MASS / 2 * (scenes.velocities.astype(np.float64) ** 2).sum(axis=(2, 3))
    return moving + STIFFNESS / 4 * (stretch**2).sum(axis=(2, 3))


def test_a_spring_swings_as_the_equation_of_motion_says():
    """Against the closed form, for 6 s and 16 periods; Euler's step of 5 ms shifts the phase by less than a step."""
    positions, _ = move([[-0.35, 0], [0.35, 0]], [[0, 0], [0, 0]], 0.5, 61)
    time = np.arange(61) / FRAME_RATE
    expected = 0.5 + 0.2 * np.cos(SWING * time)
    np.testing.assert_allclose(positions[:, 1, 0] - positions[:, 0, 0], expected, atol=0.2 * SWING * TIMESTEP)
    np.testing.assert_allclose(positions[:, 0, 0], -positions[:, 1, 0], atol=1e-6)


def test_a_spring_has_the_period_of_theory():
    """Counted over 25 s: an error of the period of 0.1 % would be one of the phase of 0.35 rad."""
    positions, _ = move([[-0.35, 0], [0.35, 0]], [[0, 0], [0, 0]], 0.5, 251)
    swing = positions[:, 1, 0] - positions[:, 0, 0] - 0.5
    angular = np.linspace(0.99, 1.01, 2001) * SWING
    waves = np.exp(-1j * angular[:, None] * np.arange(251) / FRAME_RATE)
    assert angular[np.abs(waves @ swing).argmax()] / SWING == pytest.approx(1, abs=1e-3)


def test_a_spring_keeps_its_energy():
    """No frame is off by more than Euler's ripple; what that method really keeps, it keeps to rounding."""
    positions, velocities = move([[-0.35, 0], [0.35, 0]], [[0, 0], [0, 0]], 0.5, 251)
    stretch = positions[:, 1, 0] - positions[:, 0, 0] - 0.5
    speed = velocities[:, 1, 0] - velocities[:, 0, 0]
    total = MASS / 4 * speed**2 + STIFFNESS / 2 * stretch**2
    ripple = SWING * TIMESTEP / 2
    assert np.abs(total / total[0] - 1).max() < ripple / (1 - ripple) + 1e-4
    kept = total - STIFFNESS * TIMESTEP / 2 * stretch * speed
    np.testing.assert_allclose(kept, kept[0], rtol=1e-4)


def test_a_rigid_link_turns_like_a_dumbbell():
    """Two balls turn round their middle by v / r each second, and the middle goes on straight."""
    positions, _ = move([[-0.4, -0.2], [-0.4, 0.2]], [[0.6, 0], [0.2, 0]], 0.4, 16, rigid=True)
    time = np.arange(16) / FRAME_RATE
    np.testing.assert_allclose(positions.mean(axis=1), np.stack([0.4 * time - 0.4, 0 * time], axis=1), atol=1e-4)
    half = positions[:, 1] - positions.mean(axis=1)
    np.testing.assert_allclose(half, 0.2 * np.stack([-np.sin(time), np.cos(time)], axis=1), atol=2e-3)


def test_rigid_links_keep_their_length():
    """To a millimeter, also through collisions."""
    error = np.abs(distances(drawn_scenes().positions) - drawn_scenes().lengths[:, None])
    rods = np.broadcast_to(drawn_scenes().rigid[:, None], error.shape)
    assert rods.any()
    assert error[rods].max() < 0.001
    springs = np.broadcast_to((drawn_scenes().links & ~drawn_scenes().rigid)[:, None], error.shape)
    assert error[springs].max() > 0.05


def test_momentum_is_kept_until_a_ball_meets_a_wall():
    scenes = sample_scenes(make_rng(1, "test"), 200, n_balls=3)
    momentum = MASS * scenes.velocities.astype(np.float64).sum(axis=2)  # (S, F, 2)
    # Nothing is as fast as 2 m/s, so a ball further than 0.2 m from a wall does not reach it in a frame.
    assert np.linalg.norm(scenes.velocities, axis=3).max() < 2
    inside = (np.abs(scenes.positions).max(axis=(2, 3)) < HALF_SIDE - RADIUS - 0.2)[:, :-1]
    change = np.abs(np.diff(momentum, axis=1)).max(axis=2)
    assert inside.sum() > 200
    assert change[inside].max() < 1e-5
    assert change[~inside].max() > 0.1


def test_energy_is_made_by_no_collision():
    """Springs' ripple is a few percent of what they hold; a rigid link that is hit takes some away."""
    change = energy(drawn_scenes())[:, -1] / energy(drawn_scenes())[:, 0] - 1
    assert change.max() < 0.15
    assert np.abs(np.median(change)) < 0.02


@pytest.mark.parametrize("speed", [0.3, 1.0, 2.0])
def test_a_wall_throws_a_ball_back_as_fast(speed):
    positions, velocities = move([[0.9 - speed * 0.2, 0.5]], [[speed, 0]], None, 5)
    np.testing.assert_allclose(velocities[-1], [[-speed, 0]], atol=0.01 * speed)
    assert positions.max() < HALF_SIDE - RADIUS + speed * np.sqrt(MASS / CONTACT_STIFFNESS) + 1e-4


def test_two_balls_change_their_velocities():
    """Head on, equal masses: the first one stops and the second one goes on."""
    _, velocities = move([[-0.3, 0], [0, 0]], [[0.8, 0], [0, 0]], None, 8)
    np.testing.assert_allclose(velocities[-1], [[0, 0], [0.8, 0]], atol=0.01)


def test_no_ball_leaves_the_table_or_enters_another():
    """A contact gives way by speed / 89 (walls) and speed / 126 (balls) meters: here less than 2 and 3 cm."""
    assert np.abs(drawn_scenes().positions).max() < HALF_SIDE - RADIUS + 0.02
    apart = distances(drawn_scenes().positions) + 9 * np.eye(drawn_scenes().n_balls)
    assert apart.min() > 2 * RADIUS - 0.03


def test_free_balls_do_collide():
    """A ball without links changes its velocity only where it meets a wall or another ball."""
    free = ~drawn_scenes().links.any(axis=2)
    turned = np.abs(np.diff(drawn_scenes().velocities, axis=1)).max(axis=3) > 0.05  # (S, F - 1, N)
    inside = np.abs(drawn_scenes().positions).max(axis=3)[:, :-1] < HALF_SIDE - RADIUS - 0.3
    assert 0.01 < (turned & inside).transpose(0, 2, 1)[free].mean() < 0.3


def compile_for(scene: PhysicsScene) -> mujoco.MjModel:
    """Return the model that MuJoCo compiles for the links of one scene."""
    pairs = np.argwhere(np.triu(scene.links))
    model = mujoco.MjModel.from_xml_string(describe_table(scene.n_balls, pairs))
    for link, (i, j) in enumerate(pairs):
        model.tendon_stiffness[link] = 0 if scene.rigid[i, j] else STIFFNESS
        model.tendon_lengthspring[link] = scene.lengths[i, j]
        model.eq_active0[link] = scene.rigid[i, j]
        model.eq_data[link, 0] = scene.lengths[i, j] - model.tendon_length0[link]
    return model


@pytest.mark.parametrize("row", range(0, 300, 30))
def test_a_table_connected_anew_is_the_one_compiled_for_the_scene(row):
    """The model whose links are written into it, against one that was compiled with them: in all but the names.

    A length that is held counts from how far apart the balls were when the model was compiled.
    """
    scene = drawn_scenes().scene(row)
    pairs = np.argwhere(np.triu(scene.links))
    table = _Table(scene.n_balls, len(pairs))
    table.connect(pairs[::-1], scene.rigid, scene.lengths)
    table.connect(pairs, scene.rigid, scene.lengths)
    compiled = compile_for(scene)
    for model in (table._model, compiled):
        model.eq_data[:, 0] += model.tendon_length0
        np.testing.assert_allclose(model.eq_data[:, 0], scene.lengths[tuple(pairs.T)], atol=1e-9)
        model.eq_data[:, 0] = model.tendon_length0[:] = 0
    fields = [name for name in dir(compiled) if isinstance(getattr(compiled, name), np.ndarray) and "name" not in name]
    assert {"wrap_objid", "ten_J_colind", "tendon_treeid"} <= set(fields)
    for name in fields:
        np.testing.assert_allclose(getattr(table._model, name), getattr(compiled, name), rtol=1e-12, err_msg=name)


@pytest.mark.parametrize("row", range(0, 300, 30))
def test_a_scene_moves_as_in_a_model_of_its_own(row):
    """Stepped by hand; a model knows how its links act up to rounding, and frames are kept in 32 bits."""
    scene = drawn_scenes().scene(row)
    model = compile_for(scene)
    data = mujoco.MjData(model)
    data.qpos[:], data.qvel[:] = scene.positions[0].ravel(), scene.velocities[0].ravel()
    for frame in range(1, scene.n_frames):
        mujoco.mj_step(model, data, STEPS_A_FRAME)
        np.testing.assert_allclose(scene.positions[frame].ravel(), data.qpos, rtol=0, atol=1e-6)
        np.testing.assert_allclose(scene.velocities[frame].ravel(), data.qvel, rtol=0, atol=1e-6)


def test_rigid_links_are_as_stiff_as_the_step_allows():
    assert RIGID_SECONDS == pytest.approx(2 * TIMESTEP)


def test_a_missing_mujoco_is_one_sentence(monkeypatch):
    monkeypatch.setitem(sys.modules, "mujoco", None)
    with pytest.raises(RNCoreError, match=r"Simulating needs MuJoCo.*run `python -m pip install mujoco`"):
        sample_scenes(make_rng(0, "test"), 1)
