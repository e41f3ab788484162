"""Scenes of a pool are as true as those that were drawn: turned, mirrored and recolored ones move by the same laws."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from rn_core.common.errors import RNCoreError
from rn_core.common.seeding import make_rng
from rn_core.tasks import TASKS
from rn_core.tasks.physics import sample_scenes, simulate
from rn_core.tasks.physics.encoding import connection_targets, list_pairs
from rn_core.tasks.physics.pair_facts import choose_pairs, connected_facts, which_facts
from rn_core.tasks.physics.pool import recolor_scenes, turn_scenes
from rn_core.tasks.physics.scene import PhysicsScenes


@cache
def drawn_scenes() -> PhysicsScenes:
    """Return 64 scenes."""
    return sample_scenes(make_rng(2, "train"), 64)


EVERY = np.array([(i, j) for i in range(10) for j in range(10)])


def test_turned_scenes_move_as_the_simulation_moves_them():
    symmetry = np.arange(64) % 8
    turned = turn_scenes(drawn_scenes(), symmetry)
    again = simulate(turned, 6)
    np.testing.assert_allclose(again.positions, turned.positions[:, :6], atol=2e-3)
    assert np.abs(turned.positions - drawn_scenes().positions)[symmetry > 0].max() > 0.5


def test_the_eight_ways_are_different_and_the_first_changes_nothing():
    views = [turn_scenes(drawn_scenes(), np.full(64, way)).positions for way in range(8)]
    np.testing.assert_array_equal(views[0], drawn_scenes().positions)
    x, y = drawn_scenes().positions[..., 0], drawn_scenes().positions[..., 1]
    expected = [(x, y), (y, x), (-x, y), (-y, x), (x, -y), (y, -x), (-x, -y), (-y, -x)]
    for view, (first, second) in zip(views, expected, strict=True):
        np.testing.assert_array_equal(view, np.stack([first, second], axis=3))


def test_recolored_balls_take_path_and_links_along():
    order = np.stack([np.random.default_rng(scene).permutation(10) for scene in range(64)])
    found = recolor_scenes(drawn_scenes(), order)
    for s in (0, 17, 63):
        for k, old in enumerate(order[s]):
            np.testing.assert_array_equal(found.positions[s, :, k], drawn_scenes().positions[s, :, old])
            np.testing.assert_array_equal(found.velocities[s, :, k], drawn_scenes().velocities[s, :, old])
            for m, other in enumerate(order[s]):
                for name in ("links", "rigid", "lengths"):
                    assert getattr(found, name)[s, k, m] == getattr(drawn_scenes(), name)[s, old, other]
    np.testing.assert_array_equal(found.n_systems, drawn_scenes().n_systems)


def test_facts_of_all_pairs_add_up_to_the_answers():
    """The sum over all ordered pairs has each link twice, and what is read from it is the answer."""
    facts = which_facts(drawn_scenes(), np.broadcast_to(EVERY, (64, 100, 2))).sum(axis=1) / 2
    np.testing.assert_array_equal(facts[:, 1:], connection_targets(drawn_scenes()))
    np.testing.assert_array_equal(10 - facts[:, 0], drawn_scenes().n_systems)
    np.testing.assert_array_equal(
        connected_facts(drawn_scenes(), np.broadcast_to(EVERY, (64, 100, 2))).sum(axis=(1, 2)), 2 * facts[:, 0]
    )


def test_pairs_are_chosen_as_often_as_they_weigh():
    scenes = drawn_scenes()[:2]
    pairs = choose_pairs(make_rng(0, "train"), scenes, 40_000)
    for s in range(2):
        counts = np.zeros((10, 10))
        np.add.at(counts, tuple(pairs[s].T), 1)
        assert not counts.diagonal().any()
        same = scenes.systems[s][:, None] == scenes.systems[s]
        weights = np.where(scenes.links[s], 8.0, np.where(same, 4.0, 1.0)) * ~np.eye(10, dtype=bool)
        expected = 40_000 * weights / weights.sum()
        chi_square = ((counts - expected)[weights > 0] ** 2 / expected[weights > 0]).sum()
        assert chi_square < 89 + 4 * np.sqrt(2 * 89), "90 ordered pairs, four standard deviations"


@pytest.mark.parametrize("name", ["connections", "count", "predict"])
def test_a_pool_gives_batches_and_lessons_of_its_seed(name):
    task = TASKS[f"physics/{name}"]
    pool = task.make_pool(0, 12, 1)
    batch, same, other = (pool.sample_batch(make_rng(0, "train", step), 30) for step in (0, 0, 1))
    assert batch.inputs[0].shape == (30, 10, 35)
    assert (batch.answer == same.answer).all()
    assert (batch.inputs[0] != other.inputs[0]).any()
    lesson = pool.sample_pair_batch(make_rng(0, "train", 2), 30, 5)
    assert lesson.pairs.shape == (30, 5, 2)
    assert lesson.pair_facts.shape[:2] == (30, 5)
    assert lesson.question_fact_sizes == ()


def test_lessons_fit_what_is_shown():
    """The rows of a lesson's rigid pairs keep their distance; the answers of a batch are those of its rows."""
    pool = TASKS["physics/connections"].make_pool(0, 40, 1)
    lesson = pool.sample_pair_batch(make_rng(0, "train"), 400, 8)
    paths = lesson.inputs[0][..., 3:].unflatten(2, (2, 16)).numpy()
    s = np.arange(400)[:, None]
    i, j = lesson.pairs.numpy().transpose(2, 0, 1)
    spread = np.linalg.norm(paths[s, i] - paths[s, j], axis=2).std(axis=2)
    connected = lesson.pair_facts[..., 0].numpy() > 0
    assert np.median(spread[connected]) < 0.03 < np.quantile(spread[~connected], 0.1)
    assert spread[connected].max() < 0.3
    batch = pool.sample_batch(make_rng(0, "train", 1), 100)
    paths = batch.inputs[0][..., 3:].unflatten(2, (2, 16)).numpy()
    i, j = list_pairs(10).T
    spread = np.linalg.norm(paths[:, i] - paths[:, j], axis=2).std(axis=2)
    assert np.median(spread[batch.answer.numpy()]) < 0.03 < np.quantile(spread[~batch.answer.numpy()], 0.1)


def test_motion_lessons_fit_what_is_shown_and_the_simulation():
    """Rows are the first frames; rigid links keep their length; and what frame 10 says leads to frame 11."""
    lesson = TASKS["physics/predict"].make_pool(0, 20, 1).sample_motion_batch(make_rng(0, "train"), 30)
    positions, velocities, lengths = (part.numpy() for part in (lesson.positions, lesson.velocities, lesson.lengths))
    shown = lesson.inputs[0][..., 3:].unflatten(2, (2, 16)).permute(0, 3, 1, 2).numpy()
    np.testing.assert_array_equal(shown, positions[:, :16])
    rigid, connected = lesson.kinds.numpy() == 2, lesson.kinds.numpy() > 0
    np.testing.assert_array_equal(lengths > 0, connected)
    apart = np.linalg.norm(positions[:, :, :, None] - positions[:, :, None], axis=4)
    assert rigid.any() and (connected & ~rigid).any()
    assert np.abs(apart - lengths[:, None])[np.broadcast_to(rigid[:, None], apart.shape)].max() < 0.02
    again = simulate(PhysicsScenes(positions, velocities, connected, rigid, lengths), 2, first=10)
    np.testing.assert_allclose(again.positions[:, 1], positions[:, 11], atol=2e-3)


def test_an_empty_pool_is_refused():
    with pytest.raises(RNCoreError, match="A pool needs at least one scene, got 0"):
        TASKS["physics/count"].make_pool(0, 0, 1)
