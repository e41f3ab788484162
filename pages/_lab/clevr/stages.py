"""The two interactive scenes of the CLEVR page: the picture, and the ground seen from above.

The plan is turned as the camera stands, so that right in the picture is right here and behind is up: an object's
place along an arrow is what "left of" and "behind" compare.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import atan2, degrees
from types import MappingProxyType
from typing import Any, TypeGuard

import numpy as np

from pages._lab.clevr.models import GRID, IMAGE_SIDE, STRIDE, sees_picture
from pages._lab.clevr.nodes import PALETTE
from pages._lab.clevr.pictures import Picture, blank_picture
from pages._lab.clevr.state import ClevrState
from pages._lab.clevr.things import LETTERS, Thing, describe_things, pixel_places
from pages._lab.clevr.view import ClevrView
from pages._lab.components.stage import (
    Backdrop,
    Cast,
    DrawnStage,
    Edit,
    Ground,
    Manner,
    PairLayer,
    SceneEvent,
    Spacing,
    make_cells,
    paint,
)
from rn_core.tasks.clevr import ClevrScene
from rn_core.tasks.clevr.camera import FOCAL, HEIGHT
from rn_core.tasks.clevr.placement import EXTENT, MIN_GAP, MIN_OFFSET
from rn_core.tasks.clevr.world import DIRECTIONS, RADIUS

#: Height of both stages in their units, and units of the plan in one unit of CLEVR's ground.
SIDE, SCALE = 75.0, 7.4
_MIDDLE = (SIDE - 1) / 2
_RIGHT, _BEHIND = np.array(DIRECTIONS["right"][:2]), np.array(DIRECTIONS["behind"][:2])
#: Places are whole hundredths, as `move_thing` and URLs have them.
_GRAIN = 0.01
#: Shape -> what stands for it on the plan.
_MARKS = MappingProxyType({"cube": "square", "sphere": "ball", "cylinder": "ringed"})
#: What a blank picture says, and the height at which it says so.
RENDERED, _TOP = "The picture is being rendered", 4.0
#: Where the plan's arrows end, from the middle, and where their words stand beyond.
_REACH, _WORD = 35.0, 39.0


def make_layer(state: ClevrState, view: ClevrView | None, n_nodes: int) -> PairLayer:
    """Return what the pairs say; without a view, nothing."""
    if view is None:
        return PairLayer(np.zeros((n_nodes, n_nodes)))
    by_object = state.view == "objects"
    return replace(view.layer, heat=not by_object, deciding=view.truth.deciding if by_object else None)


def make_picture_stage(state: ClevrState, picture: Picture, view: ClevrView | None) -> DrawnStage:
    """Return the picture with its pairs: of objects at their pixels, or of cells."""
    height, width, _ = picture.pixels.shape
    size = (SIDE * width / height, SIDE)
    backdrop = Backdrop(Ground((-0.5, -0.5, *size)), size, image=picture.data_url)
    alt = describe_things(state.things) if state.things else "An uploaded picture"
    manner = Manner(editable=False, projector=state.projector, alt=alt)
    if state.view == "cells":
        step = (size[0] * STRIDE / IMAGE_SIDE, size[1] * STRIDE / IMAGE_SIDE)
        cells = make_cells(GRID, step, size)
        return DrawnStage(backdrop, Cast("cells", (), cells, GRID), make_layer(state, view, len(cells)), manner)
    spots = [_make_spot(thing, k, state.known_scene) for k, thing in enumerate(state.things)]
    nodes = _name_nodes(state, view)
    return DrawnStage(backdrop, Cast("objects", spots, nodes), make_layer(state, view, len(nodes)), manner)


def make_blank_stage(state: ClevrState, view: ClevrView | None) -> DrawnStage:
    """Return what stands in the picture's place while it is rendered: discs for the objects, and their pairs."""
    stage = make_picture_stage(state, blank_picture(), view)
    discs = [spot | {"shape": "circle"} for spot in stage.cast.objects]
    return replace(
        stage,
        backdrop=replace(stage.backdrop, words=[(RENDERED, stage.backdrop.size[0] / 2, _TOP, 0.0)]),
        cast=replace(stage.cast, objects=discs),
        manner=replace(stage.manner, alt=f"{RENDERED}. {stage.manner.alt}"),
    )


def _make_spot(thing: Thing, index: int, scene: ClevrScene) -> dict[str, Any]:
    """Return the ring around an object of the picture."""
    column, row, depth = pixel_places(scene)[index].tolist()
    unit = SIDE / HEIGHT
    place = {"x": column * unit - 0.5, "y": row * unit - 0.5, "radius": thing.radius * FOCAL / depth * unit}
    return {**_show(thing, index), **place, "shape": "spot"}


def _show(thing: Thing, index: int) -> dict[str, Any]:
    """Return what an object is on both stages."""
    name = LETTERS[index]
    words = f"{name}, {thing.words}"
    return {"id": name, "name": name, "words": words, "turn": 0, **paint(PALETTE[thing.color])}


def _name_nodes(state: ClevrState, view: ClevrView | None) -> list[dict[str, Any]]:
    """Return the objects as nodes and, where a pixel model's pairs are shown, the ground."""
    nodes = [{"label": letter, "kind": "object"} for letter in state.letters]
    if view is not None and len(view.matrix) > len(nodes):
        nodes.append({"label": view.nodes.labels[-1], "kind": "ground"})
    return nodes


@dataclass(frozen=True)
class PlanStage(DrawnStage):
    """The ground from above; objects can be moved."""

    def read_edit(self, kind: Edit, state: Mapping[str, object]) -> SceneEvent | None:
        """Read a move or a drag; None if it names no object here or no place near the ground."""
        name, x, y = state.get("id"), state.get("x"), state.get("y")
        present = {thing["id"] for thing in self.cast.objects}
        if kind not in ("move", "drag") or not isinstance(name, str) or name not in present:
            return None
        return SceneEvent(kind, thing=name, x=x, y=y) if _is_near(x) and _is_near(y) else None


def _is_near(value: object) -> TypeGuard[float]:
    """Return whether a value is a number near the ground."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= 2 * SIDE


def make_plan_stage(state: ClevrState, view: ClevrView | None, editable: bool = True) -> PlanStage:
    """Return the plan with its pairs; cells have no place here, so a view of cells shows none."""
    shown = None if state.view == "cells" else view
    nodes = _name_nodes(state, shown)
    cast = Cast("objects", [_make_mark(thing, k) for k, thing in enumerate(state.things)], nodes)
    spacing = Spacing(
        gap=SCALE * MIN_GAP,
        band=SCALE * MIN_OFFSET,
        snaps=True,
        verb="stand too near to",
        rule="each must be clearly left or right, and clearly in front or behind",
    )
    is_live = editable and not sees_picture(state.model)  # a picture takes seconds to draw
    manner = Manner(editable, False, state.projector, describe_things(state.things), spacing, is_live)
    return PlanStage(_make_plan(), cast, make_layer(state, shown, len(nodes)), manner)


def make_saved_stage(view: ClevrView) -> DrawnStage:
    """Return the interactive scene for a saved page, where nothing can be moved."""
    if view.picture is None:
        return make_plan_stage(view.state, view, editable=False)
    return make_picture_stage(view.state, view.picture, view)


def _make_mark(thing: Thing, index: int) -> dict[str, Any]:
    """Return an object from above: a cube is a square, turned as it is; spheres have a highlight, cylinders a ring."""
    x, y = to_plan(thing.x, thing.y)
    is_cube = thing.shape == "cube"
    seen = {"x": round(x, 9), "y": round(y, 9), "radius": SCALE * thing.radius}
    seen["turn"] = (plan_turn() - degrees(thing.rotation)) % 90 if is_cube else 0
    return {**_show(thing, index), **seen, "shape": _MARKS[thing.shape]}


def _make_plan() -> Backdrop:
    """Return the ground as the camera sees it from above, with the four directions as arrows."""
    side = 2 * SCALE * (EXTENT + RADIUS[0])
    ground = Ground(
        box=(_MIDDLE - side / 2, _MIDDLE - side / 2, side, side),
        lowest=_MIDDLE - SCALE * EXTENT,
        highest=_MIDDLE + SCALE * EXTENT,
        turn=plan_turn(),
        grain=SCALE * _GRAIN,
        origin=_MIDDLE,
        scale=SCALE,
    )
    ways = {"right": (1, 0), "left": (-1, 0), "behind": (0, -1), "front": (0, 1)}
    arrows = [(_MIDDLE, _MIDDLE, _MIDDLE + _REACH * dx, _MIDDLE + _REACH * dy) for dx, dy in ways.values()]
    words = [
        (
            "front, where the camera is" if word == "front" else word,
            _MIDDLE + _WORD * dx,
            _MIDDLE + _WORD * dy,
            -90 * dx,
        )
        for word, (dx, dy) in ways.items()
    ]
    return Backdrop(ground, (SIDE, SIDE), arrows=arrows, words=words)


def plan_turn() -> float:
    """Return the degrees by which CLEVR's x axis is turned on the plan, clockwise."""
    return degrees(atan2(-_BEHIND[0], _RIGHT[0]))


def to_plan(x: float, y: float) -> tuple[float, float]:
    """Return where a place on CLEVR's ground lies on the plan."""
    place = np.array([x, y])
    return _MIDDLE + SCALE * float(place @ _RIGHT), _MIDDLE - SCALE * float(place @ _BEHIND)


def from_plan(x: float, y: float) -> tuple[float, float]:
    """Return the place on CLEVR's ground that a place on the plan means."""
    across, up = (x - _MIDDLE) / SCALE, (_MIDDLE - y) / SCALE
    ground = across * _RIGHT + up * _BEHIND
    return float(ground[0]), float(ground[1])
