"""The interactive scene, for the tests of its component: it keeps the scene and counts its runs."""

import json
from dataclasses import asdict

import numpy as np
import streamlit as st

from pages._lab.components.scene_view import SceneView
from pages._lab.components.stage import SceneEvent
from pages._ui.components.scene import draw_scene
from rn_core.tasks.sort_of_clevr.scene import Scene, SceneObject

OBJECTS = (
    ("red", "square", 20, 14), ("green", "circle", 57, 20), ("blue", "square", 44, 50), ("orange", "circle", 12, 60),
    ("gray", "circle", 26, 31), ("yellow", "square", 62, 64),
)  # fmt: skip


def follow(event: SceneEvent) -> None:
    """Take an edit or a pin into the session."""
    state = st.session_state
    if event.kind == "move":
        state.scene = state.scene.replace(event.thing, x=event.x, y=event.y)
    elif event.kind == "toggle":
        shape = "circle" if state.scene.get(event.thing).shape == "square" else "square"
        state.scene = state.scene.replace(event.thing, shape=shape)
    else:
        state.pinned = event.pair


def draw(key: str, query: dict[str, str]) -> None:
    """Draw the scene that a query asks for, and what the session holds."""
    state = st.session_state
    if "scene" not in state:
        state.scene, state.pinned, state.runs = Scene(tuple(SceneObject(*row) for row in OBJECTS)), None, 0
    state.runs += 1
    mode = query.get("mode", "objects")
    n = 25 if mode == "cells" else 6
    weights = np.zeros((n, n))
    weights[0, 1], weights[1, 0], weights[0, 0], weights[2, 0], weights[0, 3], weights[4, 0] = 3, -2, 1.5, -1, 0.5, 0.25
    weights[2, 3] = 9
    if query.get("blank"):
        weights = weights * 0
    view = SceneView(
        [asdict(thing) for thing in state.scene.objects],
        weights,
        mode=mode,
        pinned=state.pinned,
        target="<b>square</b>",
        true_pairs=[(0, 1)],
        show_truth=True,
        alt="Six objects",
        editable=query.get("frozen") is None,
    )
    draw_scene(view, key=key, on_change=follow)
    objects = {thing.color: [thing.shape, thing.x, thing.y] for thing in state.scene.objects}
    st.text(json.dumps({"runs": state.runs, "pinned": state.pinned, **objects}))
