"""The MLP that predicts paths: without a word of its own it is the baseline of constant velocity."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from rn_core.common.errors import RNCoreError
from rn_core.common.seeding import make_rng
from rn_core.models.path_mlp import PathMLP, PathMLPConfig
from rn_core.tasks.physics import sample_scenes
from rn_core.tasks.physics.encoding import encode_rows, predict_constant_velocity
from rn_core.tasks.physics.prediction import encode_paths
from rn_core.tasks.physics.world import HALF_SIDE, RADIUS

CONFIG = PathMLPConfig(n_objects=5, d_object=35, widths=(7,))
SCENES = sample_scenes(make_rng(0, "test"), 6, 4)


def make_network() -> PathMLP:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return PathMLP(CONFIG)


def predict(network: PathMLP) -> torch.Tensor:
    rows, mask = (torch.from_numpy(part) for part in encode_rows(SCENES))
    return network(rows, mask, torch.zeros(6, 0))


def test_an_mlp_that_says_nothing_keeps_velocities_and_is_thrown_back_by_walls():
    network = make_network()
    for value in network.mlp.layers[-1].parameters():
        value.data.zero_()
    kept = torch.from_numpy(predict_constant_velocity(SCENES.positions, 16))
    expected = encode_paths(kept, torch.from_numpy(SCENES.positions[:, -1]))
    torch.testing.assert_close(predict(network), expected, rtol=1e-4, atol=1e-4)
    assert CONFIG.furthest == HALF_SIDE - RADIUS


def test_what_it_says_is_added_for_the_balls_that_are_there():
    network, silent = make_network(), make_network()
    for value in silent.mlp.layers[-1].parameters():
        value.data.zero_()
    rows, mask = (torch.from_numpy(part) for part in encode_rows(SCENES, n_rows=5))
    read, _ = network.paths(rows, mask)
    said = network.mlp(read, mask, torch.zeros(6, 0))[:, : 4 * 16 * 2]
    assert said.abs().max() > 0.01
    torch.testing.assert_close(predict(network) - predict(silent), said)


def test_a_scene_can_be_asked_about_twice():
    network, index = make_network(), torch.tensor([0, 2, 2])
    rows, mask = (torch.from_numpy(part) for part in encode_rows(SCENES))
    torch.testing.assert_close(network(rows, mask, torch.zeros(3, 0), index), predict(network)[index])


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"furthest": 0.0}, "furthest must be above 0 and finite, got 0.0"),
        ({"d_object": 31}, "d_row must be at least 32 for x and y in 16 frames, got 31"),
        ({"n_ahead": 0}, "n_ahead must be a whole number of 1 or more, got 0"),
    ],
)
def test_sizes_that_cannot_be_built_are_refused(change, sentence):
    with pytest.raises(RNCoreError, match=f"^{sentence}"):
        replace(CONFIG, **change)
