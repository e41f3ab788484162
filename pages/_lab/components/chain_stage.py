"""The interactive scene of the chain task: eight objects, and the path of a chain of jumps; no Streamlit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from pages._lab.components.nodes import is_whole
from pages._lab.components.scene_view import make_backdrop, show_object
from pages._lab.components.stage import Cast, DrawnStage, Edit, Manner, PairLayer, SceneEvent, Spacing
from rn_core.common.errors import RNCoreError
from rn_core.tasks.sort_of_clevr.chain_scene import ChainScene
from rn_core.tasks.sort_of_clevr.rendering import PALETTE
from rn_core.tasks.sort_of_clevr.scene import CLEARANCE, IMAGE_SIZE

#: RGB, 0 to 255.
CHAIN_PALETTE: Mapping[str, tuple[int, int, int]] = {**PALETTE, "purple": (140, 70, 180), "cyan": (70, 195, 220)}


@dataclass(frozen=True)
class ChainStage(DrawnStage):
    """A scene of eight objects that can be moved.

    Attributes:
        scene: what is shown.
    """

    scene: ChainScene

    def read_edit(self, kind: Edit, state: Mapping[str, object]) -> SceneEvent | None:
        """Read a move; None for anything else, or if it would not leave a valid scene."""
        color, x, y = state.get("id"), state.get("x"), state.get("y")
        if kind != "move" or not isinstance(color, str) or not (is_whole(x) and is_whole(y)):
            return None
        try:
            self.scene.move(color, x, y)
        except RNCoreError:
            return None
        return SceneEvent("move", thing=color, x=x, y=y)


def make_chain_stage(scene: ChainScene, path: Sequence[int] = (), projector: bool = False) -> ChainStage:
    """Return the scene with the path of a chain.

    Args:
        scene: its objects are the nodes.
        path: nodes that the chain reaches, the start first; empty draws none.
        projector: large type.
    """
    objects, n = scene.objects, len(scene.objects)
    shown = [show_object(thing, CHAIN_PALETTE[thing.color]) for thing in objects]
    nodes = [{"label": thing.color, "kind": "object"} for thing in objects]
    manner = Manner(toggles=False, projector=projector, alt=describe_chain(scene, path), spacing=Spacing(box=CLEARANCE))
    layer = PairLayer(np.zeros((n, n)), path=path)
    return ChainStage(make_backdrop(), Cast("objects", shown, nodes), layer, manner, scene)


def describe_chain(scene: ChainScene, path: Sequence[int]) -> str:
    """Return the scene and the path in words, for people who cannot see them."""
    things = "; ".join(f"{thing.color} {thing.shape} at x {thing.x}, y {thing.y}" for thing in scene.objects)
    told = f"Scene of {len(scene.objects)} objects, x to the right and y down in pixels of {IMAGE_SIZE}: {things}."
    if not path:
        return told
    return f"{told} The chain goes {', then '.join(scene.objects[node].color for node in path)}."
