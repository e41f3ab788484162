"""Scenes whose numbers of balls vary: rows, answers and facts belong together whatever colors the balls have."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from rn_core.common.errors import QuestionError, RNCoreError
from rn_core.common.seeding import make_rng
from rn_core.tasks import TASKS
from rn_core.tasks.physics import COLORS, sample_scenes
from rn_core.tasks.physics.encoding import color_targets, connection_targets, find_colors, list_pairs
from rn_core.tasks.physics.task import VaryingConnections, VaryingCount
from rn_core.tasks.physics.truth import count_systems
from rn_core.tasks.physics.varying import VaryingPool, draw_colors, encode_scenes

CONNECTIONS, COUNT = TASKS["physics/connections-2to12"], TASKS["physics/count-2to12"]
NAMES = tuple(COLORS)


@pytest.fixture(scope="module", params=[CONNECTIONS, COUNT], ids=["connections", "count"])
def pool(request) -> VaryingPool:
    """A pool of few scenes of each number of balls."""
    return request.param.make_pool(0, 160, 1)


def spread(path: np.ndarray, other: np.ndarray) -> float:
    """Return how much the distance of two paths (32,) varies, in meters."""
    return float(np.linalg.norm((path - other).reshape(2, 16), axis=0).std())


def test_colors_carry_connections_to_their_own_place():
    scenes = sample_scenes(make_rng(1, "test"), 20, 4)
    colors = draw_colors(make_rng(2, "test"), 20, 4)
    found = color_targets(scenes, colors, 12)
    places = {tuple(pair): k for k, pair in enumerate(list_pairs(12).tolist())}
    for s in range(20):
        assert len({*colors[s]}) == 4 and colors[s].max() < 12
        expected = np.zeros(66, dtype=bool)
        for i, j in np.argwhere(scenes.links[s]):
            expected[places[tuple(sorted((colors[s, i], colors[s, j])))]] = True
        np.testing.assert_array_equal(found[s], expected)
    own = np.broadcast_to(np.arange(4), (20, 4))
    np.testing.assert_array_equal(color_targets(scenes, own, 4), connection_targets(scenes))


def test_a_batch_has_rows_of_the_balls_that_are_there_and_no_others():
    scenes = sample_scenes(make_rng(1, "test"), 6, 3)
    colors = draw_colors(make_rng(3, "test"), 6, 3)
    rows, mask = encode_scenes(scenes, colors, COUNT.color_targets).inputs
    assert rows.shape == (6, 12, 35) and mask.sum(dim=1).tolist() == [3] * 6
    assert not rows[~mask].any()
    for s in range(6):
        assert find_colors(rows[s, :3].numpy()) == [NAMES[color] for color in colors[s]]
        np.testing.assert_array_equal(rows[s, 1, 3:19], scenes.positions[s, :, 1, 0])


def test_every_number_of_balls_is_drawn_and_the_answers_fit_the_rows():
    """Connected balls keep their distance or swing around it: what is drawn as connected varies less."""
    batch = CONNECTIONS.sample_batch(make_rng(4, "test"), 300)
    rows, mask = batch.inputs
    sizes = mask.sum(dim=1)
    counts = sizes.bincount(minlength=13)[2:]
    assert counts.sum() == 300 and counts.min() > 10 and counts.max() < 50
    connected, free = [], []
    for s in range(0, 300, 7):
        shown = rows[s, : sizes[s]].numpy()
        named = dict(zip(find_colors(shown), shown, strict=True))
        for answer, pair in zip(batch.answer[s].tolist(), CONNECTIONS.answers, strict=True):
            first, second = pair.split("-")
            if not {first, second} <= {*named}:
                assert not answer
                continue
            (connected if answer else free).append(spread(named[first][3:], named[second][3:]))
    assert np.median(connected) < 0.03 < np.quantile(free, 0.1)


def test_a_pool_takes_more_scenes_of_many_balls_and_its_facts_are_its_answers(pool):
    batch, same, other = (pool.sample_batch(make_rng(0, "train", step), 400) for step in (0, 0, 1))
    assert torch.equal(batch.answer, same.answer) and not torch.equal(batch.inputs[0], other.inputs[0])
    counts = batch.inputs[1].sum(dim=1).bincount(minlength=13)[2:].double()
    expected = 400 * np.arange(2, 13) / 77
    assert (((counts.numpy() - expected) ** 2) / expected).sum() < 10 + 4 * np.sqrt(20)
    drawn = pool._draw(make_rng(7, "train"), 60)
    for scenes, colors in drawn:
        n = scenes.n_balls
        every = np.broadcast_to(np.argwhere(~np.eye(n, dtype=bool)), (len(scenes), n * (n - 1), 2))
        facts = pool.facts(scenes, every, colors).sum(axis=1) / 2
        np.testing.assert_array_equal(n - facts[:, 0], count_systems(scenes.links))
        if facts.shape[1] > 1:
            np.testing.assert_array_equal(facts[:, 1:], pool.targets(scenes, colors))


def test_lessons_show_the_balls_that_they_are_about(pool):
    lesson = pool.sample_pair_batch(make_rng(0, "train"), 50, 6)
    rows, mask = lesson.inputs
    assert lesson.pairs.shape == (50, 6, 2) and lesson.pair_facts.shape[:2] == (50, 6)
    assert mask.gather(1, lesson.pairs.flatten(1)).all(), "no pair has a ball that is not there"
    for s in range(0, 50, 9):
        for (i, j), facts in zip(lesson.pairs[s].tolist(), lesson.pair_facts[s], strict=True):
            if facts.shape[0] > 1 and facts[0]:
                pair = sorted(find_colors(rows[s, [i, j]].numpy()), key=NAMES.index)
                assert CONNECTIONS.answers[int(facts[1:].argmax())] == "-".join(pair)


def test_a_pool_has_a_scene_of_each_number_or_is_refused():
    with pytest.raises(RNCoreError, match="needs at least 39 scenes, got 38"):
        COUNT.make_pool(0, 38, 1)
    assert {n: len(scenes) for n, scenes in COUNT.make_pool(0, 39, 1).scenes.items()}[2] == 1


def test_twelve_colors_can_be_asked_about():
    assert (len(CONNECTIONS.answers), len(COUNT.answers)) == (66, 12)
    assert CONNECTIONS.answers[CONNECTIONS.find_label("Is lime connected to red?")] == "red-lime"
    with pytest.raises(QuestionError, match="got maroon and red"):
        CONNECTIONS.find_label("Is maroon connected to red?")
    assert isinstance(CONNECTIONS, VaryingConnections) and isinstance(COUNT, VaryingCount)
    assert CONNECTIONS.trained_counts == COUNT.trained_counts == (2, 12)
