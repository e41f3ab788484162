"""Bodies of objects: closed, smooth, turned outwards, of the right size and volume."""

from __future__ import annotations

import numpy as np
import pytest

from rn_core.tasks.clevr.meshes import CUBE_BEVEL, CYLINDER_BEVEL, area_vectors, make_cube, make_cylinder

MESHES = {"cube": make_cube, "cylinder": make_cylinder}


def rounded_cube_distance(points: np.ndarray) -> np.ndarray:
    """Return how far points lie outside a cube with rounded edges: a box, grown by the bevel."""
    beyond = np.maximum(np.abs(points) - (1 - CUBE_BEVEL), 0)
    return np.linalg.norm(beyond, axis=-1) - CUBE_BEVEL


def rounded_cylinder_distance(points: np.ndarray) -> np.ndarray:
    """Return how far points lie outside a cylinder with rounded edges."""
    away = np.linalg.norm(points[..., :2], axis=-1)
    beyond = np.maximum(np.stack([away, np.abs(points[..., 2])]) - (1 - CYLINDER_BEVEL), 0)
    return np.linalg.norm(beyond, axis=0) - CYLINDER_BEVEL


@pytest.mark.parametrize("shape", MESHES)
def test_the_surface_is_closed_and_turned_outwards(shape):
    mesh = MESHES[shape]()
    areas = area_vectors(mesh.corners)
    assert areas.sum(axis=0) == pytest.approx(np.zeros(3), abs=1e-9)
    assert ((areas * mesh.corners.mean(axis=1)).sum(axis=1) > 0).all()  # the body is convex around the origin
    cosines = (areas[:, None] * mesh.normals).sum(axis=-1) / np.linalg.norm(areas, axis=-1)[:, None]
    assert cosines.min() > 0.95
    np.testing.assert_allclose(np.linalg.norm(mesh.normals, axis=-1), 1)


@pytest.mark.parametrize(
    ("shape", "distance"), [("cube", rounded_cube_distance), ("cylinder", rounded_cylinder_distance)]
)
def test_corners_lie_on_the_rounded_body(shape, distance):
    mesh = MESHES[shape]()
    assert np.abs(distance(mesh.corners)).max() < 1e-9
    assert np.abs(mesh.corners).max(axis=(0, 1)) == pytest.approx([1, 1, 1])
    step = 1e-6
    slopes = np.stack([distance(mesh.corners + step * axis) - distance(mesh.corners) for axis in np.eye(3)], axis=-1)
    edges = np.abs(slopes / step - mesh.normals).max(axis=-1) > 1e-3  # where flat and round meet, slopes jump
    assert edges.mean() < 0.01


def test_volumes_follow_steiner_and_pappus():
    volumes = {
        shape: float((area_vectors(make().corners) * make().corners[:, 0]).sum() / 3) for shape, make in MESHES.items()
    }
    edge = 2 * (1 - CUBE_BEVEL)
    grown = edge**3 + 6 * edge**2 * CUBE_BEVEL + 3 * np.pi * edge * CUBE_BEVEL**2 + 4 / 3 * np.pi * CUBE_BEVEL**3
    assert volumes["cube"] == pytest.approx(grown, rel=2e-3)
    # 64 steps around a circle lose 0.16 % of its area.
    assert volumes["cylinder"] == pytest.approx(2 * np.pi, rel=4e-3)


@pytest.mark.parametrize("shape", MESHES)
def test_brushing_runs_level_around_the_axis_and_in_the_surface(shape):
    mesh = MESHES[shape]()
    np.testing.assert_allclose(np.linalg.norm(mesh.brushing, axis=-1), 1)
    areas = area_vectors(mesh.corners)
    assert np.abs((mesh.brushing * areas).sum(axis=-1)).max() < 1e-12
    middle = mesh.corners.mean(axis=1)
    around = np.stack([-middle[:, 1], middle[:, 0]], axis=-1)
    assert ((around * mesh.brushing[:, :2]).sum(axis=-1) > 0).all()
    if shape == "cylinder":
        assert np.abs(mesh.brushing[:, 2]).max() < 0.05
