"""The objects of a set's scene as a picture: at their places, or on a ring."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pages._lab.components.ring import make_ring
from pages._lab.components.stage import Backdrop, Cast, DrawnStage, Ground, Manner, PairLayer, paint
from rn_core.tasks.own.scene import OwnScene
from rn_core.tasks.own.schema import Schema

Color = tuple[int, int, int]
#: Colors of a category's first values; further ones begin again. Told apart by most who lack one kind of cone (Okabe
#: and Ito 2008, https://jfly.uni-koeln.de/color).
_PALETTE = (
    (0, 114, 178), (230, 159, 0), (0, 158, 115), (204, 121, 167), (86, 180, 233), (213, 94, 0), (240, 228, 66),
)  # fmt: skip
_GRAY = (110, 118, 129)
#: Side of the picture, its margin, and the size of an object.
_SIDE, _MARGIN, _RADIUS = 75.0, 9.0, 4.0


def paint_objects(schema: Schema, scene: OwnScene) -> list[Color | None]:
    """Return the color of each object, by the first feature that is a category; None where there is none."""
    column = next((column for column in schema.columns if column.values), None)
    if column is None:
        return [None] * len(scene.objects)
    return [_PALETTE[column.index[str(thing.features[column.name])] % len(_PALETTE)] for thing in scene.objects]


def make_own_stage(
    scene: OwnScene, shown: Sequence[tuple[str, str, Color | None]], layer: PairLayer, projector: bool
) -> DrawnStage:
    """Return the picture of a scene, in which nothing can be moved.

    Args:
        scene: what is drawn.
        shown: label, name and color of each object.
        layer: what their pairs say.
        projector: large type.
    """
    painted = [(label, name, color or _GRAY) for label, name, color in shown]
    if any(thing.place is None for thing in scene.objects):
        return make_ring(painted, layer, projector)
    drawn = [
        {"id": label, "name": name[:10], "words": name, "x": x, "y": y, "radius": _RADIUS, "turn": 0, "shape": "circle",
         **paint(color)}
        for (label, name, color), (x, y) in zip(painted, _fit(scene), strict=True)
    ]  # fmt: skip
    nodes = [{"label": label, "kind": "object"} for label, *_ in shown]
    alt = f"{len(shown)} objects: {', '.join(name for _, name, _ in shown)}."
    backdrop = Backdrop(Ground((0, 0, _SIDE, _SIDE)), (_SIDE, _SIDE))
    return DrawnStage(backdrop, Cast("objects", drawn, nodes), layer, Manner(False, projector=projector, alt=alt))


def _fit(scene: OwnScene) -> list[list[float]]:
    """Return places in the picture, y downward, in the proportions that they have."""
    places = np.array([thing.place for thing in scene.objects], dtype=float)  # (N, 2)
    low, high = places.min(axis=0), places.max(axis=0)
    scale = (_SIDE - 2 * _MARGIN) / max(1e-9, float((high - low).max()))
    fitted = _SIDE / 2 + (places - (low + high) / 2) * scale * np.array([1.0, -1.0])
    found: list[list[float]] = fitted.round(2).tolist()
    return found
