"""A stage for objects that have no places of their own; plain data, no Streamlit."""

from __future__ import annotations

import math
from collections.abc import Sequence

from pages._lab.components.stage import Backdrop, Cast, DrawnStage, Ground, Manner, PairLayer, paint


def make_ring(
    objects: Sequence[tuple[str, str, tuple[int, int, int]]], layer: PairLayer, projector: bool
) -> DrawnStage:
    """Return a stage for objects that have no places of their own: they stand on a ring, and none can be moved.

    Args:
        objects: label, name in words and color (red, green, blue) of each, which are the nodes.
        layer: what their pairs say.
        projector: large type.
    """
    turns = [2 * math.pi * k / len(objects) for k in range(len(objects))]
    drawn = [
        {"id": label, "name": label, "words": name, "x": 37 + 25 * math.sin(turn), "y": 37 - 25 * math.cos(turn),
         "radius": 5, "turn": 0, "shape": "circle", **paint(color)}
        for (label, name, color), turn in zip(objects, turns, strict=True)
    ]  # fmt: skip
    nodes = [{"label": label, "kind": "object"} for label, *_ in objects]
    alt = f"{len(objects)} objects: {', '.join(name for _, name, _ in objects)}."
    manner = Manner(editable=False, projector=projector, alt=alt)
    return DrawnStage(Backdrop(Ground((0, 0, 75, 75)), (75, 75)), Cast("objects", drawn, nodes), layer, manner)
