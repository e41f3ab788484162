"""What pairs are made of on the bAbI page, and which of them decide the answer."""

from __future__ import annotations

from itertools import permutations, product

import numpy as np
import torch

from pages._lab.babi.state import BabiState
from pages._lab.babi.truth import Truth
from pages._lab.pairs.nodes import Nodes


def make_nodes(state: BabiState) -> Nodes:
    """Return the sentences that the networks see as nodes."""
    numbers = tuple(str(place + 1) for place in state.seen)
    names = tuple(f"{place + 1} {state.lines[place].text[:-1]}" for place in state.seen)
    membership = torch.eye(len(numbers), dtype=torch.float64)
    return Nodes(state.labels, membership, names, (numbers, numbers), "sentence", numbers)


def find_true_pairs(state: BabiState, truth: Truth) -> tuple[tuple[int, int], ...]:
    """Return the pairs of nodes that decide the answer.

    Among several supporting sentences all pairs of two of them; of one alone, every pair that holds it. Supporting
    sentences that the networks do not see make none.
    """
    chosen = {state.seen.index(place) for place in truth.support if place in state.seen}
    if len(chosen) == 1:
        nodes = range(len(state.seen))
        return tuple(pair for pair in product(nodes, nodes) if chosen & {*pair})
    return tuple(permutations(sorted(chosen), 2))


def sum_by_sentence(matrix: np.ndarray) -> np.ndarray:
    """Return (n,) what each sentence adds: half of each of its pairs, so that all together add what all pairs do."""
    sums: np.ndarray = (matrix.sum(axis=0) + matrix.sum(axis=1)) / 2
    return sums
