"""Pictures of CLEVR scenes by path tracing, 480 x 320 or another size, on a CPU, without a display.

Source: Johnson et al. 2017 (arXiv 1612.06890), supplement A. Where we differ: Mitsuba 3 instead of Blender, few paths
a pixel, and Intel's Open Image Denoise to take the grain out.
"""

from __future__ import annotations

import contextlib
import functools
import threading
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

from rn_core.common.checks import is_whole
from rn_core.common.errors import RNCoreError, SceneError
from rn_core.common.seeding import check_seed, make_rng
from rn_core.tasks.clevr.bodies import make_bodies, tint_of
from rn_core.tasks.clevr.camera import (
    FOCAL,
    FURTHEST,
    HEIGHT,
    POSITION,
    WIDTH,
    fit_all,
    guess_size,
    is_usual,
    misfit,
    sample_cameras,
)
from rn_core.tasks.clevr.lighting import GROUND, describe_lights, place_lamps
from rn_core.tasks.clevr.picture_size import CLEVR_SIZE, PictureSize
from rn_core.tasks.clevr.scene import ClevrScene

#: Paths of light that are followed for each pixel and each group of lights.
DEFAULT_SAMPLES = 2
MAX_SAMPLES = 1024
#: Surfaces that a path may meet.
_DEPTH = 6
#: Side of the squares that are rendered by themselves; its default depends on the number of cores, and the noise on it.
_BLOCK = 32
#: A misfit up to this one is sure to be rounding; real scenes have 0.25 at most.
_SURE = 0.5
#: One picture at a time: Mitsuba's variant is one for the process, and each picture takes all cores anyway.
_LOCK = threading.Lock()


class Guide(NamedTuple):
    """What each pixel shows, by one ray.

    Attributes:
        shown: (H, W) int64, index of the object, or the number of objects for the ground.
        albedo: (H, W, 3) float32, share of the light that it sends back.
        normals: (H, W, 3) float32.
    """

    shown: np.ndarray
    albedo: np.ndarray
    normals: np.ndarray


def render_scene(
    scene: ClevrScene, seed: int = 0, samples: int = DEFAULT_SAMPLES, size: PictureSize = CLEVR_SIZE
) -> np.ndarray:
    """Return a picture of a scene; the arguments decide every byte of it. Threads may call it.

    Args:
        scene: seen by the camera that its pixel coordinates tell; without them, by one drawn from `seed`.
        seed: 0 to 2**32 - 1; moves the lamps, as CLEVR does for every scene.
        samples: paths per pixel and group of lights, 1 to 1024; few are enough.
        size: width and height; the pixel coordinates of `scene` are those of a 480 x 320 picture at any size.

    Returns:
        (H, W, 3) uint8, RGB.

    Raises:
        SceneError: in one sentence, if the pixel coordinates tell of no camera like CLEVR's.
        RNCoreError: in one sentence, on a bad seed or number of samples, or if Mitsuba cannot be loaded.
    """
    return render_guided(scene, seed, samples, size)[0]


def use_threads(count: int) -> None:
    """Let the renderer of this process use up to `count` cores; its pictures do not depend on how many.

    Where there is no renderer this does nothing, since each picture says so.
    """
    with _LOCK, contextlib.suppress(ImportError):
        import drjit

        drjit.set_thread_count(count)


def check_samples(samples: int) -> None:
    """Raise RNCoreError unless this is a number of paths that a pixel can have."""
    if not is_whole(samples) or not 1 <= samples <= MAX_SAMPLES:
        raise RNCoreError(f"samples must be a whole number from 1 to {MAX_SAMPLES}, got {samples!r}; change it.")


def render_guided(
    scene: ClevrScene, seed: int, samples: int, size: PictureSize = CLEVR_SIZE
) -> tuple[np.ndarray, Guide]:
    """Return a picture and what each of its pixels shows; arguments and errors as `render_scene`."""
    check_samples(samples)
    rng = make_rng(seed, "explore")
    camera, lamps = place_camera(scene, rng), place_lamps(rng)
    with _LOCK:
        mi, denoiser = _load_renderer()
        view = {"type": "scene", "sensor": mi.load_dict(_describe_camera(camera, size, mi))}
        bodies, glowing = (make_bodies(scene, glows, mi) for glows in (False, True))
        light = np.zeros((size.height, size.width, 3), dtype=np.float32)
        for name, lights in describe_lights(lamps, mi).items():
            things, integrator = (glowing, _path(False)) if name == "rest" else (bodies, _path(True))
            group = mi.load_dict({**view, **things, **lights, "integrator": integrator})
            light += np.array(mi.render(group, spp=samples, seed=check_seed(seed)))
        guide = _make_guide(scene, {**view, **bodies}, mi)
        return encode_srgb(_remove_grain(light, guide, denoiser)), guide


def place_camera(scene: ClevrScene, rng: np.random.Generator) -> np.ndarray:
    """Return the place (3,) float64 of a scene's camera: the one that its pixel coordinates tell, or a random one.

    Raises:
        SceneError: if the pixel coordinates tell of no camera like CLEVR's, or belong to a picture of another size.
    """
    drawn: np.ndarray = sample_cameras(rng, 1)[0]
    if scene.pixel_coords is None:
        return drawn
    fitted, size = fit_all(scene.coords, scene.pixel_coords), None
    for place in fitted:
        if is_usual(place) and misfit(scene.coords, scene.pixel_coords, place) <= _SURE:
            return place
    with np.errstate(all="ignore"), contextlib.suppress(np.linalg.LinAlgError):
        size = guess_size(scene.coords, scene.pixel_coords)
    for place in fitted if size in (None, (WIDTH, HEIGHT)) else ():
        if np.abs(place - POSITION).max() <= FURTHEST and misfit(scene.coords, scene.pixel_coords, place) <= 1:
            return place
    if size is not None and size != (WIDTH, HEIGHT):
        raise SceneError(
            f"The pixel coordinates belong to a picture of {size[0]} x {size[1]}, but must be of {WIDTH} x {HEIGHT}; "
            "leave all of them out, and a camera is drawn."
        )
    raise SceneError(
        f"The pixel coordinates must be those of a camera within {FURTHEST:g} of {POSITION}, but they fit none; "
        "leave all of them out, and a camera is drawn."
    )


def encode_srgb(light: np.ndarray) -> np.ndarray:
    """Return linear light (..., 3), 0 to 1 and more, as (..., 3) uint8 in sRGB."""
    light = np.clip(light, 0, 1)
    encoded = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    levels: np.ndarray = np.rint(255 * encoded)
    return levels.astype(np.uint8)


def _load_renderer() -> tuple[ModuleType, ModuleType]:
    """Return Mitsuba, set to its plain variant, and the denoiser; raises RNCoreError if one cannot be loaded."""
    try:
        import mitsuba as mi
        import mitsuba_oidn

        mi.set_variant("scalar_rgb")
    except (ImportError, OSError, AttributeError) as err:
        raise RNCoreError(
            f"Pictures need Mitsuba, which could not be loaded ({str(err)[:200]}); run `python -m pip install mitsuba "
            "mitsuba-oidn`."
        ) from err
    return mi, mitsuba_oidn


def _describe_camera(place: np.ndarray, size: PictureSize, mi: Any) -> dict[str, Any]:
    """Return the camera for Mitsuba."""
    film = {"type": "hdrfilm", **size._asdict(), "pixel_format": "rgb", "component_format": "float32"}
    return {
        "type": "perspective",
        "fov": float(np.degrees(2 * np.arctan(WIDTH / 2 / FOCAL))),
        "fov_axis": "x",
        "to_world": mi.ScalarTransform4f().look_at(origin=place.tolist(), target=[0, 0, 0], up=[0, 0, 1]),
        # A box: wider filters add neighboring squares up in the order in which they are done.
        "film": {**film, "rfilter": {"type": "box"}},
    }


def _path(hides_lights: bool) -> dict[str, Any]:
    """Return what follows paths of light, for Mitsuba."""
    return {"type": "path", "max_depth": _DEPTH, "hide_emitters": hides_lights, "block_size": _BLOCK}


def _make_guide(scene: ClevrScene, world: dict[str, Any], mi: Any) -> Guide:
    """Return what each pixel shows."""
    integrator = {"type": "aov", "aovs": "shape:shape_index,normal:sh_normal", "block_size": _BLOCK}
    loaded = mi.load_dict({**world, "integrator": integrator})
    found = np.array(mi.render(loaded, spp=1, seed=0))[..., -4:]
    names = [f"object_{index}" for index in range(scene.n_objects)]
    order = np.array([scene.n_objects, *((*names, "ground").index(shape.id()) for shape in loaded.shapes())])
    shown = order[found[..., 0].astype(np.int64)]
    tints = np.array([*(tint_of(scene, index) for index in range(scene.n_objects)), (GROUND,) * 3], dtype=np.float32)
    return Guide(shown, tints[shown], np.ascontiguousarray(found[..., 1:], dtype=np.float32))


def _remove_grain(light: np.ndarray, guide: Guide, denoiser: Any) -> np.ndarray:
    """Return a picture (H, W, 3) float32 of linear light without its noise, by the processor alone.

    On one core: several would add up the picture's brightness in an order of their own.
    """
    device = _open_device(denoiser)
    clean: np.ndarray = denoiser.denoise(light, guide.albedo, guide.normals, hdr=True, device=device)
    return clean


@functools.cache
def _open_device(denoiser: Any) -> Any:
    """Return the denoiser's only device: each one that is opened keeps 90 MB for as long as the process lives."""
    device = denoiser.Device(denoiser.DeviceType.CPU)
    device.num_threads = 1
    return device
