"""How predicted paths are judged: by distance, and by how many balls are found where they went."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from rn_core.common.errors import RNCoreError
from rn_core.common.records import Batch
from rn_core.tasks.physics.encoding import D_ROW, predict_constant_velocity
from rn_core.tasks.physics.world import N_FRAMES, RADIUS, TABLE_WIDTH
from rn_core.tasks.scoring import Marks


def seen_positions(rows: Tensor) -> Tensor:
    """Return the positions (S, 16, N, 2) in meters that balls' rows (S, N, 35) hold."""
    paths = rows[..., D_ROW - 2 * N_FRAMES :]
    return paths.reshape(*paths.shape[:2], 2, N_FRAMES).permute(0, 3, 1, 2)


def encode_paths(positions: Tensor, last: Tensor) -> Tensor:
    """Return positions (S, K, N, 2) as the networks give them: meters from where each ball was `last` (S, N, 2) seen.

    Returns:
        (S, N * K * 2), ball after ball, each frame after frame.
    """
    return (positions - last[:, None]).transpose(1, 2).flatten(1)


def decode_paths(logits: Tensor, last: Tensor) -> Tensor:
    """Return the positions (S, K, N, 2) that `encode_paths` made `logits` of."""
    return logits.reshape(len(logits), last.shape[1], -1, 2).transpose(1, 2) + last[:, None]


class PathScoring:
    """Predicted positions; one counts as right if it is less than a ball's radius from the true one."""

    def loss(self, logits: Tensor, batch: Batch) -> Tensor:
        """Return the mean distance in meters; a square would be about the few balls that a collision sends astray."""
        return _offsets(logits, batch.answer).mean()

    def mark(self, logits: Tensor, batch: Batch) -> Marks:
        """Return whether each ball is found in each frame."""
        right = _offsets(logits, batch.answer) < RADIUS  # (M, N * K)
        question = torch.arange(len(logits), device=logits.device).repeat_interleave(right.shape[1])
        return Marks(question, torch.zeros_like(question), right.flatten())

    def count_floors(self, batch: Batch) -> np.ndarray:
        """Return how often balls at constant velocity are found."""
        return np.array([[int(self.mark(_keep_velocity(batch), batch).right.sum())]])

    def read(self, logits: Tensor, answers: Sequence[str]) -> tuple[str, dict[str, float]]:
        """Raise RNCoreError: positions are no answers."""
        raise RNCoreError("This network predicts positions and answers no question; read its logits.")

    def distances(self, logits: Tensor, batch: Batch) -> dict[str, np.ndarray]:
        """Return the mean distance over balls, (S, K) in table widths, of the network and of constant velocities."""
        n_balls = batch.inputs[0].shape[1]
        both = {"model": logits.cpu(), "constant_velocity": _keep_velocity(batch)}
        return {
            name: _offsets(given, batch.answer.cpu()).reshape(len(given), n_balls, -1).mean(dim=1).numpy() / TABLE_WIDTH
            for name, given in both.items()
        }


def _offsets(logits: Tensor, answer: Tensor) -> Tensor:
    """Return the distance in meters between what was predicted and what is true, (M, N * K)."""
    offsets: Tensor = torch.linalg.vector_norm((logits.float() - answer).reshape(len(logits), -1, 2), dim=2)
    return offsets


def _keep_velocity(batch: Batch) -> Tensor:
    """Return what balls at constant velocity would do, as logits (M, N * K * 2)."""
    seen = seen_positions(batch.inputs[0].cpu())
    n_ahead = batch.answer.shape[1] // (2 * seen.shape[2])
    ahead = predict_constant_velocity(seen.numpy(), n_ahead)
    return encode_paths(torch.from_numpy(ahead), seen[:, -1])
