"""The balls where they were last seen, with the pairs among them, as a saved page shows them; no Streamlit."""

from __future__ import annotations

from typing import Any

from pages._lab.components.stage import Backdrop, Cast, DrawnStage, Ground, Manner, PairLayer, paint
from pages._lab.physics.view import PhysicsView
from pages._lab.words import join_words
from rn_core.tasks.physics import COLORS
from rn_core.tasks.physics.world import N_FRAMES, RADIUS, TABLE_WIDTH

#: Side of the stage in its units, and units in a metre.
_SIDE = 75.0
_SCALE = _SIDE / TABLE_WIDTH
_MIDDLE = (_SIDE - 1) / 2


def make_saved_stage(view: PhysicsView) -> DrawnStage:
    """Return the table with what the pairs add to the count, for a saved page, where nothing can be moved."""
    labels = view.nodes.labels
    places = view.scene.positions[N_FRAMES - 1].tolist()
    balls = [_make_ball(label, x, y) for label, (x, y) in zip(labels, places, strict=True)]
    nodes = [{"label": label, "kind": "object"} for label in labels]
    layer = PairLayer(
        weights=view.matrix,
        target=view.target_text,
        against=view.against_text,
        pinned=view.pinned,
        true_pairs=view.true_pairs,
        show_truth=view.state.truth,
        deciding=(),
    )
    backdrop = Backdrop(Ground((-0.5, -0.5, _SIDE, _SIDE)), (_SIDE, _SIDE))
    alt = f"Table with {len(labels)} balls: {join_words(labels)}."
    return DrawnStage(
        backdrop, Cast("objects", balls, nodes), layer, Manner(False, projector=view.state.projector, alt=alt)
    )


def _make_ball(label: str, x: float, y: float) -> dict[str, Any]:
    """Return a ball at (x, y) metres; on a stage y runs down."""
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
