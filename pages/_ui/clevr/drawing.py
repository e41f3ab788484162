"""The pictures that a session of the CLEVR page waits for: asked for once, followed from run to run, taken back."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import streamlit as st

from pages._lab.clevr.pictures import Picture, bundled_picture, bundled_scene
from pages._lab.clevr.renderer import Renderer
from pages._lab.clevr.state import ClevrState
from pages._lab.desk import Desk, Report, Work
from pages._lab.lines import Line
from pages._lab.plain import plain
from pages._ui.cache import keep_for_server, keep_open
from pages._ui.clevr.session import scene_of, uploaded_picture
from pages._ui.kept import Kept
from pages._ui.presence import current_session, is_connected
from pages._ui.waiting import describe_place
from rn_core.common.errors import RNCoreError
from rn_core.tasks.clevr import ClevrScene

#: A scene and the seed of its picture.
Key = tuple[str, int]
#: What is waited for, and which of it this run has asked for.
_WORK: Kept[dict[Key, Work[Picture]]] = Kept("clevr.work", dict)
_ASKED: Kept[set[Key]] = Kept("clevr.asked", set)
#: Seconds between two looks at a picture that is drawn now or soon, and at one far back in the line.
_SOON, _LATE = 1.0, 3.0
#: Places in the line for each further second.
_PLACES = 4
#: What the kept pictures take together at most, about 60 of them.
PICTURE_BYTES = 32_000_000


@dataclass(frozen=True)
class Drawing:
    """The state of a picture.

    Attributes:
        picture: the picture, once it is there.
        trouble: a sentence about why there is none, or None.
        key: what `ask_again` takes; None where nothing had to be asked for.
        work: what draws it; None once it has ended.
    """

    picture: Picture | None = None
    trouble: str | None = None
    key: Key | None = None
    work: Work[Picture] | None = None

    @property
    def status(self) -> str:
        """Return in words what a picture that is not there yet waits for."""
        place = 0 if self.work is None else self.work.place
        return describe_place(place) if place else "being drawn…"


def find_renderer() -> Renderer:
    """Return the one process of this server that draws pictures; it starts when one is asked for."""
    return keep_open("renderer", Renderer)


def picture_desk() -> Desk[Picture]:
    """Return where pictures are asked for: one is drawn at a time, and those drawn are kept up to `PICTURE_BYTES`."""
    return keep_for_server("picture desk", _make_desk)


def _make_desk() -> Desk[Picture]:
    """Return a new picture desk."""
    return Desk(Line(1, is_connected), PICTURE_BYTES, lambda picture: picture.n_bytes)


def draw_picture(scene: ClevrScene, seed: int) -> Picture:
    """Return a scene's picture, ready for the browser; raises RNCoreError where this computer cannot draw any."""
    picture = Picture(find_renderer().render(scene, seed))
    _ = picture.data_url, picture.digest
    return picture


def begin_run() -> None:
    """Note that this run has asked for no picture yet."""
    _ASKED.set(set())


def follow_picture(state: ClevrState) -> Drawing:
    """Return the uploaded picture, the bundled one, one drawn before, or the state of the one that was asked for."""
    if state.source == "image":
        return Drawing(uploaded_picture())
    scene = scene_of(state)
    key = scene.to_json(), state.seed
    if key[0] == bundled_scene():
        return Drawing(bundled_picture())
    _ASKED.get_or_set().add(key)
    found = picture_desk().find(key)
    if found is not None:
        return Drawing(found)
    asked = _WORK.get_or_set()
    if key not in asked or asked[key].is_given_up:
        asked[key] = picture_desk().ask(key, current_session(), partial(_draw, scene, state.seed))
    return _judge(key, asked[key])


def _judge(key: Key, work: Work[Picture]) -> Drawing:
    """Return the state of a picture that was asked for."""
    if not work.is_over.is_set():
        return Drawing(key=key, work=work)
    try:
        return Drawing(work.result(), key=key)
    except RNCoreError as err:
        return Drawing(trouble=str(err), key=key)


def _draw(scene: ClevrScene, seed: int, _: Report) -> Picture:
    """Draw one picture, which is never interrupted: it is done in seconds, and the next one who asks has it."""
    return draw_picture(scene, seed)


def ask_again(key: Key) -> None:
    """Forget that a picture could not be drawn, so that the next run asks again."""
    _WORK.get().pop(key, None)


def _release_others() -> None:
    """Take back the requests that this run has not repeated: their scene is not on the page any more."""
    asked = _WORK.get()
    for key in [key for key in asked if key not in _ASKED.get()]:
        picture_desk().leave(asked.pop(key), current_session())


def draw_waiting() -> None:
    """Draw the state of the pictures that this run has asked for, and run the page again when one is there.

    Requests of earlier runs that this one has not repeated are taken back.
    """
    _release_others()
    works = [work for work in _WORK.get().values() if not work.is_over.is_set()]
    if works:
        pause = min(_LATE, _SOON + max(work.place for work in works) // _PLACES)
        st.fragment(_look, run_every=pause)(works)


def _look(works: list[Work[Picture]]) -> None:
    """Draw the state of pictures; when one is finished, run the page again."""
    if any(work.is_over.is_set() for work in works):
        st.rerun()
    for work in works:
        st.caption(plain(f"Picture: {Drawing(work=work).status}"))


def draw_trouble(drawing: Drawing, says_why: bool = True) -> None:
    """Draw why there is no picture, unless that is said elsewhere, and a button that asks for it again."""
    if says_why:
        st.warning(plain(drawing.trouble))
    st.button("Draw it again", icon=":material/refresh:", on_click=ask_again, args=(drawing.key,), key="clevr.retry")
