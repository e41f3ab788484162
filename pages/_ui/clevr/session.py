"""What a person can do to the CLEVR page's state, and what the session keeps beside it: pictures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Literal, TypedDict

from pages._lab.clevr.models import FINDER, full_name, is_here
from pages._lab.clevr.pictures import Picture, bundled_picture, bundled_scene, read_picture
from pages._lab.clevr.questions import ANY_FAMILY
from pages._lab.clevr.stages import from_plan
from pages._lab.clevr.state import ClevrState
from pages._lab.clevr.things import Thing, add_thing, keep_near, move_thing, sampled_things
from pages._lab.clevr.uploaded import find_camera, place_things
from pages._lab.components.stage import SceneEvent
from pages._lab.domains.clevr import DOMAIN
from pages._lab.public_weights import held_public, hold_public
from pages._ui.clevr.own_pixels import add_own, describe_own, keep_own
from pages._ui.clevr.seeing import see_objects
from pages._ui.following import Follower
from pages._ui.kept import Kept, nothing, uploaded_file
from pages._ui.presence import current_session, is_connected
from pages._ui.session import PageSession
from rn_core.common.errors import RNCoreError, SceneError
from rn_core.tasks.clevr import ClevrScene
from rn_core.weights.public import download_public, is_published

_PICTURE: Kept[Picture | None] = Kept("clevr.uploaded", nothing)
#: The scene whose picture was asked for beside the plan.
_WANTED: Kept[str | None] = Kept("clevr.wanted", nothing)
#: Most letters of a file's name in a sentence.
_MOST_NAME = 60
#: Questions that were drawn so far, and the family of the next one, which its widget keeps.
_DRAWN, _FAMILY = Kept("clevr.drawn", int), Kept("clevr.family", lambda: ANY_FAMILY)
FAMILY = _FAMILY.key
#: Columns of the table of objects -> the field of `Thing`.
COLUMNS: dict[str, Literal["color", "shape", "size", "material"]] = {
    "color": "color", "shape": "shape", "size": "size", "material": "material",
}  # fmt: skip

#: Those that are there for an uploaded picture in addition.
PLACES: tuple[Literal["x", "y"], ...] = ("x", "y")
#: What a new row of an uploaded picture says until its cells are filled in.
_NEW = Thing("small", "gray", "rubber", "cube", x=0.0, y=0.0)


class Attributes(TypedDict, total=False):
    """What cells of the table set."""

    color: str
    shape: str
    size: str
    material: str


def read_query(query: Mapping[str, str]) -> tuple[ClevrState, list[str]]:
    """Read URL parameters as `DOMAIN.read_query`; an uploaded picture or model must be this session's."""
    state, problems = keep_own(*DOMAIN.read_query(query))
    if state.source == "image" and uploaded_picture() is None:
        problems.append("The link's picture was uploaded in another session; choose its file again.")
        state = ClevrState(question=state.question, projector=state.projector)
    return state, problems


CLEVR = PageSession("clevr", read_query)
FOLLOWER = Follower(CLEVR)


def _first_kept() -> tuple[str, Picture]:
    """Return the bundled scene and its picture."""
    return bundled_scene(), bundled_picture()


_KEPT = Kept("clevr.kept", _first_kept)


def scene_of(state: ClevrState) -> ClevrScene:
    """Return the state's scene; raises SceneError where an uploaded picture is shown whose objects are not known."""
    if state.scene is None:
        raise SceneError("An uploaded picture has no scene; go back to the scene first.")
    return state.scene


def uploaded_picture() -> Picture | None:
    """Return the picture that this session uploaded, or None."""
    return _PICTURE.get()


def keep_picture(state: ClevrState, picture: Picture) -> None:
    """Remember the picture that was shown last, and of which scene it is; uploaded ones are of none."""
    if state.source == "scene" and state.scene is not None:
        _KEPT.set((state.scene.to_json(), picture))


def kept_picture() -> tuple[str, Picture]:
    """Return the scene and the picture that was shown last; at first the bundled one."""
    return _KEPT.get()


def ask_for_picture() -> None:
    """Have the picture of this scene drawn, although the plan is shown."""
    _WANTED.set(scene_of(CLEVR.state).to_json())


def is_picture_wanted(state: ClevrState) -> bool:
    """Return whether the picture of this very scene was asked for beside the plan."""
    return _WANTED.get() == scene_of(state).to_json()


def upload_key(kind: str) -> str:
    """Return the key of the widget that takes a file; a new one after each file, so that it is empty again.

    Args:
        kind: "picture" or "weights".
    """
    return f"clevr.{kind}.{_turn(kind).get()}"


def _turn(kind: str) -> Kept[int]:
    """Return what counts the files of a kind."""
    return Kept(f"clevr.{kind}.turn", int)


def _take_file(kind: str, take: Callable[[bytes, str], None]) -> None:
    """Hand on the content and the name of a file that was chosen; if it cannot be used, say why."""
    file, turn = uploaded_file(upload_key(kind)), _turn(kind)
    turn.set(turn.get() + 1)
    if file is None:
        return
    try:
        take(file.getvalue(), file.name)
    except RNCoreError as err:
        CLEVR.notify(str(err))


def take_picture() -> None:
    """Take the picture that was chosen; if it is not a picture, keep the current one."""
    _take_file("picture", _show_picture)


def _show_picture(content: bytes, name: str) -> None:
    """Show an uploaded picture instead of a scene, with the objects found in it."""
    session = current_session()
    picture = read_picture(content, name, lambda: is_connected(session))
    found = see_objects(FINDER, picture) if is_here(FINDER) else ()
    _PICTURE.set(picture)
    shown: dict[str, Any] = {"source": "image", "pair": None, "without": (), "edited": None, "camera": None}
    if found:
        camera = find_camera(found)
        shown |= {"edited": place_things(found, camera), "camera": camera, "section": "edit"}
    CLEVR.update(**shown)
    if not found and is_here(FINDER):
        CLEVR.notify(f"No object was found in '{name[:_MOST_NAME]}'; choose a picture in CLEVR's look.")


def take_weights(model: str) -> None:
    """Take weights from the file that was chosen: public ones if it is the published file, else the session's own."""
    _take_file("weights", lambda content, name: _use_file(model, content, name[:_MOST_NAME]))


def _use_file(model: str, content: bytes, name: str) -> None:
    """Answer by a chosen file's weights."""
    if is_published(full_name(model), content):
        hold_public(full_name(model), content)
        CLEVR.touch()
        return
    own = add_own(full_name(model), content, name)
    CLEVR.update(model=own)
    CLEVR.notify(describe_own(own, name))


def fetch_weights(model: str) -> None:
    """Download public weights into the server's memory; if that fails, say why."""
    try:
        if held_public(full_name(model)) is None:
            hold_public(full_name(model), download_public(full_name(model)))
        CLEVR.touch()
    except RNCoreError as err:
        CLEVR.notify(str(err))


def edit_things(make: Callable[[tuple[Thing, ...]], tuple[Thing, ...]]) -> None:
    """Replace the scene's objects; if that breaks a rule, keep them and show the sentence."""
    try:
        CLEVR.set(CLEVR.state.edit(make(CLEVR.state.things)))
    except RNCoreError as err:
        CLEVR.notify(str(err))


def take_move(event: SceneEvent) -> None:
    """Move an object to where it was dropped on the plan; an event without one changes nothing."""
    thing, x, y = event.thing, event.x, event.y
    if thing is not None and x is not None and y is not None:
        edit_things(lambda things: move_thing(things, thing, *from_plan(x, y)))


def follow_move(event: SceneEvent) -> None:
    """Show an object where it is held on the plan; where it may not stand, the scene as it was."""
    state, thing, x, y = CLEVR.state, event.thing, event.x, event.y
    try:
        if thing is not None and x is not None and y is not None:
            state = state.edit(move_thing(state.things, thing, *from_plan(x, y)))
    except RNCoreError:
        state = CLEVR.state
    FOLLOWER.follow(state)


def reset_scene() -> None:
    """Go back to the sampled scene."""
    edit_things(lambda _: sampled_things(CLEVR.state.seed))


def next_scene() -> None:
    """Go on to the scene of the next seed; a question that has no true answer there gives way to another one."""
    CLEVR.set(DOMAIN.sample(CLEVR.state))


def leave_picture() -> None:
    """Go back from the uploaded picture to the scene."""
    CLEVR.update(source="scene", model=ClevrState().model)


def take_table(changes: Mapping[str, Any]) -> None:
    """Take what was changed in the table of objects.

    Args:
        changes: what Streamlit's data editor keeps: "edited_rows", "added_rows" and "deleted_rows".
    """
    state = CLEVR.state
    if state.source == "image":
        edit_things(lambda things: correct_things(things, changes))
    else:
        edit_things(lambda things: apply_changes(things, changes, state.seed))


def apply_changes(things: tuple[Thing, ...], changes: Mapping[str, Any], seed: int) -> tuple[Thing, ...]:
    """Return the things after changes in the table; arguments as `take_table`.

    Raises:
        SceneError: if there is no room for a new one.
    """
    rows = list(things)
    for row, cells in changes["edited_rows"].items():
        rows[int(row)] = replace(rows[int(row)], **_read_cells(cells))
    kept = tuple(thing for row, thing in enumerate(rows) if row not in changes["deleted_rows"])
    for cells in changes["added_rows"]:
        kept = add_thing(kept, seed, **_read_cells(cells))
    return kept


def correct_things(things: tuple[Thing, ...], changes: Mapping[str, Any]) -> tuple[Thing, ...]:
    """Return what was found in an uploaded picture after changes in its table; arguments as `take_table`."""
    rows = list(things)
    for row, cells in changes["edited_rows"].items():
        rows[int(row)] = _correct(rows[int(row)], cells)
    kept = (thing for row, thing in enumerate(rows) if row not in changes["deleted_rows"])
    return (*kept, *(_correct(_NEW, cells) for cells in changes["added_rows"]))


def _correct(thing: Thing, cells: Mapping[str, Any]) -> Thing:
    """Return an object with what cells say of it, its place within the ground and to a hundredth."""
    changed = replace(thing, **_read_cells(cells))
    x, y = (getattr(thing, name) if cells.get(name) is None else float(cells[name]) for name in PLACES)
    return replace(changed, x=keep_near(x), y=keep_near(y))


def _read_cells(cells: Mapping[str, str | None]) -> Attributes:
    """Return the attributes that cells of the table set."""
    found: Attributes = {}
    for name, value in cells.items():
        if name in COLUMNS and value is not None:
            found[COLUMNS[name]] = value
    return found


def read_typed(text: str) -> dict[str, Any]:
    """Return the change of state that a typed question asks for; raises QuestionError."""
    return DOMAIN.parse(text)


def draw_anew() -> None:
    """Draw a question of the chosen family about the scene."""
    turn = _DRAWN.get()
    _DRAWN.set(turn + 1)
    try:
        CLEVR.update(question=DOMAIN.suggest(CLEVR.state, turn, _FAMILY.get()))
        CLEVR.set_problem(None)
    except RNCoreError as err:
        CLEVR.notify(str(err))
