"""What the interactive scene shows of a view."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np

from pages._lab.components.scene_view import SceneView
from pages._lab.sort_of_clevr.own_picture import OwnPicture
from pages._lab.sort_of_clevr.state import ExploreState
from pages._lab.sort_of_clevr.view import ExploreView
from rn_core.tasks.sort_of_clevr import Scene


def make_scene_view(view: ExploreView, editable: bool = True) -> SceneView:
    """Return what the interactive scene shows."""
    return SceneView(
        objects=[asdict(thing) for thing in view.state.scene.objects],
        weights=view.matrix,
        mode=view.state.view,
        target=view.target_text,
        against=view.against_text,
        pinned=view.pinned,
        true_pairs=view.true_pairs,
        show_truth=view.state.truth,
        deciding=list_deciding(view),
        editable=editable,
        live=editable,
        projector=view.state.projector,
        alt=describe_scene(view.state.scene),
        image="" if view.case.picture is None else view.case.picture.data_url,
    )


def list_deciding(view: ExploreView) -> tuple[int, ...] | None:
    """Return the node of the object asked about where it decides alone; None where pairs do, or nodes are cells."""
    question = view.state.question
    if question.is_relational or view.state.view == "cells":
        return None
    return (view.nodes.labels.index(question.color),)


def make_saved_stage(view: ExploreView) -> SceneView:
    """Return the interactive scene for a saved page, where nothing can be moved."""
    return make_scene_view(view, editable=False)


def make_plain_view(state: ExploreState, picture: OwnPicture | None = None) -> SceneView:
    """Return the scene, on the picture it was found in, without contributions: the question has no answer here."""
    objects = state.scene.objects
    return SceneView(
        objects=[asdict(thing) for thing in objects],
        weights=np.zeros((len(objects), len(objects))),
        live=True,
        projector=state.projector,
        alt=describe_scene(state.scene),
        image="" if picture is None else picture.data_url,
    )


def describe_scene(scene: Scene) -> str:
    """Return a scene in words, for people who cannot see it."""
    things = "; ".join(f"{thing.color} {thing.shape} at x {thing.x}, y {thing.y}" for thing in scene.objects)
    return f"Scene of {len(scene.objects)} objects, x to the right and y down in pixels of 75: {things}."
