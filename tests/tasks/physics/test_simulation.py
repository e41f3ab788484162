"""Going on from a frame, and pulling a ball: what stays, what moves, and the sentence for what cannot be."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from rn_core.common.errors import SceneError
from rn_core.common.seeding import make_rng
from rn_core.tasks.physics import PhysicsScene, PhysicsScenes, pull_ball, sample_scenes, simulate, stack_scenes
from rn_core.tasks.physics.scene_record import FURTHEST, MAX_LENGTH, MAX_SPEED, MIN_APART
from rn_core.tasks.physics.world import HALF_SIDE, RADIUS


@cache
def drawn_scenes() -> PhysicsScenes:
    """Return 40 scenes of 24 frames."""
    return sample_scenes(make_rng(0, "test"), 40, n_frames=24)


def make_scene(places, links=(), speed=0.0) -> PhysicsScene:
    """Return one frame of balls that move to the right, connected by links (i, j, rigid) that are at rest."""
    positions = np.array([places], dtype=np.float32)
    connected, rigid = np.zeros((2, len(places), len(places)), dtype=bool)
    lengths = np.zeros(connected.shape, dtype=np.float32)
    for i, j, stiff in links:
        connected[[i, j], [j, i]], rigid[[i, j], [j, i]] = True, stiff
        lengths[[i, j], [j, i]] = np.linalg.norm(positions[0, i] - positions[0, j])
    velocities = np.zeros_like(positions)
    velocities[..., 0] = speed
    return PhysicsScene(positions, velocities, connected, rigid, lengths)


def test_a_drawn_scene_is_what_its_first_frame_leads_to():
    again = simulate(drawn_scenes(), 24)
    np.testing.assert_array_equal(again.positions, drawn_scenes().positions)
    np.testing.assert_array_equal(again.velocities, drawn_scenes().velocities)


@pytest.mark.parametrize("first", [8, -16])
def test_every_frame_is_a_state_to_go_on_from(first):
    """A frame is kept in 32 bits, and a contact that is going on forgets its solver's start: near, not equal."""
    rest = simulate(drawn_scenes(), 16, first)
    np.testing.assert_array_equal(rest.positions[:, 0], drawn_scenes().positions[:, 8])
    apart = np.abs(rest.positions - drawn_scenes().positions[:, 8:]).max(axis=(2, 3))
    assert np.median(apart[:, -1]) < 1e-4
    assert apart[:, 1].max() < 1e-4


def test_a_scene_moves_alike_alone_and_among_others():
    for row in (0, 17, 39):
        alone = simulate(stack_scenes([drawn_scenes().scene(row)]), 24)
        np.testing.assert_array_equal(alone.positions[0], drawn_scenes().positions[row])


def test_the_wildest_scenes_that_can_be_read_stay_in_sight():
    """Everything as fast as may be, springs as wrong as may be, balls as near as may be."""
    rng = np.random.default_rng(0)
    for n_balls in (1, 2, 5, 16):
        links = np.triu(rng.random((n_balls, n_balls)) < 0.3, k=1)
        lengths = (links + links.T) * np.float32(MAX_LENGTH)
        columns = np.arange(n_balls, dtype=np.float32) % 4
        places = np.stack([FURTHEST - columns * MIN_APART, np.arange(n_balls) // 4 * MIN_APART], axis=1)
        velocities = rng.choice([-MAX_SPEED, MAX_SPEED], (1, n_balls, 2)).astype(np.float32)
        connected = (links | links.T, np.zeros_like(links), lengths)
        scene = PhysicsScene(places[None].astype(np.float32), velocities, *connected)
        moved = simulate(stack_scenes([scene]), 32)
        assert np.isfinite(moved.positions).all()
        assert np.abs(moved.positions).max() < 2.5


def test_a_pulled_ball_is_let_go_at_rest_and_its_springs_pull_it_back():
    scene = make_scene([(0, 0), (0.4, 0), (-0.5, 0.5)], [(0, 1, False)], speed=0.3)
    pulled = pull_ball(scene, 1, (0.7, 0))
    np.testing.assert_array_equal(pulled.positions[0], np.array([(0, 0), (0.7, 0), (-0.5, 0.5)], dtype=np.float32))
    assert pulled.velocities[0, :, 0].tolist() == [np.float32(0.3), 0, np.float32(0.3)]
    np.testing.assert_array_equal(pulled.lengths, scene.lengths)
    after = simulate(stack_scenes([pulled]), 2).positions[0, 1]
    assert after[1, 0] < 0.7 - 0.05
    assert after[0, 0] > 0.3 / 10 + 0.05
    np.testing.assert_allclose(after[2], (-0.5 + 0.03, 0.5), atol=1e-6)


def test_what_a_rigid_link_connects_comes_along_at_rest():
    links = [(0, 1, True), (1, 2, True), (2, 3, False)]
    scene = make_scene([(0, 0), (0.2, 0), (0.4, 0), (0.6, 0)], links, speed=0.3)
    pulled = pull_ball(scene, 0, (0, 0.2))
    expected = np.array([(0, 0.2), (0.2, 0.2), (0.4, 0.2), (0.6, 0)], dtype=np.float32)
    np.testing.assert_allclose(pulled.positions[0], expected, atol=1e-7)
    assert pulled.velocities[0, :, 0].tolist() == [0, 0, 0, np.float32(0.3)]
    moved = simulate(stack_scenes([pulled]), 16).positions[0].astype(np.float64)
    for i, j in ((0, 1), (1, 2)):
        np.testing.assert_allclose(np.linalg.norm(moved[:, i] - moved[:, j], axis=1), 0.2, atol=2e-3)


def test_pulling_reads_the_frame_asked_for_and_changes_nothing_else():
    scene = drawn_scenes().scene(3)
    place = tuple(scene.positions[5, 2])
    pulled = pull_ball(scene, 2, place, frame=5)
    np.testing.assert_array_equal(pulled.positions[0], scene.positions[5])
    np.testing.assert_array_equal(pulled.links, scene.links)


@pytest.mark.parametrize(
    ("ball", "place", "sentence"),
    [
        (4, (0, 0), r"ball to pull must be 0 to 3, got 4; choose one"),
        (-1, (0, 0), r"ball to pull must be 0 to 3, got -1; choose one"),
        (3, (0.95, 0), r"Ball 3 would lie at \(0.95, 0.00\), but both must be from -0.94 to 0.94 m; pull less far"),
        (3, (float("nan"), 0), r"Ball 3 would lie at \(nan, 0.00\), but both must be"),
        (0, (0.8, 0), r"Ball 1 would lie at \(1.00, 0.00\), but both must be"),
        (3, (0.1, 0.05), r"Ball 3 would lie 0.11 m from ball \d, but they must be 0.12 m apart; pull it elsewhere"),
        (2, (0.5, 0.85), r"Pulled too far \(27 J, limit 25 J\); try a shorter pull"),
    ],
)
def test_a_place_that_cannot_be_pulled_to_is_one_sentence(ball, place, sentence):
    scene = make_scene([(0, 0), (0.2, 0), (0.2, -0.3), (-0.5, 0.5)], [(0, 1, True), (1, 2, False)])
    with pytest.raises(SceneError, match=sentence):
        pull_ball(scene, ball, place)


@pytest.mark.parametrize("frame", [24, -25])
def test_a_frame_that_is_not_there_is_one_sentence(frame):
    with pytest.raises(SceneError, match=f"must be 0 to 23, got {frame}; choose one of them"):
        simulate(drawn_scenes(), 4, frame)
    with pytest.raises(SceneError, match=f"must be 0 to 23, got {frame}; choose one of them"):
        pull_ball(drawn_scenes().scene(0), 0, (0, 0), frame)


def test_a_pulled_scene_goes_to_json_and_back():
    """After the furthest pull that is allowed, balls at full speed against walls and each other are still a scene."""
    assert HALF_SIDE + RADIUS < FURTHEST
    scene = make_scene([(0.9, 0.9), (0.3, 0.9), (0.1, 0.5), (0.9, 0)], [(0, 1, False), (1, 2, False), (0, 3, False)])
    moved = simulate(stack_scenes([pull_ball(scene, 1, (0.74, 0.9))]), 32).scene(0)
    np.testing.assert_array_equal(PhysicsScene.from_json(moved.to_json()).positions, moved.positions)
