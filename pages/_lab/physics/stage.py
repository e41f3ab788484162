"""The balls where they were last seen, with the pairs among them, as a saved page shows them; no Streamlit."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from pages._lab.components.stage import Backdrop, Cast, DrawnStage, Ground, Manner, PairLayer, paint
from pages._lab.physics.state import PhysicsState
from pages._lab.physics.view import PhysicsView
from pages._lab.words import join_words
from rn_core.tasks.physics import COLORS, PhysicsScene
from rn_core.tasks.physics.world import N_FRAMES, RADIUS, TABLE_WIDTH

#: Side of the stage in its units, and units in a meter.
_SIDE = 75.0
_SCALE = _SIDE / TABLE_WIDTH
_MIDDLE = (_SIDE - 1) / 2


def make_saved_stage(view: PhysicsView) -> DrawnStage:
    """Return the table with what the pairs add, for a saved page, where nothing can be moved."""
    return make_table_stage(view.state, view.scene, view)


def make_table_stage(state: PhysicsState, scene: PhysicsScene, view: PhysicsView | None) -> DrawnStage:
    """Return the table, where nothing can be moved, with what the pairs add; without a view, the balls alone."""
    labels = state.labels
    places = scene.positions[N_FRAMES - 1].tolist()
    balls = [_make_ball(label, x, y) for label, (x, y) in zip(labels, places, strict=True)]
    nodes = [{"label": label, "kind": "object"} for label in labels]
    backdrop = Backdrop(Ground((-0.5, -0.5, _SIDE, _SIDE)), (_SIDE, _SIDE))
    alt = f"Table with {len(labels)} balls: {join_words(labels)}."
    return DrawnStage(
        backdrop,
        Cast("objects", balls, nodes),
        _make_layer(view, len(labels)),
        Manner(False, projector=state.projector, alt=alt),
    )


def _make_layer(view: PhysicsView | None, n_balls: int) -> PairLayer:
    """Return what the pairs say; without a view, nothing."""
    if view is None:
        return PairLayer(np.zeros((n_balls, n_balls)))
    return replace(view.layer, deciding=())


def _make_ball(label: str, x: float, y: float) -> dict[str, Any]:
    """Return a ball at (x, y) meters; on a stage y runs down."""
    return {
        "id": label,
        "name": label,
        "words": f"{label} ball",
        "x": round(_MIDDLE + _SCALE * x, 3),
        "y": round(_MIDDLE - _SCALE * y, 3),
        "radius": _SCALE * RADIUS,
        "turn": 0,
        "shape": "circle",
        **paint(COLORS[label]),
    }
