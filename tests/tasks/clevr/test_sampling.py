"""Drawn scenes: CLEVR's rules, the statistics of its real scene graphs, and the same bytes everywhere."""

from __future__ import annotations

import hashlib
import json

import numpy as np
import pytest

from rn_core.common.errors import SceneError
from rn_core.common.seeding import make_rng
from rn_core.tasks.clevr import RELATIONS, VALUES, ClevrScene, sample_scene, sample_scenes
from rn_core.tasks.clevr.camera import JITTER, POSITION, fit_camera, project
from rn_core.tasks.clevr.placement import check_placement
from rn_core.tasks.clevr.sampling import count_pixels, sample_only_scene

N_SCENES = 3000


@pytest.fixture(scope="module")
def drawn() -> list[ClevrScene]:
    """Many scenes of one seed."""
    return sample_scenes(make_rng(0, "train"), N_SCENES)


def pixel_gaps(scenes: list[ClevrScene]) -> np.ndarray:
    """Return the distance in pixels of every two objects of a scene, over all scenes."""
    gaps = []
    for scene in scenes:
        one, other = np.triu_indices(scene.n_objects, k=1)
        gaps.append(np.linalg.norm(scene.pixel_coords[one, :2] - scene.pixel_coords[other, :2], axis=1))
    return np.concatenate(gaps)


def ground_gaps(scenes: list[ClevrScene]) -> np.ndarray:
    """Return the distance on the ground of every two objects of a scene, over all scenes."""
    gaps = []
    for scene in scenes:
        one, other = np.triu_indices(scene.n_objects, k=1)
        gaps.append(np.linalg.norm(scene.coords[one, :2] - scene.coords[other, :2], axis=1))
    return np.concatenate(gaps)


def largest_gap(one: np.ndarray, other: np.ndarray) -> float:
    """Return the largest distance of two empirical distribution functions (Kolmogorov-Smirnov), 0 to 1."""
    places = np.concatenate([one, other])
    below = [np.searchsorted(np.sort(part), places, side="right") / len(part) for part in (one, other)]
    return float(np.abs(below[0] - below[1]).max())


def test_drawn_scenes_keep_every_rule(drawn):
    for scene in drawn:
        assert 3 <= scene.n_objects <= 10
        check_placement(scene)
    for scene in drawn[:1000]:
        again = ClevrScene.from_json(scene.to_json())  # also checks the relations against the coordinates
        assert again.to_dict() == scene.to_dict()
        assert (scene.related["left"] ^ scene.related["right"] ^ np.eye(scene.n_objects, dtype=bool)).all()


def test_every_rule_is_used_up(drawn):
    """The rules reject no more than they say: some scene comes near to each limit."""
    gaps, offsets = [], []
    for scene in drawn:
        one, other = np.triu_indices(scene.n_objects, k=1)
        radius = np.where(scene.sizes == 0, 0.7, 0.35)
        gaps.append(
            np.linalg.norm((scene.coords[one] - scene.coords[other])[:, :2], axis=1) - radius[one] - radius[other]
        )
        offsets += [
            np.abs((scene.coords[one] - scene.coords[other]) @ np.array(scene.directions[name])) for name in RELATIONS
        ]
    assert 0.25 <= np.concatenate(gaps).min() < 0.251
    assert 0.4 <= np.concatenate(offsets).min() < 0.401
    places = np.concatenate([scene.coords for scene in drawn])
    assert places[:, :2].min() == pytest.approx(-3, abs=0.01)
    assert places[:, :2].max() == pytest.approx(3, abs=0.01)


def test_numbers_of_objects_are_uniform_from_3_to_10(drawn):
    counts = np.bincount([scene.n_objects for scene in drawn], minlength=11)[3:]
    # 375 expected each; four standard errors are 73.
    assert np.abs(counts - N_SCENES / 8).max() < 73


def test_small_objects_are_as_frequent_as_in_real_scenes(drawn):
    """53.3 % of the objects of 1,500 real scenes are small, with a standard error of 0.5 %; here it is 0.35 %."""
    assert np.concatenate([scene.sizes for scene in drawn]).mean() == pytest.approx(0.533, abs=0.015)


def test_other_attributes_are_uniform_and_independent(drawn):
    columns = {name: np.concatenate([scene.attributes[name] for scene in drawn]) for name in VALUES}
    for name in ("color", "material", "shape"):
        shares = np.bincount(columns[name]) / len(columns[name])
        assert shares == pytest.approx(np.full(len(VALUES[name]), 1 / len(VALUES[name])), abs=0.015)
    assert np.abs(np.corrcoef(np.stack(list(columns.values()))) - np.eye(4)).max() < 0.03


def test_places_are_spread_as_in_real_scenes(drawn, real_scenes):
    """1,303 real objects against many: the 0.1 % point of the distance is 1.95 / sqrt(1303) = 0.054 (Smirnov 1948)."""
    for axis in (0, 1):
        one, other = (np.concatenate([s.coords[:, axis] for s in scenes]) for scenes in (drawn, real_scenes))
        assert len(other) == 1303
        assert largest_gap(one, other) < 0.054


def test_distances_of_two_objects_are_those_of_real_scenes(drawn, real_scenes):
    """Pairs of one scene are not independent, so these tolerances are stated, not derived: 4 points of 100."""
    assert largest_gap(ground_gaps(drawn), ground_gaps(real_scenes)) < 0.04
    assert largest_gap(pixel_gaps(drawn), pixel_gaps(real_scenes)) < 0.04


def test_pixel_coordinates_are_spread_as_in_real_scenes(drawn, real_scenes):
    for axis in (0, 1, 2):
        one, other = (np.concatenate([s.pixel_coords[:, axis] for s in scenes]) for scenes in (drawn, real_scenes))
        assert largest_gap(one, other) < 0.054
    columns, rows = np.concatenate([s.pixel_coords[:, :2] for s in drawn]).T
    assert 0 <= columns.min()
    assert columns.max() <= 480
    assert 0 <= rows.min()
    assert rows.max() <= 320


def test_pixel_coordinates_are_those_of_one_camera(drawn):
    for scene in drawn[:300]:
        position = fit_camera(scene.coords, scene.pixel_coords)
        gap = np.abs(project(scene.coords, position) - scene.pixel_coords).max(axis=0)
        assert gap[:2].max() < 0.6
        assert gap[2] < 0.01
        assert np.abs(position - POSITION).max() < JITTER + 0.02
        assert scene.pixel_coords[:, :2].tolist() == np.round(scene.pixel_coords[:, :2]).tolist()


def count_pixels_slowly(scene: ClevrScene, camera: np.ndarray) -> np.ndarray:
    """Paint the discs from the furthest to the nearest on a picture three times as fine, and count."""
    fine = 3
    seen = project(scene.coords, camera)
    radius = np.array([0.7, 0.35])[scene.sizes] * np.array([1.43, 1.0, 1.26])[scene.shapes] * 525 / seen[:, 2]
    x, y = np.meshgrid(
        (np.arange(-60 * fine, 540 * fine) + 0.5) / fine, (np.arange(-60 * fine, 380 * fine) + 0.5) / fine
    )
    painted = np.full(x.shape, -1)
    for thing in np.argsort(-seen[:, 2]):
        painted[(x - seen[thing, 0]) ** 2 + (y - seen[thing, 1]) ** 2 <= radius[thing] ** 2] = thing
    return np.bincount(painted[painted >= 0], minlength=scene.n_objects) / fine**2


def test_visible_pixels_are_those_of_a_painted_picture(real_scenes):
    """Scenes with many objects; a disc is judged by 200 points, so by a hundredth or two of its area."""
    crowded = [scene for scene in real_scenes if scene.n_objects >= 9][:12]
    for scene in crowded:
        camera = fit_camera(scene.coords, scene.pixel_coords)
        here = np.ones((1, scene.n_objects), dtype=bool)
        fast = count_pixels(scene.coords[None], scene.sizes[None], scene.shapes[None], camera[None], here)[0]
        slow = count_pixels_slowly(scene, camera)
        assert np.abs(fast - slow).max() < 0.02 * 7000
        assert fast == pytest.approx(slow, rel=0.08, abs=60)


def test_every_object_of_a_drawn_scene_shows(drawn):
    lowest = []
    for scene in drawn[:1000]:
        camera = fit_camera(scene.coords, scene.pixel_coords)[None]
        here = np.ones((1, scene.n_objects), dtype=bool)
        lowest.append(count_pixels(scene.coords[None], scene.sizes[None], scene.shapes[None], camera, here).min())
    # The camera is found again only up to the rounding of the pixels, so points of its 192 may change sides.
    assert 190 < min(lowest) < 220


def test_padding_hides_nothing():
    coords = np.array([[[0, 0, 0.35], [1.2, -1.2, 0.7]]])
    sizes, shapes, camera = np.array([[1, 0]]), np.array([[1, 0]]), np.array([POSITION])
    alone, hidden = (
        count_pixels(coords, sizes, shapes, camera, np.array([[True, other]]))[0, 0] for other in (False, True)
    )
    assert alone == pytest.approx(np.pi * (0.35 * 525 / project(coords[0], camera[0])[0, 2]) ** 2)
    assert hidden < 0.5 * alone


@pytest.mark.parametrize("n_scenes", [1, 2, 64, 65, 200])
def test_the_first_scenes_do_not_depend_on_how_many_are_drawn(drawn, n_scenes):
    few = sample_scenes(make_rng(0, "train"), n_scenes)
    assert [scene.to_json() for scene in few] == [scene.to_json() for scene in drawn[:n_scenes]]


def test_sample_scene_is_the_first_of_many():
    assert sample_scene(make_rng(3, "test")).to_json() == sample_scenes(make_rng(3, "test"), 5)[0].to_json()


@pytest.mark.parametrize("seed", range(5))
def test_an_only_scene_is_the_one_that_would_have_been_the_first(seed):
    only = sample_only_scene(make_rng(seed, "explore"))
    assert only.to_json() == sample_scene(make_rng(seed, "explore")).to_json()


def test_no_scene_of_one_seed_or_split_is_in_another():
    streams = [(0, "train"), (1, "train"), (0, "validation"), (0, "test"), (0, "explore")]
    texts = {scene.to_json() for seed, split in streams for scene in sample_scenes(make_rng(seed, split), 200)}
    assert len(texts) == 1000


def test_a_seed_gives_the_same_bytes_on_every_platform(drawn):
    text = json.dumps([scene.to_dict() for scene in drawn[:500]])
    assert (
        hashlib.sha256(text.encode()).hexdigest() == "f3fea8819138175069f22866312ba68697c74a4ae5018086e07ac6368efcdac8"
    )


@pytest.mark.parametrize("n_scenes", [0, -1, 1.5, True, None])
def test_no_number_of_scenes_is_one_sentence(n_scenes):
    with pytest.raises(SceneError, match=r"^The number of scenes must be a whole number of 1 or more, got .*; choose"):
        sample_scenes(make_rng(0, "test"), n_scenes)
