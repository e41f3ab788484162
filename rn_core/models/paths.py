"""Rows of paths to objects: what a row says, written so that small motions count as much as places.

Nothing is learned, and each number is a weighted sum of a row's, so that what a Relation Network's first layer can read
is the same as with the bare rows. But balls that are tied move by centimetres against each other on a table of metres:
off the bare rows that is hard to learn, and 16-bit numbers round it away.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from rn_core.errors import RNCoreError
from rn_core.models.layers import check_size

#: Factors on deviations from the mean place, on steps from frame to frame, and on how those change.
_DEVIATION, _STEP, _CHANGE = 2.0, 8.0, 16.0


@dataclass(frozen=True)
class PathEncoderConfig:
    """Rows of other features, then x in each frame, then y in each frame.

    Attributes:
        d_row: features of one row.
        n_frames: frames of its path, 3 or more.
    """

    d_row: int
    n_frames: int

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
        """Return the features before the path."""
        return self.d_row - 2 * self.n_frames

    @property
    def d_object(self) -> int:
        """Return the others, and of x and y the mean, deviations, steps and changes of steps."""
        return self.n_others + 2 * (1 + 3 * self.n_frames - 3)


class PathEncoder(nn.Module):
    """Rows to objects, one for one."""

    def __init__(self, config: PathEncoderConfig) -> None:
        """Keep `config`; there is nothing to learn."""
        super().__init__()
        self.config = config

    def forward(self, rows: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Encode paths.

        Args:
            rows: (S, N, d_row) float.
            mask: (S, N) bool, False where a row is padding.

        Returns:
            objects (S, N, d_object), 0 in padding where the rows are; and the mask.
        """
        others, paths = rows.split((self.config.n_others, 2 * self.config.n_frames), dim=2)
        paths = paths.unflatten(2, (2, -1))  # (S, N, 2, F)
        mean, steps = paths.mean(dim=3, keepdim=True), paths.diff(dim=3)
        parts = (mean, _DEVIATION * (paths - mean), _STEP * steps, _CHANGE * steps.diff(dim=3))
        return torch.cat([others, torch.cat(parts, dim=3).flatten(2)], dim=2), mask  # (S, N, d_object)
