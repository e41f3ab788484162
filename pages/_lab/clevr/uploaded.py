"""An uploaded picture as a scene: the objects found in it, and where its camera stood; no Streamlit."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from pages._lab.clevr.found import Found
from pages._lab.clevr.things import Camera, Part, Thing, build_seen, keep_near
from rn_core.common.errors import SceneError
from rn_core.tasks.clevr import ClevrScene
from rn_core.tasks.clevr.camera import FOCAL, FURTHEST, HEIGHT, POSITION, WIDTH, fit_seen, view_axes


def find_camera(found: Sequence[Found]) -> Camera:
    """Return where a picture was probably taken from, rounded; the usual place where nothing else is likely.

    Args:
        found: 1 or more objects of the picture.
    """
    coords = np.array([(each.thing.x, each.thing.y, each.thing.radius) for each in found])
    position = fit_seen(coords, np.array([each.pixel for each in found]))
    is_near = np.isfinite(position).all() and np.abs(position - POSITION).max() < FURTHEST
    x, y, z = (round(float(value), 3) for value in (position if is_near else POSITION))
    return x, y, z


def place_things(found: Sequence[Found], camera: Camera) -> tuple[Thing, ...]:
    """Return found objects where a camera that stands there sees them, to a hundredth; so they lie on their picture.

    Args:
        found: 1 or more objects of the picture; where one lies above the horizon, the place that was found stays.
        camera: as `find_camera` gives it.
    """
    eye = np.array(camera)
    right, top, ahead = view_axes(eye)
    things = []
    for each in found:
        column, row = each.pixel
        ray = ahead + right * (column - WIDTH / 2) / FOCAL + top * (HEIGHT / 2 - row) / FOCAL
        x, y = (eye + ray * (each.thing.radius - eye[2]) / ray[2])[:2] if ray[2] < 0 else (each.thing.x, each.thing.y)
        things.append(replace(each.thing, x=keep_near(float(x)), y=keep_near(float(y))))
    return tuple(things)


@functools.lru_cache(maxsize=64)
def uploaded_scene(parts: tuple[Part, ...], camera: Camera | None) -> ClevrScene:
    """Return the scene of the objects of an uploaded picture.

    Args:
        parts: 1 to 10 things; letters stand for none here.
        camera: where it was taken from; None for the usual place.

    Raises:
        SceneError: for letters, or another number of things.
    """
    things = tuple(part for part in parts if isinstance(part, Thing))
    if len(things) < len(parts):
        raise SceneError("The objects of an uploaded picture must be written out, got letters; upload it again.")
    return build_seen(things, np.array(camera or POSITION))
