"""The tables of physics say what the cards say, and read answers where the networks give them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from benchmarks.physics_tasks import format_answers, format_paths, read_connections, read_drawn
from rn_core.common.records import Distance
from rn_core.common.seeding import make_rng
from rn_core.tasks.physics.encoding import connection_targets
from rn_core.tasks.physics.sampling import sample_scenes
from rn_core.tasks.physics.varying import draw_colors
from tests.cards import SHARE, make_card, make_figures

pytestmark = pytest.mark.weights

DISTANCES = {
    "model": Distance(0.02, 0.01, 0.03, [0.001, 0.04]),
    "constant_velocity": Distance(0.1, 0.09, 0.11, [0.01, 0.2]),
}


def test_the_answers_are_the_cards():
    types = {"whole_scene": SHARE, "pair": replace(SHARE, accuracy=0.995)}
    metrics = make_figures(types=types, blind_floor={"whole_scene": 0.1, "pair": 0.9})
    cards = {
        f"physics/{model}-{task}": make_card(metrics=metrics)
        for model in ("rn", "mlp")
        for task in ("connections", "count")
    }
    rows = format_answers(cards).splitlines()[2:]
    assert rows[1] == "| connections: each pair | 99.5 [89.0, 91.0] | 99.5 [89.0, 91.0] | 90.0 |"
    assert rows[2] == "| number of connected groups | 90.0 [89.0, 91.0] | 90.0 [89.0, 91.0] | 10.0 |"


def test_paths_are_measured_by_balls_that_keep_their_velocity():
    cards = {
        f"physics/{model}-predict": make_card(metrics=make_figures(distances=DISTANCES)) for model in ("rn", "mlp")
    }
    rows = format_paths(cards).splitlines()[2:]
    assert rows[0] == "| rn-predict | 0.0200 [0.0100, 0.0300] | 0.20 | 0.0010 | 0.0400 |"
    assert rows[-1] == "| constant velocity | 0.1000 [0.0900, 0.1100] | 1.00 | 0.0100 | 0.2000 |"


@pytest.mark.parametrize("n_balls", [2, 7, 10, 12])
def test_each_pair_is_read_where_its_colors_are_answered(n_balls):
    """A network that knows all connections of the first ten balls is right about each, and its opposite about none."""
    scenes = sample_scenes(make_rng(4, "test"), 6, n_balls)
    known = min(n_balls, 10)
    connections = np.zeros((6, 10, 10), dtype=bool)
    connections[:, :known, :known] = scenes.links[:, :known, :known]
    logits = torch.from_numpy(connections[:, *np.triu_indices(10, k=1)]).float() - 0.5
    assert read_connections(lambda *_: logits, scenes).all()
    assert not read_connections(lambda *_: -logits, scenes).any()
    assert read_connections(lambda *_: logits, scenes).shape == (6, known * (known - 1) // 2)
    assert connection_targets(scenes).shape[1] == n_balls * (n_balls - 1) // 2


@pytest.mark.parametrize("n_balls", [3, 12])
def test_pairs_of_drawn_colors_are_read_in_their_places(n_balls):
    """A network that knows the truth is right about all 66 pairs; one that calls none connected is not."""
    scenes = sample_scenes(make_rng(4, "test"), 6, n_balls)
    colors = draw_colors(make_rng(5, "test"), 6, n_balls)
    spread = np.zeros((6, 12, 12), dtype=bool)
    for scene in range(6):
        spread[scene][np.ix_(colors[scene], colors[scene])] = scenes.links[scene]
    logits = torch.from_numpy(spread[:, *np.triu_indices(12, k=1)]).float() - 0.5
    assert read_drawn(lambda *_: logits, scenes, colors).all()
    none = read_drawn(lambda *_: -torch.ones(6, 66), scenes, colors)
    assert (~none).sum() == scenes.links.sum() / 2
