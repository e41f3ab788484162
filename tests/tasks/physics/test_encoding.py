"""Rows, targets and the simplest prediction, each against what is written out by hand or in a loop."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from rn_core.common.errors import SceneError
from rn_core.common.seeding import make_rng
from rn_core.tasks.physics import COLORS, PhysicsScenes, sample_scenes
from rn_core.tasks.physics.encoding import (
    D_ROW,
    connection_targets,
    count_targets,
    encode_rows,
    list_pairs,
    predict_constant_velocity,
    prediction_errors,
    prediction_targets,
)
from rn_core.tasks.physics.world import HALF_SIDE, RADIUS


@cache
def long_scenes() -> PhysicsScenes:
    """Return 20 scenes of 32 frames."""
    return sample_scenes(make_rng(0, "test"), 20, n_frames=32)


@cache
def drawn_scenes() -> PhysicsScenes:
    """Return what models see of them."""
    return long_scenes().frames(0, 16)


def test_a_row_is_a_balls_color_then_its_path():
    rows, mask = encode_rows(drawn_scenes())
    assert rows.shape == (20, 10, D_ROW) == (20, 10, 35)
    assert rows.dtype == np.float32
    assert mask.all()
    for scene in (0, 13):
        for ball, (name, rgb) in enumerate(list(COLORS.items())[:10]):
            path = drawn_scenes().positions[scene, :, ball]
            expected = [part / 255 for part in rgb] + [x for x, _ in path] + [y for _, y in path]
            np.testing.assert_allclose(rows[scene, ball], expected, rtol=1e-6, err_msg=name)


def test_rows_without_a_ball_are_zero_and_masked():
    rows, mask = encode_rows(drawn_scenes(), n_rows=16)
    np.testing.assert_array_equal(rows[:, :10], encode_rows(drawn_scenes())[0])
    assert not rows[:, 10:].any()
    assert mask.tolist() == [[True] * 10 + [False] * 6] * 20


def test_balls_take_the_colors_they_are_given():
    colors = np.stack([np.random.default_rng(row).permutation(16)[:10] for row in range(20)])
    rows, _ = encode_rows(drawn_scenes(), colors=colors)
    np.testing.assert_array_equal(rows[..., 3:], encode_rows(drawn_scenes())[0][..., 3:])
    np.testing.assert_allclose(rows[4, 7, :3], np.array(list(COLORS.values())[colors[4, 7]]) / 255, rtol=1e-6)


def test_all_colors_differ():
    rgb = np.array(list(COLORS.values()), dtype=float)
    apart = np.linalg.norm(rgb[:, None] - rgb, axis=2) + 999 * np.eye(16)
    assert len(rgb) == 16
    assert apart.min() > 50


def test_targets_are_read_off_the_links_in_a_loop():
    connections, counts, pairs = connection_targets(drawn_scenes()), count_targets(drawn_scenes()), list_pairs(10)
    assert connections.shape == (20, 45)
    assert pairs.tolist() == [[i, j] for i in range(10) for j in range(i + 1, 10)]
    for scene in range(20):
        for pair, (i, j) in enumerate(pairs):
            assert connections[scene, pair] == drawn_scenes().links[scene, i, j]
        assert counts[scene] == len(set(drawn_scenes().systems[scene])) - 1


def test_what_is_predicted_is_what_comes_next():
    np.testing.assert_array_equal(prediction_targets(long_scenes()), long_scenes().positions[:, 16:])


def step_by_step(place: float, step: float, n_frames: int) -> list[float]:
    """Return where a ball between two walls is after each of some steps, thrown back without loss."""
    furthest, places = HALF_SIDE - RADIUS, []
    for _ in range(n_frames):
        place += step
        if abs(place) > furthest:
            place, step = np.sign(place) * 2 * furthest - place, -step
        places.append(place)
    return places


def test_constant_velocity_goes_straight_and_comes_back_from_walls():
    positions = np.array([[[[0.1, -0.5]], [[0.2, -0.7]]]], dtype=np.float32)  # (1, 2, 1, 2)
    through = predict_constant_velocity(positions, 12, reflects=False)[0, :, 0]
    np.testing.assert_allclose(through, [[0.2 + 0.1 * k, -0.7 - 0.2 * k] for k in range(1, 13)], rtol=1e-5)
    back = predict_constant_velocity(positions, 12)[0, :, 0]
    np.testing.assert_allclose(back[:, 0], step_by_step(0.2, 0.1, 12), atol=1e-5)
    np.testing.assert_allclose(back[:, 1], step_by_step(-0.7, -0.2, 12), atol=1e-5)


def test_constant_velocity_is_right_about_free_balls_that_meet_nothing():
    scenes = sample_scenes(make_rng(0, "explore"), 50, n_balls=1, n_frames=32)
    predicted = predict_constant_velocity(scenes.positions[:, :16], 16)
    assert np.median(np.abs(predicted - prediction_targets(scenes)).max(axis=(1, 2, 3))) < 0.03


def test_walls_make_constant_velocity_better():
    true = prediction_targets(long_scenes())
    with_walls, without = (
        prediction_errors(predict_constant_velocity(drawn_scenes().positions, 16, reflects), true).mean()
        for reflects in (True, False)
    )
    assert with_walls < without


def test_errors_are_mean_distances_in_table_widths():
    true = np.zeros((2, 3, 4, 2), dtype=np.float32)
    predicted = true.copy()
    predicted[:, 1] = (0.3, 0.4)
    predicted[0, 2, 0] = (0, 2)
    np.testing.assert_allclose(prediction_errors(predicted, true), [0, 0.25, 1 / 8], rtol=1e-6)


@pytest.mark.parametrize("n_frames", [1, 15, 17, 32])
def test_a_wrong_number_of_frames_is_one_sentence(n_frames):
    with pytest.raises(SceneError, match=f"networks read 16 frames, got {n_frames}; give them as many"):
        encode_rows(long_scenes().frames(0, n_frames) if n_frames < 32 else long_scenes())


@pytest.mark.parametrize("n_rows", [9, 17])
def test_a_wrong_number_of_rows_is_one_sentence(n_rows):
    with pytest.raises(SceneError, match=f"10 balls need 10 to 16 rows, got {n_rows}; change that"):
        encode_rows(drawn_scenes(), n_rows)


def test_nothing_to_predict_is_one_sentence():
    with pytest.raises(SceneError, match="need more than 16 frames, got 16; simulate more"):
        prediction_targets(drawn_scenes())
