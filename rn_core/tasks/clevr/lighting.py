"""What lights a CLEVR scene: three lamps that are moved for every scene, a sun, a wall behind the scene, a dim sky.

Source: Johnson et al. 2017 (arXiv 1612.06890), supplement A (three lamps, jittered). The sun and the wall are in none
of its text: they are seen in the metal spheres of CLEVR's pictures, from which all places and powers were measured.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from rn_core.common.seeding import uniform_integers

Color = tuple[float, float, float]


class Lamp(NamedTuple):
    """A square that shines to one side.

    Attributes:
        place: its middle, before it is moved.
        target: the point that it faces from there; it is moved, not turned.
        half_side: half its side.
        power: per channel, the light that the ground sends back below it from 1 away, were it turned down.
    """

    place: tuple[float, float, float]
    target: tuple[float, float, float]
    half_side: float
    power: Color


LAMPS: Mapping[str, Lamp] = MappingProxyType(
    {
        "key": Lamp((6.45, -2.91, 4.26), (-0.8, 1.8, 0.0), 0.25, (6.0, 5.55, 4.75)),
        "fill": Lamp((-4.67, -4.01, 3.01), (-2.4, -1.9, 0.0), 0.25, (0.9, 1.0, 1.25)),
        "back": Lamp((-1.17, 2.65, 5.82), (-0.9, -1.6, 0.0), 0.4, (2.9, 2.9, 3.0)),
    }
)
#: Every coordinate of a lamp is moved by up to this much.
LAMP_JITTER = 1.0
#: Share of the light that the ground sends back.
GROUND = 0.8
#: Unit vector to the sun, and what the ground would send back of its light if it faced it.
SUN, SUN_POWER = (0.4192, -0.196, 0.8864), (0.102, 0.102, 0.102)
#: Light that matte things send back of what comes from all around, as a share of their color.
GLOW = (0.022, 0.02, 0.022)
SKY = 0.015
#: The wall: how far away, in which direction from the x axis, how far to each side and how high, in degrees; its light.
WALL_DISTANCE, WALL_DIRECTION, WALL_REACH, WALL_TOP, WALL = 28.0, 149.0, 55.0, 45.0, 0.115


def place_lamps(rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Return name -> place (3,) float64 of each of `LAMPS`, moved at random."""
    moves = LAMP_JITTER * (uniform_integers(rng, 2**32, (len(LAMPS), 3)) / 2**31 - 1)
    return {name: np.array(lamp.place) + move for (name, lamp), move in zip(LAMPS.items(), moves, strict=True)}


def describe_lights(places: Mapping[str, np.ndarray], mi: Any) -> dict[str, dict[str, Any]]:
    """Return the lights for Mitsuba, in groups that are rendered apart and added up.

    One group a lamp, so that no path has to choose a lamp, and no lamp casts a shadow. The last, "rest", is sun, wall
    and sky.

    Args:
        places: name -> place (3,) of each of `LAMPS`.
        mi: Mitsuba.
    """
    groups = {name: {"lamp": _describe_lamp(lamp, places[name], mi)} for name, lamp in LAMPS.items()}
    irradiance = [np.pi / GROUND * power for power in SUN_POWER]
    groups["rest"] = {
        "sun": {"type": "directional", "direction": [-part for part in SUN], "irradiance": rgb(irradiance)},
        "wall": _describe_wall(mi),
        "sky": {"type": "constant", "radiance": rgb([SKY] * 3), "sampling_weight": 0.0},
    }
    return groups


def describe_glow(color: Color) -> dict[str, Any]:
    """Return the glow of a matte surface for Mitsuba; paths find it by chance alone."""
    radiance = [share * glow for share, glow in zip(color, GLOW, strict=True)]
    return {"type": "area", "radiance": rgb(radiance), "sampling_weight": 0.0}


def rgb(values: Any) -> dict[str, Any]:
    """Return a color for Mitsuba."""
    return {"type": "rgb", "value": [float(value) for value in values]}


def _describe_lamp(lamp: Lamp, place: np.ndarray, mi: Any) -> dict[str, Any]:
    """Return a lamp for Mitsuba."""
    radiance = np.pi / GROUND * np.array(lamp.power) / (2 * lamp.half_side) ** 2
    target = place + np.array(lamp.target) - np.array(lamp.place)
    return {
        "type": "rectangle",
        "to_world": _look_at(place, target, mi) @ _stretch(lamp.half_side, lamp.half_side, mi),
        "emitter": {"type": "area", "radiance": rgb(radiance)},
    }


def _describe_wall(mi: Any) -> dict[str, Any]:
    """Return the wall for Mitsuba; paths find it by chance alone."""
    direction, reach, top = np.radians([WALL_DIRECTION, WALL_REACH, WALL_TOP])
    middle = WALL_DISTANCE * np.array([np.cos(direction), np.sin(direction), np.tan(top) / 2])
    return {
        "type": "rectangle",
        "to_world": _look_at(middle, middle * (0, 0, 1), mi)
        @ _stretch(WALL_DISTANCE * np.tan(reach), WALL_DISTANCE * np.tan(top) / 2, mi),
        "emitter": {"type": "area", "radiance": rgb([WALL] * 3), "sampling_weight": 0.0},
    }


def _look_at(place: np.ndarray, target: np.ndarray, mi: Any) -> Any:
    """Return what moves something to a place and turns it to a target."""
    return mi.ScalarTransform4f().look_at(origin=place.tolist(), target=target.tolist(), up=[0, 0, 1])


def _stretch(across: float, up: float, mi: Any) -> Any:
    """Return what stretches a square of half side 1."""
    return mi.ScalarTransform4f().scale([float(across), float(up), 1.0])
