"""What the animated table shows; plain data, no Streamlit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pages._lab.physics.state import PhysicsState
from pages._ui.components.table import Numbers, PredictedPaths, TablePayload, TrueLink
from rn_core.tasks.physics import COLORS, PhysicsScene
from rn_core.tasks.physics.world import FRAME_RATE, HALF_SIDE, N_FRAMES, RADIUS

if TYPE_CHECKING:
    from pages._ui.physics.asking import Answers


def make_payload(state: PhysicsState, scene: PhysicsScene, answers: Answers, can_pull: bool = True) -> TablePayload:
    """Return what `draw_table` draws.

    Args:
        state: what was asked for.
        scene: what the balls do.
        answers: the networks' answers about it.
        can_pull: whether balls can be pulled.
    """
    is_ahead = state.question == "predict"
    return {
        "balls": [{"name": label, "rgb": list(COLORS[label])} for label in state.labels],
        "half_side": HALF_SIDE,
        "radius": RADIUS,
        "frame_rate": FRAME_RATE,
        "seen": _round(scene.positions[:N_FRAMES]),
        "ahead": _round(scene.positions[N_FRAMES:]) if is_ahead and scene.n_frames > N_FRAMES else None,
        **_make_paths(state, answers),
        "links": _list_links(scene),
        "guess": None if answers.guess is None else _round(answers.guess.probabilities),
        "shares": None if answers.view is None or answers.view.connection is not None else _round(answers.view.matrix),
        "matrix": "shares" if state.question == "count" else "guess",
        "asked": None if answers.view is None else answers.view.connected_balls,
        "show_links": state.truth and scene.knows_links,
        "show_predicted": is_ahead,
        "can_pull": can_pull and not scene.unknown,
        "live": not is_ahead,
        "tells_connections": True,
        "projector": state.projector,
    }


def _list_links(scene: PhysicsScene) -> list[TrueLink] | None:
    """Return the true connections; None where nobody knows them."""
    if not scene.knows_links:
        return None
    pairs = np.argwhere(np.triu(scene.links))
    return [{"i": int(i), "j": int(j), "rigid": bool(scene.rigid[i, j])} for i, j in pairs]


def _make_paths(state: PhysicsState, answers: Answers) -> PredictedPaths:
    """Return what one network predicts, and its error where it is known."""
    paths = answers.paths
    if paths is None:
        return {"predicted": None, "errors": None, "baseline_errors": None}
    model = paths.choose(state.predictor)
    return {
        "predicted": _round(paths.predicted[model]),
        "errors": _round(paths.errors[model]) if paths.errors else None,
        "baseline_errors": None if paths.kept_errors is None else _round(paths.kept_errors),
    }


def _round(values: np.ndarray) -> Numbers:
    """Return numbers with four decimals as lists; None for NaN."""
    rounded = np.round(values.astype(np.float64), 4)
    shown = rounded.astype(object)
    shown[np.isnan(rounded)] = None
    return shown.tolist()
