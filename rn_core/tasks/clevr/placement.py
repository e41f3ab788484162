"""Where objects may stand in a CLEVR scene, for scenes that are drawn and for scenes that a person edits.

Source: Johnson et al. 2017 (arXiv 1612.06890), supplement A; the numbers hold in all real scene graphs.
"""

from __future__ import annotations

import numpy as np

from rn_core.common.errors import SceneError
from rn_core.tasks.clevr.scene import DIRECTIONS, RADIUS, ClevrScene

#: Centers stand from -3 to 3 in x and y.
EXTENT = 3.0
#: Least gap between the circles of two objects on the ground.
MIN_GAP = 0.25
#: Least offset of two centers along left/right and along front/behind.
MIN_OFFSET = 0.4
_ROUNDING = 1e-6


def distances(offset: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return squared distance, offset along left/right and along front/behind, (...,) float64 each.

    Args:
        offset: (..., 2) float64, from one center to another on the ground.
    """
    x, y = offset[..., 0], offset[..., 1]
    sideways, back = (np.abs(x * dx + y * dy) for dx, dy, _ in (DIRECTIONS["right"], DIRECTIONS["behind"]))
    return x * x + y * y, sideways, back


def check_placement(scene: ClevrScene) -> None:
    """Check the places of a scene's objects against CLEVR's rules, which `ClevrScene.from_json` does not.

    Raises:
        SceneError: naming an object that stands too far out, not on the ground, too near to another one, or neither
            clearly left nor right, or neither clearly in front nor behind it.
    """
    radius = np.array(RADIUS)[scene.sizes]
    for index, (x, y, z) in enumerate(scene.coords.tolist()):
        if max(abs(x), abs(y)) > EXTENT + _ROUNDING:
            raise SceneError(
                f"Object {index}'s x and y must be from -{EXTENT:g} to {EXTENT:g}, got {x:.3g} and {y:.3g}; move it."
            )
        if abs(z - radius[index]) > _ROUNDING:
            raise SceneError(
                f"Object {index}'s z must be its radius {radius[index]:g}, got {z:.3g}; change its height."
            )
    for one in range(scene.n_objects):
        for other in range(one):
            _check_pair(scene, other, one, radius[one] + radius[other])


def _check_pair(scene: ClevrScene, one: int, other: int, radii: float) -> None:
    """Raise SceneError unless two objects keep their distance."""
    squared, sideways, back = map(float, distances(scene.coords[one, :2] - scene.coords[other, :2]))
    gap = squared**0.5 - radii
    if gap < MIN_GAP - _ROUNDING:
        raise SceneError(
            f"Objects {one} and {other} must leave a gap of {MIN_GAP:g}, got {gap:.2f}; move one of them away."
        )
    for names, offset in (("left or right", sideways), ("in front or behind", back)):
        if offset < MIN_OFFSET - _ROUNDING:
            raise SceneError(
                f"Object {other} must be clearly {names} of object {one}, by {MIN_OFFSET:g}, got {offset:.2f}; move it."
            )
