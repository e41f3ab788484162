"""What pairs are made of on the physics page, and which of them decide the answer."""

from __future__ import annotations

import numpy as np
import torch

from pages._lab.figures import swatch_text
from pages._lab.pairs.nodes import Nodes
from pages._lab.physics.scenes import COLOR_NAMES
from pages._lab.physics.state import PhysicsState
from rn_core.tasks.physics import COLORS, PhysicsScene


def make_nodes(state: PhysicsState) -> Nodes:
    """Return the balls as nodes."""
    labels = state.labels
    ticks = tuple(swatch_text(COLORS[label], label) for label in labels)
    membership = torch.eye(len(labels), dtype=torch.float64)
    return Nodes(labels, membership, labels, (ticks, ticks), "ball")


def number_balls(connection: tuple[str, str]) -> tuple[int, int]:
    """Return the numbers of the two balls of a connection, by their colors."""
    return COLOR_NAMES.index(connection[0]), COLOR_NAMES.index(connection[1])


def find_true_pairs(scene: PhysicsScene, connection: tuple[str, str] | None) -> tuple[tuple[int, int], ...]:
    """Return the pairs that decide the answer, in both orders: the one that is asked about, or all connected ones.

    Args:
        scene: what the balls do.
        connection: two colors, or None for the count.
    """
    if connection is None:
        return tuple((int(i), int(j)) for i, j in np.argwhere(scene.links))
    first, second = number_balls(connection)
    return (first, second), (second, first)
