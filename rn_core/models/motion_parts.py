"""Parts of a motion network: pairs of balls, a reader of observed paths, and one time step.

Built in: positions change by velocity times time; two balls act on each other along the line between them, with
opposite forces; the table is symmetric in both axes and directions. A pair is read by its distances, by the stretch
relative to the inferred length, and by its speeds along and across the line. Learned: which pairs are connected and
how, at which length, how fast the balls were, and every force: of springs, rods, other balls and walls.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from rn_core.models.layers import linear_at, make_mlp

#: Kinds of connection: none, a spring, a rigid link.
N_KINDS = 3
#: Factors on the inputs, which make their usual values near 1: deviations and steps of paths, and their changes.
_DEVIATION, _STEP, _CHANGE, _LENGTH = 4.0, 8.0, 16.0, 0.1
#: Factors on the inputs of one step: nearness (meters over distance), stretch (an inverse length) and place.
_NEARNESS, _STRETCH, _PLACE = 0.3, 20.0, 10.0
#: Distance in meters between two balls below which their direction is no longer normalized.
_TOUCHING = 1e-3
#: Meters per second along an axis that no ball of the task reaches; keeps a diverging network finite.
_FASTEST = 20.0
#: Factor on the last layers at the start: balls nearly keep their velocity.
_SMALL = 0.1


class Pairs(NamedTuple):
    """All pairs of N balls, each once.

    Attributes:
        first: (P,) int64, ball i of each pair.
        second: (P,) int64, ball j, above i.
        signs: (N, P), 1 for ball i of a pair, -1 for ball j, 0 for others; its transpose takes differences.
        present: (S, P, 1), 1 where neither ball is padding, else 0.
    """

    first: Tensor
    second: Tensor
    signs: Tensor
    present: Tensor


class Links(NamedTuple):
    """The connections of pairs: (S, P, 3) probability of each kind, and (S, P) rest length in meters."""

    kinds: Tensor
    lengths: Tensor


class Moving(NamedTuple):
    """Positions and velocities of balls: (S, N, 2) each, in meters and meters per second."""

    places: Tensor
    speeds: Tensor


class Shown(NamedTuple):
    """Readings of paths: (S, P, 3) logits of kinds, (S, P) lengths, (S, N, 2) velocities in an earlier frame."""

    kinds: Tensor
    lengths: Tensor
    speeds: Tensor


def list_pairs(present: Tensor) -> Pairs:
    """Return the pairs of scenes in which `present` (S, N), a float, is 0 where there is no ball."""
    n_balls = present.shape[1]
    first, second = torch.triu_indices(n_balls, n_balls, 1, device=present.device)
    eye = torch.eye(n_balls, dtype=present.dtype, device=present.device)
    return Pairs(first, second, (eye[first] - eye[second]).T, (present[:, first] * present[:, second])[..., None])


class PathReader(nn.Module):
    """Infers from two paths how they are connected, and from all paths how fast the balls were some frames ago.

    Velocities are those of the paths' chords plus corrections for the partners and the walls.
    """

    def __init__(self, n_seen: int, frame: int, frame_rate: float, widths: tuple[int, ...]) -> None:
        """Build the layers.

        Args:
            n_seen: frames F of a path.
            frame: the frame whose velocities are found; from 2 to F - 2.
            frame_rate: frames per second.
            widths: hidden units.
        """
        super().__init__()
        self.frame, self.frame_rate = frame, frame_rate
        self.n_near = n_seen - frame + 2
        d_pair = 1 + n_seen + 2 * (n_seen - 1) + 3 * (n_seen - 2)
        self.of_pair = make_mlp((d_pair, *widths, N_KINDS + 1 + self.n_near))
        self.of_ball = make_mlp((n_seen, (widths[0] + 1) // 2, 1))
        with torch.no_grad():
            for layers in (self.of_pair, self.of_ball):
                linear_at(layers, -1).weight.mul_(_SMALL)

    def forward(self, paths: Tensor, pairs: Pairs) -> Shown:
        """Read paths (S, F, N, 2)."""
        apart = paths[:, :, pairs.first] - paths[:, :, pairs.second]  # (S, F, P, 2)
        distance = apart.norm(dim=3).clamp(min=_TOUCHING)  # (S, F, P)
        line = apart / distance[..., None]  # (S, F, P, 2)
        both = self.of_pair(self._write_pairs(paths, apart, distance, line, pairs))  # (S, 2, P, ...)
        kinds, length, pushes = torch.split(both, [N_KINDS, 1, self.n_near], dim=3)
        lengths = distance.mean(dim=1) + _LENGTH * length[..., 0].mean(dim=1)  # (S, P)
        near = line[:, self.frame - 2 :].transpose(1, 2)  # (S, P, K, 2)
        pushed = (pushes[..., None] * near[:, None]).sum(dim=3) * pairs.present[:, None]  # (S, 2, P, 2)
        speeds = (
            self._read_balls(paths) + pairs.signs.clamp(min=0) @ pushed[:, 0] + pairs.signs.clamp(max=0) @ pushed[:, 1]
        )
        return Shown(kinds.mean(dim=1), lengths, speeds)

    def _write_pairs(self, paths: Tensor, apart: Tensor, distance: Tensor, line: Tensor, pairs: Pairs) -> Tensor:
        """Return the inputs of each pair, from ball i and from ball j: (S, 2, P, D)."""
        turns = paths.diff(dim=1).diff(dim=1)  # (S, F - 2, N, 2)
        of_first = _CHANGE * (turns[:, :, pairs.first] * line[:, 1:-1]).sum(dim=3)  # (S, F - 2, P)
        of_second = -_CHANGE * (turns[:, :, pairs.second] * line[:, 1:-1]).sum(dim=3)
        mean, steps = distance.mean(dim=1, keepdim=True), distance.diff(dim=1)
        lengths = (mean, _DEVIATION * (distance - mean), _STEP * steps, _CHANGE * steps.diff(dim=1))
        shared = (*lengths, _DEVIATION * apart.diff(dim=1).norm(dim=3))
        sides = ((of_first, of_second), (of_second, of_first))
        return torch.stack([torch.cat([*shared, *side], dim=1) for side in sides], dim=1).transpose(2, 3)

    def _read_balls(self, paths: Tensor) -> Tensor:
        """Return the velocities (S, N, 2) of the chords around the frame, and the correction for walls."""
        chord = (paths[:, self.frame + 1] - paths[:, self.frame - 1]) * self.frame_rate / 2  # (S, N, 2)
        side = paths[:, self.frame].sign()[..., None]  # (S, N, 2, 1)
        steps = paths.diff(dim=1).permute(0, 2, 3, 1)  # (S, N, 2, F - 1)
        read = side * torch.cat([paths[:, self.frame, ..., None], _STEP * steps], dim=3)  # (S, N, 2, F)
        return chord + (side * self.of_ball(read))[..., 0]


class Step(nn.Module):
    """Moves balls on: the force on a ball is f_phi of the sum over j of g_theta(o_i, o_j).

    Half of a position step comes before the force and half after it (Störmer-Verlet). f_phi's result is added to the
    first of the sums, so that it corrects the relations.
    """

    def __init__(
        self, seconds: float, g_widths: tuple[int, ...], f_widths: tuple[int, ...], sees_receiver: bool
    ) -> None:
        """Build the layers; arguments as in `MotionNetworkConfig`, and the seconds per step."""
        super().__init__()
        self.seconds, self.sees_receiver = seconds, sees_receiver
        *hidden, n_pushes = g_widths
        self.of_kind = nn.Linear(N_KINDS, hidden[0])
        self.of_pair = nn.Linear(5, hidden[0], bias=False)
        self.g_theta = make_mlp((hidden[0], *hidden[1:], n_pushes))
        self.g_self = make_mlp((3, *((width + 1) // 2 for width in hidden), n_pushes))
        self.f_phi = make_mlp((2 * n_pushes + 4 * sees_receiver, *f_widths, 2))
        with torch.no_grad():
            for part in (self.g_theta, self.g_self, self.f_phi):
                last = linear_at(part, -1)
                last.weight.mul_(_SMALL)
                last.bias.zero_()

    def forward(self, state: Moving, links: Links, pairs: Pairs, n_steps: int) -> Moving:
        """Take some time steps."""
        known, connected = self.of_kind(links.kinds), 1 - links.kinds[..., 0]  # (S, P, D), (S, P)
        places, speeds = state
        for _ in range(n_steps):
            places = places + speeds * (self.seconds / 2)
            speeds = speeds + self._push(Moving(places, speeds), known, connected, links.lengths, pairs)
            speeds = speeds.clamp(-_FASTEST, _FASTEST)
            places = places + speeds * (self.seconds / 2)
        return Moving(places, speeds)

    def _push(self, state: Moving, known: Tensor, connected: Tensor, lengths: Tensor, pairs: Pairs) -> Tensor:
        """Return the change of velocities (S, N, 2)."""
        apart, closing = pairs.signs.T @ state.places, pairs.signs.T @ state.speeds  # (S, P, 2)
        distance = apart.square().sum(dim=2).clamp(min=_TOUCHING**2).sqrt()  # (S, P)
        line = apart / distance[..., None]  # (S, P, 2)
        along = (closing * line).sum(dim=2)  # (S, P)
        across = closing.square().sum(dim=2) - along.square()
        stretch = _STRETCH * connected * (distance - lengths)
        read = torch.stack([distance, _NEARNESS / distance, stretch, along, across], dim=2)  # (S, P, 5)
        pushes = self.g_theta(functional.relu(self.of_pair(read) + known)) * pairs.present  # (S, P, K)
        pushed = pairs.signs @ (pushes[..., None, :] * line[..., None]).flatten(2)  # (S, N, 2 * K)
        sums = torch.unflatten(pushed, 2, (2, -1)) + self._push_self(state)  # (S, N, 2, K)
        read = torch.cat([sums.flatten(2), *(state if self.sees_receiver else ())], dim=2)
        return sums[..., 0] + self.f_phi(read)

    def _push_self(self, state: Moving) -> Tensor:
        """Return g_theta of each ball with itself (S, N, 2, K), which takes positions on the table: the walls."""
        places, speeds = state.places[..., None], state.speeds[..., None]  # (S, N, 2, 1)
        side = torch.where(places < 0, -1.0, 1.0).to(places.dtype)
        return side * self.g_self(side * torch.cat([places**3, _PLACE * places, speeds], dim=3))
