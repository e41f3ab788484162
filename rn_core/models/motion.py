"""Prediction of paths: what acts on a ball is the sum of its relations to all balls, and moves it on.

Source: the sum over partners of Santoro et al. 2017, taken for each receiver instead of for the scene; the paper itself
predicts nothing. With `sees_receiver` it is the interaction network of Battaglia et al. 2016 (arXiv 1612.00222),
equations 1 to 3, over frames instead of states and without its knowledge of who is tied to whom.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from rn_core.errors import RNCoreError
from rn_core.models.layers import check_size, check_sizes, make_mlp
from rn_core.models.relation_layers import RelationLayer


@dataclass(frozen=True)
class MotionNetworkConfig:
    """Sizes of a network that predicts paths in the plane.

    Attributes:
        d_object: features of one object: any number, then x in each of the frames that are seen, then y in each.
        n_seen: frames that are seen.
        n_ahead: frames that are predicted.
        n_at_once: frames of one prediction, which is fed back to make the next; a divisor of `n_ahead`, and `n_ahead`
            itself predicts all at once.
        g_widths: units of each layer of g_theta; ReLU after each.
        f_widths: hidden units of f_phi; ReLU after each, then the steps of `n_at_once` frames.
        aggregate_scale: factor on the sums.
        speed_scale: frames a unit of time, by which steps from frame to frame are multiplied before they are read.
        sees_receiver: whether f_phi sees the object itself beside the sum, as in an interaction network.
    """

    d_object: int
    n_seen: int = 16
    n_ahead: int = 16
    n_at_once: int = 4
    g_widths: tuple[int, ...] = (256, 256, 256)
    f_widths: tuple[int, ...] = (256, 256)
    aggregate_scale: float = 0.2
    speed_scale: float = 10.0
    sees_receiver: bool = False

    @property
    def d_question(self) -> int:
        """Return 0: nothing is asked."""
        return 0

    def __post_init__(self) -> None:
        """Raise RNCoreError for a size that cannot be built."""
        for name in ("g_widths", "f_widths"):
            object.__setattr__(self, name, check_sizes(name, getattr(self, name)))
        for name in ("d_object", "n_ahead", "n_at_once"):
            check_size(name, getattr(self, name))
        check_size("n_seen", self.n_seen, 2)
        if self.d_object < 2 * self.n_seen:
            raise RNCoreError(
                f"d_object must be at least {2 * self.n_seen} for x and y in {self.n_seen} frames, got "
                f"{self.d_object!r}; enlarge it."
            )
        if self.n_ahead % self.n_at_once:
            raise RNCoreError(f"n_at_once must be a divisor of {self.n_ahead}, got {self.n_at_once!r}; choose one.")
        if not (0 < self.aggregate_scale < float("inf") and 0 < self.speed_scale < float("inf")):
            raise RNCoreError(
                f"aggregate_scale and speed_scale must be above 0 and finite, got {self.aggregate_scale!r} and "
                f"{self.speed_scale!r}; 1 is usual."
            )


class MotionNetwork(nn.Module):
    """For each ball, f_phi of the sum over j of g_theta(o_i, o_j): its next steps, fed back to make those behind."""

    def __init__(self, config: MotionNetworkConfig) -> None:
        """Build the layers of `config`; weights come from torch's global generator (see `build_model`)."""
        super().__init__()
        self.config = config
        self.relations = RelationLayer(config.d_object, 0, config.g_widths)
        d_read = config.g_widths[-1] + (config.d_object if config.sees_receiver else 0)
        self.f_phi = make_mlp((d_read, *config.f_widths, 2 * config.n_at_once))

    def forward(
        self, objects: Tensor, object_mask: Tensor | None, question: Tensor, scene_index: Tensor | None = None
    ) -> Tensor:
        """Predict the paths of the balls of S scenes.

        Args:
            objects: (S, N, D_o) float, as `MotionNetworkConfig.d_object` says.
            object_mask: (S, N) bool, False where a row is padding; None means no padding.
            question: (M, 0), as nothing is asked.
            scene_index: (M,) int64, the scene of each prediction; None means prediction m is of scene m.

        Returns:
            (M, N * n_ahead * 2), ball after ball and frame after frame how far it is from where it was last seen.
        """
        if scene_index is not None:
            objects = objects[scene_index]  # (M, N, D_o)
            object_mask = None if object_mask is None else object_mask[scene_index]
        n_fixed = self.config.d_object - 2 * self.config.n_seen
        fixed, paths = objects[..., :n_fixed], objects[..., n_fixed:].unflatten(2, (2, -1))  # (M, N, 2, n_seen)
        last = paths[..., -1:]  # (M, N, 2, 1)
        steps = []
        for _ in range(self.config.n_ahead // self.config.n_at_once):
            steps.append(self._predict(fixed, paths, object_mask, question))  # (M, N, 2, n_at_once)
            paths = torch.cat([paths, steps[-1]], dim=3)[..., -self.config.n_seen :]
        return (torch.cat(steps, dim=3) - last).transpose(2, 3).flatten(1)  # (M, N * n_ahead * 2)

    def _predict(self, fixed: Tensor, paths: Tensor, object_mask: Tensor | None, question: Tensor) -> Tensor:
        """Return the next positions (M, N, 2, n_at_once) of balls with paths (M, N, 2, n_seen)."""
        last, speeds = paths[..., -1:], paths.diff(dim=3) * self.config.speed_scale  # (M, N, 2, 1 or n_seen - 1)
        read = torch.cat([fixed, torch.cat([last, speeds], dim=3).flatten(2)], dim=2)  # (M, N, D_o)
        found = self.relations(read, object_mask, question) * self.config.aggregate_scale  # (M, N, D_g)
        if self.config.sees_receiver:
            found = torch.cat([found, read.to(found.dtype)], dim=2)
        moved = self.f_phi(found).float().unflatten(2, (2, -1)) / self.config.speed_scale  # (M, N, 2, n_at_once)
        kept = speeds[..., -1:] / self.config.speed_scale  # (M, N, 2, 1)
        return last + (kept + moved).cumsum(dim=3)
