"""The texts of the browser components; no Streamlit."""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType
from typing import TypedDict

from pages._ui.components.bundle import bundle

_FOLDER = Path(__file__).parent
#: Component -> its HTML, the module that draws it, and its styles in the order of their weight.
_FILES = MappingProxyType(
    {
        "scene": ("scene/scene.html", "scene/scene.js", ("pair_picture.css", "scene/scene.css", "scene/picture.css")),
        "story": ("story/story.html", "story/story.js", ("pair_picture.css", "story/story.css")),
        "table": ("table/table.html", "table/table.js", ("pair_picture.css", "table/table.css", "table/matrix.css")),
        "diagram": ("diagram/diagram.html", "diagram/diagram.js", ("diagram/diagram.css",)),
        "question_line": ("question_line.html", "question_line.js", ("question_line.css",)),
        "paste": ("paste.html", "paste.js", ("paste.css",)),
        "poll": ("poll.html", "poll.js", ()),
    }
)
_BELOW = "below.html"
#: Styles that come before those of every component.
_BUTTON = "button.css"


class Sources(TypedDict):
    """The texts of one component, as Streamlit takes them."""

    html: str
    css: str
    js: str


def read_text(name: str) -> str:
    """Return the text of a file of this folder."""
    return (_FOLDER / name).read_text(encoding="utf-8")


def read_sources(component: str, result: str = "export default") -> Sources:
    """Return a component's HTML, its styles joined, and its modules as one script.

    Args:
        component: "scene", "story", "table", "diagram", "question_line", "paste" or "poll".
        result: what the script ends in before the function that draws; "const draw =" names it in a page of one file.
    """
    html, script, styles = _FILES[component]
    return {
        "html": read_text(html).replace("{below}\n", read_text(_BELOW).lstrip()),
        "css": "\n".join(map(read_text, (_BUTTON, *styles))),
        "js": bundle(_FOLDER / script, result),
    }
