"""Path prediction: the force on a ball is the sum of its relations to all balls, and moves it step by step.

Source: the sum over partners of Santoro et al. 2017, taken for each receiver instead of for the scene; the paper itself
predicts no paths. With `sees_receiver` it is the interaction network of Battaglia et al. 2016 (arXiv 1612.00222),
equations 1 to 3, which is given the connections; here a `PathReader` infers them from the observed paths.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from rn_core.common.errors import RNCoreError
from rn_core.models.base import Core
from rn_core.models.layers import check_factor, check_size, check_sizes, take_rows
from rn_core.models.motion_parts import Links, Moving, Pairs, PathReader, Shown, Step, list_pairs


@dataclass(frozen=True)
class MotionNetworkConfig:
    """Sizes of a network that predicts paths in the plane.

    Attributes:
        d_object: features of one object: any number that are not read, then x in each observed frame,
            then y in each, in meters.
        n_seen: frames that are observed.
        n_ahead: frames that are predicted.
        n_replayed: observed frames that are predicted too, so that velocities can be corrected by the error.
        frame_rate: frames per second.
        n_steps: time steps per frame.
        reader_widths: hidden units of the path reader; ReLU after each.
        g_widths: units of each layer of g_theta, at least two; ReLU after all but the last, a pair's forces.
        f_widths: hidden units of f_phi; ReLU after each.
        sees_receiver: whether f_phi takes the object itself beside the sum, as in an interaction network.
    """

    d_object: int
    n_seen: int = 16
    n_ahead: int = 16
    n_replayed: int = 2
    frame_rate: float = 10.0
    n_steps: int = 10
    reader_widths: tuple[int, ...] = (128, 128)
    g_widths: tuple[int, ...] = (64, 64, 4)
    f_widths: tuple[int, ...] = (64,)
    sees_receiver: bool = False

    @property
    def d_question(self) -> int:
        """Return 0: there is no question."""
        return 0

    def __post_init__(self) -> None:
        """Raise RNCoreError for a size that cannot be built."""
        for name in ("reader_widths", "g_widths", "f_widths"):
            object.__setattr__(self, name, check_sizes(name, getattr(self, name)))
        for name in ("d_object", "n_ahead", "n_replayed", "n_steps"):
            check_size(name, getattr(self, name))
        check_size("n_seen", self.n_seen, self.n_replayed + 3)
        if self.d_object < 2 * self.n_seen:
            raise RNCoreError(
                f"d_object must be at least {2 * self.n_seen} for x and y in {self.n_seen} frames, got "
                f"{self.d_object!r}; enlarge it."
            )
        if len(self.g_widths) < 2:
            raise RNCoreError(f"g_widths must list two or more layer sizes, got {self.g_widths}; add a hidden one.")
        check_factor("frame_rate", self.frame_rate, usual=10)


class MotionNetwork(Core):
    """Infers connections and velocities from the observed paths, then steps on from there.

    Everything is computed in at least 32 bits: springs act over millimeters, which 16-bit numbers round away.
    """

    config: MotionNetworkConfig

    def __init__(self, config: MotionNetworkConfig) -> None:
        """Build the layers of `config`; weights come from torch's global generator (see `build_model`)."""
        super().__init__()
        self.config = config
        start = config.n_seen - 1 - config.n_replayed
        self.reader = PathReader(config.n_seen, start, config.frame_rate, config.reader_widths)
        seconds = 1 / (config.frame_rate * config.n_steps)
        self.step = Step(seconds, config.g_widths, config.f_widths, config.sees_receiver)
        self.trust = nn.Parameter(torch.tensor(1.0))

    def forward(
        self, objects: Tensor, object_mask: Tensor | None, question: Tensor, scene_index: Tensor | None = None
    ) -> Tensor:
        """Predict the paths of the balls of S scenes.

        Args:
            objects: (S, N, D_o) float, as `MotionNetworkConfig.d_object` says.
            object_mask: (S, N) bool, False where a row is padding; None means no padding.
            question: (M, 0), as there is no question.
            scene_index: (M,) int64, the scene of each prediction; None means prediction m is of scene m.

        Returns:
            (M, N * n_ahead * 2), ball by ball and frame by frame the displacement from the last observed position.
        """
        with torch.autocast(objects.device.type, enabled=False):
            objects = objects if objects.dtype == torch.float64 else objects.float()
            paths, pairs = self.find_paths(objects), find_pairs(objects, object_mask)
            shown = self.reader(paths, pairs)
            links = Links(shown.kinds.softmax(dim=2), shown.lengths)
            ahead, _ = self.roll(self.replay(paths, shown, links, pairs), links, pairs, self.config.n_ahead)
            moved = (ahead - paths[:, -1:]).transpose(1, 2)  # (S, N, K, 2)
            if object_mask is not None:
                moved = moved * object_mask[..., None, None]
            moved = moved.flatten(1)  # (S, N * K * 2)
            return take_rows(moved, scene_index)

    def find_paths(self, objects: Tensor) -> Tensor:
        """Return the observed positions (S, n_seen, N, 2) in objects (S, N, D_o)."""
        return torch.unflatten(objects[..., -2 * self.config.n_seen :], 2, (2, -1)).permute(0, 3, 1, 2)

    def replay(self, paths: Tensor, shown: Shown, links: Links, pairs: Pairs) -> Moving:
        """Return the state in the last observed frame, stepped on from an earlier one and corrected by each frame."""
        first = self.config.n_seen - 1 - self.config.n_replayed
        state = Moving(paths[:, first], shown.speeds)
        for frame in range(first + 1, self.config.n_seen):
            places, speeds = self.step(state, links, pairs, self.config.n_steps)
            missed = (paths[:, frame] - places) * self.config.frame_rate  # (S, N, 2)
            state = Moving(paths[:, frame], speeds + self.trust * missed)
        return state

    def roll(self, state: Moving, links: Links, pairs: Pairs, n_frames: int) -> tuple[Tensor, Tensor]:
        """Return positions and velocities (S, n_frames, N, 2) in the frames after a state."""
        states = []
        for _ in range(n_frames):
            states.append(state := self.step(state, links, pairs, self.config.n_steps))
        places, speeds = zip(*states, strict=True)
        return torch.stack(places, dim=1), torch.stack(speeds, dim=1)


def find_pairs(objects: Tensor, object_mask: Tensor | None) -> Pairs:
    """Return the pairs of objects (S, N, D_o) that are not padding."""
    present = objects.new_ones(objects.shape[:2]) if object_mask is None else object_mask.to(objects.dtype)
    return list_pairs(present)
