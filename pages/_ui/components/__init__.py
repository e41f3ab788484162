"""Browser components of the pages; html, css and js lie beside the Python that mounts them."""

from __future__ import annotations

from pages._ui.components.scene import draw_scene
from pages._ui.components.scene_view import GROUND_LABEL, SceneEvent, SceneView, make_scene_data

__all__ = ["GROUND_LABEL", "SceneEvent", "SceneView", "draw_scene", "make_scene_data"]
