"""Paths to come: a step against a loop over pairs, the laws that are built in, and a state found by replaying."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from rn_core.common.errors import RNCoreError
from rn_core.models.motion import MotionNetwork, MotionNetworkConfig, find_pairs
from rn_core.models.motion_parts import Links, Moving, PathReader, Step

CONFIG = MotionNetworkConfig(
    d_object=13, n_seen=5, n_ahead=3, n_steps=2, reader_widths=(8, 6), g_widths=(8, 7, 3), f_widths=(6,)
)
INTERACTION = replace(CONFIG, sees_receiver=True)
BOTH = pytest.mark.parametrize("config", [CONFIG, INTERACTION], ids=["rn", "interaction"])


def randomize(module: torch.nn.Module, seed: int = 0) -> torch.nn.Module:
    """Return a module in 64 bits whose values are all of one size, so that no part of it is without effect."""
    generator = torch.Generator().manual_seed(seed)
    for value in module.double().parameters():
        value.data = torch.randn(value.shape, generator=generator, dtype=torch.float64) * 0.3
    return module


def make_network(config: MotionNetworkConfig) -> MotionNetwork:
    return randomize(MotionNetwork(config))


def sample_rows(n_scenes: int = 3, n_balls: int = 5, n_seen: int = 5) -> torch.Tensor:
    rng = np.random.default_rng(1)
    starts, steps = rng.uniform(-0.9, 0.9, (2, n_scenes, n_balls, 2, 1))
    paths = starts + 0.05 * steps * np.arange(n_seen) + rng.normal(0, 0.01, (n_scenes, n_balls, 2, n_seen))
    fixed = rng.normal(0, 1, (n_scenes, n_balls, 3))
    return torch.from_numpy(np.concatenate([fixed, paths.reshape(n_scenes, n_balls, -1)], axis=2))


def predict(network: MotionNetwork, rows: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
    """Return (S, N, K, 2)."""
    return network(rows, mask, rows.new_zeros(len(rows), 0)).unflatten(1, (rows.shape[1], -1, 2))


def sample_state(n_balls: int = 4, n_scenes: int = 2) -> tuple[Moving, Links, torch.Tensor]:
    """Return a state, links of every kind, and no padding."""
    generator = torch.Generator().manual_seed(2)
    places, speeds = torch.rand(2, n_scenes, n_balls, 2, generator=generator, dtype=torch.float64) * 1.6 - 0.8
    n_pairs = n_balls * (n_balls - 1) // 2
    kinds = torch.rand(n_scenes, n_pairs, 3, generator=generator, dtype=torch.float64).softmax(dim=2)
    lengths = torch.rand(n_scenes, n_pairs, generator=generator, dtype=torch.float64)
    return Moving(places, speeds), Links(kinds, lengths), find_pairs(places, None)


def mlp(layers, row):
    for layer in layers[:-1]:
        row = (layer.weight @ row + layer.bias).clamp(min=0)
    return layers[-1].weight @ row + layers[-1].bias


def linear(module: torch.nn.Module) -> list[torch.nn.Linear]:
    return [layer for layer in module.modules() if isinstance(layer, torch.nn.Linear)]


@BOTH
def test_a_step_is_a_loop_over_pairs(config):
    step = randomize(Step(0.05, config.g_widths, config.f_widths, config.sees_receiver))
    (places, speeds), links, pairs = sample_state(3, 1)
    found = step(Moving(places, speeds), links, pairs, 1)
    pair_of = {(0, 1): 0, (0, 2): 1, (1, 2): 2}
    x, v = places[0] + 0.025 * speeds[0], speeds[0]
    moved = torch.zeros(3, 2, dtype=torch.float64)
    for i in range(3):
        total = torch.zeros(2, 3, dtype=torch.float64)
        for j in range(3):
            if i == j:
                for axis in (0, 1):
                    side = 1 if x[i, axis] >= 0 else -1
                    read = side * torch.stack([x[i, axis] ** 3, 10 * x[i, axis], v[i, axis]])
                    total[axis] += side * mlp(linear(step.g_self), read)
                continue
            pair = pair_of[min(i, j), max(i, j)]
            kinds, length = links.kinds[0, pair], links.lengths[0, pair]
            apart, closing = x[i] - x[j], v[i] - v[j]
            distance = apart.norm()
            line = apart / distance
            along = closing @ line
            stretch = 20 * (kinds[1] + kinds[2]) * (distance - length)
            read = torch.stack([distance, 0.3 / distance, stretch, along, (closing - along * line) @ closing])
            hidden = (step.of_pair.weight @ read + step.of_kind.weight @ kinds + step.of_kind.bias).clamp(min=0)
            total += line[:, None] * mlp(linear(step.g_theta), hidden)
        seen = [total.flatten(), x[i], v[i]] if config.sees_receiver else [total.flatten()]
        moved[i] = total[:, 0] + mlp(linear(step.f_phi), torch.cat(seen))
    torch.testing.assert_close(found.speeds[0], v + moved)
    torch.testing.assert_close(found.places[0], x + 0.025 * (v + moved))


def test_relations_of_pairs_change_no_momentum():
    step = randomize(Step(0.01, (8, 7, 3), (6,), False))
    for part in (step.g_self, step.f_phi):
        for value in part.parameters():
            value.data.zero_()
    state, links, pairs = sample_state()
    found = step(state, links, pairs, 5)
    assert (found.speeds - state.speeds).abs().max() > 0.1
    torch.testing.assert_close(found.speeds.sum(dim=1), state.speeds.sum(dim=1))


def test_only_a_ball_s_relation_to_itself_knows_its_place():
    step = randomize(Step(0.01, (8, 7, 3), (6,), False))
    (places, speeds), links, pairs = sample_state()
    there = places + torch.tensor([0.03, -0.2], dtype=torch.float64)

    def moved(start: torch.Tensor) -> torch.Tensor:
        return step(Moving(start, speeds), links, pairs, 3).places - start

    assert (moved(there) - moved(places)).abs().max() > 1e-3
    for value in step.g_self.parameters():
        value.data.zero_()
    torch.testing.assert_close(moved(there), moved(places))


def test_a_step_that_pushes_nothing_keeps_velocities():
    step = randomize(Step(0.01, (8, 7, 3), (6,), True))
    for part in (step.g_theta, step.g_self, step.f_phi):
        linear(part)[-1].weight.data.zero_()
        linear(part)[-1].bias.data.zero_()
    (places, speeds), links, pairs = sample_state()
    found = step(Moving(places, speeds), links, pairs, 10)
    torch.testing.assert_close(found.speeds, speeds)
    torch.testing.assert_close(found.places, places + 0.1 * speeds)


def test_velocities_begin_with_the_chord_around_their_frame():
    reader = randomize(PathReader(5, 2, 10.0, (8, 6)))
    for part in (reader.of_pair, reader.of_ball):
        linear(part)[-1].weight.data.zero_()
        linear(part)[-1].bias.data.zero_()
    paths = sample_rows()[..., 3:].unflatten(2, (2, 5)).permute(0, 3, 1, 2)
    pairs = find_pairs(sample_rows(), None)
    shown = reader(paths, pairs)
    torch.testing.assert_close(shown.speeds, (paths[:, 3] - paths[:, 1]) * 5)
    distances = (paths[:, :, pairs.first] - paths[:, :, pairs.second]).norm(dim=3)
    torch.testing.assert_close(shown.lengths, distances.mean(dim=1))


def test_replaying_ends_at_the_last_seen_place_with_what_was_missed_in_the_velocity():
    network, rows = make_network(CONFIG), sample_rows()
    paths, pairs = network.find_paths(rows), find_pairs(rows, None)
    shown = network.reader(paths, pairs)
    links = Links(shown.kinds.softmax(dim=2), shown.lengths)
    state = Moving(paths[:, 2], shown.speeds)
    for frame in (3, 4):
        places, speeds = network.step(state, links, pairs, 2)
        state = Moving(paths[:, frame], speeds + network.trust * 10 * (paths[:, frame] - places))
    found = network.replay(paths, shown, links, pairs)
    torch.testing.assert_close(found.places, paths[:, 4])
    torch.testing.assert_close(found.speeds, state.speeds)
    ahead, _ = network.roll(found, links, pairs, 3)
    torch.testing.assert_close(predict(network, rows), (ahead - paths[:, 4:]).transpose(1, 2))


@BOTH
def test_balls_in_another_order_move_alike(config):
    network, rows, order = make_network(config), sample_rows(), torch.tensor([3, 0, 4, 1, 2])
    torch.testing.assert_close(predict(network, rows[:, order]), predict(network, rows)[:, order])


def test_colors_are_not_read():
    network, rows = make_network(CONFIG), sample_rows()
    assert torch.equal(predict(network, torch.cat([-rows[..., :3], rows[..., 3:]], dim=2)), predict(network, rows))


@BOTH
@pytest.mark.parametrize("n_balls", [1, 2, 5])
def test_padding_moves_no_ball_and_does_not_move(config, n_balls):
    network, rows = make_network(config), sample_rows(n_balls=n_balls)
    padded = torch.cat([rows, torch.full((3, 2, 13), 7.0, dtype=torch.float64)], dim=1)
    found = predict(network, padded, torch.arange(n_balls + 2).expand(3, -1) < n_balls)
    torch.testing.assert_close(found[:, :n_balls], predict(network, rows))
    assert not found[:, n_balls:].any()


def test_a_scene_can_be_asked_about_twice():
    network, rows = make_network(CONFIG), sample_rows()
    index = torch.tensor([0, 2, 2])
    found = network(rows, None, rows.new_zeros(3, 0), index)
    torch.testing.assert_close(found, network(rows[index], None, rows.new_zeros(3, 0)))


def test_16_bit_autocast_changes_nothing():
    network, rows = make_network(CONFIG).float(), sample_rows().float()
    with torch.autocast("cpu", torch.bfloat16):
        found = predict(network, rows)
    assert torch.equal(found, predict(network, rows))


def test_a_network_gone_astray_stays_finite():
    network, rows = make_network(CONFIG), sample_rows()
    for value in network.step.parameters():
        value.data *= 100
    assert predict(network, rows).isfinite().all()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"n_steps": 0}, "n_steps must be a whole number of 1 or more, got 0"),
        ({"d_object": 7}, "d_object must be at least 10 for x and y in 5 frames, got 7"),
        ({"n_seen": 4}, "n_seen must be a whole number of 5 or more, got 4"),
        ({"n_replayed": 0}, "n_replayed must be a whole number of 1 or more, got 0"),
        ({"g_widths": (8,)}, r"g_widths must list two or more layer sizes, got \(8,\)"),
        ({"frame_rate": 0.0}, "frame_rate must be above 0 and finite, got 0.0"),
    ],
)
def test_sizes_that_cannot_be_built_are_refused(change, sentence):
    with pytest.raises(RNCoreError, match=f"^{sentence}"):
        replace(CONFIG, **change)


def test_padding_spoils_no_gradient():
    network, rows = make_network(CONFIG), sample_rows(n_balls=2)
    padded = torch.cat([rows, torch.zeros(3, 2, 13, dtype=torch.float64)], dim=1)
    gradients = []
    for read, mask in ((rows, None), (padded, torch.arange(4).expand(3, -1) < 2)):
        network.zero_grad()
        predict(network, read, mask).square().sum().backward()
        gradients.append([value.grad.clone() for value in network.parameters()])
    torch.testing.assert_close(*gradients)
