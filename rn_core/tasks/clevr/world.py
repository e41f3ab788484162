"""The world of CLEVR: attributes and their values, directions, and when an object stands in a relation to another.

Source: Johnson et al. 2017 (arXiv 1612.06890), section 3.1 and supplement A, and the scene graphs of CLEVR v1.0.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

SIZES = ("large", "small")
COLORS = ("gray", "red", "blue", "green", "brown", "purple", "cyan", "yellow")
MATERIALS = ("rubber", "metal")
SHAPES = ("cube", "sphere", "cylinder")
#: Attribute -> its values, attributes in the order in which CLEVR's programs filter by them.
VALUES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"size": SIZES, "color": COLORS, "material": MATERIALS, "shape": SHAPES}
)
RELATIONS = ("left", "right", "front", "behind")
#: Unit vectors of the ground plane, the same in all of CLEVR: they were read before the camera was moved.
DIRECTIONS: Mapping[str, tuple[float, float, float]] = MappingProxyType(
    {
        "right": (0.6563112735748291, 0.7544902563095093, -0.0),
        "behind": (-0.754490315914154, 0.6563112735748291, 0.0),
        "above": (0.0, 0.0, 1.0),
        "below": (-0.0, -0.0, -1.0),
        "left": (-0.6563112735748291, -0.7544902563095093, 0.0),
        "front": (0.754490315914154, -0.6563112735748291, -0.0),
    }
)
#: Radius of an object by `SIZES`, half its height, half a cube's edge.
RADIUS = (0.7, 0.35)
MAX_OBJECTS = 10
#: How far one object's center must lie from another's along a direction to stand in that relation to it.
RELATION_OFFSET = 0.2


def offsets_along(coords: np.ndarray, directions: Mapping[str, tuple[float, float, float]]) -> np.ndarray:
    """Return (..., 4, N, N) float64: [r, i, j] is how far j's center lies from i's along the direction of relation r.

    Only single sums and products, in a fixed order, so that every platform gets the same bits.

    Args:
        coords: (..., N, 3) float64.
        directions: name -> unit vector, at least one for each of `RELATIONS`.
    """
    x, y, z = np.moveaxis(coords[..., None, :, :] - coords[..., :, None, :], -1, 0)
    along = [x * dx + y * dy + z * dz for dx, dy, dz in (directions[name] for name in RELATIONS)]
    return np.stack(along, axis=-3)
