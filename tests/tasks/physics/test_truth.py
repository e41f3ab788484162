"""Connected systems: the fast solver against one that walks from ball to ball."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rn_core.tasks.physics.truth import count_systems, find_systems


def walk(links: np.ndarray) -> list[int]:
    """Return each ball's system in one scene (N, N), by visiting what can be reached from the next unseen ball."""
    system, found = [-1] * len(links), 0
    for start in range(len(links)):
        if system[start] >= 0:
            continue
        stack = [start]
        while stack:
            ball = stack.pop()
            system[ball] = found
            stack += [other for other in range(len(links)) if links[ball][other] and system[other] < 0]
        found += 1
    return system


@given(n_balls=st.integers(1, 16), share=st.sampled_from([0.0, 0.05, 0.1, 0.2, 0.5, 1.0]), seed=st.integers(0, 2**32))
def test_systems_are_what_can_be_walked_to(n_balls, share, seed):
    links = np.triu(np.random.default_rng(seed).random((5, n_balls, n_balls)) < share, k=1)
    links |= links.transpose(0, 2, 1)
    systems, counts = find_systems(links), count_systems(links)
    for row in range(len(links)):
        assert systems[row].tolist() == walk(links[row])
        assert counts[row] == max(walk(links[row])) + 1


@pytest.mark.parametrize("order", [range(16), (0, 15, 1, 14, 2, 13, 3, 12, 4, 11, 5, 10, 6, 9, 7, 8)])
def test_the_longest_chain_is_one_system(order):
    links = np.zeros((1, 16, 16), dtype=bool)
    for i, j in pairwise(order):
        links[0, i, j] = links[0, j, i] = True
    assert count_systems(links).tolist() == [1]


def test_systems_are_numbered_by_their_first_balls():
    links = np.zeros((1, 5, 5), dtype=bool)
    for i, j in ((1, 4), (0, 3)):
        links[0, i, j] = links[0, j, i] = True
    assert find_systems(links).tolist() == [[0, 1, 2, 0, 1]]
