"""What is true of a scene: which balls are connected, directly or through others, and how many groups they make."""

from __future__ import annotations

import numpy as np


def find_systems(links: np.ndarray) -> np.ndarray:
    """Return which connected group each ball belongs to.

    Each ball starts with its own number and takes the smallest one among its connected balls, until none changes.

    Args:
        links: (S, N, N) bool, symmetric.

    Returns:
        (S, N) int64, 0 to N - 1: connected groups are numbered in the order of their first balls.
    """
    n_balls = links.shape[-1]
    connected = links | np.eye(n_balls, dtype=bool)
    first = np.broadcast_to(np.arange(n_balls), links.shape[:-1])  # (S, N)
    while True:
        smallest = np.where(connected, first[:, None, :], n_balls).min(axis=2)
        if (smallest == first).all():
            break
        first = smallest
    leads = first == np.arange(n_balls)
    return np.take_along_axis(leads.cumsum(axis=1) - 1, first, axis=1)


def count_systems(links: np.ndarray) -> np.ndarray:
    """Return the number of connected groups, (S, N, N) bool -> (S,) int64 from 1 to N."""
    highest: np.ndarray = find_systems(links).max(axis=1)
    return highest + 1
