"""Paths to come: the network against loops, constant velocity and the order of the balls."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
import torch

from rn_core.errors import RNCoreError
from rn_core.models.motion import MotionNetwork, MotionNetworkConfig
from rn_core.tasks.physics.encoding import predict_constant_velocity

CONFIG = MotionNetworkConfig(d_object=11, n_seen=4, n_ahead=6, n_at_once=3, g_widths=(8, 7), f_widths=(6,))
INTERACTION = replace(CONFIG, sees_receiver=True)


def make_network(config: MotionNetworkConfig, seed: int = 0) -> MotionNetwork:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return MotionNetwork(config).double()


def sample_rows(n_scenes: int = 3, n_balls: int = 5) -> torch.Tensor:
    return torch.randn(n_scenes, n_balls, 11, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


def predict(network: MotionNetwork, rows: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
    """Return (S, N, K, 2)."""
    return network(rows, mask, rows.new_zeros(len(rows), 0)).unflatten(1, (rows.shape[1], -1, 2))


def mlp(layers, row):
    for layer in layers[:-1]:
        row = (layer.weight @ row + layer.bias).clamp(min=0)
    return layers[-1].weight @ row + layers[-1].bias


@pytest.mark.parametrize("config", [CONFIG, INTERACTION], ids=["rn", "interaction"])
def test_the_network_is_a_loop_over_pairs_fed_back(config):
    network, rows = make_network(config), sample_rows(1, 3)
    found = predict(network, rows)[0]
    fixed, seen = rows[0, :, :3], rows[0, :, 3:].unflatten(1, (2, 4)).transpose(1, 2)  # (N, F, 2)
    paths = [list(path) for path in seen]
    for _ in range(2):
        read = []
        for ball in range(3):
            window = torch.stack(paths[ball][-4:])
            axes = [torch.cat([window[-1:, k], 10 * window[:, k].diff()]) for k in (0, 1)]
            read.append(torch.cat([fixed[ball], *axes]))
        g, f = list(network.relations.g_theta), [layer for layer in network.f_phi if hasattr(layer, "weight")]
        for i in range(3):
            total = sum(mlp(g, torch.cat([read[i], read[j]])).clamp(min=0) for j in range(3)) * config.aggregate_scale
            moved = mlp(f, torch.cat([total, read[i]]) if config.sees_receiver else total).view(2, 3) / 10
            kept = paths[i][-1] - paths[i][-2]
            steps = list(itertools.accumulate(kept + moved[:, k] for k in range(3)))
            paths[i] += [paths[i][-1] + step for step in steps]
    expected = torch.stack([torch.stack(paths[ball][4:]) - seen[ball, -1] for ball in range(3)])
    torch.testing.assert_close(found.float(), expected.float(), rtol=1e-4, atol=1e-5)


def test_a_network_that_says_nothing_keeps_velocities():
    network, rows = make_network(CONFIG), sample_rows()
    with torch.no_grad():
        network.f_phi[-1].weight.zero_()
        network.f_phi[-1].bias.zero_()
    seen = rows[..., 3:].unflatten(2, (2, 4)).permute(0, 3, 1, 2).numpy()
    kept = predict_constant_velocity(seen, 6, reflects=False) - seen[:, -1:]
    found = predict(network, rows).detach().transpose(1, 2)
    np.testing.assert_allclose(found, kept, rtol=1e-4, atol=1e-4)


def test_balls_in_another_order_move_alike():
    network, rows, order = make_network(CONFIG), sample_rows(), torch.tensor([3, 0, 4, 1, 2])
    torch.testing.assert_close(predict(network, rows[:, order]), predict(network, rows)[:, order])


@pytest.mark.parametrize("config", [CONFIG, INTERACTION], ids=["rn", "interaction"])
def test_padding_moves_no_ball(config):
    network, rows = make_network(config), sample_rows()
    padded = torch.cat([rows, torch.full((3, 2, 11), 7.0, dtype=torch.float64)], dim=1)
    found = predict(network, padded, torch.arange(7).expand(3, 7) < 5)
    torch.testing.assert_close(found[:, :5], predict(network, rows))


def test_a_scene_can_be_asked_about_twice():
    network, rows = make_network(CONFIG), sample_rows()
    index = torch.tensor([0, 2, 2])
    found = network(rows, None, rows.new_zeros(3, 0), index)
    torch.testing.assert_close(found, network(rows[index], None, rows.new_zeros(3, 0)))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"n_at_once": 4}, "n_at_once must be a divisor of 6, got 4"),
        ({"d_object": 7}, "d_object must be at least 8 for x and y in 4 frames, got 7"),
        ({"n_seen": 1}, "n_seen must be a whole number of 2 or more, got 1"),
        ({"speed_scale": 0.0}, "aggregate_scale and speed_scale must be above 0"),
    ],
)
def test_sizes_that_cannot_be_built_are_refused(change, sentence):
    with pytest.raises(RNCoreError, match=f"^{sentence}"):
        replace(CONFIG, **change)
