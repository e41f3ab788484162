"""Checks of what a scene is told about its nodes; no Streamlit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeGuard

import numpy as np

from rn_core.common.errors import RNCoreError


def check_weights(weights: Any, allowed: tuple[int, ...], mode: str) -> np.ndarray:
    """Return contributions as a checked (n, n) float64 array.

    Args:
        weights: array or nested lists.
        allowed: what n may be.
        mode: what sentences call the view.

    Raises:
        RNCoreError: for another shape, or numbers that are not finite.
    """
    try:
        found = np.asarray(weights, dtype=np.float64)
    except (TypeError, ValueError):
        found = np.empty(0)
    if found.ndim != 2 or found.shape[0] != found.shape[1] or len(found) not in allowed:
        sizes = " or ".join(f"{n} x {n}" for n in allowed)
        raise RNCoreError(
            f"Contributions in mode '{mode}' must be {sizes} numbers, got shape {found.shape}; "
            "pass one row and one column per node."
        )
    if not np.isfinite(found).all():
        raise RNCoreError("Contributions must be finite numbers, got NaN or infinity; check the attribution.")
    return found


def check_pair(pair: Sequence[int], n_nodes: int) -> list[int]:
    """Return a pair of nodes as a list; raise RNCoreError if it names a node that is not there."""
    if len(pair) != 2 or not all(is_whole(node) and 0 <= node < n_nodes for node in pair):
        raise RNCoreError(f"A pair must name two nodes from 0 to {n_nodes - 1}, got {tuple(pair)!r}.")
    return [int(node) for node in pair]


def check_node(node: int, n_nodes: int) -> int:
    """Return a node; raises RNCoreError if it is not there."""
    if not (is_whole(node) and 0 <= node < n_nodes):
        raise RNCoreError(f"A node must be a whole number from 0 to {n_nodes - 1}, got {node!r}.")
    return int(node)


def is_whole(value: object) -> TypeGuard[int]:
    """Return whether a value is a whole number; booleans are not."""
    return isinstance(value, int | np.integer) and not isinstance(value, bool)
