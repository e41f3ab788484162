"""A scene file that a person opens on the CLEVR page: its scene replaces the sampled one, and stands in the link."""

from __future__ import annotations

import streamlit as st

from pages._lab.clevr.state import ClevrState
from pages._lab.domains.clevr import DOMAIN
from pages._lab.plain import plain
from pages._ui.clevr.session import CLEVR, reset_scene
from pages._ui.kept import Kept, uploaded_file
from rn_core.common.errors import RNCoreError
from rn_core.tasks.clevr.scene_file import FoundScene, read_any_size, read_scene_file

_AS_TOLD = "as the file tells"
#: Sizes of pictures that are offered; others can be typed.
_SIZES = (_AS_TOLD, "480x320", "320x240", "240x160")
_NUMBER, _SIZE = Kept("clevr.file.number", int), Kept("clevr.file.size", lambda: _AS_TOLD)
#: What was opened, in a sentence.
_OPENED = Kept("clevr.file.opened", str)
_FILE = "clevr.file"
#: Most letters of a file's name in a sentence, and the highest number of a scene.
_MOST_NAME, _HIGHEST = 60, 1_000_000


def draw_scene_file(state: ClevrState) -> None:
    """Draw what opens a scene file: the file, which of its scenes, the size of its pictures, and what goes back."""
    with st.popover("Scene file", icon=":material/data_object:"):
        st.file_uploader("A scene or scenes of CLEVR's generator, JSON", type="json", key=_FILE, on_change=open_file)
        with st.container(horizontal=True):
            st.number_input("Scene, from 0", 0, _HIGHEST, step=1, key=_NUMBER.key, on_change=open_file)
            st.selectbox("Size of its pictures", _SIZES, accept_new_options=True, key=_SIZE.key, on_change=open_file)
        if state.source == "scene" and state.camera is not None and _OPENED.get():
            st.caption(plain(_OPENED.get()))
    if state.source == "scene" and state.edited is not None:
        label = "Undo edits" if state.camera is None else "Close the file"
        st.button(plain(label), icon=":material/undo:", on_click=reset_scene)


def open_file() -> None:
    """Open the chosen scene of the file that is there; if it cannot be, keep the current one and say why."""
    file = uploaded_file(_FILE)
    if file is None:
        return
    name, number, size = file.name[:_MOST_NAME], _NUMBER.get(), _SIZE.get()
    try:
        found = read_scene_file(file.getvalue(), name, number, None if size == _AS_TOLD else read_any_size(size))
        CLEVR.set(DOMAIN.open_scene(CLEVR.state, found))
        _OPENED.set(_describe(found, name, number))
    except RNCoreError as err:
        CLEVR.notify(str(err))


def _describe(found: FoundScene, name: str, number: int) -> str:
    """Return what was opened, in a sentence."""
    seen = "without pixel coordinates" if found.size is None else f"in a picture of {found.size}"
    return f"Shown: scene {number} of '{name}', {seen}; its scenes are 0 to {found.n_scenes - 1}."
