"""Paths as objects, and features of two paths; nothing here is learned.

An object holds the content of its row in a form in which small motions count as much as positions: each number is a
weighted sum of a row's, but connected balls move by centimeters against each other on a table of meters, which is
hard to learn from the raw rows. Pair features are how the distance between two balls changes and how each is
accelerated along the line between them. They are a function of the two objects, as g_theta is, but layers of a few
hundred units learn it slowly.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from rn_core.common.errors import RNCoreError
from rn_core.models.base import Encoder
from rn_core.models.layers import OMIT_DEFAULT, check_size

#: Factors on deviations from the mean position, on steps from frame to frame, and on their changes.
_DEVIATION, _STEP, _CHANGE = 2.0, 8.0, 16.0
#: Factors on distances: deviations, changes, changes of changes; on steps against each other, and on accelerations.
_FURTHER, _PARTING, _PULLING, _DRIFT, _PUSH = 4.0, 8.0, 16.0, 4.0, 8.0


def count_pair_features(n_frames: int) -> int:
    """Return the number of features of `PathComparison` for two paths of `n_frames` frames."""
    return 6 * n_frames - 7


@dataclass(frozen=True)
class PathEncoderConfig:
    """Rows of other features, then x in each frame, then y in each frame.

    Attributes:
        d_row: features of one row.
        n_frames: frames of its path, at least 3.
        compares: whether pairs have features too, those of `PathComparison`.
    """

    d_row: int
    n_frames: int
    compares: bool = field(default=False, metadata=OMIT_DEFAULT)

    def __post_init__(self) -> None:
        """Raise RNCoreError for a size that cannot be built."""
        check_size("n_frames", self.n_frames, 3)
        if not isinstance(self.d_row, int) or self.d_row < 2 * self.n_frames:
            raise RNCoreError(
                f"d_row must be at least {2 * self.n_frames} for x and y in {self.n_frames} frames, got "
                f"{self.d_row!r}; enlarge it."
            )

    @property
    def n_others(self) -> int:
        """Return the number of features before the path."""
        return self.d_row - 2 * self.n_frames

    @property
    def d_object(self) -> int:
        """Return the features of an object: the others; mean, deviations, steps and changes of x and y; the path."""
        return self.n_others + 2 * (1 + 3 * self.n_frames - 3) + 2 * self.n_frames

    @property
    def d_pair(self) -> int:
        """Return the features of a pair beyond its two objects; 0 if none are computed."""
        return count_pair_features(self.n_frames) if self.compares else 0


class PathEncoder(Encoder):
    """Rows to objects, one for one."""

    def __init__(self, config: PathEncoderConfig) -> None:
        """Keep `config`; there is nothing to learn."""
        super().__init__()
        self.config = config
        self.comparison = PathComparison(config.n_frames) if config.compares else None

    def forward(self, rows: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Encode paths: see `encode`; the mask (S, N), False where a row is padding, stays as it is."""
        return self.encode(rows), mask

    def compare(self, first: Tensor, second: Tensor) -> Tensor | None:
        """Return the features of the paths of objects i and j, (..., d_pair); None unless the config has them."""
        return None if self.comparison is None else self.comparison(first, second)

    def encode(self, rows: Tensor) -> Tensor:
        """Return paths as objects.

        Args:
            rows: (S, N, d_row) float.

        Returns:
            (S, N, d_object) objects that end with their paths, 0 in padding where the rows are.
        """
        others, path = torch.split(rows, [self.config.n_others, 2 * self.config.n_frames], dim=2)
        paths = torch.unflatten(path, 2, (2, -1))  # (S, N, 2, F)
        mean, steps = paths.mean(dim=3, keepdim=True), paths.diff(dim=3)
        parts = (mean, _DEVIATION * (paths - mean), _STEP * steps, _CHANGE * steps.diff(dim=3))
        return torch.cat([others, torch.cat(parts, dim=3).flatten(2), path], dim=2)  # (S, N, d_object)


class PathComparison(nn.Module):
    """Features of the paths of two objects."""

    def __init__(self, n_frames: int) -> None:
        """Set the frames F, at least 3, of the path that ends each object: x in each frame, then y in each frame."""
        super().__init__()
        self.n_frames = n_frames

    @property
    def d_pair(self) -> int:
        """Return the number of features of a pair."""
        return count_pair_features(self.n_frames)

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        """Compare objects i and j.

        Args:
            first: (..., D_o) objects i.
            second: (..., D_o) objects j, of a shape that broadcasts with theirs.

        Returns:
            (..., d_pair): the mean distance, and in each frame the deviation from it, its change and the change of
            that; the speed of i and j against each other; and the acceleration of i, then j, toward the other, as far
            as the changes of their steps show it. All but the mean is 0 where i is j.
        """
        paths = (one[..., -2 * self.n_frames :] for one in (first, second))  # (..., 2 * F)
        own, other = (torch.unflatten(path, -1, (2, -1)) for path in paths)  # (..., 2, F)
        gap = other - own  # (..., 2, F)
        distance = torch.hypot(*gap.unbind(dim=-2))  # (..., F), twenty times as fast as a norm over two numbers
        toward = (gap / distance.clamp(min=1e-6)[..., None, :])[..., 1:-1]  # (..., 2, F - 2)
        pushes = ((sign * one.diff(n=2, dim=-1) * toward).sum(dim=-2) for sign, one in ((1, own), (-1, other)))
        mean, parting = distance.mean(dim=-1, keepdim=True), distance.diff(dim=-1)
        parts = (
            mean,
            _FURTHER * (distance - mean),
            _PARTING * parting,
            _PULLING * parting.diff(dim=-1),
            _DRIFT * torch.hypot(*gap.diff(dim=-1).unbind(dim=-2)),
            *(_PUSH * push for push in pushes),
        )
        return torch.cat(parts, dim=-1)

    if TYPE_CHECKING:  # torch gives every module's call the type Any
        __call__ = forward
