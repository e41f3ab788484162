"""What a person can do to the Explore page's state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from typing import Any

from pages._lab.domains.base import full_name
from pages._lab.domains.sort_of_clevr import DOMAIN
from pages._lab.models import view_of
from pages._lab.sort_of_clevr.chain import installed_chains
from pages._lab.sort_of_clevr.own_picture import OwnPicture, find_objects, make_found_scene, read_own
from pages._lab.sort_of_clevr.state import ExploreState, sampled_scene
from pages._lab.sort_of_clevr.view import ShapesCase, make_case
from pages._ui.cache import find_answerer
from pages._ui.kept import Kept, nothing, uploaded_file
from pages._ui.own_models import keep_own
from pages._ui.presence import current_session, is_connected
from pages._ui.session import PageSession
from rn_core.common.errors import RNCoreError
from rn_core.tasks.sort_of_clevr import Scene
from rn_core.tasks.sort_of_clevr.scene import SceneObject


def read_query(query: Mapping[str, str]) -> tuple[ExploreState, list[str]]:
    """Read URL parameters as `DOMAIN.read_query`; an own model and an own picture must be this session's."""
    state, problems = keep_own(*DOMAIN.read_query(query))
    if state.picture is not None and find_picture(state) is None:
        problems.append("The link's picture was uploaded in another session; choose its file again.")
        state = replace(state, picture=None)
    return keep_installed(state, problems)


def keep_installed(state: ExploreState, problems: list[str]) -> tuple[ExploreState, list[str]]:
    """Leave a question about chains, or its network, where the weights are not installed, with a sentence."""
    if state.family != "chain":
        return state, problems
    there = installed_chains()
    if state.chain_model in there:
        return state, problems
    told = [*problems, f"The link's network '{state.chain_model}' is not installed; another one answers."]
    if there:
        return replace(state, chain_model=next(iter(there))), told
    told[-1] = "The link asks about a chain of jumps, and no network that answers such questions is installed."
    return replace(state, family="pairs"), told


def find_picture(state: ExploreState) -> OwnPicture | None:
    """Return the person's own picture that a state shows, if this session has it; else None."""
    kept = _PICTURE.get()
    return kept if kept is not None and kept.digest == state.picture else None


def ask(state: ExploreState) -> ShapesCase:
    """Return what a state asks, about the person's own picture where it shows that; errors as `make_case`."""
    return make_case(state, find_picture(state))


_PICTURE: Kept[OwnPicture | None] = Kept("explore.uploaded", nothing)
_TURN = Kept("explore.picture.turn", int)
#: The network that finds the objects of own pictures.
FINDER = "rn-slots"
#: Columns of the table of objects.
COLUMNS = ("color", "shape", "x", "y")
EXPLORE = PageSession("explore", read_query)


def edit_scene(make: Callable[[Scene], Scene]) -> None:
    """Replace the scene by `make(scene)`; if that breaks a rule, keep it and show the sentence."""
    try:
        EXPLORE.set(EXPLORE.state.edit(make(EXPLORE.state.scene)))
    except RNCoreError as err:
        EXPLORE.notify(str(err))


def choose_family(family: str | None) -> dict[str, Any]:
    """Return the change of state that another kind of questions asks for; a chain needs a network that is installed."""
    there, chosen = installed_chains(), EXPLORE.state.chain_model
    if family != "chain" or chosen in there:
        return {} if family is None else {"family": family}
    return {"family": family, "chain_model": next(iter(there))}


def move_in_chain(color: str, x: int, y: int) -> None:
    """Move an object of the chain's scene; if that breaks a rule, keep it and show the sentence."""
    try:
        EXPLORE.set(EXPLORE.state.move(color, x, y))
    except RNCoreError as err:
        EXPLORE.notify(str(err))


def next_scene() -> None:
    """Go on to the scene of the next seed."""
    EXPLORE.set(DOMAIN.sample(EXPLORE.state))


def upload_key() -> str:
    """Return the key of the widget that takes a picture; a new one after each file, so that it is empty again."""
    return f"explore.picture.{_TURN.get()}"


def take_file() -> None:
    """Show the picture whose file was chosen; see `take_picture`."""
    file = uploaded_file(upload_key())
    _TURN.set(_TURN.get() + 1)
    if file is not None:
        take_picture(file.getvalue(), file.name)


def take_pasted(content: bytes) -> None:
    """Show the picture that was pasted; see `take_picture`."""
    take_picture(content, "Pasted picture")


def take_picture(content: bytes, name: str) -> None:
    """Show a picture with the objects found in it; if that cannot be done, say why.

    Args:
        content: a PNG or JPEG file.
        name: what it is called.
    """
    session = current_session()
    try:
        picture = read_own(content, name, lambda: is_connected(session))
        encoder = find_answerer(full_name(DOMAIN, FINDER)).model.encoder
        scene, n_left = make_found_scene(find_objects(encoder, picture.pixels), name)
    except RNCoreError as err:
        EXPLORE.notify(str(err))
        return
    _PICTURE.set(picture)
    state = EXPLORE.state.edit(scene)
    model = state.model if view_of(state.model) != "objects" else FINDER
    asked = replace(state.question, color=scene.objects[0].color) if not has_color(scene, state) else state.question
    EXPLORE.set(replace(state.change(model=model, question=asked), picture=picture.digest))
    if n_left:
        EXPLORE.notify(f"{n_left} more objects were found, which a scene of one object per color has no room for.")


def has_color(scene: Scene, state: ExploreState) -> bool:
    """Return whether a scene has the object that a state asks about."""
    return any(thing.color == state.question.color for thing in scene.objects)


def leave_picture() -> None:
    """Go back from the own picture to the sampled scene."""
    state = EXPLORE.state
    EXPLORE.set(replace(state, picture=None).edit(sampled_scene(state.seed)))


def take_table(changes: Mapping[str, Any]) -> None:
    """Take what was changed in the table of objects.

    Args:
        changes: what Streamlit's data editor keeps: "edited_rows", "added_rows" and "deleted_rows".
    """
    edit_scene(lambda scene: apply_changes(scene, changes))


def apply_changes(scene: Scene, changes: Mapping[str, Any]) -> Scene:
    """Return the scene after changes in the table; arguments as `take_table`.

    Raises:
        SceneError: if it breaks a rule, such as an added row with an empty cell.
    """
    rows = [asdict(thing) for thing in scene.objects]
    for row, cells in changes["edited_rows"].items():
        rows[int(row)].update({name: value for name, value in cells.items() if name in COLUMNS})
    kept = [row for place, row in enumerate(rows) if place not in changes["deleted_rows"]]
    kept += [dict.fromkeys(COLUMNS) | {name: cells.get(name) for name in COLUMNS} for cells in changes["added_rows"]]
    return Scene(tuple(SceneObject(**row) for row in kept))


def toggle_shape(color: str) -> None:
    """Turn a square into a circle, or back."""
    other = {"square": "circle", "circle": "square"}
    edit_scene(lambda scene: scene.replace(color, shape=other[scene.get(color).shape]))


def reset_scene() -> None:
    """Go back to the sampled scene."""
    edit_scene(lambda _: sampled_scene(EXPLORE.state.seed))


def choose_question(**changes: str) -> dict[str, Any]:
    """Return the change of state that a menu's new type or color asks for; a typed question's trouble is over."""
    EXPLORE.set_problem(None)
    question = EXPLORE.state.question
    return {"question": type(question)(**{"type": question.type, "color": question.color, **changes})}


def read_typed(sentence: str) -> dict[str, Any]:
    """Return the change of state that a typed question asks for; raises QuestionError."""
    return DOMAIN.parse(sentence)
