"""Pictures of CLEVR scenes by path tracing: `render_scene(scene, seed)`, 480 x 320, on a CPU, without a display.

Source: Johnson et al. 2017 (arXiv 1612.06890), supplement A: a ground plane, three jittered lamps, rubber and metal.
Powers, roughness and the sun were fitted here to real pictures. Where we differ: Mitsuba 3 instead of Blender.
"""

from __future__ import annotations

import threading
from types import ModuleType
from typing import Any

import numpy as np

from rn_core.errors import RNCoreError
from rn_core.seeding import make_rng, uniform_integers
from rn_core.tasks.clevr.camera import FOCAL, HEIGHT, WIDTH, fit_camera, sample_cameras
from rn_core.tasks.clevr.meshes import Mesh, make_cube, make_cylinder
from rn_core.tasks.clevr.scene import COLORS, MATERIALS, RADIUS, SHAPES, ClevrScene

#: Paths of light followed for each pixel.
DEFAULT_SAMPLES = 4
#: Tint of each of `COLORS`, in linear light.
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
#: Lamps: place before it is moved, half the side of its square, radiance.
LAMPS = {
    "key": ((6.45, -2.91, 4.26), 0.25, 60.0),
    "fill": ((-4.67, -4.01, 3.01), 0.25, 20.0),
    "back": ((-1.17, 2.65, 5.82), 0.25, 20.0),
}
LAMP_JITTER = 1.0
SUN = (0.41, -0.2, 0.89)
SUN_IRRADIANCE = 0.6
SKY = 0.05
GROUND = 0.5
GROUND_SIZE = 200.0
METAL_ROUGHNESS = (0.08, 0.25)
RUBBER_GLOSS = 0.05
RUBBER_ROUGHNESS = 0.4
_DEPTH = 6
_BLOCK = 32
_LOCK = threading.Lock()


def render_scene(scene: ClevrScene, seed: int = 0, samples: int = DEFAULT_SAMPLES) -> np.ndarray:
    """Return a picture of a scene; the same scene, seed and samples give the same bytes on a machine.

    Args:
        scene: its camera is fitted to its pixel coordinates; without them it is drawn from `seed`.
        seed: 0 to 2**32 - 1; moves the lamps, as CLEVR does, and decides the noise.
        samples: paths of light a pixel.

    Returns:
        (320, 480, 3) uint8, RGB.
    """
    light = render_light(scene, seed, samples)
    return encode_srgb(light)


def render_light(scene: ClevrScene, seed: int, samples: int) -> np.ndarray:
    """Return (320, 480, 3) float32, linear light."""
    rng = make_rng(seed, "explore")
    return sum(render_parts(scene, place_camera(scene, rng), place_lamps(rng), seed, samples).values())


def render_parts(scene, camera, lamps, seed, samples) -> dict[str, np.ndarray]:
    mi = load_mitsuba()
    base: dict[str, Any] = {
        "type": "scene",
        "integrator": {"type": "path", "max_depth": _DEPTH, "hide_emitters": True, "block_size": _BLOCK},
        "sensor": mi.load_dict(describe_camera(camera)),
        "ground": mi.load_dict(
            {
                "type": "rectangle",
                "to_world": mi_scale(GROUND_SIZE),
                "bsdf": {"type": "diffuse", "reflectance": {"type": "rgb", "value": GROUND}},
            }
        ),
    }
    for index in range(scene.n_objects):
        o = make_object(scene, index)
        base[f"object_{index}"] = mi.load_dict(o) if isinstance(o, dict) else o
    return {
        name: np.array(mi.render(mi.load_dict(base | lights), spp=samples, seed=seed))
        for name, lights in describe_lights(lamps).items()
    }


def load_mitsuba() -> ModuleType:
    """Return Mitsuba; raises RNCoreError if it is not there."""
    with _LOCK:
        import mitsuba as mi

        if mi.variant() != "scalar_rgb":
            mi.set_variant("scalar_rgb")
    return mi


def place_camera(scene: ClevrScene, rng: np.random.Generator) -> np.ndarray:
    """Return the place (3,) of a scene's camera."""
    drawn = sample_cameras(rng, 1)[0]
    return drawn if scene.pixel_coords is None else fit_camera(scene.coords, scene.pixel_coords)


def place_lamps(rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Return name -> place (3,) of each lamp."""
    moves = LAMP_JITTER * (uniform_integers(rng, 2**32, (len(LAMPS), 3)) / 2**31 - 1)
    return {name: np.array(place) + move for (name, (place, _, _)), move in zip(LAMPS.items(), moves, strict=True)}


def mi_scale(size: float) -> Any:
    mi = load_mitsuba()
    return mi.ScalarTransform4f().scale([size, size, 1])


def describe_camera(place: np.ndarray) -> dict[str, Any]:
    mi = load_mitsuba()
    fov = float(np.degrees(2 * np.arctan(WIDTH / 2 / FOCAL)))
    return {
        "type": "perspective",
        "fov": fov,
        "fov_axis": "x",
        "to_world": mi.ScalarTransform4f().look_at(origin=place.tolist(), target=[0, 0, 0], up=[0, 0, 1]),
        "film": {
            "type": "hdrfilm",
            "width": WIDTH,
            "height": HEIGHT,
            "rfilter": {"type": "box"},
            "pixel_format": "rgb",
            "component_format": "float32",
        },
        "sampler": {"type": "independent"},
    }


def describe_lights(lamps: dict[str, np.ndarray]) -> dict[str, Any]:
    mi = load_mitsuba()
    T = mi.ScalarTransform4f
    passes: dict[str, Any] = {}
    for name, place in lamps.items():
        _, half, radiance = LAMPS[name]
        passes[name] = {
            "lamp": {
                "type": "rectangle",
                "to_world": T().look_at(origin=place.tolist(), target=[0, 0, 0], up=[0, 0, 1])
                @ T().scale([half, half, 1]),
                "emitter": {"type": "area", "radiance": {"type": "rgb", "value": radiance}},
            }
        }
    passes["sun"] = {
        "sun": {
            "type": "directional",
            "direction": [-v for v in SUN],
            "irradiance": {"type": "rgb", "value": SUN_IRRADIANCE},
        },
        "sky": {"type": "constant", "radiance": {"type": "rgb", "value": SKY}, "sampling_weight": 0.0},
    }
    return passes


def make_object(scene: ClevrScene, index: int) -> Any:
    mi = load_mitsuba()
    T = mi.ScalarTransform4f
    bsdf = describe_material(MATERIALS[scene.materials[index]], TINTS[scene.colors[index]])
    radius = RADIUS[scene.sizes[index]]
    shape = SHAPES[scene.shapes[index]]
    place = scene.coords[index]
    turn = 0.0 if scene.rotation is None else float(scene.rotation[index])
    if shape == "sphere":
        return {"type": "sphere", "to_world": T().translate(place.tolist()) @ T().scale(radius), "bsdf": bsdf}
    return make_mesh(make_cube() if shape == "cube" else make_cylinder(), bsdf, place, radius, turn)


def make_mesh(mesh: Mesh, bsdf: Any, place: np.ndarray, radius: float, turn: float) -> Any:
    mi = load_mitsuba()
    c, s = np.cos(turn), np.sin(turn)
    R = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])
    corners, normals, brush = mesh.corners @ R.T, mesh.normals @ R.T, mesh.brushing @ R.T
    across = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    across /= np.linalg.norm(across, axis=1, keepdims=True)
    other = np.cross(across, brush)
    uv = np.stack([(corners * brush[:, None]).sum(-1), (corners * other[:, None]).sum(-1)], -1)
    props = mi.Properties()
    props["bsdf"] = mi.load_dict(bsdf)
    n = 3 * len(corners)
    made = mi.Mesh("object", n, len(corners), has_vertex_normals=True, has_vertex_texcoords=True, props=props)
    p = mi.traverse(made)
    p["vertex_positions"] = (corners * radius + place).ravel().astype(np.float32)
    p["vertex_normals"] = normals.ravel().astype(np.float32)
    p["vertex_texcoords"] = uv.ravel().astype(np.float32)
    p["faces"] = np.arange(n, dtype=np.uint32)
    p.update()
    return made


def describe_material(material: str, tint: tuple[int, int, int]) -> dict[str, Any]:
    color = {"type": "rgb", "value": [v / 255 for v in tint]}
    if material == "metal":
        return {
            "type": "roughconductor",
            "material": "none",
            "distribution": "ggx",
            "alpha_u": METAL_ROUGHNESS[0],
            "alpha_v": METAL_ROUGHNESS[1],
            "specular_reflectance": color,
        }
    return {
        "type": "blendbsdf",
        "weight": RUBBER_GLOSS,
        "diffuse": {"type": "diffuse", "reflectance": color},
        "gloss": {"type": "roughconductor", "material": "none", "distribution": "ggx", "alpha": RUBBER_ROUGHNESS},
    }


def encode_srgb(light: np.ndarray) -> np.ndarray:
    """Return (H, W, 3) uint8."""
    light = np.clip(light, 0, 1)
    srgb = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    return np.rint(255 * srgb).astype(np.uint8)
