"""The bodies of CLEVR's objects as triangles: cubes and cylinders with rounded edges, of radius 1 around the origin.

Every triangle has corners, normals and a brushing of its own: the direction along which its surface is brushed, around
the vertical axis, as on a lathe.
"""

from __future__ import annotations

import functools
from typing import NamedTuple

import numpy as np

#: Radius of the rounded edges as a share of the object's own radius.
CUBE_BEVEL, CYLINDER_BEVEL = 0.12, 0.05
#: Steps from the middle of a rounded edge to one of the faces that meet there.
_BEVEL_STEPS = 4
#: Steps across the top of a cube, around a cylinder, and from the middle of its top; brushing turns from step to step.
_TOP_STEPS, _TURN_STEPS, _RING_STEPS = 20, 64, 8
#: Triangles of less than this area have none.
_NO_AREA = 1e-9


class Mesh(NamedTuple):
    """Triangles that share no corners.

    Attributes:
        corners: (F, 3, 3) float64, counter-clockwise seen from outside.
        normals: (F, 3, 3) float64, unit vectors at right angles to the smooth surface, outwards.
        brushing: (F, 3) float64, unit vector in each triangle's plane.
    """

    corners: np.ndarray
    normals: np.ndarray
    brushing: np.ndarray


@functools.cache
def make_cube() -> Mesh:
    """Return a cube of half edge 1 whose edges and corners are rounded."""
    edge = 1 - CUBE_BEVEL
    top, side = _make_face(_TOP_STEPS), _make_face(1)
    faces = [top, -side[::-1], *(np.roll(face, turn, axis=-1) for turn in (1, 2) for face in (side, -side[::-1]))]
    corners = np.concatenate([_triangulate(face) for face in faces])
    inner = np.clip(corners, -edge, edge)
    normals = _unit(corners - inner)
    return _brush(inner + CUBE_BEVEL * normals, normals)


@functools.cache
def make_cylinder() -> Mesh:
    """Return an upright cylinder of radius and half height 1 whose two edges are rounded."""
    edge = 1 - CYLINDER_BEVEL
    bend = np.linspace(0, np.pi / 2, 2 * _BEVEL_STEPS + 1)
    bevel = edge + CYLINDER_BEVEL * np.stack([np.sin(bend), np.cos(bend)])
    ring = np.linspace(0, edge, _RING_STEPS + 1)[:-1]
    radius, height = np.concatenate([np.stack([ring, np.ones_like(ring)]), bevel], axis=1)
    radius, height = (
        np.append(radius, [*radius[: _RING_STEPS - 1 : -1], 0]),
        np.append(height, [*-height[: _RING_STEPS - 1 : -1], -1]),
    )
    angle = np.linspace(0, -2 * np.pi, _TURN_STEPS + 1)[:, None]
    grid = np.stack(np.broadcast_arrays(radius * np.cos(angle), radius * np.sin(angle), height), axis=-1)
    corners = _triangulate(grid)
    away = np.linalg.norm(corners[..., :2], axis=-1, keepdims=True)
    inner = np.clip(corners, -edge, edge)
    inner[..., :2] = corners[..., :2] * np.minimum(1, edge / np.maximum(away, edge))
    return _brush(corners, _unit(corners - inner))


def _make_face(n_steps: int) -> np.ndarray:
    """Return a grid (I, I, 3) of points on the face z = 1 of a cube, denser where its edge will be rounded."""
    edge = 1 - CUBE_BEVEL
    bevel = edge + CUBE_BEVEL * np.tan(np.linspace(0, np.pi / 4, _BEVEL_STEPS + 1))
    across = np.concatenate([-bevel[::-1], np.linspace(-edge, edge, n_steps + 1)[1:-1], bevel])
    x, y = np.meshgrid(across, across, indexing="ij")
    return np.stack([x, y, np.ones_like(x)], axis=-1)


def _triangulate(grid: np.ndarray) -> np.ndarray:
    """Return two triangles (F, 3, 3) for each cell of a grid (I, J, 3) of points, without those of no area."""
    a, b, c, d = grid[:-1, :-1], grid[1:, :-1], grid[1:, 1:], grid[:-1, 1:]
    triangles = np.stack([np.stack([a, b, c], axis=-2), np.stack([a, c, d], axis=-2)]).reshape(-1, 3, 3)
    kept: np.ndarray = triangles[np.linalg.norm(area_vectors(triangles), axis=-1) > _NO_AREA]
    return kept


def _brush(corners: np.ndarray, normals: np.ndarray) -> Mesh:
    """Return a mesh that is brushed around the vertical axis."""
    middle, outwards = corners.mean(axis=1), _unit(area_vectors(corners))
    around = np.stack([-middle[:, 1], middle[:, 0], np.zeros(len(middle))], axis=-1)
    return Mesh(corners, normals, _unit(around - outwards * (around * outwards).sum(axis=-1, keepdims=True)))


def area_vectors(corners: np.ndarray) -> np.ndarray:
    """Return vectors (F, 3) at right angles to triangles (F, 3, 3), outwards, as long as the triangles have area."""
    return np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]) / 2


def _unit(vectors: np.ndarray) -> np.ndarray:
    """Return vectors of length 1."""
    units: np.ndarray = vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)
    return units
