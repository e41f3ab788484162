"""The texts of the browser components; no Streamlit."""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType
from typing import TypedDict

_FOLDER = Path(__file__).parent
#: Component -> its files; scripts are parts of one JavaScript module, in this order, and share one scope.
_FILES = MappingProxyType(
    {
        "scene": (
            "stage.css", "scene.css", "scene_picture.css",
            "pairs.js", "stage.js", "scene_geometry.js", "scene_drawing.js", "scene_input.js", "scene.js",
        ),
        "story": ("stage.css", "story.css", "pairs.js", "stage.js", "story_drawing.js", "story_input.js", "story.js"),
        "table": (
            "stage.css", "table.css", "table_matrix.css",
            "pairs.js", "stage.js", "table_clock.js", "table_geometry.js",
            "table_drawing.js", "table_matrix.js", "table_input.js", "table.js",
        ),
        "question_line": ("question_line.css", "question_line.js"),
        "poll": ("poll.js",),
    }
)  # fmt: skip
_BELOW = "stage.html"


class Sources(TypedDict):
    """The texts of one component, as Streamlit takes them."""

    html: str
    css: str
    js: str


def read_text(name: str) -> str:
    """Return the text of a file of this folder."""
    return (_FOLDER / name).read_text(encoding="utf-8")


def read_sources(component: str) -> Sources:
    """Return a component's texts, styles and scripts each joined to one.

    Args:
        component: "scene", "story", "table", "question_line" or "poll".
    """
    css, js = (
        "\n".join(read_text(name) for name in _FILES[component] if name.endswith(kind)) for kind in (".css", ".js")
    )
    html = read_text(f"{component}.html").replace("{below}\n", read_text(_BELOW).lstrip())
    return {"html": html, "css": css, "js": js}
