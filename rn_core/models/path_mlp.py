"""The baseline for path prediction: an MLP over all observed paths corrects paths of constant velocity."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from rn_core.common.errors import RNCoreError
from rn_core.models.base import Core
from rn_core.models.baselines import MLP, MLPConfig
from rn_core.models.layers import check_size, check_sizes, take_rows
from rn_core.models.paths import PathEncoder, PathEncoderConfig


@dataclass(frozen=True)
class PathMLPConfig:
    """An MLP in place of a `MotionNetwork`.

    Attributes:
        n_objects: rows N that the network is built for; fewer are padded with zeros, more are refused.
        d_object: as `MotionNetworkConfig.d_object`.
        n_seen: frames that are observed.
        n_ahead: frames that are predicted.
        furthest: meters from the middle at which walls reflect balls of constant velocity.
        widths: hidden units, ReLU after each.
    """

    n_objects: int
    d_object: int
    n_seen: int = 16
    n_ahead: int = 16
    furthest: float = 0.94
    widths: tuple[int, ...] = (512, 512)

    @property
    def d_question(self) -> int:
        """Return 0: there is no question."""
        return 0

    @property
    def paths(self) -> PathEncoderConfig:
        """Return the config of the encoding of rows for the MLP."""
        return PathEncoderConfig(self.d_object, self.n_seen)

    @property
    def mlp(self) -> MLPConfig:
        """Return the config of the MLP itself."""
        return MLPConfig(self.n_objects, self.paths.d_object, 0, 2 * self.n_objects * self.n_ahead, self.widths)

    def __post_init__(self) -> None:
        """Raise RNCoreError for a size that cannot be built."""
        object.__setattr__(self, "widths", check_sizes("widths", self.widths))
        check_size("n_ahead", self.n_ahead)
        check_size("n_objects", self.n_objects)
        if not 0 < self.furthest < float("inf"):
            raise RNCoreError(f"furthest must be above 0 and finite, got {self.furthest!r}; 0.94 is the task's.")
        _ = self.paths


class PathMLP(Core):
    """All observed paths, concatenated, through an MLP, whose result is added to paths of constant velocity."""

    config: PathMLPConfig

    def __init__(self, config: PathMLPConfig) -> None:
        """Build the layers of `config`."""
        super().__init__()
        self.config = config
        self.paths, self.mlp = PathEncoder(config.paths), MLP(config.mlp)

    def forward(
        self, objects: Tensor, object_mask: Tensor | None, question: Tensor, scene_index: Tensor | None = None
    ) -> Tensor:
        """Predict the paths of the balls of S scenes; arguments and result as `MotionNetwork.forward`.

        Raises:
            RNCoreError: if a scene has more rows than the network is built for.
        """
        kept = self._keep_velocity(objects).flatten(1)  # (S, N * K * 2)
        said = self.mlp(self.paths.encode(objects), object_mask, objects.new_zeros(len(objects), 0))[:, : kept.shape[1]]
        moved = kept + said.to(kept.dtype)  # (S, N * K * 2)
        return take_rows(moved, scene_index)

    def _keep_velocity(self, objects: Tensor) -> Tensor:
        """Return the displacements (S, N, K, 2) of balls at constant velocity from their last observed positions."""
        config = self.config
        seen = torch.unflatten(objects[..., -2 * config.n_seen :], 2, (2, -1))[..., -2:]  # (S, N, 2, 2)
        before, last = seen[:, :, None].unbind(dim=4)  # (S, N, 1, 2)
        steps = torch.arange(1, config.n_ahead + 1, device=objects.device)[:, None]  # (K, 1)
        ahead, furthest = last + steps * (last - before), config.furthest
        return furthest - ((ahead + furthest) % (4 * furthest) - 2 * furthest).abs() - last
