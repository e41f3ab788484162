"""The camera against the pixel coordinates of real scene graphs."""

from __future__ import annotations

import numpy as np
import pytest

from rn_core.common.seeding import make_rng
from rn_core.tasks.clevr.camera import JITTER, POSITION, fit_camera, project, sample_cameras, view_axes


def test_a_camera_of_its_own_explains_every_real_scene(real_scenes):
    """Pixels are rounded, so 0.5 of a pixel is all that there is to explain."""
    for scene in real_scenes:
        position = fit_camera(scene.coords, scene.pixel_coords)
        gap = np.abs(project(scene.coords, position) - scene.pixel_coords).max(axis=0)
        assert gap[:2].max() < 0.7
        assert gap[2] < 0.01
        assert np.abs(position - POSITION).max() < JITTER + 0.02


def test_cameras_of_real_scenes_are_spread_as_those_that_are_drawn(real_scenes):
    fitted = np.array([fit_camera(scene.coords, scene.pixel_coords) for scene in real_scenes])
    drawn = sample_cameras(make_rng(0, "train"), 20_000)
    # 210 uniform draws of width 1: four standard errors of the mean are 0.08, of the deviation 0.05.
    assert fitted.mean(axis=0) == pytest.approx(drawn.mean(axis=0), abs=0.08)
    assert fitted.std(axis=0) == pytest.approx(drawn.std(axis=0), abs=0.05)
    assert np.abs(drawn - POSITION).max() <= JITTER


def test_a_camera_is_found_again_from_what_it_sees():
    rng = np.random.default_rng(0)
    for position in sample_cameras(make_rng(1, "test"), 50):
        coords = rng.uniform(-3, 3, (4, 3))
        assert fit_camera(coords, project(coords, position)) == pytest.approx(position, abs=1e-8)


def test_the_middle_of_the_ground_is_the_middle_of_the_picture():
    position = np.array(POSITION)
    distance = np.linalg.norm(position)
    assert project(np.zeros((1, 3)), position)[0] == pytest.approx([240, 160, distance])
    above, right = project(np.array([[0, 0, 1.0], [0.6563, 0.7545, 0]]), position)
    assert above[0] == pytest.approx(240)
    assert above[1] < 160
    assert right[0] == pytest.approx(240 + 525 / distance, abs=0.01)


def test_axes_are_orthonormal_and_right_is_level():
    axes = np.stack(view_axes(sample_cameras(make_rng(0, "test"), 100)), axis=-2)
    np.testing.assert_allclose(axes @ axes.swapaxes(-1, -2), np.broadcast_to(np.eye(3), (100, 3, 3)), atol=1e-12)
    assert (axes[:, 0, 2] == 0).all()
    assert (axes[:, 1, 2] > 0).all()
