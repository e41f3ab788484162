"""What a person can do to the physics page's state, and what the session keeps beside it: opened scenes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pages._lab.domains.physics import DOMAIN
from pages._lab.physics.scenes import (
    N_BUNDLED,
    Pull,
    find_trouble,
    name_scene,
    pulled_scene,
    round_place,
)
from pages._lab.physics.state import SOURCES, PhysicsState
from pages._ui.following import Follower
from pages._ui.kept import Kept
from pages._ui.pairs.uploads import open_upload
from pages._ui.session import PageSession
from rn_core.common.errors import RNCoreError
from rn_core.tasks.physics import PhysicsScene

#: Widget that takes a file.
FILE = "physics.file"
#: Name -> scene of all files that this session opened.
_OPENED: Kept[dict[str, PhysicsScene]] = Kept("physics.opened", dict)
#: Opened scenes that a session keeps, the latest ones.
_MOST_OPENED = 20


def read_query(query: Mapping[str, str]) -> tuple[PhysicsState, list[str]]:
    """Read URL parameters as `DOMAIN.read_query`; the scene must be one that can be had here."""
    state, problems = DOMAIN.read_query(query)
    if state.opened is not None and state.opened not in _OPENED.get():
        problems.append("The link's scene was opened from a file in another session; open its file again.")
        state = state.change(opened=None)
    if state.is_simulated and find_trouble():
        if {*query} & {"seed", "balls", "pulls"}:
            problems.append("The link's scene must be simulated, which this computer cannot do; another one is shown.")
        state = state.change(pulls=())
        state = state.change(bundled=1) if state.is_simulated else state
    try:
        find_scene(state)
    except RNCoreError as err:
        problems.append(f"The link's 'pulls' was left out: {err}")
        state = state.change(pulls=())
    return state, problems


PHYSICS = PageSession("physics", read_query)
FOLLOWER = Follower(PHYSICS)


def find_scene(state: PhysicsState) -> PhysicsScene:
    """Return the scene that a state shows; raises RNCoreError if a ball cannot be pulled as it says."""
    first = state.drawn_scene if state.opened is None else _OPENED.get()[state.opened]
    return pulled_scene(first, state.pulls)


def read_drawn(field: str) -> Callable[[Any], dict[str, Any]]:
    """Return what a control of one field of the drawn scene changes: that scene is shown, whatever was before."""
    return lambda value: {**SOURCES, field: value}


def read_bundled(number: int | None) -> dict[str, Any]:
    """Return the change of state that a chosen bundled scene asks for; none chosen changes nothing."""
    return {} if number is None else {**SOURCES, "bundled": number}


def next_scene() -> None:
    """Go on to the scene of the next seed."""
    PHYSICS.set(DOMAIN.sample(PHYSICS.state))


def next_bundled() -> None:
    """Go on to the next bundled scene."""
    PHYSICS.update(bundled=PHYSICS.state.bundled % N_BUNDLED + 1)


def take_pull(ball: int, frame: int, to: tuple[float, float]) -> None:
    """Pull a ball in some frame and let the simulation answer; if it cannot be pulled there, say why."""
    try:
        state = PHYSICS.state.pull(Pull(ball, frame, *round_place(*to)))
        find_scene(state)
    except RNCoreError as err:
        PHYSICS.notify(str(err))
        return
    PHYSICS.set(state)


def follow_pull(ball: int, frame: int, to: tuple[float, float], connection: tuple[str, str] | None) -> None:
    """Show what follows if a held ball is let go where it is; where it cannot be, the scene as it was.

    Args:
        ball: 0 to N - 1.
        frame: in which it is held.
        to: where, in meters.
        connection: the connection that is explained, which stays the same; None where there is none.
    """
    try:
        state = PHYSICS.state.pull(Pull(ball, frame, *round_place(*to))).change(connection=connection)
        find_scene(state)
    except RNCoreError:
        state = PHYSICS.state
    FOLLOWER.follow(state)


def undo_pull() -> None:
    """Take the last pull back."""
    PHYSICS.update(pulls=PHYSICS.state.pulls[:-1])


def undo_pulls() -> None:
    """Go back to the scene as it was before all pulls."""
    PHYSICS.update(pulls=())


def take_file() -> None:
    """Show the scene of the file that was opened; if it cannot be read, say why and keep what there is."""
    scene = open_upload(PHYSICS, FILE, DOMAIN.read_file)
    if scene is None:
        return
    name = name_scene(scene)
    _OPENED.set(dict([*_OPENED.get().items(), (name, scene)][-_MOST_OPENED:]))
    PHYSICS.update(**{**SOURCES, "opened": name})
