"""Drawn scenes: balanced counts, what the first frame does not give away, and the same bytes for a seed."""

from __future__ import annotations

from dataclasses import fields
from functools import cache

import numpy as np
import pytest

from rn_core.common.errors import SceneError
from rn_core.common.seeding import make_rng
from rn_core.tasks.physics import PhysicsScenes, sample_scenes
from rn_core.tasks.physics.world import CLEARANCE, HALF_SIDE, MAX_SPEED, MIN_SPEED, RADIUS


@cache
def many() -> PhysicsScenes:
    """Return 4,000 first frames."""
    return sample_scenes(make_rng(0, "train"), 4000, n_frames=1)


def assert_equal(one: PhysicsScenes, other: PhysicsScenes) -> None:
    """Assert that two sets of scenes are the same to the last bit."""
    for field in fields(PhysicsScenes):
        ours, theirs = getattr(one, field.name), getattr(other, field.name)
        assert ours.dtype == theirs.dtype
        np.testing.assert_array_equal(ours, theirs)


def test_every_number_of_systems_is_as_likely():
    counts = np.bincount(many().n_systems, minlength=11)
    assert counts[0] == 0
    np.testing.assert_allclose(counts[1:] / len(many()), 0.1, atol=5 * np.sqrt(0.09 / len(many())))


@pytest.mark.parametrize("n_balls", [1, 2, 3, 16])
def test_other_numbers_of_balls_are_balanced_too(n_balls):
    scenes = sample_scenes(make_rng(1, "train"), 1500, n_balls, n_frames=1)
    shares = np.bincount(scenes.n_systems, minlength=n_balls + 1)[1:] / len(scenes)
    assert len(shares) == n_balls
    np.testing.assert_allclose(shares, 1 / n_balls, atol=5 * np.sqrt(0.25 / len(scenes)))


def test_systems_are_trees_of_links_between_two_different_balls():
    n_links = many().links.sum(axis=(1, 2)) // 2
    np.testing.assert_array_equal(n_links, 10 - many().n_systems)
    for part in (many().links, many().rigid, many().lengths):
        np.testing.assert_array_equal(part, part.transpose(0, 2, 1))
        assert not part[:, range(10), range(10)].any()
    assert not (many().rigid & ~many().links).any()
    np.testing.assert_array_equal(many().lengths > 0, many().links)


def test_a_ball_is_connected_to_any_of_those_before_it():
    """Half of the balls of such a random tree have one link (a star would have nine in ten, a chain two)."""
    whole = many().links[many().n_systems == 1]
    leaves = (whole.sum(axis=2) == 1).sum(axis=1)
    assert leaves.mean() == pytest.approx(10 / 2, abs=5 * leaves.std() / np.sqrt(len(leaves)))


def test_half_of_the_links_are_rigid_and_all_pairs_are_connected_alike():
    n_links = many().links.sum()
    assert many().rigid.sum() / n_links == pytest.approx(0.5, abs=5 * np.sqrt(0.25 / (n_links / 2)))
    connected = many().links.mean(axis=0)[np.triu_indices(10, k=1)]
    np.testing.assert_allclose(connected, 0.1, atol=5 * np.sqrt(0.09 / len(many())))


def test_the_sizes_of_systems_are_those_of_uniform_cuts():
    """With two systems of ten balls each of nine cuts is as likely, and two of them give each smaller size but 5."""
    second = many().systems[many().n_systems == 2].sum(axis=1)
    smaller = np.bincount(np.minimum(second, 10 - second), minlength=6)[1:] / len(second)
    np.testing.assert_allclose(smaller, np.array([2, 2, 2, 2, 1]) / 9, atol=5 * np.sqrt(0.17 / len(second)))


def test_the_first_frame_says_nothing_of_who_is_connected():
    """Connected and unconnected pairs are equally far apart."""
    places = many().positions[:, 0].astype(np.float64)
    apart = np.linalg.norm(places[:, :, None] - places[:, None], axis=3)
    i, j = np.triu_indices(10, k=1)
    connected, apart = many().links[:, i, j].ravel(), apart[:, i, j].ravel()
    for share in (0.05, 0.25, 0.5, 0.75, 0.95):
        error = 5 * np.sqrt(share * (1 - share) / connected.sum())
        assert (apart[connected] < np.quantile(apart[~connected], share)).mean() == pytest.approx(share, abs=error)


def test_balls_start_apart_on_the_table_with_links_at_rest():
    places = many().positions[:, 0].astype(np.float64)
    apart = np.linalg.norm(places[:, :, None] - places[:, None], axis=3)
    np.testing.assert_allclose(many().lengths[many().links], apart[many().links], atol=1e-6)
    assert (apart + np.eye(10)).min() > 2 * RADIUS + CLEARANCE - 1e-6
    assert np.abs(places).max() < HALF_SIDE - RADIUS - CLEARANCE + 1e-6
    np.testing.assert_allclose(np.abs(places).mean(), (HALF_SIDE - RADIUS - CLEARANCE) / 2, atol=0.01)


def test_no_rigid_link_is_stretched_by_how_the_balls_start():
    velocities, places = many().velocities[:, 0].astype(np.float64), many().positions[:, 0].astype(np.float64)
    along = ((places[:, :, None] - places[:, None]) * (velocities[:, :, None] - velocities[:, None])).sum(axis=3)
    assert np.abs(along[many().rigid]).max() < 1e-5
    assert np.abs(along[many().links & ~many().rigid]).max() > 0.1
    free = np.linalg.norm(velocities[~many().rigid.any(axis=2)], axis=1)
    assert free.min() > MIN_SPEED - 1e-6
    assert free.max() < MAX_SPEED + 1e-6
    np.testing.assert_allclose(free.mean(), (MIN_SPEED + MAX_SPEED) / 2, atol=0.01)


def test_a_seed_gives_the_same_bytes_and_another_seed_others():
    one, again, other = (sample_scenes(make_rng(seed, "train"), 30) for seed in (1, 1, 2))
    assert_equal(one, again)
    assert (one.positions != other.positions).any(axis=(1, 2, 3)).all()


@pytest.mark.parametrize("n_scenes", [1, 7, 20])
def test_the_first_scenes_do_not_depend_on_how_many_are_drawn(n_scenes):
    few, many = (sample_scenes(make_rng(4, "train"), n) for n in (n_scenes, 30))
    assert_equal(few, many[:n_scenes])


def test_the_first_frames_do_not_depend_on_how_many_are_simulated():
    few, many = (sample_scenes(make_rng(5, "train"), 20, n_frames=n) for n in (16, 32))
    assert_equal(few, many.frames(0, 16))


def test_splits_share_no_scene():
    splits = ("train", "validation", "test", "explore")
    drawn = [sample_scenes(make_rng(0, split), 300, n_frames=1).positions for split in splits]
    assert len({scene.tobytes() for scenes in drawn for scene in scenes}) == 4 * 300


@pytest.mark.parametrize("n_balls", [0, -1, 17, 1000])
def test_a_wrong_number_of_balls_is_one_sentence(n_balls):
    with pytest.raises(SceneError, match=f"must have 1 to 16 balls, got {n_balls}; change that"):
        sample_scenes(make_rng(0, "train"), 1, n_balls)


def test_no_scene_at_all_is_one_sentence():
    with pytest.raises(SceneError, match="must be 1 or more, got 0"):
        sample_scenes(make_rng(0, "train"), 0)


@pytest.mark.parametrize("n_frames", [0, 257])
def test_a_wrong_number_of_frames_is_one_sentence(n_frames):
    with pytest.raises(SceneError, match=f"must be 1 to 256, got {n_frames}; change that"):
        sample_scenes(make_rng(0, "train"), 1, n_frames=n_frames)
