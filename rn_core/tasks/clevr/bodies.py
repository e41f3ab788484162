"""The ground and the objects of a CLEVR scene for Mitsuba: shapes, places, rubber and metal.

Source: Johnson et al. 2017 (arXiv 1612.06890), supplement A, and measurements on CLEVR's pictures: metal there is
brushed around the vertical axis, which draws highlights out into vertical streaks.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rn_core.tasks.clevr.lighting import GROUND, Color, describe_glow, rgb
from rn_core.tasks.clevr.meshes import Mesh, area_vectors, make_cube, make_cylinder
from rn_core.tasks.clevr.scene import MATERIALS, RADIUS, SHAPES, ClevrScene

#: Share of red, green and blue that each of `COLORS` sends back, of 255, in linear light.
TINTS = (
    (87, 87, 87),
    (173, 35, 35),
    (42, 75, 215),
    (29, 105, 20),
    (129, 74, 25),
    (129, 38, 192),
    (41, 208, 208),
    (255, 238, 51),
)
#: Roughness of metal along and across its brushing: of its even part and of its brushed part, and the latter's share.
METAL_EVEN, METAL_BRUSHED, BRUSHED_SHARE = (0.03, 0.03), (0.1, 0.3), 0.4
#: Share of their color that rubber things send back.
RUBBER = 0.9
_GROUND_SIZE = 200.0


def tint_of(scene: ClevrScene, index: int) -> Color:
    """Return what share of red, green and blue an object sends back."""
    red, green, blue = TINTS[scene.colors[index]]
    return red / 255, green / 255, blue / 255


def make_bodies(scene: ClevrScene, glows: bool, mi: Any) -> dict[str, Any]:
    """Return name -> Mitsuba's shape: "ground" and "object_0" to "object_9".

    Args:
        scene: what stands on the ground.
        glows: whether matte surfaces send out light of their own, which stands for light from all around.
        mi: Mitsuba.
    """
    size = mi.ScalarTransform4f().scale([_GROUND_SIZE, _GROUND_SIZE, 1.0])
    ground = {"type": "rectangle", "to_world": size, "bsdf": {"type": "diffuse", "reflectance": rgb([GROUND] * 3)}}
    if glows:
        ground["emitter"] = describe_glow((GROUND,) * 3)
    objects = {f"object_{index}": _make_object(scene, index, glows, mi) for index in range(scene.n_objects)}
    return {"ground": mi.load_dict(ground), **objects}


def _make_object(scene: ClevrScene, index: int, glows: bool, mi: Any) -> Any:
    """Return one object as Mitsuba's shape."""
    surface = _describe_surface(MATERIALS[scene.materials[index]], tint_of(scene, index), glows)
    radius, place = RADIUS[scene.sizes[index]], scene.coords[index]
    shape = SHAPES[scene.shapes[index]]
    if shape == "sphere":
        to_world = mi.ScalarTransform4f().translate(place.tolist()) @ mi.ScalarTransform4f().scale(radius)
        return mi.load_dict({"type": "sphere", "to_world": to_world, **surface})
    rotation = 0.0 if scene.rotation is None else scene.rotation[index]
    return _load_mesh(_turn(make_cube() if shape == "cube" else make_cylinder(), rotation), radius, place, surface, mi)


def _describe_surface(material: str, tint: Color, glows: bool) -> dict[str, Any]:
    """Return what a surface does with light, for Mitsuba; rubber may glow."""
    if material == "metal":
        return {"bsdf": _describe_metal(tint)}
    red, green, blue = (RUBBER * share for share in tint)
    surface = {"bsdf": {"type": "diffuse", "reflectance": rgb((red, green, blue))}}
    return {**surface, "emitter": describe_glow((red, green, blue))} if glows else surface


def _turn(mesh: Mesh, angle: float) -> Mesh:
    """Return a mesh turned about z by an angle in radians."""
    cosine, sine = np.cos(angle), np.sin(angle)
    turn = np.array([[cosine, sine, 0], [-sine, cosine, 0], [0, 0, 1]])
    return Mesh(*(part @ turn for part in mesh))


def _load_mesh(mesh: Mesh, radius: float, place: np.ndarray, surface: dict[str, Any], mi: Any) -> Any:
    """Return a mesh of some size at some place as Mitsuba's shape; its texture runs along its brushing."""
    outwards = area_vectors(mesh.corners)
    outwards /= np.linalg.norm(outwards, axis=-1, keepdims=True)
    axes = np.stack([mesh.brushing, np.cross(outwards, mesh.brushing)], axis=-1)  # (F, 3, 2)
    properties = mi.Properties()
    for name, part in surface.items():
        properties[name] = mi.load_dict(part)
    n_corners = 3 * len(mesh.corners)
    kept = {"has_vertex_normals": True, "has_vertex_texcoords": True}
    shape = mi.Mesh("body", n_corners, len(mesh.corners), props=properties, **kept)
    arrays = mi.traverse(shape)
    arrays["vertex_positions"] = (radius * mesh.corners + place).ravel().astype(np.float32)
    arrays["vertex_normals"] = mesh.normals.ravel().astype(np.float32)
    arrays["vertex_texcoords"] = (mesh.corners @ axes).ravel().astype(np.float32)
    arrays["faces"] = np.arange(n_corners, dtype=np.uint32)
    arrays.update()
    return shape


def _describe_metal(tint: Color) -> dict[str, Any]:
    """Return metal for Mitsuba: a part that mirrors evenly and a brushed part."""
    parts = {"even": METAL_EVEN, "brushed": METAL_BRUSHED}
    mirrors = {name: _describe_mirror(tint, *roughness) for name, roughness in parts.items()}
    return {"type": "blendbsdf", "weight": BRUSHED_SHARE, **mirrors}


def _describe_mirror(tint: Color, along: float, across: float) -> dict[str, Any]:
    """Return a tinted rough mirror for Mitsuba."""
    rough = {"distribution": "ggx", "alpha_u": along, "alpha_v": across}
    return {"type": "roughconductor", "material": "none", "specular_reflectance": rgb(tint), **rough}
