"""Rendered pictures: every byte decided, every object where the camera sees it, and recognised by public networks."""

from __future__ import annotations

import sys
import types
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import drjit
import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import binary_dilation, binary_erosion

from rn_core.answering import load
from rn_core.common.errors import RNCoreError, SceneError
from rn_core.common.seeding import make_rng
from rn_core.tasks.clevr import ClevrScene, QuestionGenerator, rendering, sample_scenes
from rn_core.tasks.clevr.bodies import TINTS
from rn_core.tasks.clevr.camera import FOCAL, JITTER, POSITION, fit_camera, project, view_axes
from rn_core.tasks.clevr.lighting import LAMP_JITTER, LAMPS, place_lamps
from rn_core.tasks.clevr.picture_size import PictureSize
from rn_core.tasks.clevr.rendering import Guide, encode_srgb, place_camera, render_guided, render_scene, use_threads
from rn_core.tasks.clevr.scene import COLORS, RADIUS
from rn_core.weights.public import PUBLIC, import_file

NAME = "clevr/rn-pixels-public"
SCENES = sample_scenes(make_rng(5, "test"), 6)
#: Pictures of CLEVR's own size take over a second each.
HALF, QUARTER = PictureSize(240, 160), PictureSize(120, 80)


@pytest.fixture(scope="module")
def drawn() -> list[tuple[np.ndarray, Guide]]:
    """The six scenes at half size with the fewest paths of light, each with its place in the list as its seed."""
    return [render_guided(scene, seed, samples=1, size=HALF) for seed, scene in enumerate(SCENES)]


@pytest.fixture(scope="module")
def pictures(drawn) -> list[np.ndarray]:
    """The pictures alone."""
    return [picture for picture, _ in drawn]


def enter_slab(origin: np.ndarray, rays: np.ndarray, radius: float) -> tuple[np.ndarray, np.ndarray]:
    """Return where rays enter and leave -radius < coordinate < radius."""
    near, far = (-radius - origin) / rays, (radius - origin) / rays
    return np.minimum(near, far), np.maximum(near, far)


def enter_round(origin: np.ndarray, rays: np.ndarray, radius: float) -> tuple[np.ndarray, np.ndarray]:
    """Return where rays enter and leave a ball (three coordinates) or a tube (two of them)."""
    a, b = (rays * rays).sum(axis=-1), (rays * origin).sum(axis=-1)
    root = np.sqrt(np.where((found := b * b - a * (origin @ origin - radius**2)) > 0, found, np.nan))
    return (-b - root) / a, (-b + root) / a


def distance_slowly(scene: ClevrScene, index: int, camera: np.ndarray, rays: np.ndarray) -> np.ndarray:
    """Return how far along each ray an object with sharp edges begins; infinite where it is missed."""
    angle, radius = scene.rotation[index], RADIUS[scene.sizes[index]]
    turn = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    origin, rays = (camera - scene.coords[index]) @ turn, rays @ turn
    shape = scene.words["shape"][index]
    if shape == "sphere":
        spans = [enter_round(origin, rays, radius)]
    elif shape == "cylinder":
        spans = [enter_round(origin[:2], rays[..., :2], radius), enter_slab(origin[2], rays[..., 2], radius)]
    else:
        spans = [enter_slab(origin[axis], rays[..., axis], radius) for axis in range(3)]
    near, far = np.max([span[0] for span in spans], axis=0), np.min([span[1] for span in spans], axis=0)
    return np.where(near < far, near, np.inf)  # comparisons with nan are false


def shown_slowly(scene: ClevrScene, camera: np.ndarray, width: int = 240, height: int = 160) -> np.ndarray:
    """Return (height, width) the first object on the ray through each pixel's middle, or the number of objects."""
    right, top, ahead = view_axes(camera)
    row, column = np.mgrid[:height, :width] + 0.5
    focal = FOCAL * width / 480
    rays = ahead + right * (column[..., None] - width / 2) / focal - top * (row[..., None] - height / 2) / focal
    distances = np.stack([distance_slowly(scene, index, camera, rays) for index in range(scene.n_objects)])
    return np.where(np.isfinite(distances.min(axis=0)), distances.argmin(axis=0), scene.n_objects)


def shrink(image: np.ndarray) -> np.ndarray:
    """Return a picture at 120 x 80, 0 to 1."""
    return np.asarray(Image.fromarray(image).resize((120, 80), Image.Resampling.BOX)) / 255


def test_a_scene_and_a_seed_decide_every_byte(pictures):
    assert pictures[0].shape == (160, 240, 3)
    assert pictures[0].dtype == np.uint8
    cores = drjit.thread_count()
    drjit.set_thread_count(1)
    try:
        np.testing.assert_array_equal(render_scene(SCENES[0], 0, samples=1, size=HALF), pictures[0])
    finally:
        drjit.set_thread_count(cores)
    moved = render_scene(SCENES[0], 1, samples=1, size=HALF)
    assert np.abs(shrink(moved) - shrink(pictures[0])).max() > 0.02  # lamps stand elsewhere


def test_threads_get_the_pictures_that_they_asked_for():
    def render(seed: int) -> np.ndarray:
        return render_scene(SCENES[seed], seed, samples=1, size=QUARTER)

    with ThreadPoolExecutor(3) as threads:
        found = list(threads.map(render, (2, 0, 1)))
    for seed, picture in zip((2, 0, 1), found, strict=True):
        np.testing.assert_array_equal(picture, render(seed))


@pytest.mark.parametrize("number", range(len(SCENES)))
def test_every_pixel_shows_what_its_ray_meets(number, drawn):
    """Rays go through any place of a pixel, and bevels take a little off edges and corners."""
    scene, (_, guide) = SCENES[number], drawn[number]
    truth = shown_slowly(scene, fit_camera(scene.coords, scene.pixel_coords))
    assert set(np.unique(truth)) == set(range(scene.n_objects + 1))
    for index in range(scene.n_objects + 1):
        inside = truth == index
        edge = binary_dilation(inside, iterations=2) & ~binary_erosion(inside, iterations=2)
        assert ((guide.shown == index) ^ inside)[~edge].sum() <= 3
    tints = np.array([*(TINTS[color] for color in scene.colors), (204, 204, 204)]) / 255
    np.testing.assert_allclose(guide.albedo, tints[guide.shown], atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(guide.normals, axis=-1), 1, atol=1e-3)
    ground = guide.normals[guide.shown == scene.n_objects]
    np.testing.assert_allclose(ground, np.broadcast_to((0, 0, 1), ground.shape), atol=1e-5)


def test_matte_objects_have_their_color(pictures):
    tints = np.array(TINTS) / 255
    directions = tints / np.linalg.norm(tints, axis=1, keepdims=True)
    checked = 0
    for seed, scene in enumerate(SCENES):
        shown = shown_slowly(scene, fit_camera(scene.coords, scene.pixel_coords))
        for index in np.flatnonzero(scene.materials == 0):
            color = np.median(pictures[seed][shown == index] / 255, axis=0) ** 2.2
            likeness = directions @ (color / np.linalg.norm(color))
            assert COLORS[likeness.argmax()] == scene.words["color"][index]
            checked += 1
    assert checked >= 10


def test_real_scenes_look_as_they_do(val_records, shared_data):
    """Lamps stand elsewhere in the real picture, within their jitter, so the two are alike, not equal."""
    gaps = np.zeros((2, 2))
    real = [np.asarray(Image.open(shared_data / f"clevr/images/CLEVR_val_00000{k}.png").convert("RGB")) for k in (0, 2)]
    for row, record in enumerate((val_records[0], val_records[2])):
        rendered = render_scene(ClevrScene.from_json(record), 0, samples=1)
        assert rendered.shape == (320, 480, 3)
        picture = shrink(rendered)
        gaps[row] = [np.sqrt(np.square(picture - shrink(image)).mean()) for image in real]
    assert np.diag(gaps).max() < 0.05
    assert (np.diag(gaps)[:, None] * 2 < gaps + 9 * np.eye(2)).all()


def test_light_is_encoded_as_srgb():
    light = np.array([-1, 0, 0.001, 0.0031308, 0.05, 0.2140, 0.5, 1, 7])
    assert encode_srgb(light).tolist() == [0, 0, 3, 10, 63, 127, 188, 255, 255]
    every = (np.arange(256) / 255 + 0.055) / 1.055
    decoded = np.where(np.arange(256) <= 10, np.arange(256) / 255 / 12.92, every**2.4)
    np.testing.assert_array_equal(encode_srgb(decoded), np.arange(256))


def test_lamps_and_cameras_are_moved_within_their_jitter():
    moved = [place_lamps(make_rng(seed, "test")) for seed in range(300)]
    for name, lamp in LAMPS.items():
        moves = np.array([places[name] - lamp.place for places in moved])
        assert np.abs(moves).max() <= LAMP_JITTER
        # 300 uniform draws from -1 to 1: four standard errors of the mean are 0.13, of the deviation 0.06.
        assert moves.mean(axis=0) == pytest.approx(np.zeros(3), abs=0.13)
        assert moves.std(axis=0) == pytest.approx(np.full(3, 3**-0.5), abs=0.06)
    scene = SCENES[0]
    seen = place_camera(scene, make_rng(0, "test"))
    assert np.abs(project(scene.coords, seen) - scene.pixel_coords).max() < 1
    blind = ClevrScene(scene.sizes, scene.colors, scene.materials, scene.shapes, scene.coords, scene.rotation)
    places = np.array([place_camera(blind, make_rng(seed, "test")) for seed in range(20)])
    assert len(np.unique(places, axis=0)) == 20
    assert np.abs(places - POSITION).max() <= JITTER


@pytest.mark.parametrize(
    ("seed", "samples", "sentence"),
    [
        (-1, 1, "A seed must be a whole number from 0 to 4294967295, got -1"),
        (0, 0, "samples must be a whole number from 1 to 1024, got 0; change it."),
        (0, 1.5, "samples must be a whole number from 1 to 1024, got 1.5; change it."),
        (0, 1025, "samples must be a whole number from 1 to 1024, got 1025; change it."),
    ],
)
def test_bad_arguments_are_one_sentence(seed, samples, sentence):
    with pytest.raises(RNCoreError, match=sentence):
        render_scene(SCENES[0], seed, samples)


@pytest.mark.parametrize("pixels", [(1e5, -1e5, 1e5), (0, 0, 0), (240, 160, -3)])
def test_pixels_that_no_camera_sees_are_one_sentence(pixels):
    scene = SCENES[0]
    made_up = np.broadcast_to(np.array(pixels, dtype=float), scene.coords.shape).copy()
    with pytest.raises(SceneError, match=r"must be those of a camera within 2 of .* leave all of them out"):
        place_camera(replace(scene, pixel_coords=made_up), make_rng(0, "test"))


def test_pixels_of_a_picture_of_another_size_are_refused_with_the_size():
    for scene in SCENES:
        column, row, depth = scene.pixel_coords.T
        small = np.column_stack([np.round(column * 2 / 3), np.round(120 + (row - 160) * 2 / 3), depth])
        with pytest.raises(SceneError, match=r"belong to a picture of 320 x 240, but must be of 480 x 320; leave all"):
            place_camera(replace(scene, pixel_coords=small), make_rng(0, "test"))


@pytest.mark.parametrize("away", [(1.6, 0, 0), (0, -1.7, 0.4), (0.3, 1.5, 1.2)])
def test_a_camera_further_away_than_clevr_s_is_found_where_all_pixels_fit_it(away):
    place = np.array(POSITION) + away
    for scene in SCENES[:3]:
        seen = replace(scene, pixel_coords=project(scene.coords, place))
        np.testing.assert_allclose(place_camera(seen, make_rng(0, "test")), place, atol=1e-3)


def test_the_renderer_takes_as_many_cores_as_it_is_given_and_none_where_it_is_missing(monkeypatch):
    counts: list[int] = []
    monkeypatch.setitem(sys.modules, "drjit", types.SimpleNamespace(set_thread_count=counts.append))
    use_threads(3)
    monkeypatch.setitem(sys.modules, "drjit", None)
    use_threads(4)
    assert counts == [3]


@pytest.mark.parametrize("package", ["mitsuba", "mitsuba_oidn"])
def test_a_missing_renderer_is_one_sentence(monkeypatch, package):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(RNCoreError, match=r"Pictures need Mitsuba.*run `python -m pip install mitsuba mitsuba-oidn`"):
        render_scene(SCENES[0])


def test_an_edited_scene_without_pixels_and_rotation_is_drawn(four_things):
    scene = ClevrScene.from_json(four_things())
    _, guide = render_guided(scene, 3, samples=1)
    assert set(np.unique(guide.shown)) == {0, 1, 2, 3, 4}


def test_public_weights_answer_questions_about_rendered_scenes(pictures, shared_data, tmp_path):
    """On 1,000 questions they get more than 92 % right; 0.8 is four standard errors below that on 60."""
    import_file(NAME, shared_data / "clevr-public-weights" / PUBLIC[NAME].file, tmp_path)
    answerer, generator = load(NAME, "cpu", tmp_path), QuestionGenerator(make_rng(5, "test", 1))
    right = []
    for scene, picture in zip(SCENES, pictures, strict=True):
        asked = generator.ask(scene)
        answers = answerer.answer_many([picture] * len(asked), [question.text for question in asked])
        right += [answer.text == question.answer for answer, question in zip(answers, asked, strict=True)]
    assert len(right) == 60
    assert np.mean(right) >= 0.8


def test_the_denoiser_is_opened_once_since_each_device_keeps_its_memory():
    opened = []

    class Denoiser:
        DeviceType = types.SimpleNamespace(CPU=0)

        def Device(self, kind: int) -> types.SimpleNamespace:
            opened.append(kind)
            return types.SimpleNamespace()

        def denoise(self, light: np.ndarray, *_: object, hdr: bool, device: object) -> np.ndarray:
            return light

    light, denoiser = np.zeros((2, 2, 3), dtype=np.float32), Denoiser()
    for _ in range(3):
        rendering._remove_grain(light, Guide(light, light, light), denoiser)
    assert opened == [0]
