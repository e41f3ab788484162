"""The camera against the pixel coordinates of real scene graphs."""

from __future__ import annotations

import numpy as np
import pytest

from rn_core.common.seeding import make_rng
from rn_core.tasks.clevr.camera import (
    JITTER,
    POSITION,
    fit_camera,
    guess_size,
    misfit,
    project,
    sample_cameras,
    scale_pixels,
    view_axes,
)


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


def look(
    n_objects: int, width: int, height: int, n_scenes: int = 12
) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Return scenes as centers, rounded pixel coordinates in a picture of a size, and the camera's true place."""
    rng, seen = np.random.default_rng(width), []
    for position in sample_cameras(make_rng(width, "test"), n_scenes):
        coords = np.column_stack([rng.uniform(-3, 3, (n_objects, 2)), rng.choice([0.35, 0.7], n_objects)])
        column, row, depth = project(coords, position).T
        pixels = [width / 2 + (column - 240) * width / 480, height / 2 + (row - 160) * width / 480]
        seen.append((coords, np.column_stack([*np.round(pixels), depth]), position))
    return seen


@pytest.mark.parametrize("n_objects", [1, 2])
def test_few_objects_settle_a_camera_that_sees_them_where_they_are(n_objects):
    for coords, pixels, position in look(n_objects, 480, 320, 60):
        found = fit_camera(coords, pixels)
        assert np.abs(project(coords, found) - project(coords, position))[:, :2].max() < 1
        assert np.abs(found - POSITION).max() <= 1.5 * JITTER
        assert misfit(coords, pixels, found) < 0.25


@pytest.mark.parametrize("n_objects", [1, 2, 6])
@pytest.mark.parametrize("size", [(320, 240), (640, 480), (224, 224), (480, 320)], ids=str)
def test_the_size_of_a_picture_is_guessed_from_its_coordinates(n_objects, size):
    assert {guess_size(coords, pixels) for coords, pixels, _ in look(n_objects, *size, 5)} == {size}


def test_another_size_is_the_same_camera_scaled():
    for coords, pixels, position in look(4, 4800, 3600, 5):
        assert scale_pixels(pixels, 4800, 3600) == pytest.approx(project(coords, position), abs=0.06)


def test_coordinates_of_no_picture_have_no_size():
    coords, pixels, _ = look(5, 480, 320, 1)[0]
    assert guess_size(coords, pixels[::-1]) is None
    assert guess_size(coords, np.full_like(pixels, 1e5)) is None
    assert guess_size(coords, np.zeros_like(pixels)) is None
