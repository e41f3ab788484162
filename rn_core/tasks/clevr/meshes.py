"""The bodies of CLEVR's objects as triangles: cubes and cylinders with rounded edges, of radius 1 around the origin.

Every triangle has corners, normals and a place on the texture of its own, so that each can say along which direction
its surface is brushed: around the vertical axis, as on a lathe.
"""

from __future__ import annotations

import functools
from typing import NamedTuple

import numpy as np

#: Radius of the rounded edges as a share of the object's own radius.
CUBE_BEVEL, CYLINDER_BEVEL = 0.12, 0.05
#: Steps of a rounded edge (half of it, on each of the two faces that meet there).
_BEVEL_STEPS = 4
#: Steps across a face; brushing changes direction from one to the next.
_FACE_STEPS = 24
_TURN_STEPS = 96
_RING_STEPS = 12


class Mesh(NamedTuple):
    """Triangles that share no corners.

    Attributes:
        corners: (F, 3, 3) float64, counter-clockwise seen from outside.
        normals: (F, 3, 3) float64, unit vectors of the smooth surface, outwards.
        brushing: (F, 3) float64, unit vector of each triangle's plane, around the vertical axis.
    """

    corners: np.ndarray
    normals: np.ndarray
    brushing: np.ndarray


@functools.cache
def make_cube() -> Mesh:
    """Return a cube of half edge 1 whose edges and corners are rounded."""
    edge = 1 - CUBE_BEVEL
    bevel = edge + CUBE_BEVEL * np.tan(np.linspace(0, np.pi / 4, _BEVEL_STEPS + 1))
    flat = np.linspace(-edge, edge, _FACE_STEPS + 1)[1:-1]
    across = np.concatenate([-bevel[::-1], flat, bevel])
    u, v = np.meshgrid(across, across, indexing="ij")
    top = np.stack([u, v, np.ones_like(u)], axis=-1)
    faces = []
    for axis in range(3):
        face = np.roll(top, axis + 1, axis=-1)
        faces += [face, -face[::-1]]
    corners = np.concatenate([_triangulate(face) for face in faces])
    inner = np.clip(corners, -edge, edge)
    normals = _unit(corners - inner)
    return _make_mesh(inner + CUBE_BEVEL * normals, normals)


@functools.cache
def make_cylinder() -> Mesh:
    """Return an upright cylinder of radius and half height 1 whose two edges are rounded."""
    edge = 1 - CYLINDER_BEVEL
    turn = np.linspace(0, np.pi / 2, 2 * _BEVEL_STEPS + 1)
    radius = np.concatenate([np.linspace(0, edge, _RING_STEPS + 1)[:-1], edge + CYLINDER_BEVEL * np.sin(turn)])
    height = np.concatenate([np.ones(_RING_STEPS), edge + CYLINDER_BEVEL * np.cos(turn)])
    radius, height = np.concatenate([radius, radius[::-1]]), np.concatenate([height, -height[::-1]])
    angle = np.linspace(0, 2 * np.pi, _TURN_STEPS + 1)[:, None]
    rings = np.stack(
        [radius * np.cos(angle), radius * np.sin(angle), np.broadcast_to(height, (len(angle), len(height)))], -1
    )
    corners = _triangulate(rings[::-1])
    away = np.linalg.norm(corners[..., :2], axis=-1, keepdims=True)
    inner = corners * np.minimum(1, edge / np.maximum(away, edge))
    inner[..., 2] = np.clip(corners[..., 2], -edge, edge)
    return _make_mesh(corners, _unit(corners - inner))


def _triangulate(grid: np.ndarray) -> np.ndarray:
    """Return two triangles (F, 3, 3) for each cell of a grid (I, J, 3) of points, without those of no area."""
    a, b, c, d = grid[:-1, :-1], grid[1:, :-1], grid[1:, 1:], grid[:-1, 1:]
    triangles = np.stack([np.stack([a, b, c], axis=-2), np.stack([a, c, d], axis=-2)]).reshape(-1, 3, 3)
    return triangles[np.linalg.norm(_across(triangles), axis=-1) > 1e-9]


def _make_mesh(corners: np.ndarray, normals: np.ndarray) -> Mesh:
    """Return a mesh, brushed around the vertical axis."""
    middle = corners.mean(axis=1)
    around = np.stack([-middle[:, 1], middle[:, 0], np.zeros(len(middle))], axis=-1)
    across = _unit(_across(corners))
    return Mesh(corners, normals, _unit(around - across * (around * across).sum(axis=-1, keepdims=True)))


def _across(triangles: np.ndarray) -> np.ndarray:
    """Return (F, 3) vectors at right angles to triangles (F, 3, 3), outwards."""
    return np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0])


def _unit(vectors: np.ndarray) -> np.ndarray:
    """Return vectors of length 1."""
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)
