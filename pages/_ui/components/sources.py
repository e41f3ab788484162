"""The texts of the browser components; no Streamlit."""

from __future__ import annotations

from pathlib import Path

_FOLDER = Path(__file__).parent
#: Parts of one JavaScript module, in this order; they share one scope.
_SCRIPTS = ("scene_geometry.js", "scene_drawing.js", "scene_input.js", "scene.js")
_STYLES = ("scene.css", "scene_picture.css")


def read_text(name: str) -> str:
    """Return the text of a file of this folder."""
    return (_FOLDER / name).read_text(encoding="utf-8")


def read_sources() -> dict[str, str]:
    """Return the interactive scene's "html", "css" and "js", styles and scripts each joined to one."""
    css, js = ("\n".join(map(read_text, names)) for names in (_STYLES, _SCRIPTS))
    return {"html": read_text("scene.html"), "css": css, "js": js}
