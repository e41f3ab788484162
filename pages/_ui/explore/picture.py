"""What the interactive scene shows of a view."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np

from pages._ui.components.scene_view import SceneView
from pages._ui.explore.state import ExploreState
from pages._ui.explore.view import ExploreView, describe_scene


def make_scene_view(view: ExploreView, editable: bool = True) -> SceneView:
    """Return what the interactive scene shows."""
    return SceneView(
        objects=[asdict(thing) for thing in view.state.scene.objects],
        weights=view.matrix,
        mode=view.state.view,
        target=view.target_text,
        against="the other way" if view.why_not is None else f"“{view.why_not}”",
        pinned=view.pinned,
        true_pairs=view.true_pairs,
        show_truth=view.state.truth,
        editable=editable,
        projector=view.state.projector,
        alt=describe_scene(view.state.scene),
    )


def make_plain_view(state: ExploreState) -> SceneView:
    """Return the scene without any contribution, for a question that has no answer here."""
    objects = state.scene.objects
    return SceneView(
        objects=[asdict(thing) for thing in objects],
        weights=np.zeros((len(objects), len(objects))),
        projector=state.projector,
        alt=describe_scene(state.scene),
    )
